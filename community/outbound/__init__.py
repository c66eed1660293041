"""Calls to addresses that others state: none of them may reach what only this installation's own network can."""
