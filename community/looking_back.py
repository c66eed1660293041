"""How far whoever watches looks back at each look.

Ids and times tell when something was begun, not when others could see it: a transaction takes a while, and clocks differ.
"""

from datetime import UTC, datetime, timedelta

LOOKED_BACK = timedelta(seconds=15)
"""Longer than any transaction lasts, and than clocks differ."""
_SHARED_S = 5
"""All who watch look back to the same few moments, so that one read is for all of them."""


def looked_back(at: datetime) -> datetime:
    """The moment from which on who has come to `at` looks again."""
    shared = (at - LOOKED_BACK).timestamp() // _SHARED_S * _SHARED_S
    return datetime.fromtimestamp(shared, UTC)
