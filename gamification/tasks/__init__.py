"""Tasks: progress by period towards a goal, completed once its prerequisites are, rewarded once."""
