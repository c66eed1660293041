"""The gamma-gamma model: against the published fit and customers made up by its own story."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from bench.lifetime import histories_in, purchases_in
from gamification.insights.lifetime import gammagamma
from gamification.insights.lifetime.fitting import Refusal, Refused
from gamification.insights.lifetime.gammagamma import GammaGamma
from gamification.insights.lifetime.history import History

SAMPLE = Path(__file__).parents[4] / "../shared/data/cdnow/CDNOW_sample.txt"


def made_up(p: float, q: float, gamma: float, customers: int, seed: int) -> list[History]:
    chance = np.random.default_rng(seed)
    repeats = chance.geometric(0.35, customers)
    rates = chance.gamma(q, 1 / gamma, customers)
    spent = chance.gamma(p * repeats, 1 / rates)
    return [
        History(int(x), 100, 200, round(float(all_)))
        for x, all_ in zip(repeats.tolist(), spent.tolist(), strict=True)
    ]


@pytest.mark.skipif(not SAMPLE.is_file(), reason="../shared/data/cdnow is not here")
def test_fits_the_published_sample_as_published() -> None:
    """Fader and Hardie (2013), on the same sample: p = 6.25, q = 3.74, gamma = 15.44 dollars, of 946 customers."""
    model = gammagamma.fit(histories_in(purchases_in(SAMPLE)))
    assert isinstance(model, GammaGamma)
    assert model.customers == 946
    assert [round(value, 2) for value in (model.p, model.q, model.gamma / 100)] == [6.25, 3.74, 15.44]
    assert round(model.correlation, 2) == 0.11


def test_finds_the_parameters_by_which_customers_were_made_up() -> None:
    model = gammagamma.fit(made_up(6.0, 4.0, 1_500.0, 30_000, 3))
    assert isinstance(model, GammaGamma)
    assert (model.p, model.q, model.gamma) == pytest.approx((6.0, 4.0, 1_500.0), rel=0.07)
    assert model.mean == pytest.approx(3_000, rel=0.02)


@pytest.mark.parametrize("factor", [1, 100, 1_000_000])
def test_the_currencys_unit_changes_gamma_alone(factor: int) -> None:
    histories = made_up(6.0, 4.0, 1_500.0, 2_000, 4)
    one = gammagamma.fit(histories)
    other = gammagamma.fit([History(h.repeats, 100, 200, h.spent * factor) for h in histories])
    assert isinstance(one, GammaGamma)
    assert isinstance(other, GammaGamma)
    assert (other.p, other.q, other.gamma) == pytest.approx((one.p, one.q, one.gamma * factor), rel=1e-4)
    lost = one.customers * np.log(factor)
    assert other.log_likelihood == pytest.approx(one.log_likelihood - lost, rel=1e-6)


def test_the_gradient_is_that_of_the_likelihood() -> None:
    histories = made_up(6.0, 4.0, 3.0, 200, 5)
    x = np.array([float(one.repeats) for one in histories])
    mean = np.array([(one.spent + 1) / one.repeats for one in histories])
    point = np.log([2.0, 3.0, 4.0])
    _, gradient = gammagamma.mean_log_likelihood(point, x, mean)
    differences = approx_fprime(point, lambda at: gammagamma.mean_log_likelihood(at, x, mean)[0], 1e-7)
    assert gradient == pytest.approx(differences, abs=1e-5)


def test_one_purchase_says_little_and_a_hundred_nearly_all() -> None:
    model = GammaGamma(6.25, 3.74, 1544.0)
    found = gammagamma.expected_amount(
        model, np.array([0.0, 1.0, 10.0, 100.0]), np.array([0.0, 1.0, 10.0, 100.0]) * 10_000
    )
    assert found[0] == pytest.approx(model.mean)
    assert found[0] < found[1] < found[2] < found[3] < 10_000
    assert found[3] == pytest.approx(10_000, rel=0.01)


def test_refuses_too_few_who_came_back_and_paid() -> None:
    paid, free = [History(1, 5, 9, 500)] * 49, [History(1, 5, 9, 0), History(0, 0, 9), History(1, 5, 9, -3)]
    assert gammagamma.fit(paid + free * 100) == Refused(Refusal.TOO_FEW_REPEATERS, 49, 50)


def test_refuses_amounts_of_which_nothing_can_be_told() -> None:
    assert gammagamma.fit([History(2, 5, 9, 500)] * 100) == Refused(Refusal.NOT_DETERMINED)


def test_refuses_amounts_without_a_finite_mean() -> None:
    """Shares that fall as slowly as the amounts rise: what is expected of anybody would be infinite."""
    assert gammagamma.fit(made_up(2.0, 0.6, 100.0, 5_000, 6)) == Refused(Refusal.NOT_DETERMINED)
