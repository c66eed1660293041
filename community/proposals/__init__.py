"""Proposals: who supports them, and what the club answers."""
