"""Lengths of time by the calendar, such as `P1Y`, `P1M`, `P14D`, `PT36H`, and days of the year: pure.

Source: ISO 8601 durations. Years, months, weeks and days are added to the local date; hours and below are exact.
"""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from gamification.kit.periods import local_midnight, zone
from gamification.kit.records import record

_SPAN = re.compile(
    r"P(?=.)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?"
    r"(?:T(?=.)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?"
)
_DAY = re.compile(r"(?:(\d{4})-)?(\d\d)-(\d\d)")
_YEARS_MAX = 100


@record(frozen=True, slots=True)
class Span:
    """`months` and `days` by the calendar, then `exact`."""

    months: int
    days: int
    exact: timedelta


@lru_cache(maxsize=1024)
def span(text: str) -> Span:
    """The span that an ISO 8601 duration states. Raises: ValueError, also for none and for beyond a century."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no duration such as P1Y, P6M, P14D or PT36H")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    parsed = Span(
        years * 12 + months, weeks * 7 + days, timedelta(hours=hours, minutes=minutes, seconds=seconds)
    )
    length = timedelta(days=parsed.months * 31 + parsed.days) + parsed.exact
    if not timedelta() < length <= timedelta(days=_YEARS_MAX * 372):
        raise ValueError(f"{text[:40]!r} must be longer than nothing and at most {_YEARS_MAX} years")
    return parsed


def later(at: datetime, by: Span, time_zone: str) -> datetime:
    """The instant that much later, in UTC: the same wall-clock time on the later date. A month without that day ends
    on its last one, so 31 January and a month is 28 or 29 February."""
    local = at.astimezone(zone(time_zone))
    if by.months or by.days:
        day = add_months(local.date(), by.months) + timedelta(days=by.days)
        local = local.replace(year=day.year, month=day.month, day=day.day)
    return local.astimezone(UTC) + by.exact


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def check_day(text: str) -> str:
    """`text`, where it is a day of every year (`06-30`) or of one (`2026-06-30`). Raises: ValueError."""
    found = _DAY.fullmatch(text)
    try:
        if found is not None:
            date(int(found[1] or 2024), int(found[2]), int(found[3]))  # 2024 has every day there is
            return text
    except ValueError:
        pass
    raise ValueError(f"{text[:40]!r} is no day such as 06-30 or 2026-06-30")


def next_day(days: tuple[str, ...], at: datetime, time_zone: str, *, ends: bool) -> datetime | None:
    """The first instant after `at` at which one of the days begins, or with `ends` is over; None where the last has
    passed. 29 February is the 28th where there is none."""
    local = at.astimezone(zone(time_zone)).date()
    found = []
    for text in days:
        parts = [int(part) for part in text.split("-")]
        years = [parts.pop(0)] if len(parts) == 3 else [local.year - 1, local.year, local.year + 1]
        month, number = parts
        for year in years:
            day = date(year, month, min(number, monthrange(year, month)[1]))
            found.append(local_midnight(day + timedelta(days=1) if ends else day, time_zone))
    return min((instant for instant in found if instant > at), default=None)
