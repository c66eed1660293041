"""Effects on proportions and means: against published figures and scipy, and when they say that it is not enough."""

import math

import numpy as np
import pytest
from scipy import stats

from gamification.experiments.means import effect_on_mean, standard_deviation
from gamification.experiments.model import Effect, NotEnough, Share, Shortage, Sums, sums_of
from gamification.experiments.ratio import RatioCheck, ratio_check
from gamification.experiments.several import holm
from gamification.experiments.shares import effect_on_share, wilson


def share(control: tuple[int, int], variant: tuple[int, int], level: float = 0.95) -> Effect:
    """(did, members) of each."""
    found = effect_on_share(Share(control[1], control[0]), Share(variant[1], variant[0]), level)
    assert isinstance(found, Effect)
    return found


def mean(control: Sums, variant: Sums, level: float = 0.95) -> Effect:
    found = effect_on_mean(control, variant, level)
    assert isinstance(found, Effect)
    return found


# ---------------------------------------------------------------- proportions


def test_the_interval_is_newcombes() -> None:
    """His example of 56/70 against 48/80, method 10: 0.0524 to 0.3339."""
    found = share((48, 80), (56, 70))
    assert found.difference == pytest.approx(0.2)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_the_p_value_is_that_of_the_chi_square_without_correction() -> None:
    found = share((48, 80), (56, 70))
    table = np.array([[48, 32], [56, 14]])
    assert found.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
    assert found.is_significant


def test_the_scores_are_wilsons() -> None:
    z = stats.norm.ppf(0.975)
    for did, members in ((0, 40), (3, 40), (40, 40)):
        wanted = stats.binomtest(did, members).proportion_ci(method="wilson")
        found = wilson(Share(members, did), z)
        assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-12)


def test_swapping_the_arms_turns_the_sign() -> None:
    one, other = share((30, 200), (50, 250)), share((50, 250), (30, 200))
    assert other.difference == -one.difference
    assert (other.interval.low, other.interval.high) == pytest.approx((-one.interval.high, -one.interval.low))
    assert other.p_value == pytest.approx(one.p_value)
    assert one.lift is not None
    assert other.lift is not None
    assert 1 + other.lift == pytest.approx(1 / (1 + one.lift))


def test_the_lift_has_an_interval_that_ends_where_the_difference_does_not_reach_zero() -> None:
    found = share((300, 3_000), (360, 3_000))
    assert found.lift == pytest.approx(0.2)
    assert found.lift_interval is not None
    relative_risk = stats.contingency.relative_risk(360, 3_000, 300, 3_000).confidence_interval()
    assert found.lift_interval.low == pytest.approx(relative_risk.low - 1, abs=0.01)
    assert found.lift_interval.high == pytest.approx(relative_risk.high - 1, abs=0.01)


def test_an_arm_in_which_nobody_did_has_an_interval_and_from_nothing_there_is_no_lift() -> None:
    gone = share((40, 400), (0, 400))
    assert gone.interval.high < 0
    assert gone.lift == -1
    assert gone.lift_interval is not None
    assert gone.lift_interval.low == -1
    assert -1 < gone.lift_interval.high < 0
    begun = share((0, 400), (40, 400))
    assert (begun.lift, begun.lift_interval) == (None, None)
    assert begun.interval.low > 0


def test_everybody_did_in_one_arm() -> None:
    found = share((300, 400), (400, 400))
    assert found.interval.high <= 1
    assert found.lift_interval is not None


