"""Feeds: posts as they come, those that somebody follows, and those that are hot."""
