"""Gatherings: meet-ups on- and off-line, with places, a waitlist and attendance."""
