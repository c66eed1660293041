"""Replaying recorded activity by rules that are not published: what they would give, to whom, at what cost. Nothing is written."""
