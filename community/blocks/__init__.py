"""Who wants to see nothing of whom."""
