"""Structured logs: how they are written, one line a request, no floods."""
