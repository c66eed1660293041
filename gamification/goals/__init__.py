"""Goals that members reach together: what each contributed, and how far all of them, or a team, have come."""
