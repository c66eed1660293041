"""A programme is a file: its units, activity types, counters, rules, tasks, badges and leaderboards, versioned."""
