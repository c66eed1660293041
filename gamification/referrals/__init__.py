"""Referrals: codes, who brought whom, what both get, and what looks wrong about it."""
