"""A member's year as a picture, and the links by which others see it."""
