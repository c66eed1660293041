"""How soon staff and members answer, over time."""
