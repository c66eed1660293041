"""Screening: what the programme's rules say of a text before it is published."""
