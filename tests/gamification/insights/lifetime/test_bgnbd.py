"""The BG/NBD model: against the published fit, against customers made up by its own story, and against quadrature."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.optimize import approx_fprime
from scipy.stats import beta as beta_distribution

from bench.lifetime import histories_in, purchases_in
from gamification.insights.lifetime import bgnbd, fitting
from gamification.insights.lifetime.bgnbd import BgNbd
from gamification.insights.lifetime.fitting import Refusal, Refused
from gamification.insights.lifetime.history import Book, History, book_of

SAMPLE = Path(__file__).parents[4] / "../shared/data/cdnow/CDNOW_sample.txt"
TRUTH = BgNbd(0.8, 6.0, 0.6, 2.0)
PUBLISHED = BgNbd(0.243, 4.414, 0.793, 2.426)


def made_up(truth: BgNbd, customers: int, days: int, seed: int) -> list[History]:
    """Customers who live as the model says, in days."""
    chance = np.random.default_rng(seed)
    rates = chance.gamma(truth.r, 1 / truth.alpha, customers) / 7
    leaves = chance.beta(truth.a, truth.b, customers)
    begins = chance.integers(0, days // 3, customers)
    found = []
    for rate, leave, begin in zip(rates.tolist(), leaves.tolist(), begins.tolist(), strict=True):
        age, at, bought = days - begin, 0.0, [0]
        while True:
            at += chance.exponential(1 / rate)
            if at > age:
                break
            bought.append(max(math.ceil(at), bought[-1] + 1))
            if chance.random() < leave:
                break
        bought = [day for day in bought if day <= age]
        found.append(History(len(bought) - 1, bought[-1], age))
    return found


def by_quadrature(model: BgNbd, x: float, age: float, weeks: float) -> float:
    """Transactions of who is alive: the mean over what the rate and the chance of leaving may be after x repeats."""

    def of_chance(p: float) -> float:
        gained = -math.expm1(-(model.r + x) * math.log1p(p * weeks / (model.alpha + age)))
        return float(beta_distribution.pdf(p, model.a, model.b + x)) * gained / p

    edges = [0.0, 1e-6, 1e-4, 1e-2, 0.1, 0.5, 1.0]
    parts = itertools.pairwise(edges)
    return float(sum(quad(of_chance, low, high, limit=400, epsabs=1e-13)[0] for low, high in parts))


@pytest.mark.skipif(not SAMPLE.is_file(), reason="../shared/data/cdnow is not here")
def test_fits_the_published_sample_as_published() -> None:
    """Fader, Hardie and Lee (2005), table 2: r = .243, alpha = 4.414, a = .793, b = 2.426, LL = -9582.4."""
    histories = histories_in(purchases_in(SAMPLE))
    model = bgnbd.fit(book_of(histories))
    assert isinstance(model, BgNbd)
    assert len(histories) == model.customers == 2_357
    assert [round(value, 3) for value in (model.r, model.alpha, model.a, model.b)] == [
        0.243,
        4.414,
        0.793,
        2.426,
    ]
    assert round(model.log_likelihood, 1) == -9582.4


def test_finds_the_parameters_by_which_customers_were_made_up() -> None:
    model = bgnbd.fit(book_of(made_up(TRUTH, 20_000, 700, 5)))
    assert isinstance(model, BgNbd)
    assert model.r == pytest.approx(TRUTH.r, rel=0.05)
    assert model.alpha == pytest.approx(TRUTH.alpha, rel=0.08)
    assert model.a / (model.a + model.b) == pytest.approx(TRUTH.a / (TRUTH.a + TRUTH.b), rel=0.05)


def test_the_gradient_is_that_of_the_likelihood() -> None:
    book = book_of(made_up(TRUTH, 300, 400, 1))
    for point in (np.log([0.8, 6.0, 0.6, 2.0]), np.log([3.0, 0.4, 2.0, 0.2])):
        _, gradient = bgnbd.mean_log_likelihood(point, book)
        differences = approx_fprime(point, lambda at: bgnbd.mean_log_likelihood(at, book)[0], 1e-7)
        assert gradient == pytest.approx(differences, abs=1e-5)


def test_the_same_customers_give_the_same_model_whatever_their_order() -> None:
    histories = made_up(TRUTH, 800, 500, 2)
    model = bgnbd.fit(book_of(histories))
    assert isinstance(model, BgNbd)
    assert bgnbd.fit(book_of(histories[::-1])) == model


@pytest.mark.parametrize("model", [PUBLISHED, TRUTH, BgNbd(2.5, 30.0, 1.7, 0.4), BgNbd(0.3, 0.5, 0.2, 0.3)])
@pytest.mark.parametrize("repeats", [0, 1, 7, 60, 900, 5_000])
def test_expected_transactions_are_the_integral_that_they_stand_for(model: BgNbd, repeats: int) -> None:
    for age, weeks in ((0.5, 1.0), (38.9, 39.0), (200.0, 520.0)):
        found = bgnbd.expected_if_alive(model, np.array([float(repeats)]), np.array([age]), weeks)[0]
        assert found == pytest.approx(by_quadrature(model, repeats, age, weeks), rel=1e-7)


@pytest.mark.parametrize("a", [1 - 1e-4, 1 - 1e-6, 1.0, 1 + 1e-9, 1 + 1e-4])
def test_nothing_jumps_where_the_formula_has_a_hole(a: float) -> None:
    """At a = 1 it is 0/0."""
    begun = np.array([0.0, 3.0])
    age = np.array([0.0, 20.0])
    for b in (2.0, 0.5):
        model = BgNbd(0.7, 5.0, a, b)
        found = bgnbd.expected_if_alive(model, begun, age, 39.0)
        wanted = [by_quadrature(model, 0, 0, 39.0), by_quadrature(model, 3, 20, 39.0)]
        assert found.tolist() == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("b", [0.3, 0.3 - 1e-9, 0.3 + 1e-7])
def test_nor_where_a_and_b_add_up_to_one(b: float) -> None:
    """There the series begins with a division by zero, for who has not come back."""
    model = BgNbd(0.7, 5.0, 0.7, b)
    found = bgnbd.expected_if_alive(model, np.array([0.0]), np.array([0.0]), 39.0)[0]
    assert found == pytest.approx(by_quadrature(model, 0, 0, 39.0), rel=1e-6)


def test_the_longer_the_more() -> None:
    horizons = [1e-6, 0.1, 1.0, 4.0, 26.0, 104.0, 520.0]
    x, age = np.array([0.0, 2.0, 40.0]), np.array([10.0, 30.0, 60.0])
    found = np.array([bgnbd.expected_if_alive(PUBLISHED, x, age, weeks) for weeks in horizons])
    assert (np.diff(found, axis=0) > 0).all()
    assert found[0] == pytest.approx((PUBLISHED.r + x) / (PUBLISHED.alpha + age) * 1e-6, rel=1e-4)


def test_who_is_alive_among_made_up_customers() -> None:
    """Of customers with about the same probability, that share makes purchases later or would."""
    chance = np.random.default_rng(8)
    customers, weeks = 60_000, 52.0
    rates = chance.gamma(TRUTH.r, 1 / TRUTH.alpha, customers)
    leaves = chance.beta(TRUTH.a, TRUTH.b, customers)
    repeats, last = np.zeros(customers), np.zeros(customers)
    at, alive = np.zeros(customers), np.ones(customers, dtype=bool)
    within = alive.copy()
    while within.any():
        at = at + chance.exponential(1 / rates)
        within &= alive & (at <= weeks)
        repeats[within] += 1
        last[within] = at[within]
        alive &= ~(within & (chance.random(customers) < leaves))
    book = Book(repeats, last, np.full(customers, weeks), np.ones(customers))
    foretold: NDArray[np.float64] = bgnbd.alive_probability(TRUTH, book)
    assert (foretold[repeats == 0] == 1).all()
    for low in np.arange(0, 1, 0.1):
        chosen = (repeats > 0) & (foretold >= low) & (foretold < low + 0.1)
        assert chosen.sum() > 200
        error = math.sqrt(0.25 / chosen.sum())
        assert abs(alive[chosen].mean() - foretold[chosen].mean()) < 4 * error


def test_a_thousand_purchases_and_a_long_silence_stay_finite() -> None:
    book = Book(np.array([1_000.0, 1_000.0]), np.array([99.95, 20.0]), np.array([100.0, 600.0]), np.ones(2))
    alive = bgnbd.alive_probability(PUBLISHED, book)
    assert alive[0] > 0.9
    assert 0 <= alive[1] < 1e-200
    value, gradient = bgnbd.mean_log_likelihood(np.log([0.243, 4.414, 0.793, 2.426]), book)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_a_hundred_thousand_customers_are_looked_at_a_bounded_number_of_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A step costs by distinct customers, of which there are at most as many as (repeats, days, days)."""
    chance = np.random.default_rng(4)
    few = made_up(TRUTH, 4_000, 364, 9)
    book = book_of([few[index] for index in chance.integers(0, len(few), 100_000)])
    assert len(book.repeats) <= len(set(few)) < 4_000
    looked = []
    measure = bgnbd.mean_log_likelihood

    def counting(point: NDArray[np.float64], of: Book) -> tuple[float, NDArray[np.float64]]:
        looked.append(len(of.repeats))
        return measure(point, of)

    monkeypatch.setattr(bgnbd, "mean_log_likelihood", counting)
    model = bgnbd.fit(book)
    assert isinstance(model, BgNbd)
    assert model.customers == 100_000
    assert len(looked) < 300
    assert 2 * fitting.STEPS_MAX * len(bgnbd._STARTS) == 3_000  # what it could be at the very most


def test_refuses_too_few_customers() -> None:
    assert bgnbd.fit(book_of([])) == Refused(Refusal.TOO_FEW_CUSTOMERS, 0, 200)
    assert bgnbd.fit(book_of([History(1, 7, 100)] * 199)) == Refused(Refusal.TOO_FEW_CUSTOMERS, 199, 200)


def test_refuses_where_too_few_came_back() -> None:
    once, again = [History(0, 0, 100)] * 400, [History(1, 20, 100)] * 49
    assert bgnbd.fit(book_of(once + again)) == Refused(Refusal.TOO_FEW_REPEATERS, 49, 50)


def test_refuses_a_programme_that_has_just_begun() -> None:
    assert bgnbd.fit(book_of([History(1, 20, 49)] * 400)) == Refused(Refusal.TOO_SHORT, 7, 8)


def test_refuses_customers_of_whom_nothing_can_be_told() -> None:
    """All alike: no likelihood of differences between them has a maximum."""
    assert bgnbd.fit(book_of([History(10, 98, 100)] * 500)) == Refused(Refusal.NOT_DETERMINED)
