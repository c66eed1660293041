"""Planning: against scipy's exact distributions, and back and forth."""

import math

import pytest
from scipy import stats

from gamification.experiments.power import (
    Aim,
    detectable_mean,
    detectable_share,
    members_for_mean,
    members_for_share,
    share_error,
)

EIGHTY = Aim()


def power_of_t_test(deviation: float, effect: float, control: int, variant: int, level: float) -> float:
    """Exact, by the noncentral t distribution."""
    degrees = control + variant - 2
    away = effect / (deviation * math.sqrt(1 / control + 1 / variant))
    critical = stats.t.ppf((1 + level) / 2, degrees)
    return float(stats.nct.sf(critical, degrees, away) + stats.nct.cdf(-critical, degrees, away))


def power_of_score_test(before: float, after: float, members: int) -> float:
    """Exact, over all outcomes of two arms of that size."""
    counts = range(members + 1)
    chances = [stats.binom.pmf(counts, members, p) for p in (before, after)]
    found = 0.0
    for one in counts:
        if chances[0][one] < 1e-12:
            continue
        for two in counts:
            pooled = (one + two) / (2 * members)
            error = math.sqrt(2 * pooled * (1 - pooled) / members)
            if error and abs(two - one) / members / error > 1.959964:
                found += chances[0][one] * chances[1][two]
    return found


@pytest.mark.parametrize("members", [100, 1_000, 20_000])
@pytest.mark.parametrize("aim", [EIGHTY, Aim(level=0.99, power=0.95)])
def test_the_least_difference_of_means_has_the_power(members: int, aim: Aim) -> None:
    least = detectable_mean(250.0, members, 3 * members, aim)
    exact = power_of_t_test(250.0, least, members, 3 * members, aim.level)
    assert exact == pytest.approx(aim.power, abs=0.005)


def test_the_least_rise_of_a_share_has_the_power() -> None:
    rise = detectable_share(0.2, 250, 250, EIGHTY)
    assert rise is not None
    assert power_of_score_test(0.2, 0.2 + rise, 250) == pytest.approx(0.8, abs=0.015)


def test_a_textbook_number_of_members() -> None:
    """From 10 % to 12 % with power 80 %: 3,841 in each arm (pooled for the level, unpooled for the power)."""
    p, q = 0.1, 0.12
    pooled = (p + q) / 2
    wanted = (
        (1.959964 * math.sqrt(2 * pooled * (1 - pooled)) + 0.841621 * math.sqrt(p * (1 - p) + q * (1 - q)))
        / (q - p)
    ) ** 2
    found = members_for_share(0.1, 0.02, 0.5, EIGHTY)
    assert math.ceil(wanted) == 3_841
    assert found == math.ceil(2 * wanted)


@pytest.mark.parametrize("control_part", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("aim", [EIGHTY, Aim(watched=True), Aim(level=0.9, power=0.9)])
def test_members_and_effects_are_two_sides_of_one_thing(control_part: float, aim: Aim) -> None:
    members = members_for_share(0.05, 0.01, control_part, aim)
    assert members is not None
    control = round(members * control_part)
    assert detectable_share(0.05, control, members - control, aim) == pytest.approx(0.01, rel=1e-3)
    members = members_for_mean(900.0, 40.0, control_part, aim)
    assert members is not None
    control = round(members * control_part)
    assert detectable_mean(900.0, control, members - control, aim) == pytest.approx(40.0, rel=1e-3)


def test_a_fall_takes_members_too() -> None:
    fall, rise = members_for_share(0.1, -0.02, 0.5, EIGHTY), members_for_share(0.1, 0.02, 0.5, EIGHTY)
    assert fall is not None
    assert rise is not None
    assert fall < rise  # rarer outcomes vary less


def test_watching_costs_about_twice_the_members_at_the_least_effect() -> None:
    once, watched = (members_for_mean(900.0, 40.0, 0.5, Aim(watched=way)) for way in (False, True))
    assert once is not None
    assert watched is not None
    assert 1.8 < watched / once < 2.1


def test_the_planned_error_is_that_of_the_difference() -> None:
    assert share_error(0.2, 100, 400) == pytest.approx(math.sqrt(0.16 / 100 + 0.16 / 400))


def test_a_few_members_can_see_no_rise() -> None:
    assert detectable_share(0.9, 5, 5, EIGHTY) is None
    assert members_for_mean(1.0, 1e-9, 0.5, EIGHTY) is None


@pytest.mark.parametrize("baseline", [0.0, 1.0, -0.1, math.nan])
def test_refuses_proportions_that_plan_nothing(baseline: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        detectable_share(baseline, 100, 100, EIGHTY)
    with pytest.raises(ValueError, match="between 0 and 1"):
        members_for_share(baseline, 0.01, 0.5, EIGHTY)


def test_refuses_what_cannot_be_planned() -> None:
    with pytest.raises(ValueError, match="not the same"):
        members_for_share(0.5, 0.0, 0.5, EIGHTY)
    with pytest.raises(ValueError, match="not the same"):
        members_for_share(0.5, 0.5, 0.5, EIGHTY)
    with pytest.raises(ValueError, match="effect of 0"):
        members_for_mean(1.0, 0.0, 0.5, EIGHTY)
    with pytest.raises(ValueError, match="part"):
        members_for_mean(1.0, 1.0, 1.0, EIGHTY)
    with pytest.raises(ValueError, match="at least one"):
        detectable_mean(1.0, 0, 5, EIGHTY)
    with pytest.raises(ValueError, match="above 0"):
        detectable_mean(0.0, 5, 5, EIGHTY)
    with pytest.raises(ValueError, match="level"):
        Aim(level=0.5, power=0.4)


def test_the_numbers_that_the_page_names() -> None:
    """docs/experiments.md: from 10 % to 12 %, looked at once and watched."""
    assert members_for_share(0.1, 0.02, 0.5, EIGHTY) == 7_682
    assert members_for_share(0.1, 0.02, 0.5, Aim(watched=True)) == 14_711
