"""Webhooks: what happens in a programme is told to its own servers, signed, in order of number, at least once."""
