"""Query fields by noun."""
