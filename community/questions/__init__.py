"""Questions: which answer was accepted, how soon there was one, and the points that are offered for one."""
