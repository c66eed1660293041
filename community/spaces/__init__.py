"""Spaces: where members write, who may, and who is in them."""
