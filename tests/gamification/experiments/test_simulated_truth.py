"""The tests held against made-up experiments whose truth is known. Seeds are fixed: the counts are the same at every run."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.lifetime import purchases_in
from gamification.experiments.means import effect_on_mean
from gamification.experiments.model import Effect, Share, Sums
from gamification.experiments.power import Aim, detectable_mean, detectable_share
from gamification.experiments.ratio import RatioCheck, ratio_check
from gamification.experiments.shares import effect_on_share

RUNS = 2_000
CDNOW = Path(__file__).parents[3] / "../shared/data/cdnow/CDNOW_master.txt"
Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]


def shares(seed: int, control: tuple[int, float], variant: tuple[int, float]) -> list[Effect]:
    """Experiments by (members, probability) of each arm."""
    chance = np.random.default_rng(seed)
    did = zip(chance.binomial(*control, RUNS).tolist(), chance.binomial(*variant, RUNS).tolist(), strict=True)
    found = (effect_on_share(Share(control[0], one), Share(variant[0], two)) for one, two in did)
    return [one for one in found if isinstance(one, Effect)]


def sums(spent: NDArray[np.float64]) -> Sums:
    """As `sums_of` has them but for the cubes, quickly."""
    y = np.rint(spent).astype(np.int64)
    return Sums(len(y), int(y.sum()), int(y @ y))


def log_normal_or_nothing(chance: np.random.Generator, members: int) -> NDArray[np.float64]:
    """Cents: two of ten buy, the mean of who does is $33, a few spend hundreds."""
    return np.where(chance.random(members) < 0.2, chance.lognormal(7.6, 1.0, members), 0.0)


@cache
def spending_of_real_customers() -> NDArray[np.float64]:
    """What each CDNOW customer spent after September 1997, in cents: most of them nothing."""
    return np.array(
        [sum(cents for day, cents in bought if day.year == 1998) for bought in purchases_in(CDNOW).values()],
        dtype=np.float64,
    )


def resampled(chance: np.random.Generator, members: int) -> NDArray[np.float64]:
    return chance.choice(spending_of_real_customers(), members)


def spend(seed: int, draw: Draw, control: int, variant: int, more: float = 0.0) -> list[Effect]:
    """Experiments in which each member of the variant spends `more` cents."""
    chance = np.random.default_rng(seed)
    arms = ((sums(draw(chance, control)), sums(draw(chance, variant) + more)) for _ in range(RUNS))
    found = [effect_on_mean(one, two) for one, two in arms]
    return [one for one in found if isinstance(one, Effect)]


def part(found: list[bool]) -> float:
    assert len(found) > 0.99 * RUNS
    return sum(found) / len(found)


SKEWED = [
    pytest.param(log_normal_or_nothing, id="made-up"),
    pytest.param(
        resampled,
        id="real",
        marks=pytest.mark.skipif(not CDNOW.is_file(), reason="../shared/data/cdnow is not here"),
    ),
]


# ---------------------------------------------------------------- where there is nothing


@pytest.mark.parametrize(
    ("control", "variant", "probability"),
    [(1_000, 1_000, 0.1), (500, 4_500, 0.3), (20_000, 20_000, 0.004), (300, 300, 0.5)],
)
def test_five_in_a_hundred_shares_differ_by_chance(control: int, variant: int, probability: float) -> None:
    found = shares(31, (control, probability), (variant, probability))
    assert 0.04 <= part([one.is_significant for one in found]) <= 0.06


@pytest.mark.parametrize("draw", SKEWED)
def test_five_in_a_hundred_spends_differ_by_chance(draw: Draw) -> None:
    found = spend(32, draw, 1_500, 1_500)
    assert 0.04 <= part([one.is_significant for one in found]) <= 0.06


def test_a_sound_experiment_is_seldom_accused_of_a_wrong_ratio() -> None:
    chance = np.random.default_rng(34)
    drawn = chance.multinomial(10_000, [0.1, 0.45, 0.45], 10 * RUNS).tolist()
    weights = {"holdout": 1_000, "a": 4_500, "b": 4_500}
    found = [ratio_check(dict(zip(weights, counts, strict=True)), weights) for counts in drawn]
    accused = sum(isinstance(one, RatioCheck) and one.is_mismatch for one in found)
    assert 8 <= accused <= 34  # 20 are to be expected; fewer or more by chance in 2 of 1,000 seeds


# ---------------------------------------------------------------- where there is something


@pytest.mark.parametrize(
    ("control", "variant", "before", "after"),
    [(1_000, 1_000, 0.1, 0.13), (500, 4_500, 0.3, 0.25), (4_000, 4_000, 0.01, 0.02), (200, 200, 0.5, 0.9)],
)
def test_the_intervals_of_shares_hold_the_truth(
    control: int, variant: int, before: float, after: float
) -> None:
    found = shares(41, (control, before), (variant, after))
    assert 0.94 <= part([one.interval.holds(after - before) for one in found]) <= 0.96
    lifts = [one.lift_interval for one in found if one.lift_interval is not None]
    assert 0.94 <= part([one.holds(after / before - 1) for one in lifts]) <= 0.965


@pytest.mark.parametrize("draw", SKEWED)
def test_the_intervals_of_spend_hold_the_truth(draw: Draw) -> None:
    found = spend(42, draw, 3_000, 3_000, more=150)
    assert 0.94 <= part([one.interval.holds(150) for one in found]) <= 0.96
    mean = float(draw(np.random.default_rng(1), 4_000_000).mean())
    lifts = [one.lift_interval for one in found if one.lift_interval is not None]
    assert 0.94 <= part([one.holds(150 / mean) for one in lifts]) <= 0.96


@pytest.mark.parametrize(("members", "baseline"), [(2_000, 0.1), (8_000, 0.02), (400, 0.5)])
def test_the_least_detectable_share_is_found_as_often_as_planned(members: int, baseline: float) -> None:
    rise = detectable_share(baseline, members, members, Aim(power=0.8))
    assert rise is not None
    found = shares(43, (members, baseline), (members, baseline + rise))
    assert 0.775 <= part([one.is_significant for one in found]) <= 0.825


@pytest.mark.parametrize("power", [0.8, 0.9])
def test_the_least_detectable_spend_is_found_as_often_as_planned(power: float) -> None:
    everybody = log_normal_or_nothing(np.random.default_rng(2), 2_000_000)
    least = detectable_mean(float(everybody.std()), 4_000, 4_000, Aim(power=power))
    found = spend(44, log_normal_or_nothing, 4_000, 4_000, more=least)
    assert power - 0.025 <= part([one.is_significant for one in found]) <= power + 0.025
