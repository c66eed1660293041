"""Fitting a programme's models: pure, and long enough to be done in a thread of its own."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from gamification.insights.lifetime import bgnbd, gammagamma
from gamification.insights.lifetime.backtest import Purchases, backtest
from gamification.insights.lifetime.fitting import Refused
from gamification.insights.lifetime.forecast import forecast
from gamification.insights.lifetime.history import History, book_of
from gamification.insights.value.model import YEAR, CustomerBase, Fit, FitQuality

_AT_ONCE = 20_000
_TESTED_WEEKS_MAX = 26
_TESTED_WEEKS_MIN = 4
_TESTED_PART = 3
"""A third of the time that is known is foretold by the two before it."""


def fitted(
    programme_id: str,
    day: date,
    now: datetime,
    histories: Sequence[History],
    sample: Mapping[str, Purchases],
) -> Fit:
    """The models of these customers; `sample` are some of them by what they bought, by which the quality is told."""
    purchases = bgnbd.fit(book_of(histories))
    if isinstance(purchases, Refused):
        return Fit(programme_id, day, now, None, None, purchases, None, None, None)
    amounts = gammagamma.fit(histories)
    kept = None if isinstance(amounts, Refused) else amounts
    alive = transactions = value = 0.0
    for start in range(0, len(histories), _AT_ONCE):
        for one in forecast(purchases, kept, histories[start : start + _AT_ONCE], YEAR):
            alive, transactions = alive + one.alive, transactions + one.transactions
            value += one.value or 0.0
    base = CustomerBase(len(histories), alive, transactions, value if kept is not None else None)
    refused = amounts if isinstance(amounts, Refused) else None
    return Fit(programme_id, day, now, purchases, kept, None, refused, base, _quality(day, sample))


def _quality(day: date, sample: Mapping[str, Purchases]) -> FitQuality | None:
    """How the models would have done; None where too little is known to tell."""
    if not sample:
        return None
    first = min(bought for purchases in sample.values() for bought, _ in purchases)
    weeks = min((day - first).days // 7 // _TESTED_PART, _TESTED_WEEKS_MAX)
    if weeks < _TESTED_WEEKS_MIN:
        return None
    until = day - timedelta(weeks=weeks)
    found = backtest(sample, until, weeks)
    if isinstance(found, Refused):
        return None
    customers = found.model.customers
    expected = found.actual_total + found.expected.total
    return FitQuality(weeks, customers, expected, found.actual_total, found.expected.mean_absolute)
