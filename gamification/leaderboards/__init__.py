"""Leaderboards: records in MongoDB are the truth, sorted sets in Redis the rankings, rebuilt whenever lost."""
