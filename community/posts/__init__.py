"""Posts: what members write in spaces, each version of it, and what becomes of it."""
