"""When campaigns are on: member days, birthdays, anniversaries, zones, short months, leap days and clocks that jump."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.campaigns.schedule import (
    Own,
    begins_on,
    next_occurrence,
    occurrence_at,
    occurrence_of,
    occurrences_between,
)
from gamification.programmes.definitions import CampaignSchedule

START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)


def scheduled(**stated: Any) -> CampaignSchedule:
    return CampaignSchedule(**{"starts_at": START, "ends_at": END, **stated})


def own(
    birthday: str | None = None, zone: str = "UTC", joined: datetime = datetime(2020, 2, 29, 12, tzinfo=UTC)
) -> Own:
    return Own(zone, birthday, joined)


def keys(
    schedule: CampaignSchedule, since: date, until: date, zone: str = "UTC", of: Own | None = None
) -> list[str]:
    begins, ends = (datetime(one.year, one.month, one.day, tzinfo=UTC) for one in (since, until))
    return [time.key for time in occurrences_between(schedule, begins, ends, zone, of)]


def test_once_is_from_beginning_to_end() -> None:
    schedule = scheduled()
    assert occurrence_at(schedule, START - timedelta(milliseconds=1), "UTC", None) is None
    found = occurrence_at(schedule, START, "UTC", None)
    assert found is not None
    assert (found.key, found.starts_at, found.ends_at) == ("once", START, END)
    assert occurrence_at(schedule, END, "UTC", None) is None


def test_the_next_time_is_the_one_that_is_on_else_the_first_to_come_within_a_year() -> None:
    monthly = scheduled(repeat="monthly", days=[10])
    found = [
        next_occurrence(monthly, at, "UTC")
        for at in (
            START - timedelta(days=9),
            datetime(2026, 3, 10, 12, tzinfo=UTC),
            datetime(2026, 3, 11, tzinfo=UTC),
            END,
        )
    ]
    assert [one.key if one else None for one in found] == ["2024-01-10", "2026-03-10", "2026-04-10", None]
    once = next_occurrence(scheduled(), START - timedelta(days=900), "UTC")
    assert once is not None
    assert once.key == "once"
    yearly = scheduled(repeat="birthday")
    at = datetime(2026, 3, 2, tzinfo=UTC)
    leap = next_occurrence(yearly, datetime(2026, 1, 2, tzinfo=UTC), "UTC", own("02-29"))
    assert leap is not None
    assert leap.key == "2026-02-28"
    assert next_occurrence(yearly, at, "UTC", None) is None
    assert next_occurrence(yearly, at, "UTC", own(None)) is None


def test_a_member_day_each_month_takes_the_last_day_of_a_short_one() -> None:
    schedule = scheduled(repeat="monthly", days=[8, 31])
    assert keys(schedule, date(2026, 1, 1), date(2026, 5, 1)) == [
        *("2026-01-08", "2026-01-31", "2026-02-08", "2026-02-28", "2026-03-08", "2026-03-31"),
        *("2026-04-08", "2026-04-30"),
    ]


def test_a_season_keeps_it_to_its_months() -> None:
    schedule = scheduled(repeat="weekly", days=[5], months=[6, 7])
    found = keys(schedule, date(2026, 1, 1), date(2027, 1, 1))
    assert found[0] == "2026-06-05"
    assert found[-1] == "2026-07-31"
    assert len(found) == 9


def test_it_begins_at_midnight_there_and_lasts_whole_days_over_a_jump_of_the_clock() -> None:
    schedule = scheduled(repeat="weekly", days=[6], lasts=2)
    time = occurrence_of(schedule, "2026-03-28", "Europe/Berlin")
    assert time is not None
    # The clock goes forward on the 29th: the two days have 47 hours.
    assert (time.starts_at, time.ends_at) == (
        datetime(2026, 3, 27, 23, tzinfo=UTC),
        datetime(2026, 3, 29, 22, tzinfo=UTC),
    )
    for at, key in (
        (time.starts_at, "2026-03-28"),
        (time.ends_at - timedelta(milliseconds=1), "2026-03-28"),
        (time.ends_at, None),
        (time.starts_at - timedelta(milliseconds=1), None),
    ):
        found = occurrence_at(schedule, at, "Europe/Berlin", None)
        assert (found.key if found else None) == key


def test_a_birthday_is_the_members_own_day_in_their_own_zone() -> None:
    schedule = scheduled(repeat="birthday")
    auckland = own("1990-05-01", "Pacific/Auckland")
    honolulu = own("05-01", "Pacific/Honolulu")
    assert occurrence_at(schedule, datetime(2026, 4, 30, 12, tzinfo=UTC), "UTC", auckland) is not None
    assert occurrence_at(schedule, datetime(2026, 4, 30, 11, 59, tzinfo=UTC), "UTC", auckland) is None
    assert occurrence_at(schedule, datetime(2026, 5, 2, 9, 59, tzinfo=UTC), "UTC", honolulu) is not None
    assert occurrence_at(schedule, datetime(2026, 5, 1, 9, 59, tzinfo=UTC), "UTC", honolulu) is None
    assert occurrence_at(schedule, datetime(2026, 5, 1, 12, tzinfo=UTC), "UTC", own(None)) is None


@pytest.mark.parametrize(
    ("year", "day"), [(2024, "2024-02-29"), (2025, "2025-02-28"), (2026, "2026-02-28"), (2028, "2028-02-29")]
)
def test_who_was_born_on_a_leap_day_has_a_birthday_every_year(year: int, day: str) -> None:
    found = keys(scheduled(repeat="birthday"), date(year, 1, 1), date(year + 1, 1, 1), of=own("2000-02-29"))
    assert found == [day]


def test_an_anniversary_is_not_the_day_of_joining_itself() -> None:
    schedule = scheduled(repeat="anniversary")
    joined = own(joined=datetime(2025, 6, 30, 23, 30, tzinfo=UTC), zone="Asia/Shanghai")  # 1 July, there
    assert keys(schedule, date(2025, 1, 1), date(2028, 1, 1), of=joined) == ["2026-07-01", "2027-07-01"]


def test_what_is_cut_off_by_the_campaigns_own_end_is_shorter() -> None:
    schedule = scheduled(ends_at=datetime(2026, 3, 10, 12, tzinfo=UTC), repeat="monthly", days=[10])
    time = occurrence_of(schedule, "2026-03-10", "UTC")
    assert time is not None
    assert time.ends_at == datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert occurrence_of(schedule, "2026-04-10", "UTC") is None
    assert occurrence_of(schedule, "2026-03-11", "UTC") is None
    assert occurrence_of(schedule, "nonsense", "UTC") is None


@given(
    at=st.integers(0, 1_800 * 24 * 60).map(lambda minutes: START + timedelta(days=5, minutes=minutes)),
    zone=st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"]),
    lasts=st.integers(1, 4),
    repeat=st.sampled_from(["weekly", "monthly", "birthday", "anniversary"]),
)
def test_what_is_on_began_and_has_not_ended(at: datetime, zone: str, lasts: int, repeat: str) -> None:
    stated = {"days": [1, 4]} if repeat in ("weekly", "monthly") else {}
    schedule = scheduled(repeat=repeat, lasts=lasts, **stated)
    member = own("03-09", zone)
    found = occurrence_at(schedule, at, zone, member)
    begun = [
        time
        for time in occurrences_between(
            schedule, at - timedelta(days=9), at + timedelta(seconds=1), zone, member
        )
        if time.starts_at <= at < time.ends_at
    ]
    assert (found is None) == (not begun)
    if found is not None:
        assert found in begun
        assert begins_on(schedule, date.fromisoformat(found.key), member)
        assert occurrence_of(schedule, found.key, zone, member) == found


@pytest.mark.parametrize(
    "bad",
    [
        {"ends_at": START},
        {"repeat": "weekly"},
        {"repeat": "weekly", "days": [8]},
        {"days": [1]},
        {"repeat": "birthday", "days": [1]},
        {"lasts": 2},
        {"months": [1]},
        {"zone": "member"},
        {"repeat": "monthly", "days": [0]},
    ],
)
def test_a_schedule_that_means_nothing_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        scheduled(**bad)
