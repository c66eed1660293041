"""What members and operators learn from what happened."""
