"""Days, weeks and months as numbers that follow each other: pure. A week begins on Monday, as in ISO 8601."""

from datetime import date
from enum import StrEnum
from functools import lru_cache

_DAYS_A_WEEK = 7
_MONTHS = 12


class By(StrEnum):
    """How long a period of a report is."""

    DAY = "D"
    WEEK = "W"
    MONTH = "M"


@lru_cache(maxsize=65_536)
def index_of(by: By, ordinal: int) -> int:
    """The number of the period that holds the day of that ordinal."""
    if by is By.DAY:
        return ordinal
    if by is By.WEEK:
        return (ordinal - 1) // _DAYS_A_WEEK
    day = date.fromordinal(ordinal)
    return day.year * _MONTHS + day.month - 1


def first_day(by: By, index: int) -> date:
    """The day that a period begins on."""
    if by is By.DAY:
        return date.fromordinal(index)
    if by is By.WEEK:
        return date.fromordinal(index * _DAYS_A_WEEK + 1)
    return date(index // _MONTHS, index % _MONTHS + 1, 1)


def last_day(by: By, index: int) -> date:
    """The day that it ends with."""
    return date.fromordinal(first_day(by, index + 1).toordinal() - 1)


@lru_cache(maxsize=65_536)
def key_of(by: By, index: int) -> str:
    """The period's key: `2026-11-22`, `2026-W47`, `2026-11`. Keys sort by time."""
    first = first_day(by, index)
    if by is By.DAY:
        return first.isoformat()
    if by is By.WEEK:
        year, week, _ = first.isocalendar()
        return f"{year:04d}-W{week:02d}"
    return f"{first.year:04d}-{first.month:02d}"
