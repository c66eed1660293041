"""Gatherings as iCalendar, read back by the library and looked at as text."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Timezone

from community.gatherings.calendar import Entry, calendar_of
from community.gatherings.model import Gathering, GatheringState, Times
from community.posts.model import NOTHING_WRITTEN
from gamification.kit.records import evolve

MADE = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)


def gathering(
    starts_at: datetime, hours: float = 2, time_zone: str = "Europe/Berlin", **more: Any
) -> Gathering:
    made = Gathering(
        id=bytes(12),
        programme_id="club",
        space="square",
        host_id=None,
        state=GatheringState.SCHEDULED,
        version=3,
        sequence=2,
        written=evolve(NOTHING_WRITTEN, title="Tea, 茶; and\\cake", text="Come\nall.\n"),
        place="Café; 1, High Street",
        online_url="https://meet.example/secret",
        times=Times(starts_at, starts_at + timedelta(hours=hours), time_zone, None, timedelta(), timedelta()),
        capacity=None,
        reminders=(),
        secret=b"s",
        created_at=MADE,
        changed_at=MADE,
    )
    return evolve(made, **more)


def text_of(one: Gathering, *, is_sure: bool = True, shows_address: bool = False) -> str:
    return calendar_of([Entry(one, is_sure, shows_address)])


def event_of(text: str) -> Any:
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    return event


def test_what_is_written_is_read_again() -> None:
    starts_at = datetime(2026, 6, 1, 16, tzinfo=UTC)
    text = text_of(gathering(starts_at))
    event = event_of(text)

    assert event["summary"] == "Tea, 茶; and\\cake"
    assert event["location"] == "Café; 1, High Street"
    assert event["description"] == "Come\nall."
    assert (event["sequence"], event["status"]) == (2, "CONFIRMED")
    assert event["uid"] == f"{bytes(12).hex()}@club.gatherings"
    assert event["dtstart"].dt == starts_at
    assert event["dtend"].dt == starts_at + timedelta(hours=2)
    assert "DTSTART;TZID=Europe/Berlin:20260601T180000" in text
    assert "DTSTAMP:20260301T120000Z" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert text.endswith("END:VCALENDAR\r\n")


def test_the_zones_own_rules_are_stated_over_a_change_of_clocks() -> None:
    # From 23.30 on Saturday to 4.30 on Sunday, when clocks go back at 3: six hours.
    starts_at = datetime(2026, 10, 24, 23, 30, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    text = text_of(gathering(starts_at, hours=6))
    event = event_of(text)

    assert "DTSTART;TZID=Europe/Berlin:20261024T233000" in text
    assert "DTEND;TZID=Europe/Berlin:20261025T043000" in text
    assert event["dtend"].dt - starts_at == timedelta(hours=6)
    (zone,) = Calendar.from_ical(text).walk("VTIMEZONE")
    assert isinstance(zone, Timezone)
    assert zone["tzid"] == "Europe/Berlin"
    assert "20261025T030000" in text
    assert "20300331" not in text  # what no gathering is near is left out
    by_rules = event["dtstart"].dt.replace(tzinfo=zone.to_tz())
    assert by_rules.utcoffset() == timedelta(hours=2)
    assert event["dtend"].dt.replace(tzinfo=zone.to_tz()).utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize("utc_hour", [0, 1])
def test_a_time_that_is_there_twice_is_stated_in_utc(utc_hour: int) -> None:
    # Half past two is there twice that night: at 0.30 and at 1.30 by UTC.
    starts_at = datetime(2026, 10, 25, utc_hour, 30, tzinfo=UTC)
    text = text_of(gathering(starts_at))

    assert f"DTSTART:20261025T0{utc_hour}3000Z" in text
    assert event_of(text)["dtstart"].dt == starts_at


def test_utc_needs_no_zone() -> None:
    text = text_of(gathering(datetime(2026, 6, 1, 16, tzinfo=UTC), time_zone="UTC"))

    assert "DTSTART:20260601T160000Z" in text
    assert "VTIMEZONE" not in text


@pytest.mark.parametrize(
    ("shows", "place", "location"),
    [
        (True, None, "https://meet.example/secret"),
        (False, None, None),
        (True, "Here", "Here"),
        (False, "Here", "Here"),
    ],
)
def test_the_address_of_what_is_online_is_for_who_may_know_it(
    *, shows: bool, place: str | None, location: str | None
) -> None:
    made = gathering(datetime(2026, 6, 1, 16, tzinfo=UTC), place=place)
    text = text_of(made, shows_address=shows)

    assert event_of(text).get("location") == location
    assert ("meet.example" in text) is shows


def test_what_is_cancelled_or_waited_for_says_so() -> None:
    made = gathering(datetime(2026, 6, 1, 16, tzinfo=UTC))

    assert event_of(text_of(made, is_sure=False))["status"] == "TENTATIVE"
    gone = evolve(made, state=GatheringState.CANCELLED, sequence=3)
    event = event_of(text_of(gone, is_sure=False))
    assert (event["status"], event["sequence"]) == ("CANCELLED", 3)


def test_a_calendar_of_nothing_is_one() -> None:
    calendar = Calendar.from_ical(calendar_of([], "Mine"))

    assert calendar["name"] == "Mine"
    assert calendar.walk("VEVENT") == []


def test_zones_and_events_of_many_are_each_there_once() -> None:
    starts_at = datetime(2026, 6, 1, 16, tzinfo=UTC)
    zones = ("Europe/Berlin", "Asia/Shanghai", "Europe/Berlin", "America/New_York")
    entries = [
        Entry(evolve(gathering(starts_at, time_zone=zone), id=bytes([number])), True, False)
        for number, zone in enumerate(zones)
    ]
    calendar = Calendar.from_ical(calendar_of(entries))

    assert len(calendar.walk("VEVENT")) == 4
    assert {one["tzid"] for one in calendar.walk("VTIMEZONE")} == set(zones)
