"""The figures of docs/customer-value.md are those that come out."""

import pytest

from bench.lifetime import CALIBRATED_UNTIL, FOLDER, PAGE, WEEKS, purchases_in, put, tables
from gamification.insights.lifetime.backtest import Backtest, backtest

SAMPLE = FOLDER / "CDNOW_sample.txt"


@pytest.mark.skipif(not SAMPLE.is_file(), reason="../shared/data/cdnow is not here")
def test_the_page_shows_what_is_computed() -> None:
    """`python -m bench.lifetime --write` brings it up to date."""
    page, found = PAGE.read_text(), tables(SAMPLE)
    assert [name for name in found if f"<!-- {name} -->" not in page] == []
    assert put(page, found) == page


@pytest.mark.skipif(not SAMPLE.is_file(), reason="../shared/data/cdnow is not here")
def test_what_the_page_says_in_words_is_so() -> None:
    result = backtest(purchases_in(SAMPLE), CALIBRATED_UNTIL, WEEKS)
    assert isinstance(result, Backtest)
    page = " ".join(PAGE.read_text().split())
    low, high = (round(one.total / result.actual_total * 100) for one in (result.expected, result.unchanged))
    assert f"foretold {-low} % too low, where going on as before is {high} % too high" in page
    assert "within 5 % from week 24 to the end" in page
    assert all(abs(row.expected / row.actual - 1) < 0.05 for row in result.by_week if row.week >= 24)
    assert "one or two repeats are underrated by a quarter" in page
    assert [round(row.expected / row.actual, 2) for row in result.by_repeats[1:3]] == [0.75, 0.75]


def test_a_table_that_differs_is_noticed() -> None:
    page = "a\n<!-- one -->\n\n| 1 |\n\n<!-- /one -->\nb\n"
    assert put(page, {"one": "| 1 |"}) == page
    assert put(page, {"one": "| 2 |"}) == page.replace("1 |", "2 |")
