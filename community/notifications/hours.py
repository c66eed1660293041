"""Quiet hours and the hours of digests, by the clock on the member's wall: pure.

Where clocks go forward over a time of day, it is when they jump; where they go back over it, quiet hours end each time the clock
shows their end, and a digest is sent the first time.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from gamification.kit.periods import zone
from gamification.kit.records import record

_MINUTE = timedelta(minutes=1)


class DigestCycle(StrEnum):
    """How often emails come as one: never, each day, or each week."""

    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"


@record(frozen=True, slots=True)
class QuietHours:
    """From one time of day to another, which is the next day's where it is not later; both are whole minutes."""

    begins: time
    ends: time

    def holds(self, wall: time) -> bool:
        """Whether it is quiet when the clock shows that."""
        if self.begins < self.ends:
            return self.begins <= wall < self.ends
        return wall >= self.begins or wall < self.ends


@record(frozen=True, slots=True)
class Digest:
    """When emails come as one. `weekday`: 1 is Monday, 7 Sunday; of no account for a daily one."""

    cycle: DigestCycle = DigestCycle.OFF
    hour: int = 8
    weekday: int = 1


def quiet_until(at: datetime, quiet: QuietHours, time_zone: str) -> datetime | None:
    """When the quiet hours end in which that instant lies; None where it lies in none."""
    here = zone(time_zone)
    if not quiet.holds(at.astimezone(here).time()):
        return None
    day = at.astimezone(here).date()
    ends = sorted(
        {
            found
            for offset in range(-1, 4)
            for found in instants(day + timedelta(days=offset), quiet.ends, time_zone)
        }
    )
    for found in ends:
        if found > at and not quiet.holds(found.astimezone(here).time()):
            return found
    return None


def next_digest(
    after: datetime, digest: Digest, time_zone: str, last_key: str | None = None
) -> datetime | None:
    """The first instant after `after` at which a digest is due that is not of the period `last_key`; None for who wants none."""
    if digest.cycle is DigestCycle.OFF:
        return None
    day = after.astimezone(zone(time_zone)).date()
    for offset in range(-1, 16):
        one = day + timedelta(days=offset)
        if digest.cycle is DigestCycle.WEEKLY and one.isoweekday() != digest.weekday:
            continue
        due = min(instants(one, time(digest.hour), time_zone))
        if due > after and digest_key(due, digest, time_zone) != last_key:
            return due
    raise AssertionError("a day comes within a fortnight")


def digest_key(due: datetime, digest: Digest, time_zone: str) -> str:
    """The day or week, by the member's calendar, of which a digest is: there is one of each."""
    day = due.astimezone(zone(time_zone)).date()
    if digest.cycle is DigestCycle.WEEKLY:
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    return day.isoformat()


def instants(day: date, wall: time, time_zone: str) -> Iterator[datetime]:
    """When clocks show that: once, or twice where they go back; where they skip it, the instant at which they do."""
    here = zone(time_zone)
    local = datetime.combine(day, wall, tzinfo=here)
    first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if first.astimezone(here).replace(tzinfo=None) == local.replace(tzinfo=None):
        yield first
        if second != first:
            yield second
        return
    yield _jump(second, first, time_zone)


def _jump(low: datetime, high: datetime, time_zone: str) -> datetime:
    """The instant between these at which clocks jump, to the minute."""
    here = zone(time_zone)
    before = low.astimezone(here).utcoffset()
    while high - low > _MINUTE:
        middle = low + timedelta(minutes=int((high - low) / _MINUTE) // 2)
        if middle.astimezone(here).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
