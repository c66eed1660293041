"""Round numbers, dates and texts of charts."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.insights.charts.figures import Language, Measure, date_ticks, short, ticks, written
from gamification.insights.charts.writing import clean, fitted, width

EN, ZH = Language.EN, Language.ZH


@pytest.mark.parametrize(
    ("least", "most", "count", "wanted"),
    [
        (0, 97, 5, [0, 20, 40, 60, 80, 100]),
        (0, 100, 5, [0, 20, 40, 60, 80, 100]),
        (3, 11_500, 5, [0, 2_500, 5_000, 7_500, 10_000, 12_500]),
        (-1_200, 12_345, 4, [-5_000, 0, 5_000, 10_000, 15_000]),
        (-7, -2, 4, [-8, -6, -4, -2, 0]),
        (0, 0, 4, [0, 0.25, 0.5, 0.75, 1]),
        (0, 5e-324, 4, [0, 0.25, 0.5, 0.75, 1]),
        (0, 0.31, 3, [0, 0.2, 0.4]),
        (0, 2e-7, 2, [0, 1e-7, 2e-7]),
    ],
)
def test_ticks_are_round(least: float, most: float, count: int, wanted: list[float]) -> None:
    assert ticks(least, most, count) == wanted


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12), st.integers(2, 12))
def test_ticks_span_everything_and_zero_and_are_not_many(one: float, two: float, count: int) -> None:
    found = ticks(min(one, two), max(one, two), count)
    slack = 1e-6 * (abs(one) + abs(two)) + 1e-9  # less is nothing
    assert found[0] <= min(one, two, 0) + slack
    assert found[-1] >= max(one, two, 0) - slack
    assert 0 in found
    assert 2 <= len(found) <= count + 3
    assert all(low < high for low, high in pairwise(found))


def labels(days: list[date], most: int, language: Language = EN) -> list[str]:
    return [tick.label for tick in date_ticks(days, most, language)]


def test_a_week_shows_its_days_and_the_year_once() -> None:
    days = [date(2026, 11, 20) + timedelta(one) for one in range(7)]
    assert labels(days, 7) == ["Nov 20, 2026", *(f"Nov {day}" for day in range(21, 27))]
    assert labels(days, 7, ZH)[:2] == ["2026年11月20日", "11月21日"]


def test_a_quarter_shows_mondays_and_a_year_months() -> None:
    quarter = [date(2026, 9, 1), date(2026, 11, 30)]
    assert {tick.day.weekday() for tick in date_ticks(quarter, 8, EN)} == {0}
    year = [date(2025, 12, 15), date(2026, 12, 15)]
    assert labels(year, 6) == ["Jan 2026", "Mar 2026", "May 2026", "Jul 2026", "Sep 2026", "Nov 2026"]
    assert labels(year, 4, ZH) == ["2026年1月", "2026年4月", "2026年7月", "2026年10月"]


def test_decades_show_years() -> None:
    assert labels([date(1997, 3, 1), date(2026, 1, 1)], 7) == ["2000", "2005", "2010", "2015", "2020", "2025"]


def test_the_year_shows_again_where_it_changes() -> None:
    assert labels([date(2026, 12, 30), date(2027, 1, 2)], 5) == [
        "Dec 30, 2026",
        "Dec 31",
        "Jan 1, 2027",
        "Jan 2",
    ]


@given(st.dates(date(1970, 1, 1), date(2100, 1, 1)), st.integers(0, 9_000), st.integers(1, 20))
def test_dates_are_within_what_is_shown_and_not_too_many(first: date, length: int, most: int) -> None:
    last = first + timedelta(length)
    found = [tick.day for tick in date_ticks([first, last] if length else [first], most, EN)]
    assert 1 <= len(found) <= most
    assert all(first <= day <= last for day in found)
    assert found == sorted(set(found))


@pytest.mark.parametrize(
    ("value", "language", "wanted"),
    [
        (12_345, EN, "12.34K"),
        (12_345, ZH, "1.23万"),
        (250_000_000, ZH, "2.5亿"),
        (0.25, EN, "0.25"),
        (0, ZH, "0"),
    ],
)
def test_numbers_are_short_in_the_readers_way(value: float, language: Language, wanted: str) -> None:
    assert short(value, Measure.NUMBER, language) == wanted


def test_shares_are_percent() -> None:
    assert (written(0.1234, Measure.SHARE, EN), short(1, Measure.SHARE, ZH)) == ("12.3%", "100%")
    assert written(1_234_567.5, Measure.NUMBER, EN) == "1,234,567.5"


def test_chinese_is_as_wide_as_it_is_high() -> None:
    assert width("会员", 12) == 24
    assert width("iii", 12) < width("MMM", 12) < width("会员卡", 12)
    assert width("e\u0301", 12) == width("e", 12)
    assert width("🎉", 12) == 12


@given(st.text(max_size=60), st.floats(0, 300))
def test_what_is_fitted_fits_and_begins_the_text(text: str, room: float) -> None:
    found = fitted(text, 12, room)
    assert not found or width(found, 12) <= room + 1e-6 or found == text == ""
    assert text.startswith(found.removesuffix("…"))
    if width(text, 12) <= room:
        assert found == text


def test_a_text_is_cut_before_an_accent_would_lose_its_letter() -> None:
    room = width("ab…", 12)
    assert fitted("abe\u0301\u0301\u0301xyz", 12, room) == "ab…"


def test_what_xml_has_no_room_for_is_replaced() -> None:
    assert clean("a\x00b\x1bc\ud800d\ufffee\uffff") == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffd"
    assert clean(" two\nlines\t\u2028x ") == "two lines  x"


def test_a_label_can_not_turn_its_neighbours_round() -> None:
    assert clean("\u202egnirts\u2066 a\u200fb") == "gnirts ab"


def test_endless_texts_are_cut() -> None:
    assert len(clean("长" * 10_000)) == 501
