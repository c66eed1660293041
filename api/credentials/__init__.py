"""Open Badges on plain routes, and the files that hold the keys."""
