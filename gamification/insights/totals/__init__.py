"""What all members of a programme did by day, week and month, added up beforehand as they do it."""
