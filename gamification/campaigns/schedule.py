"""When a campaign is on: pure.

A campaign that repeats is on for some days at a time. Each time is an occurrence, with a key of its own, so that what happens once
each time can be told apart by it. Days begin at midnight by the calendar of a zone: the programme's, or where the campaign goes by
the member, theirs.
"""

import calendar
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from gamification.kit.periods import local_midnight, zone
from gamification.kit.records import record
from gamification.programmes.definitions import CampaignRepeat, CampaignSchedule

ONCE = "once"
_DAY = timedelta(days=1)
_YEAR = timedelta(days=367)


@record(frozen=True, slots=True)
class Occurrence:
    """One time that a campaign is on: from `starts_at` to before `ends_at`. `key` is ONCE, or its first day."""

    key: str
    starts_at: datetime
    ends_at: datetime


@record(frozen=True, slots=True)
class Own:
    """What a campaign that goes by members must know of one: their zone, their birthday as `1990-02-28` or `02-28`, and when
    they joined."""

    time_zone: str
    birthday: str | None
    joined_at: datetime


def occurrence_at(
    schedule: CampaignSchedule, at: datetime, time_zone: str, own: Own | None
) -> Occurrence | None:
    """The time that the campaign is on at that instant; None where it is not. `time_zone` is the programme's; `own` is the
    member's, where it goes by them. Of two that overlap the later one."""
    if not schedule.starts_at <= at < schedule.ends_at:
        return None
    if schedule.repeat is CampaignRepeat.ONCE:
        return Occurrence(ONCE, schedule.starts_at, schedule.ends_at)
    here = _zone(schedule, time_zone, own)
    if here is None:
        return None
    today = at.astimezone(zone(here)).date()
    for back in range(schedule.lasts):
        day = today - back * _DAY
        if begins_on(schedule, day, own):
            found = _occurrence(schedule, day, here)
            if found is not None and found.starts_at <= at < found.ends_at:
                return found
    return None


def occurrences_between(
    schedule: CampaignSchedule, since: datetime, until: datetime, time_zone: str, own: Own | None = None
) -> Iterator[Occurrence]:
    """Every time that the campaign begins from `since` to before `until`, in order."""
    if schedule.repeat is CampaignRepeat.ONCE:
        if since <= schedule.starts_at < until:
            yield Occurrence(ONCE, schedule.starts_at, schedule.ends_at)
        return
    here = _zone(schedule, time_zone, own)
    if here is None:
        return
    day = max(since, schedule.starts_at).astimezone(zone(here)).date() - _DAY
    last = min(until, schedule.ends_at).astimezone(zone(here)).date()
    while day <= last:
        if begins_on(schedule, day, own):
            found = _occurrence(schedule, day, here)
            if found is not None and since <= found.starts_at < until:
                yield found
        day += _DAY


def next_occurrence(
    schedule: CampaignSchedule, at: datetime, time_zone: str, own: Own | None = None
) -> Occurrence | None:
    """The time that the campaign is on at that instant, else the next one within a year; None where there is none."""
    found = occurrence_at(schedule, at, time_zone, own)
    if found is not None or at >= schedule.ends_at:
        return found
    times = occurrences_between(schedule, at, max(at, schedule.starts_at) + _YEAR, time_zone, own)
    return next(iter(times), None)


def occurrence_of(
    schedule: CampaignSchedule, key: str, time_zone: str, own: Own | None = None
) -> Occurrence | None:
    """The time of that key; None where there is none."""
    if schedule.repeat is CampaignRepeat.ONCE:
        return Occurrence(ONCE, schedule.starts_at, schedule.ends_at) if key == ONCE else None
    try:
        day = date.fromisoformat(key)
    except ValueError:
        return None
    here = _zone(schedule, time_zone, own)
    return _occurrence(schedule, day, here) if here and begins_on(schedule, day, own) else None


def begins_on(schedule: CampaignSchedule, day: date, own: Own | None) -> bool:
    """Whether a campaign that repeats begins on that day."""
    if schedule.months and day.month not in schedule.months:
        return False
    if schedule.repeat is CampaignRepeat.WEEKLY:
        return day.isoweekday() in schedule.days
    if schedule.repeat is CampaignRepeat.MONTHLY:
        last = calendar.monthrange(day.year, day.month)[1]
        return day.day in schedule.days or (day.day == last and max(schedule.days) > last)
    return own is not None and _is_own_day(schedule, day, own)


def month_day(day: date) -> str:
    """A day of the year as `02-28`; on 28 February of a year without a 29th, so are those of the 29th."""
    return f"{day.month:02d}-{day.day:02d}"


def month_days(day: date) -> tuple[str, ...]:
    """The days of the year that are kept on that day: two on 28 February of a year without a 29th."""
    own = month_day(day)
    return (own, "02-29") if own == "02-28" and not calendar.isleap(day.year) else (own,)


def _is_own_day(schedule: CampaignSchedule, day: date, own: Own) -> bool:
    if schedule.repeat is CampaignRepeat.BIRTHDAY:
        return own.birthday is not None and own.birthday[-5:] in month_days(day)
    joined = own.joined_at.astimezone(zone(own.time_zone)).date()
    return joined.year < day.year and month_day(joined) in month_days(day)


def _zone(schedule: CampaignSchedule, time_zone: str, own: Own | None) -> str | None:
    if not schedule.is_by_member:
        return time_zone
    return own.time_zone if own is not None else None


def _occurrence(schedule: CampaignSchedule, day: date, time_zone: str) -> Occurrence | None:
    """The time that begins on that day, as far as it lies within the campaign's own; None where it doesn't."""
    starts_at = max(local_midnight(day, time_zone), schedule.starts_at)
    ends_at = min(local_midnight(day + schedule.lasts * _DAY, time_zone), schedule.ends_at)
    return Occurrence(day.isoformat(), starts_at, ends_at) if starts_at < ends_at else None
