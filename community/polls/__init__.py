"""Polls: what members vote on, how their votes are counted, and who sees that when."""
