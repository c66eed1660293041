"""How much members feel that they belong: twelve indicators of what they do, feel and know, and what they come to."""
