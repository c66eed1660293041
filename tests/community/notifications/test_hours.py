"""Quiet hours and digests by the member's clock: nights, days of 23 and 25 hours, days that there are not."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.notifications.hours import (
    Digest,
    DigestCycle,
    QuietHours,
    digest_key,
    next_digest,
    quiet_until,
)
from gamification.kit.periods import zone

NIGHT = QuietHours(time(22), time(8))
NAP = QuietHours(time(13), time(14, 30))
ZONES = (
    *("UTC", "Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu"),
    *("Pacific/Apia", "Pacific/Kiritimati", "America/St_Johns", "Africa/Casablanca"),
)


def local(text: str, time_zone: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone(time_zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("quiet", "time_zone", "at", "until"),
    [
        (NIGHT, "Asia/Shanghai", "2026-03-01T21:59", None),
        (NIGHT, "Asia/Shanghai", "2026-03-01T22:00", "2026-03-02T08:00"),
        (NIGHT, "Asia/Shanghai", "2026-03-01T23:59", "2026-03-02T08:00"),
        (NIGHT, "Asia/Shanghai", "2026-03-02T00:00", "2026-03-02T08:00"),
        (NIGHT, "Asia/Shanghai", "2026-03-02T07:59", "2026-03-02T08:00"),
        (NIGHT, "Asia/Shanghai", "2026-03-02T08:00", None),
        (NAP, "Asia/Kathmandu", "2026-03-02T13:00", "2026-03-02T14:30"),
        (NAP, "Asia/Kathmandu", "2026-03-02T14:30", None),
        (NAP, "Asia/Kathmandu", "2026-03-02T12:59", None),
        # The night in which clocks go forward, and the one in which they go back.
        (NIGHT, "America/New_York", "2026-03-07T23:00", "2026-03-08T08:00"),
        (NIGHT, "America/New_York", "2026-10-31T23:00", "2026-11-01T08:00"),
        # Over the end of the year, and of February.
        (NIGHT, "Europe/London", "2026-12-31T22:30", "2027-01-01T08:00"),
        (NIGHT, "UTC", "2028-02-28T23:00", "2028-02-29T08:00"),
    ],
)
def test_waits_until_the_quiet_hours_end(
    quiet: QuietHours, time_zone: str, at: str, until: str | None
) -> None:
    expected = local(until, time_zone) if until is not None else None
    assert quiet_until(local(at, time_zone), quiet, time_zone) == expected


def test_a_night_of_nine_hours_and_one_of_eleven() -> None:
    forward = local("2026-03-07T22:00", "America/New_York")
    back = local("2026-10-31T22:00", "America/New_York")
    assert quiet_until(forward, NIGHT, "America/New_York") == forward + timedelta(hours=9)
    assert quiet_until(back, NIGHT, "America/New_York") == back + timedelta(hours=11)


def test_an_end_that_clocks_skip_is_when_they_jump() -> None:
    quiet = QuietHours(time(22), time(2, 30))
    at = local("2026-03-07T23:00", "America/New_York")
    assert quiet_until(at, quiet, "America/New_York") == datetime(2026, 3, 8, 7, tzinfo=UTC)


def test_an_end_that_comes_twice_ends_both_times() -> None:
    quiet = QuietHours(time(22), time(1, 30))
    here = "America/New_York"
    first, second = local("2026-11-01T01:30", here), local("2026-11-01T01:30", here, fold=1)
    assert quiet_until(local("2026-11-01T00:30", here), quiet, here) == first
    assert quiet_until(first + timedelta(minutes=10), quiet, here) is None
    assert quiet_until(local("2026-11-01T01:05", here, fold=1), quiet, here) == second


def test_a_night_into_a_day_that_there_was_not() -> None:
    # Samoa went from the 29th of December 2011 to the 31st.
    at = local("2011-12-29T23:00", "Pacific/Apia")
    assert quiet_until(at, NIGHT, "Pacific/Apia") == local("2011-12-31T08:00", "Pacific/Apia")


def test_who_moves_lives_by_the_new_clock_at_once() -> None:
    at = local("2026-06-01T23:00", "Asia/Shanghai")
    assert quiet_until(at, NIGHT, "Asia/Shanghai") is not None
    assert quiet_until(at, NIGHT, "Europe/London") is None


@given(
    st.integers(0, 10_000_000).map(
        lambda minute: datetime(2011, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    ),
    st.sampled_from(ZONES),
    st.times(),
    st.times(),
)
def test_what_waited_is_awake_when_it_ends_and_was_asleep_until_then(
    at: datetime, time_zone: str, begins: time, ends: time
) -> None:
    quiet = QuietHours(
        begins.replace(second=0, microsecond=0),
        ends.replace(second=0, microsecond=0, minute=ends.minute // 2),
    )
    if quiet.begins == quiet.ends:
        return
    here = zone(time_zone)
    until = quiet_until(at, quiet, time_zone)
    if until is None:
        assert not quiet.holds(at.astimezone(here).time())
        return
    assert at < until <= at + timedelta(hours=50)
    assert not quiet.holds(until.astimezone(here).time())
    step = (until - at) / 50
    assert all(quiet.holds((at + step * number).astimezone(here).time()) for number in range(50))


DAILY = Digest(DigestCycle.DAILY, hour=8)
WEEKLY = Digest(DigestCycle.WEEKLY, hour=18, weekday=5)


@pytest.mark.parametrize(
    ("digest", "time_zone", "after", "due", "key"),
    [
        (DAILY, "Asia/Shanghai", "2026-03-01T07:59", "2026-03-01T08:00", "2026-03-01"),
        (DAILY, "Asia/Shanghai", "2026-03-01T08:00", "2026-03-02T08:00", "2026-03-02"),
        (WEEKLY, "America/New_York", "2026-03-04T12:00", "2026-03-06T18:00", "2026-W10"),
        (WEEKLY, "America/New_York", "2026-03-06T18:00", "2026-03-13T18:00", "2026-W11"),
        (DAILY, "Pacific/Apia", "2011-12-29T09:00", "2011-12-31T00:00", "2011-12-31"),
        (
            Digest(DigestCycle.DAILY, hour=2),
            "America/New_York",
            "2026-03-07T12:00",
            "2026-03-08T03:00",
            "2026-03-08",
        ),
        (
            Digest(DigestCycle.DAILY, hour=1),
            "America/New_York",
            "2026-10-31T12:00",
            "2026-11-01T01:00",
            "2026-11-01",
        ),
    ],
)
def test_a_digest_is_due_at_its_hour(digest: Digest, time_zone: str, after: str, due: str, key: str) -> None:
    found = next_digest(local(after, time_zone), digest, time_zone)
    assert found == local(due, time_zone)
    assert found is not None
    assert digest_key(found, digest, time_zone) == key


def test_an_hour_that_comes_twice_is_one_digest() -> None:
    digest = Digest(DigestCycle.DAILY, hour=1)
    first = local("2026-11-01T01:00", "America/New_York")
    assert next_digest(first, digest, "America/New_York") == local("2026-11-02T01:00", "America/New_York")


def test_who_moves_west_gets_no_second_digest_of_the_day() -> None:
    sent = local("2026-06-01T08:00", "Asia/Shanghai")
    key = digest_key(sent, DAILY, "Asia/Shanghai")
    assert next_digest(sent, DAILY, "America/New_York", key) == local("2026-06-02T08:00", "America/New_York")


def test_nobody_asked_for_none() -> None:
    assert next_digest(datetime(2026, 1, 1, tzinfo=UTC), Digest(), "UTC") is None
