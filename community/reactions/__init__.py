"""Reactions: what members show of what they think of a post or a comment, each one of them once."""
