"""What each member did by day, added up beforehand, so that nothing that is asked of many days reads activity."""
