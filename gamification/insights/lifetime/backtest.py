"""What a forecast made in the past would have been worth: fitted on the time until a day, held against what came then. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from gamification.insights.lifetime.bgnbd import BgNbd, expected_since_first, fit
from gamification.insights.lifetime.fitting import Refused
from gamification.insights.lifetime.forecast import Terms, forecast
from gamification.insights.lifetime.history import DAYS_A_WEEK, History, book_of, history_of
from gamification.kit.records import record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Purchases = Sequence[tuple[date, int]]
"""A customer's, as (day, amount in the smallest unit), in any order."""


@record(frozen=True, slots=True)
class RepeatsRow:
    """Customers with as many repeats before (the last row: or more), and the mean number of transactions of each afterwards:
    what happened, what the model expected, and what going on at the past rate would have been."""

    repeats: int
    customers: int
    actual: float
    expected: float
    unchanged: float


@record(frozen=True, slots=True)
class WeekRow:
    """All repeat transactions from the beginning to the end of a week, counted from 1."""

    week: int
    actual: int
    expected: float


@record(frozen=True, slots=True)
class Quality:
    """How far a forecast was off. `total`: of all customers' transactions. `mean_absolute` and `root_mean_square`: of a
    customer's."""

    total: float
    mean_absolute: float
    root_mean_square: float


@record(frozen=True, slots=True)
class Backtest:
    """The model of the time until the last day of calibration, and how it did in the `weeks` after.

    `actual_total`: transactions that came then. `expected` is the model's quality, `unchanged` that of each customer's going on at
    their past rate, `average` that of everybody's buying as all do on average at that rate.
    """

    model: BgNbd
    weeks: int
    actual_total: int
    by_repeats: tuple[RepeatsRow, ...]
    by_week: tuple[WeekRow, ...]
    expected: Quality
    unchanged: Quality
    average: Quality


def backtest(
    customers: Mapping[str, Purchases], calibrated_until: date, weeks: int, rows: int = 8
) -> Backtest | Refused:
    """Fits on what was bought up to a day, and compares with the weeks after it. Who began later is left out."""
    import numpy as np

    end = calibrated_until + timedelta(days=DAYS_A_WEEK * weeks)
    histories: list[History] = []
    actual: list[int] = []
    days: list[list[date]] = []
    for key in sorted(customers):
        history = history_of(customers[key], calibrated_until)
        if history is not None:
            own = sorted({day for day, _ in customers[key] if day <= end})
            histories.append(history)
            days.append(own)
            actual.append(sum(day > calibrated_until for day in own))
    model = fit(book_of(histories))
    if isinstance(model, Refused):
        return model
    came = np.array(actual, dtype=np.float64)
    x = np.array([one.repeats for one in histories], dtype=np.float64)
    foretold = forecast(model, None, histories, Terms(horizon_weeks=weeks))
    expected = np.array([one.transactions for one in foretold])
    age = np.array([max(one.age_days, 1) for one in histories], dtype=np.float64) / DAYS_A_WEEK
    unchanged = x / age * weeks
    average = np.full_like(came, x.sum() / age.sum() * weeks)
    return Backtest(
        model,
        weeks,
        int(came.sum()),
        _by_repeats(x, came, expected, unchanged, rows),
        _by_week(model, days, end),
        _quality(came, expected),
        _quality(came, unchanged),
        _quality(came, average),
    )


def _by_repeats(
    x: "NDArray[np.float64]",
    came: "NDArray[np.float64]",
    expected: "NDArray[np.float64]",
    unchanged: "NDArray[np.float64]",
    rows: int,
) -> tuple[RepeatsRow, ...]:
    found: list[RepeatsRow] = []
    for repeats in range(rows):
        chosen = (x == repeats) if repeats < rows - 1 else (x >= repeats)
        count = int(chosen.sum())
        if count:
            means = (float(column[chosen].mean()) for column in (came, expected, unchanged))
            found.append(RepeatsRow(repeats, count, *means))
    return tuple(found)


def _by_week(model: BgNbd, days: Sequence[Sequence[date]], end: date) -> tuple[WeekRow, ...]:
    """From the first purchase of all to the end, in whole weeks."""
    import numpy as np

    begin = min(own[0] for own in days)
    firsts = np.array([(own[0] - begin).days for own in days])
    repeats = np.array([(day - begin).days for own in days for day in own[1:]], dtype=np.int64)
    first_days, customers = np.unique(firsts, return_counts=True)
    found: list[WeekRow] = []
    for week in range(1, ((end - begin).days + 1) // DAYS_A_WEEK + 1):
        last_day = week * DAYS_A_WEEK - 1
        since = np.maximum(last_day - first_days, 0) / DAYS_A_WEEK
        expected = float(customers @ expected_since_first(model, since))
        found.append(WeekRow(week, int((repeats <= last_day).sum()), expected))
    return tuple(found)


def _quality(came: "NDArray[np.float64]", expected: "NDArray[np.float64]") -> Quality:
    import numpy as np

    off = expected - came
    return Quality(float(off.sum()), float(np.abs(off).mean()), float(np.sqrt((off**2).mean())))
