"""Rules: from one activity and the counters it meets to the effects it has. Pure; no storage, no clock."""
