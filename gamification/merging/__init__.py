"""Merging two accounts of one person into one."""
