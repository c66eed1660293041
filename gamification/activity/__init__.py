"""Activity: recorded once each, settled through the rules, reversed exactly, explained."""
