"""Segments: which members are alike, and who comes to be and ceases to be."""
