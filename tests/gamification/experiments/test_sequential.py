"""Daily looks: what never happens more than once in twenty experiments, and how soon real effects are found."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from gamification.experiments.means import effect_on_mean
from gamification.experiments.model import Effect, Interval, NotEnough, Share, Shortage, Sums
from gamification.experiments.power import Aim, members_for_mean, members_for_share, share_error
from gamification.experiments.sequential import (
    Look,
    Plan,
    always_half_width,
    always_p_value,
    look,
)
from gamification.experiments.shares import effect_on_share

RUNS = 2_000
FEWER_RUNS = 1_000
DAYS = 60
PLAN = Plan(standard_error=1.0)


def effect(difference: float, standard_error: float) -> Effect:
    nothing = Interval(0, 0)
    return Effect(0, difference, difference, nothing, None, None, 1.0, standard_error, 0.95)


def shares_by_day(seed: int, before: float, after: float, a_day: int) -> list[list[Effect]]:
    """Experiments that `a_day` members join daily in each arm; each as it stands at the end of each day."""
    chance = np.random.default_rng(seed)
    did = [chance.binomial(a_day, p, (RUNS, DAYS)).cumsum(axis=1).tolist() for p in (before, after)]
    found = []
    for one, two in zip(*did, strict=True):
        days = (
            effect_on_share(Share(a_day * day, x), Share(a_day * day, y))
            for day, (x, y) in enumerate(zip(one, two, strict=True), start=1)
        )
        found.append([day for day in days if isinstance(day, Effect)])
    return found


def sums_by_day(spent: NDArray[np.float64]) -> list[Sums]:
    """Of amounts (day, member): as each day ends, where they are new members' each day."""
    y = np.rint(spent).astype(np.int64)
    total, squares = y.sum(axis=1).cumsum(), (y * y).sum(axis=1).cumsum()
    return [
        Sums(y.shape[1] * day, int(a), int(b))
        for day, (a, b) in enumerate(zip(total.tolist(), squares.tolist(), strict=True), start=1)
    ]


def ever(days: list[Effect], plan: Plan, smaller: int = 10**6) -> int | None:
    """The first look at which something is found, counted from 0."""
    state: Look | NotEnough | None = None
    for number, day in enumerate(days):
        state = look(day, plan, smaller, state)
        if isinstance(state, Look) and state.is_significant:
            return number
    return None


def test_looking_daily_at_shares_finds_nothing_where_there_is_nothing() -> None:
    """In at most 5 % of 2,000 experiments of 60 days; the fixed test, looked at as often, in a quarter and more."""
    experiments = shares_by_day(51, 0.1, 0.1, 100)
    plan = Plan(share_error(0.1, 100 * DAYS, 100 * DAYS))
    found = sum(ever(days, plan) is not None for days in experiments)
    naively = sum(any(day.is_significant for day in days) for days in experiments)
    assert found <= 0.05 * RUNS
    assert naively > 0.25 * RUNS


@pytest.mark.parametrize("factor", [0.2, 5.0])
def test_a_plan_that_was_wrong_costs_time_and_not_truth(factor: float) -> None:
    """A fifth, or five times, the standard error that comes: 25 times too many members planned, or too few."""
    experiments = shares_by_day(52, 0.1, 0.1, 100)
    plan = Plan(factor * share_error(0.1, 100 * DAYS, 100 * DAYS))
    assert sum(ever(days, plan) is not None for days in experiments) <= 0.05 * RUNS


def test_looking_daily_at_skewed_spend_finds_nothing_where_there_is_nothing() -> None:
    """New members each day: 30 in each arm, of whom two in ten spend, some a hundred times what others do."""
    chance = np.random.default_rng(53)
    found = naively = 0
    for _ in range(FEWER_RUNS):
        arms = []
        for _ in range(2):
            bought = chance.random((DAYS, 30)) < 0.2
            arms.append(sums_by_day(np.where(bought, chance.lognormal(7.6, 1.0, (DAYS, 30)), 0.0)))
        days = [effect_on_mean(one, two) for one, two in zip(*arms, strict=True)]
        known = [day for day in days[3:] if isinstance(day, Effect)]
        found += ever(known, Plan(180.0)) is not None
        naively += any(day.is_significant for day in known)
    assert found <= 0.05 * FEWER_RUNS
    assert naively > 0.2 * FEWER_RUNS


def test_members_who_all_joined_at_first_and_go_on_spending_are_no_exception() -> None:
    """Each has a rate of their own, so that one day's difference is much like the next one's."""
    chance = np.random.default_rng(54)
    members, found = 300, 0
    for _ in range(FEWER_RUNS):
        rates = chance.gamma(0.5, 0.2, (2, members))
        spent = chance.poisson(rates[:, None, :] * 100, (2, DAYS, members)).cumsum(axis=1)
        totals, squares = spent.sum(axis=2).tolist(), (spent * spent).sum(axis=2).tolist()
        days = [
            effect_on_mean(
                Sums(members, totals[0][day], squares[0][day]), Sums(members, totals[1][day], squares[1][day])
            )
            for day in range(DAYS)
        ]
        plan = Plan(100.0)
        found += ever([day for day in days if isinstance(day, Effect)], plan) is not None
    assert found <= 0.05 * FEWER_RUNS


