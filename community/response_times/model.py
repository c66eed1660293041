"""Response times by period: pure, from when things came and when they were answered first."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from gamification.insights.reports.slots import Slot
from gamification.insights.totals.periods import index_of
from gamification.kit.records import record

_HALF, _MOST = 50, 90


class ResponseKind(StrEnum):
    """CASES of moderation: until anybody acted. QUESTIONS: until somebody else answered. COMPLAINTS: until staff answered."""

    CASES = "cases"
    QUESTIONS = "questions"
    COMPLAINTS = "complaints"


@record(frozen=True, slots=True)
class Asked:
    """When something came, and when it was answered first; None where it was not yet."""

    at: datetime
    answered_at: datetime | None


@record(frozen=True, slots=True)
class ResponsePoint:
    """What came in a period: how much, how much of it was answered until now, and within what time half of that, and nine tenths of
    it, were; None where none was."""

    slot: Slot
    came: int
    answered: int
    median: timedelta | None
    most: timedelta | None


@record(frozen=True, slots=True)
class ResponseReport:
    """Periods in order, and all of them together. `as_of`: when it was read."""

    kind: ResponseKind
    points: tuple[ResponsePoint, ...]
    came: int
    answered: int
    as_of: datetime


def points_of(slots: Iterable[Slot], asked: Iterable[Asked], local: ZoneInfo) -> tuple[ResponsePoint, ...]:
    """A point for each of these periods, which follow each other."""
    wanted = list(slots)
    came = {one.index: 0 for one in wanted}
    times: dict[int, list[timedelta]] = {one.index: [] for one in wanted}
    for one in asked:
        index = index_of(wanted[0].by, one.at.astimezone(local).date().toordinal())
        if index not in came:
            continue
        came[index] += 1
        if one.answered_at is not None:
            times[index].append(max(one.answered_at - one.at, timedelta()))
    return tuple(
        ResponsePoint(
            one,
            came[one.index],
            len(times[one.index]),
            ranked(times[one.index], _HALF),
            ranked(times[one.index], _MOST),
        )
        for one in wanted
    )


def ranked(times: list[timedelta], percent: int) -> timedelta | None:
    """The least of them that so many percent don't exceed (nearest rank); None of none."""
    if not times:
        return None
    return sorted(times)[max(-(-len(times) * percent // 100), 1) - 1]
