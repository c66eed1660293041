"""Recency, frequency and money, scored 1 to 5 by quintiles: pure.

Scored are the members with a purchase in the programme's window. A value's score is 1 plus the number of cuts that it exceeds,
and the four cuts are the values at 20, 40, 60 and 80 percent of all in order: equal values have equal scores, so that where
very many are equal a score may be had by more than a fifth, and another by nobody. A short time since the last purchase is the
better one.

Source: Arthur Hughes, Strategic Database Marketing (1994), chapter on RFM: independent quintiles.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from gamification.rollups.history import History
from gamification.segments.model import Cuts

NOT_SCORED: Mapping[str, int] = {"r": 0, "f": 0, "m": 0}


def measures(history: History, window: int) -> tuple[int, int, int] | None:
    """Days since the last purchase, with its sign turned; purchases and spend within the window. None without a purchase."""
    bought = [day for day in history.last(window) if day.purchases]
    if not bought:
        return None
    recency = (history.today - bought[-1].day).days
    return -recency, sum(day.purchases for day in bought), sum(day.spend for day in bought)


def cuts_of(day: date, measured: Sequence[tuple[int, int, int]]) -> Cuts:
    """Where the quintiles of all those end."""
    if not measured:
        return Cuts(day, 0)
    columns = np.asarray(measured, dtype=np.int64)
    recency, frequency, money = (_cuts(columns[:, index]) for index in range(3))
    return Cuts(day, len(measured), recency, frequency, money)


def _cuts(values: NDArray[np.int64]) -> tuple[int, ...]:
    size = len(values)
    places = [-(-size * fifth // 5) - 1 for fifth in range(1, 5)]
    ordered = np.sort(values)
    return tuple(int(ordered[place]) for place in places)


def scores(cuts: Cuts | None, measured: tuple[int, int, int] | None) -> Mapping[str, int]:
    """A member's three scores, 1 to 5; 0 where they are not scored."""
    if cuts is None or not cuts.size or measured is None:
        return NOT_SCORED
    found = zip("rfm", measured, (cuts.recency, cuts.frequency, cuts.money), strict=True)
    return {name: 1 + sum(value > cut for cut in bounds) for name, value, bounds in found}
