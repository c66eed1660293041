"""Days, weeks, months and years by IANA zone, computed from values alone.

A period's key is stored with each record, so a reset is a new key and never a wipe. Keys sort by time within
a cycle: `2026-11-21`, `2026-W47`, `2026-11`, `2026`, `all`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from gamification.kit.errors import InvalidInput


class Cycle(StrEnum):
    """How often a count starts anew; weeks are ISO weeks and start on Monday."""

    ALL_TIME = "all_time"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class Period:
    """One run of a cycle: from `starts_at` inclusive to `ends_at` exclusive, both UTC; None is unbounded."""

    key: str
    starts_at: datetime | None
    ends_at: datetime | None


ALL_TIME = Period("all", None, None)


@lru_cache(maxsize=16_384)
def period_at(cycle: Cycle, at: datetime, time_zone: str) -> Period:
    """The period of `cycle` that holds the instant `at` (aware), by the calendar of `time_zone`."""
    if cycle is Cycle.ALL_TIME:
        return ALL_TIME
    day = at.astimezone(zone(time_zone)).date()
    return _period_of_day(cycle, day, time_zone)


def period_of_key(cycle: Cycle, key: str, time_zone: str) -> Period:
    """The period that `key` names. Raises: InvalidInput when the key is not one of this cycle's."""
    period: Period | None = ALL_TIME
    if cycle is not Cycle.ALL_TIME:
        try:
            period = _period_of_day(cycle, first_day_of_key(cycle, key), time_zone)
        except (ValueError, OverflowError):
            period = None
    if period is None or period.key != key:
        raise InvalidInput(f"{key[:100]!r} names no {cycle} period.", path=["period"])
    return period


@lru_cache(maxsize=1024)
def zone(time_zone: str) -> ZoneInfo:
    """The IANA zone of that name. Raises: InvalidInput."""
    try:
        return ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidInput(f"{time_zone!r} is not an IANA time zone.", path=["timeZone"]) from error


@lru_cache(maxsize=4096)
def first_day_of_key(cycle: Cycle, key: str) -> date:
    """The date that a period other than ALL_TIME begins on. Raises: ValueError where the key names none."""
    if cycle is Cycle.DAILY:
        return date.fromisoformat(key)
    if cycle is Cycle.WEEKLY:
        year, _, week = key.partition("-W")
        return date.fromisocalendar(int(year), int(week), 1)
    if cycle is Cycle.MONTHLY:
        return date.fromisoformat(f"{key}-01")
    return date(int(key), 1, 1)


@lru_cache(maxsize=4096)
def _period_of_day(cycle: Cycle, day: date, time_zone: str) -> Period:
    if cycle is Cycle.DAILY:
        return _between(day.isoformat(), day, day + timedelta(days=1), time_zone)
    if cycle is Cycle.WEEKLY:
        year, week, weekday = day.isocalendar()
        monday = day - timedelta(days=weekday - 1)
        return _between(f"{year:04d}-W{week:02d}", monday, monday + timedelta(days=7), time_zone)
    if cycle is Cycle.MONTHLY:
        first = day.replace(day=1)
        following = (first + timedelta(days=32)).replace(day=1)
        return _between(f"{first.year:04d}-{first.month:02d}", first, following, time_zone)
    return _between(f"{day.year:04d}", date(day.year, 1, 1), date(day.year + 1, 1, 1), time_zone)


def _between(key: str, first: date, following: date, time_zone: str) -> Period:
    return Period(key, local_midnight(first, time_zone), local_midnight(following, time_zone))


@lru_cache(maxsize=4096)
def local_midnight(day: date, time_zone: str) -> datetime:
    """The UTC instant at which `day` begins in that zone; where clocks skip midnight, the first instant after."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone(time_zone))
    return local.astimezone(UTC)
