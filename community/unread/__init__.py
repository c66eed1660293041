"""How much a member has not read: posts of spaces, and comments under posts that they follow."""
