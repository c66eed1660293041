"""Complaints: what members are not content with, and the answer that they are owed."""