def test_the_intervals_of_all_days_hold_the_truth_together() -> None:
    plan = Plan(share_error(0.1, 100 * DAYS, 100 * DAYS))
    missed = 0
    for days in shares_by_day(55, 0.1, 0.12, 100):
        looks = [look(day, plan, 10**6) for day in days]
        missed += any(isinstance(one, Look) and not one.interval.holds(0.02) for one in looks)
    assert missed <= 0.05 * RUNS


def test_the_planned_effect_is_found_as_surely_as_planned_and_mostly_earlier() -> None:
    aim = Aim(power=0.8, watched=True)
    members = members_for_share(0.1, 0.02, 0.5, aim)
    assert members is not None
    a_day = math.ceil(members / 2 / DAYS)
    plan = Plan(share_error(0.1, a_day * DAYS, a_day * DAYS))
    days = [ever(one, plan) for one in shares_by_day(56, 0.1, 0.12, a_day)]
    when = sorted(day for day in days if day is not None)
    assert len(when) / RUNS >= 0.8
    assert when[len(when) // 2] < 0.5 * DAYS


def test_an_effect_twice_as_large_is_found_sooner_than_a_test_at_a_fixed_end_would_end() -> None:
    fixed = members_for_mean(100.0, 10.0, 0.5, Aim())
    assert fixed is not None
    arm = fixed // 2
    chance = np.random.default_rng(57)
    step = arm // 30
    drawn = chance.normal([[[0.0]], [[20.0]]], 100.0, (2, RUNS, arm // step * step))
    ends = drawn.reshape(2, RUNS, -1, step).sum(axis=3).cumsum(axis=2)
    counts = step * np.arange(1, ends.shape[2] + 1)
    plan = Plan(100.0 * math.sqrt(2 / arm))
    found = []
    for run in range(RUNS):
        means = (ends[1, run] - ends[0, run]) / counts
        days = [effect(float(mean), 100.0 * math.sqrt(2 / n)) for mean, n in zip(means, counts, strict=True)]
        found.append(ever(days, plan))
    assert sum(day is not None for day in found) / RUNS > 0.95
    assert sorted(day if day is not None else 99 for day in found)[RUNS // 2] < 20


# ---------------------------------------------------------------- the formula


@pytest.mark.parametrize("variance", [1e-6, 0.3, 1.0, 40.0])
def test_the_interval_ends_where_the_p_value_is_the_level(variance: float) -> None:
    mixture = PLAN.mixture_variance
    half = always_half_width(variance, mixture, 0.95)
    assert always_p_value(half, variance, mixture) == pytest.approx(0.05)
    assert always_p_value(half * 1.001, variance, mixture) < 0.05


def test_the_p_value_is_one_over_the_mixture_of_likelihood_ratios() -> None:
    from scipy.integrate import quad
    from scipy.stats import norm

    difference, variance, mixture = 2.7, 0.8, 3.0

    def weighted(size: float) -> float:
        ratio = norm.pdf(difference, size, math.sqrt(variance)) / norm.pdf(difference, 0, math.sqrt(variance))
        return float(ratio * norm.pdf(size, 0, math.sqrt(mixture)))

    wanted = 1 / quad(weighted, -30, 30, points=[0, 2, 4])[0]
    assert always_p_value(difference, variance, mixture) == pytest.approx(wanted)


def test_the_interval_is_about_narrowest_at_the_planned_size() -> None:
    """No other width of the mixture would make it narrower there by more than one in a hundred."""
    planned = always_half_width(1.0, PLAN.mixture_variance, 0.95)
    others = [
        always_half_width(1.0, PLAN.mixture_variance * factor, 0.95) for factor in np.geomspace(0.1, 10)
    ]
    assert planned <= min(others) * 1.01
    assert 2.9 < planned < 3.1


def test_what_was_found_once_stays_found() -> None:
    first = look(effect(5.0, 1.0), PLAN, 1_000)
    second = look(effect(0.1, 0.9), PLAN, 2_000, first)
    assert isinstance(first, Look)
    assert isinstance(second, Look)
    assert first.is_significant
    assert second.p_value == first.p_value
    assert second.interval.holds(0.0)


def test_before_a_hundred_members_nothing_is_said() -> None:
    assert look(effect(50.0, 1.0), PLAN, 99) == NotEnough(Shortage.TOO_FEW_MEMBERS, 99, 100)
    early = look(effect(50.0, 1.0), PLAN, 99)
    assert isinstance(look(effect(0.0, 1.0), PLAN, 100, early), Look)
    assert look(effect(1.0, 0.0), PLAN, 1_000) == NotEnough(Shortage.NO_VARIATION)


def test_enormous_differences_do_not_overflow() -> None:
    assert always_p_value(1e9, 1e-9, 1e9) == 0.0
    assert always_p_value(0.0, 1e-9, 1e9) == 1.0


@pytest.mark.parametrize(("error", "level"), [(0.0, 0.95), (math.inf, 0.95), (1.0, 0.0), (1.0, 1.0)])
def test_refuses_plans_that_are_none(error: float, level: float) -> None:
    with pytest.raises(ValueError, match=r"standard error|level"):
        Plan(error, level)
