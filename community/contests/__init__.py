"""Story contests: which stories are in, who votes for them, and what the best win."""
