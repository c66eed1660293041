from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.errors import InvalidInput
from gamification.kit.periods import ALL_TIME, Cycle, local_midnight, period_at, period_of_key, zone

ZONES = [
    "UTC",
    "Asia/Shanghai",
    "Asia/Kathmandu",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Europe/London",
]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
instants = st.integers(0, 120 * 366 * 86_400_000).map(lambda ms: EPOCH + timedelta(milliseconds=ms))


def hours(day: date, time_zone: str) -> float:
    period = period_of_key(Cycle.DAILY, day.isoformat(), time_zone)
    assert period.starts_at is not None
    assert period.ends_at is not None
    return (period.ends_at - period.starts_at) / timedelta(hours=1)


@given(instants, st.sampled_from(ZONES), st.sampled_from(list(Cycle)))
def test_a_period_holds_its_instant_and_is_found_again_by_its_key(
    at: datetime, time_zone: str, cycle: Cycle
) -> None:
    period = period_at(cycle, at, time_zone)

    assert period_of_key(cycle, period.key, time_zone) == period
    if cycle is Cycle.ALL_TIME:
        assert period == ALL_TIME
        return
    assert period.starts_at is not None
    assert period.ends_at is not None
    assert period.starts_at <= at < period.ends_at


@given(instants, instants, st.sampled_from(ZONES), st.sampled_from(list(Cycle)))
def test_keys_sort_like_time(one: datetime, other: datetime, time_zone: str, cycle: Cycle) -> None:
    early, late = sorted((one, other))

    assert period_at(cycle, early, time_zone).key <= period_at(cycle, late, time_zone).key


@given(instants, st.sampled_from(ZONES), st.sampled_from([c for c in Cycle if c is not Cycle.ALL_TIME]))
def test_periods_follow_each_other_without_gap(at: datetime, time_zone: str, cycle: Cycle) -> None:
    period = period_at(cycle, at, time_zone)
    assert period.ends_at is not None

    following = period_at(cycle, period.ends_at, time_zone)

    assert following.starts_at == period.ends_at
    assert following.key > period.key


def test_the_day_depends_on_the_zone() -> None:
    at = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)

    assert period_at(Cycle.DAILY, at, "UTC").key == "2026-11-20"
    assert period_at(Cycle.DAILY, at, "Asia/Shanghai").key == "2026-11-21"


@pytest.mark.parametrize(
    ("day", "time_zone", "length"),
    [
        (date(2026, 3, 8), "America/New_York", 23),
        (date(2026, 11, 1), "America/New_York", 25),
        (date(2026, 11, 2), "America/New_York", 24),
        (date(2026, 4, 5), "Australia/Lord_Howe", 24.5),
        # Clocks skipped midnight: the day begins at 01:00 by the wall.
        (date(2018, 11, 4), "America/Sao_Paulo", 23),
        # Clocks went back at midnight: the day before is the long one.
        (date(2018, 2, 17), "America/Sao_Paulo", 25),
        # The island crossed the date line: that day was never.
        (date(2011, 12, 30), "Pacific/Apia", 0),
    ],
)
def test_days_are_as_long_as_the_zone_makes_them(day: date, time_zone: str, length: float) -> None:
    assert hours(day, time_zone) == length


def test_a_skipped_midnight_is_the_first_instant_after() -> None:
    assert local_midnight(date(2018, 11, 4), "America/Sao_Paulo") == datetime(2018, 11, 4, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "week"),
    [
        ("2026-11-21", "2026-W47"),
        ("2021-01-03", "2020-W53"),
        ("2024-12-30", "2025-W01"),
        ("2026-12-31", "2026-W53"),
        ("2027-01-01", "2026-W53"),
    ],
)
def test_weeks_are_iso_weeks(day: str, week: str) -> None:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)

    assert period_at(Cycle.WEEKLY, at, "UTC").key == week


@pytest.mark.parametrize(
    ("cycle", "key"),
    [
        (Cycle.DAILY, "2026-02-30"),
        (Cycle.DAILY, "20261121"),
        (Cycle.DAILY, "2026-W47-6"),
        (Cycle.WEEKLY, "2026-W54"),
        (Cycle.WEEKLY, "2026-47"),
        (Cycle.WEEKLY, "2026-W7"),
        (Cycle.MONTHLY, "2026-13"),
        (Cycle.MONTHLY, "2026"),
        (Cycle.YEARLY, " 2026"),
        (Cycle.YEARLY, "2026-01"),
        (Cycle.YEARLY, "99999"),
        (Cycle.YEARLY, "9999"),
        (Cycle.YEARLY, "all"),
        (Cycle.ALL_TIME, "2026"),
        (Cycle.ALL_TIME, ""),
    ],
)
def test_refuses_a_key_of_another_cycle(cycle: Cycle, key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        period_of_key(cycle, key, "UTC")

    assert refused.value.path == ["period"]


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "/UTC", "UTC\x00", "Asia"])
def test_refuses_what_is_no_zone(name: str) -> None:
    with pytest.raises(InvalidInput, match="IANA"):
        zone(name)
