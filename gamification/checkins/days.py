"""Which day it is for a member who may change zones: pure.

A day is named by its date and begins at `day_start` of that date, by the zone in which the member lives then. Going
east a day begins as soon as the new zone says so; going west the day under way goes on until the new zone has come to
the next date. So a date is never gone through twice, nobody is ever ahead of the most eastern place on Earth, and of
each date there is one interval of time. A date of which a change of zone left less than `SHORT` is excused: it breaks no
streak, and counts as any other where the member checked in nevertheless.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from gamification.kit.periods import zone
from gamification.kit.records import record
from gamification.members.model import Member, PastZone

SHORT = timedelta(hours=16)
"""Less of a day than that is not asked of anybody. No calendar day is so short, not even where clocks change."""

DAY = timedelta(days=1)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@record(frozen=True, slots=True)
class DayClock:
    """Tells the days of one member by a check-in's start of day: the zones they gave up, and the present one."""

    zone: str
    starts_at_minute: int = 0
    past: tuple[PastZone, ...] = ()

    def day_at(self, at: datetime) -> date:
        """The day that holds the instant."""
        days = [
            day_in(min(at, until - _TICK) if until else at, name, self.starts_at_minute)
            for name, since, until in self._lived(at)
        ]
        return max(days)

    def begins_at(self, day: date) -> datetime:
        """The first instant of that day or, where the member never had one, of the next that they had (UTC)."""
        begins = []
        for name, since, until in self._lived(None):
            begin = max(since, begins_in(day, name, self.starts_at_minute))
            if until is None or begin < until:
                begins.append(begin)
        return min(begins)

    def is_short(self, day: date) -> bool:
        """Whether a change of zone, or of the calendar itself, left too little of it."""
        return self.begins_at(day + DAY) - self.begins_at(day) < SHORT

    def zone_at(self, at: datetime) -> str:
        """The zone in which the member lived then."""
        return next((past.zone for past in self.past if at < past.until), self.zone)

    def _lived(self, until: datetime | None) -> Sequence[tuple[str, datetime, datetime | None]]:
        """(zone, since, until) up to an instant, oldest first."""
        since, lived = _BEGINNING, list[tuple[str, datetime, datetime | None]]()
        for past in self.past:
            if until is not None and since > until:
                return lived
            if past.until > since:
                lived.append((past.zone, since, past.until))
            since = past.until
        if until is None or since <= until:
            lived.append((self.zone, since, None))
        return lived


def clock_of(member: Member, starts_at_minute: int, programme_zone: str | None = None) -> DayClock:
    """The member's days; by the programme's zone where one is given."""
    if programme_zone is not None:
        return DayClock(programme_zone, starts_at_minute)
    return DayClock(member.time_zone, starts_at_minute, member.past_zones)


_TICK = timedelta(milliseconds=1)


@lru_cache(maxsize=16_384)
def day_in(at: datetime, time_zone: str, starts_at_minute: int) -> date:
    """The day that holds the instant, in one zone: the latest that has begun."""
    at = max(at, _EARLIEST)
    local = at.astimezone(zone(time_zone)).replace(tzinfo=None)
    day = (local - timedelta(minutes=starts_at_minute)).date()
    # Around a change of clocks the clock's face alone may be off by one.
    while begins_in(day, time_zone, starts_at_minute) > at:
        day -= DAY
    while begins_in(day + DAY, time_zone, starts_at_minute) <= at:
        day += DAY
    return day


_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=16_384)
def begins_in(day: date, time_zone: str, starts_at_minute: int) -> datetime:
    """The instant (UTC) at which the clock of that zone first shows the day's start, or where clocks skip it, the first
    instant after."""
    there = zone(time_zone)
    wanted = datetime(day.year, day.month, day.day) + timedelta(minutes=starts_at_minute)  # noqa: DTZ001 - a clock's face
    begin = wanted.replace(tzinfo=there).astimezone(UTC)
    if begin.astimezone(there).replace(tzinfo=None) == wanted:
        return begin
    # Skipped. By the offset after the change it lies before it, by the one before the change after it.
    before, after = wanted.replace(tzinfo=there, fold=1).astimezone(UTC), begin
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(there).replace(tzinfo=None) >= wanted:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)
