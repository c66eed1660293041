"""What members are told of: an inbox, email and push, in their words, at their hours, as often as they want."""