@pytest.mark.parametrize(
    ("control", "variant", "wanted"),
    [
        (Share(0, 0), Share(0, 0), NotEnough(Shortage.TOO_FEW_MEMBERS, 0, 30)),
        (Share(1, 1), Share(5_000, 50), NotEnough(Shortage.TOO_FEW_MEMBERS, 1, 30)),
        (Share(500, 0), Share(500, 0), NotEnough(Shortage.NO_VARIATION)),
        (Share(500, 500), Share(500, 500), NotEnough(Shortage.NO_VARIATION)),
        (Share(500, 1), Share(500, 3), NotEnough(Shortage.TOO_FEW_OUTCOMES, 2, 5)),
        (Share(500, 499), Share(500, 498), NotEnough(Shortage.TOO_FEW_OUTCOMES, 1, 5)),
    ],
)
def test_says_when_shares_are_not_enough(control: Share, variant: Share, wanted: NotEnough) -> None:
    assert effect_on_share(control, variant) == wanted


def test_more_cannot_do_it_than_there_are() -> None:
    with pytest.raises(ValueError, match="6 of 5"):
        Share(5, 6)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_is_between_zero_and_one(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        effect_on_share(Share(100, 50), Share(100, 50), level)
    with pytest.raises(ValueError, match="level"):
        effect_on_mean(sums_of(range(100)), sums_of(range(100)), level)


# ---------------------------------------------------------------- means


def amounts(seed: int, members: int, factor: float = 1.0) -> list[int]:
    chance = np.random.default_rng(seed)
    spent = np.where(chance.random(members) < 0.3, chance.lognormal(8, 1, members) * factor, 0)
    return [round(one) for one in spent.tolist()]


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_the_test_and_the_interval_are_welchs(level: float) -> None:
    one, two = amounts(1, 300), amounts(2, 900, 1.5)
    found = mean(sums_of(one), sums_of(two), level=level)
    wanted = stats.ttest_ind(two, one, equal_var=False)
    interval = wanted.confidence_interval(level)
    assert found.p_value == pytest.approx(wanted.pvalue, rel=1e-9)
    assert (found.interval.low, found.interval.high) == pytest.approx((interval.low, interval.high))


def test_small_spreads_around_large_amounts_lose_nothing() -> None:
    """Sums of squares in doubles would leave noise alone here."""
    far = 10**12
    found = mean(sums_of([far + n % 3 for n in range(300)]), sums_of([far + n % 5 for n in range(300)]))
    wanted = stats.ttest_ind([n % 5 for n in range(300)], [n % 3 for n in range(300)], equal_var=False)
    assert found.difference == pytest.approx(1.0, abs=1e-3)
    assert found.p_value == pytest.approx(wanted.pvalue, rel=1e-6)


def test_sums_of_groups_add_up() -> None:
    spent = amounts(3, 100)
    assert sums_of(spent[:40]) + sums_of(spent[40:]) == sums_of(spent)


def test_the_lift_is_where_the_difference_from_a_multiple_of_the_control_is_not_significant() -> None:
    """Fieller's own definition, at both ends."""
    one, two = sums_of(amounts(4, 800)), sums_of(amounts(5, 700, 1.4))
    found = mean(one, two)
    assert found.lift == pytest.approx(found.difference / found.control)
    assert found.lift_interval is not None
    t = (found.interval.high - found.difference) / found.standard_error
    deviations = [standard_deviation(of) for of in (one, two)]
    for end in (found.lift_interval.low, found.lift_interval.high):
        ratio = 1 + end
        errors = [
            float(deviation) ** 2 / of.members
            for deviation, of in zip(deviations, (one, two), strict=True)
            if not isinstance(deviation, NotEnough)
        ]
        distance = found.variant - ratio * found.control
        assert abs(distance) / math.sqrt(errors[1] + ratio**2 * errors[0]) == pytest.approx(t, rel=1e-6)


def test_there_is_no_lift_over_a_control_that_may_be_nothing() -> None:
    chance = np.random.default_rng(6)
    one = [round(x) for x in chance.normal(5, 1_000, 200).tolist()]
    two = [round(x) for x in chance.normal(900, 1_000, 200).tolist()]
    assert mean(sums_of(one), sums_of(two)).lift_interval is None
    minus = mean(sums_of([-x for x in range(100)]), sums_of(range(100)))
    assert (minus.lift, minus.lift_interval) == (None, None)


def test_says_how_many_members_skewed_amounts_need() -> None:
    spent = amounts(10, 5_000)
    found = mean(sums_of(spent), sums_of(spent[:4_000]))
    skewness = max(abs(stats.skew(spent)), abs(stats.skew(spent[:4_000])))
    assert found.needs_members == pytest.approx(355 * skewness**2, abs=1)
    assert mean(sums_of([0, 1] * 100), sums_of([0, 1] * 50)).needs_members == 0
    without = Sums(5_000, sum(spent), sum(one * one for one in spent))
    assert mean(without, sums_of(spent)).needs_members is None
    assert (without + sums_of(spent)).yyy is None


@pytest.mark.parametrize(
    ("control", "variant", "wanted"),
    [
        (sums_of([]), sums_of([]), NotEnough(Shortage.TOO_FEW_MEMBERS, 0, 30)),
        (sums_of([5]), sums_of(range(100)), NotEnough(Shortage.TOO_FEW_MEMBERS, 1, 30)),
        (sums_of([0] * 100), sums_of([0] * 100), NotEnough(Shortage.NO_VARIATION)),
        (sums_of([5] * 100), sums_of([7] * 100), NotEnough(Shortage.NO_VARIATION)),
    ],
)
def test_says_when_amounts_are_not_enough(control: Sums, variant: Sums, wanted: NotEnough) -> None:
    assert effect_on_mean(control, variant) == wanted


def test_one_arm_without_spread_is_no_obstacle() -> None:
    found = mean(sums_of([0] * 100), sums_of([0, 10] * 50))
    assert found.interval.low > 0
    assert (found.lift, found.lift_interval) == (None, None)


def test_a_deviation_needs_members() -> None:
    assert standard_deviation(sums_of([1, 2])) == NotEnough(Shortage.TOO_FEW_MEMBERS, 2, 30)


# ---------------------------------------------------------------- the ratio of members


def test_the_ratio_is_pearsons_chi_square() -> None:
    found = ratio_check({"holdout": 980, "a": 4_950, "b": 5_070}, {"holdout": 500, "a": 2_500, "b": 2_500})
    assert isinstance(found, RatioCheck)
    wanted = stats.chisquare([980, 4_950, 5_070], [1_000, 5_000, 5_000])
    assert (found.chi_square, found.p_value) == pytest.approx((wanted.statistic, wanted.pvalue))
    assert not found.is_mismatch


def test_a_lost_percent_of_an_arm_is_noticed_among_many() -> None:
    found = ratio_check({"a": 100_000, "b": 98_000}, {"a": 5_000, "b": 5_000})
    assert isinstance(found, RatioCheck)
    assert found.is_mismatch


def test_members_of_an_arm_without_weight_are_a_mismatch() -> None:
    found = ratio_check({"a": 100, "b": 100, "c": 1}, {"a": 5_000, "b": 5_000, "c": 0})
    assert isinstance(found, RatioCheck)
    assert found.is_mismatch


def test_an_arm_that_nobody_is_in_is_counted_as_empty() -> None:
    found = ratio_check({"a": 100}, {"a": 5_000, "b": 5_000})
    assert isinstance(found, RatioCheck)
    assert found.is_mismatch


def test_the_ratio_says_when_it_is_not_enough() -> None:
    weights = {"a": 9_000, "b": 1_000}
    assert ratio_check({"a": 40, "b": 9}, weights) == NotEnough(Shortage.TOO_FEW_MEMBERS, 49, 50)
    assert isinstance(ratio_check({"a": 40, "b": 10}, weights), RatioCheck)
    assert ratio_check({"a": 40}, {"a": 5_000}) == NotEnough(Shortage.NO_VARIATION)


# ---------------------------------------------------------------- several comparisons


def test_several_p_values_are_corrected_as_holm_does() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert list(found) == ["a", "b", "c", "d"]
    assert holm({"a": 0.6, "b": 0.7}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}
