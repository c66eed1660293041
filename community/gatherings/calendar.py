"""Gatherings as iCalendar: pure. Source: RFC 5545, RFC 7986.

Times are stated by the gathering's own zone, with that zone's rules; where the clock shows the same time twice, in UTC.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vDuration

from community.gatherings.model import Gathering, GatheringState
from gamification.kit.periods import zone
from gamification.kit.records import record

PRODID = "-//Starguild//Gatherings//EN"
_REFRESH = timedelta(hours=1)
_AROUND = timedelta(days=366)
"""The rules of a zone are stated for as long before and after."""


@record(frozen=True, slots=True)
class Entry:
    """A gathering in somebody's calendar. `is_sure`: they have a place. `shows_address`: they may know where online it is."""

    gathering: Gathering
    is_sure: bool
    shows_address: bool


def calendar_of(entries: Iterable[Entry], name: str | None = None) -> str:
    """The text of a calendar of these; `name` is what it is called in the programs that subscribe to it."""
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    if name is not None:
        calendar.add("name", name)
        calendar.add("x-wr-calname", name)
        calendar.add("refresh-interval", vDuration(_REFRESH), parameters={"VALUE": "DURATION"})
    found = list(entries)
    for entry in found:
        calendar.add_component(_event(entry))
    if found:
        first = min(entry.gathering.times.starts_at for entry in found)
        last = max(entry.gathering.times.ends_at for entry in found)
        calendar.add_missing_timezones(first_date=(first - _AROUND).date(), last_date=(last + _AROUND).date())
    written: bytes = calendar.to_ical()
    return written.decode()


def _event(entry: Entry) -> Event:
    one, times = entry.gathering, entry.gathering.times
    event = Event()
    event.add("uid", f"{one.id.hex()}@{one.programme_id}.gatherings")
    event.add("dtstamp", one.changed_at.replace(microsecond=0))
    event.add("last-modified", one.changed_at.replace(microsecond=0))
    event.add("created", one.created_at.replace(microsecond=0))
    event.add("sequence", one.sequence)
    event.add("dtstart", _local(times.starts_at, times.time_zone))
    event.add("dtend", _local(times.ends_at, times.time_zone))
    event.add("summary", one.written.title)
    event.add("status", _status(entry))
    event.add("transp", "OPAQUE" if entry.is_sure else "TRANSPARENT")
    if one.written.text.strip():
        event.add("description", one.written.text.strip())
    address = one.online_url if entry.shows_address else None
    if one.place is not None or address is not None:
        event.add("location", one.place or address)
    if address is not None:
        event.add("conference", address, parameters={"VALUE": "URI", "FEATURE": "VIDEO"})
    return event


def _status(entry: Entry) -> str:
    if entry.gathering.state is GatheringState.CANCELLED:
        return "CANCELLED"
    return "CONFIRMED" if entry.is_sure else "TENTATIVE"


def _local(at: datetime, time_zone: str) -> datetime:
    """That instant by its zone; in UTC where the local time is there twice, or the zone is UTC."""
    local = at.astimezone(zone(time_zone))
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return at.astimezone(UTC) if twice or time_zone in ("UTC", "Etc/UTC") else local
