from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.spans import Span, add_months, check_day, later, next_day, span


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("P1Y", Span(12, 0, timedelta())),
        ("P1Y6M", Span(18, 0, timedelta())),
        ("P2W", Span(0, 14, timedelta())),
        ("P14DT12H", Span(0, 14, timedelta(hours=12))),
        ("PT90M", Span(0, 0, timedelta(minutes=90))),
    ],
)
def test_a_duration_keeps_months_and_days_apart(text: str, parsed: Span) -> None:
    assert span(text) == parsed


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P0D", "PT0S", "1Y", "P-1D", "P1.5D", "P1YT", "P200Y", "p1d"]
)
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        span(text)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 8, 31), 1, date(2026, 9, 30)),
    ],
)
def test_a_month_without_the_day_ends_on_its_last(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_days_are_the_calendars_and_hours_are_exact_where_clocks_change() -> None:
    before = datetime(2026, 10, 24, 10, tzinfo=UTC)  # noon in Berlin, the day before an hour comes twice

    assert later(before, span("P1D"), "Europe/Berlin") == before + timedelta(hours=25)
    assert later(before, span("PT24H"), "Europe/Berlin") == before + timedelta(hours=24)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 120), st.integers(0, 120))
def test_more_months_are_never_earlier(day: date, some: int, more: int) -> None:
    assert add_months(day, some) <= add_months(day, some + more)


@pytest.mark.parametrize("text", ["06-31", "13-01", "2027-02-29", "6-30", "today", "2026-06"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no day"):
        check_day(text)


def test_the_next_of_some_days_comes_after_the_instant() -> None:
    days = ("06-30", "12-31")
    noon = datetime(2026, 6, 30, 12, tzinfo=UTC)
    midnight = datetime(2026, 7, 1, tzinfo=UTC)

    assert next_day(days, noon, "UTC", ends=True) == midnight
    assert next_day(days, midnight, "UTC", ends=True) == datetime(2027, 1, 1, tzinfo=UTC)
    assert next_day(days, noon, "UTC", ends=False) == datetime(2026, 12, 31, tzinfo=UTC)
    assert next_day(("2026-06-30",), midnight, "UTC", ends=True) is None
    assert next_day(("02-29",), datetime(2027, 1, 5, tzinfo=UTC), "UTC", ends=True) == datetime(
        2027, 3, 1, tzinfo=UTC
    )
