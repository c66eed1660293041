"""Bookmarks: posts and comments that a member wants to find again, for themselves alone."""
