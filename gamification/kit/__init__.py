"""Words every domain module shares: errors, actors, ids, periods, exact numbers."""
