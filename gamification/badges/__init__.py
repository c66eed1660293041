"""Badges: awarded by rule, by task or by hand; once, or once per key; with levels; revoked with a reason."""
