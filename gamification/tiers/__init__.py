"""Tiers: what members measure up to, the tier that follows, and what it gives."""
