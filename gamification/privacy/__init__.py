"""Erasing members, and giving them all that is held of them."""
