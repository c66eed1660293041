"""Forecasts of customers, and what they were worth on customers whose future is known."""

import math
from datetime import date, timedelta

import numpy as np
import pytest

from gamification.insights.lifetime.backtest import Backtest, backtest
from gamification.insights.lifetime.bgnbd import BgNbd, expected_if_alive, expected_since_first
from gamification.insights.lifetime.fitting import Refusal, Refused
from gamification.insights.lifetime.forecast import (
    WEEKS_A_YEAR,
    Forecast,
    Terms,
    discounted_if_alive,
    forecast,
)
from gamification.insights.lifetime.gammagamma import GammaGamma
from gamification.insights.lifetime.history import History

MODEL = BgNbd(0.243, 4.414, 0.793, 2.426)
AMOUNTS = GammaGamma(6.25, 3.74, 1544.0)
FIRST = History(2, 213, 272, 4469)


def test_the_published_example() -> None:
    """Customer 1 of the sample is expected to make 1.226 transactions in the 39 weeks after."""
    found = forecast(MODEL, AMOUNTS, [FIRST], Terms(horizon_weeks=39))[0]
    assert found.transactions == pytest.approx(1.226, abs=0.001)
    assert found.alive == pytest.approx(0.7266, abs=0.001)


def test_without_discount_the_value_is_transactions_times_amount() -> None:
    found = forecast(MODEL, AMOUNTS, [FIRST], Terms(discount_basis_points=0))[0]
    assert found.amount is not None
    assert found.value == pytest.approx(found.transactions * found.amount, rel=1e-12)


def test_discounting_is_the_sum_over_very_short_steps() -> None:
    x, age = np.array([0.0, 2.0, 30.0]), np.array([5.0, 38.9, 60.0])
    terms = Terms(horizon_weeks=104, discount_basis_points=1_500)
    steps = 4_000
    until = np.linspace(0, 104, steps + 1)
    expected = np.array([expected_if_alive(MODEL, x, age, t) if t else np.zeros(3) for t in until])
    middle = (until[1:] + until[:-1]) / 2
    worth = 1.15 ** (-middle / WEEKS_A_YEAR)
    wanted = worth @ np.diff(expected, axis=0)
    assert discounted_if_alive(MODEL, x, age, terms) == pytest.approx(wanted, rel=1e-6)


def test_margin_and_discount_only_lessen() -> None:
    full, discounted, half = (
        forecast(MODEL, AMOUNTS, [FIRST], terms)[0].value or 0
        for terms in (
            Terms(discount_basis_points=0),
            Terms(discount_basis_points=2_000),
            Terms(discount_basis_points=2_000, margin_basis_points=5_000),
        )
    )
    assert full > discounted == pytest.approx(2 * half)


def test_without_a_model_of_amounts_there_is_no_value() -> None:
    found = forecast(MODEL, None, [FIRST], Terms())[0]
    assert found == Forecast(found.alive, found.transactions, None, None)
    assert forecast(MODEL, AMOUNTS, [], Terms()) == []


def test_refunds_beyond_what_was_bought_say_nothing_of_the_amount() -> None:
    found = forecast(MODEL, AMOUNTS, [History(2, 100, 200, -50), History(0, 0, 200)], Terms())
    assert found[0].amount == found[1].amount == pytest.approx(AMOUNTS.mean)


@pytest.mark.parametrize(
    "wrong",
    [
        {"horizon_weeks": 0},
        {"horizon_weeks": 521},
        {"discount_basis_points": -1},
        {"margin_basis_points": 10_001},
    ],
)
def test_refuses_terms_out_of_range(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"of [01] to"):
        Terms(**wrong)


def test_what_is_expected_since_the_first_purchase_is_what_made_up_customers_do() -> None:
    chance = np.random.default_rng(12)
    customers, weeks = 200_000, np.array([4.0, 20.0, 60.0])
    rates = chance.gamma(2.0, 1 / 10.0, customers)
    leaves = chance.beta(1.5, 3.0, customers)
    at, alive = np.zeros(customers), np.ones(customers, dtype=bool)
    counts = np.zeros(3)
    while (alive & (at <= 60)).any():
        at = at + chance.exponential(1 / rates)
        counts += [(alive & (at <= week)).sum() for week in weeks]
        alive &= chance.random(customers) >= leaves
    found = expected_since_first(BgNbd(2.0, 10.0, 1.5, 3.0), weeks)
    assert found == pytest.approx(counts / customers, rel=0.01)
    assert expected_since_first(MODEL, np.array([0.0])).tolist() == [0.0]


def shoppers(seed: int, customers: int) -> dict[str, list[tuple[date, int]]]:
    """Customers who buy and leave as the model says, over two years from 2025-01-01."""
    chance = np.random.default_rng(seed)
    begin = date(2025, 1, 1)
    found: dict[str, list[tuple[date, int]]] = {}
    for number in range(customers):
        rate, leave = chance.gamma(0.9, 1 / 5.0) / 7, chance.beta(0.8, 2.5)
        at = float(chance.integers(0, 120))
        days = [at]
        while True:
            at += chance.exponential(1 / rate)
            if at > 730:
                break
            days.append(at)
            if chance.random() < leave:
                break
        found[f"c{number}"] = [(begin + timedelta(math.floor(day)), 100) for day in days]
    return found


def test_a_backtest_foretells_customers_who_live_by_the_model_and_better_than_going_on() -> None:
    result = backtest(shoppers(21, 3_000), date(2025, 12, 31), 52)
    assert isinstance(result, Backtest)
    assert sum(row.customers for row in result.by_repeats) == 3_000
    assert abs(result.expected.total) < 0.06 * result.actual_total
    assert result.unchanged.total > 0.3 * result.actual_total
    assert result.expected.root_mean_square < result.unchanged.root_mean_square
    assert result.expected.mean_absolute < result.average.mean_absolute
    last = result.by_week[-1]
    assert last.week == 104
    assert last.expected == pytest.approx(last.actual, rel=0.05)


def test_a_backtest_of_too_little_is_refused_with_the_reason() -> None:
    assert backtest({}, date(2025, 12, 31), 52) == Refused(Refusal.TOO_FEW_CUSTOMERS, 0, 200)
    found = backtest(shoppers(22, 20), date(2025, 12, 31), 52)
    assert found == Refused(Refusal.TOO_FEW_CUSTOMERS, 20, 200)
