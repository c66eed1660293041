"""What a member measures up to at an instant: sums of days within windows. Pure."""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache

from gamification.kit.periods import local_midnight, zone
from gamification.programmes.definitions import Ladder, TierCycle, TierMeasure
from gamification.tiers.model import Days

LOOKED_BACK_DAYS = 400
"""How long the days of a window are kept after it has passed: to tell what a member qualified for then."""
_NEVER = date.min
_OLD = _NEVER.isoformat()


@lru_cache(maxsize=16_384)
def day_of(at: datetime, time_zone: str) -> date:
    """The local day of an instant."""
    return at.astimezone(zone(time_zone)).date()


def add_to(days: Days, day: date, amount: int) -> dict[str, int]:
    """The days with that much more on one of them; a day of nothing is left out."""
    key = day.isoformat()
    changed = {**days, key: days.get(key, 0) + amount}
    if not changed[key]:
        del changed[key]
    return changed


def first_day(measure: TierMeasure, today: date) -> date:
    """Where the window that holds `today` begins."""
    if measure.rolling_days is not None:
        return today - timedelta(days=measure.rolling_days - 1)
    if measure.cycle is not None:
        return first_of(measure.cycle, today)
    return _NEVER


def first_of(cycle: TierCycle, day: date) -> date:
    """The first day of the period that holds `day`."""
    month = (day.month - 1) // cycle.months * cycle.months + 1
    return date(day.year, month, 1)


def following(cycle: TierCycle, day: date) -> date:
    """The first day of the period after the one that holds `day`."""
    first = first_of(cycle, day)
    for _ in range(cycle.months):
        first += timedelta(days=monthrange(first.year, first.month)[1])
    return first


def folded(ladder: Ladder, days: Mapping[str, Days], today: date) -> dict[str, Days]:
    """The days by measure, with all that no window reaches any more, nor did for LOOKED_BACK_DAYS, in one: so their
    number is bounded."""
    found: dict[str, Days] = {}
    for measure in ladder.measures:
        reach = measure.rolling_days or (366 if measure.cycle else 0)
        first = (today - timedelta(days=reach + LOOKED_BACK_DAYS)).replace(day=1).isoformat()
        known = days.get(measure.key, {})
        old = sum(amount for day, amount in known.items() if day < first)
        kept = {day: amount for day, amount in known.items() if day >= first and amount}
        found[measure.key] = {_OLD: old, **kept} if old else kept
    return found


def figures(ladder: Ladder, days: Mapping[str, Days], as_of: datetime, time_zone: str) -> dict[str, int]:
    """Each measure at that instant, the whole of its local day included."""
    today = day_of(as_of, time_zone)
    last = today.isoformat()
    found: dict[str, int] = {}
    for measure in ladder.measures:
        first = first_day(measure, today).isoformat()
        found[measure.key] = sum(
            amount for day, amount in days.get(measure.key, {}).items() if first <= day <= last
        )
    return found


def shrinking(ladder: Ladder, days: Mapping[str, Days], after: datetime, time_zone: str) -> list[datetime]:
    """The instants after that one at which a measure becomes less if nothing comes, in order."""
    today = day_of(after, time_zone)
    leaving: set[date] = set()
    for measure in ladder.measures:
        leaving |= set(_leaving(measure, days.get(measure.key, {}), today))
    return [local_midnight(day, time_zone) for day in sorted(leaving)]


def _leaving(measure: TierMeasure, days: Days, today: date) -> Iterable[date]:
    """The days on which days that count now, or will, count no more."""
    first = first_day(measure, today).isoformat()
    counting = [date.fromisoformat(day) for day in days if day >= first]
    if measure.rolling_days is not None:
        return [day + timedelta(days=measure.rolling_days) for day in counting]
    if measure.cycle is not None:
        return {following(measure.cycle, day) for day in counting}
    return []
