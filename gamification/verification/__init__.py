"""Verification: everything derived is computed again from what it derives from, and compared."""
