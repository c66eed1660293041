"""Importing what was written elsewhere, as it was: with its own times, and without counting as activity again."""
