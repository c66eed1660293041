"""The effect on what members spend. Pure."""

import math
from fractions import Fraction

from gamification.experiments.distributions import student_quantile, student_two_sided
from gamification.experiments.model import Effect, Interval, NotEnough, Shortage, Sums
from gamification.kit.records import record

MEMBERS_MIN = 30
_SKEWNESS_FACTOR = 355
"""Members that an arm should have for each unit of squared skewness. Source: Kohavi, Deng, Longbotham and Xu (2014), "Seven Rules of
Thumb for Web Site Experimenters", KDD '14, rule 7."""


@record(frozen=True, slots=True)
class _Moments:
    """A member's mean, variance (of n − 1) and skewness."""

    members: int
    mean: float
    variance: float
    skewness: float | None


def effect_on_mean(control: Sums, variant: Sums, level: float = 0.95) -> Effect | NotEnough:
    """The difference of two means, everybody counted, also who spent nothing.

    Welch's t test with its interval; the lift's interval is Fieller's.

    Source: Welch (1947), Biometrika 34, 28–35; Fieller (1954), Journal of the Royal Statistical Society B 16, 175–185.
    Raises: ValueError for a level not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError("a level is between 0 and 1")
    if min(control.members, variant.members) < MEMBERS_MIN:
        return NotEnough(Shortage.TOO_FEW_MEMBERS, min(control.members, variant.members), MEMBERS_MIN)
    one, two = _moments(control), _moments(variant)
    error_one, error_two = (of.variance / of.members for of in (one, two))
    squared = error_one + error_two
    if not squared > 0:
        return NotEnough(Shortage.NO_VARIATION)
    degrees = squared**2 / (error_one**2 / (one.members - 1) + error_two**2 / (two.members - 1))
    t = student_quantile((1 + level) / 2, degrees)
    difference = two.mean - one.mean
    error = math.sqrt(squared)
    lift, lift_interval = _lift(one, difference, squared, t)
    return Effect(
        control=one.mean,
        variant=two.mean,
        difference=difference,
        interval=Interval(difference - t * error, difference + t * error),
        lift=lift,
        lift_interval=lift_interval,
        p_value=student_two_sided(difference / error, degrees),
        standard_error=error,
        level=level,
        needs_members=_needed(one.skewness, two.skewness),
    )


def standard_deviation(sums: Sums) -> float | NotEnough:
    """Of a member's amount, as planning an experiment needs it."""
    if sums.members < MEMBERS_MIN:
        return NotEnough(Shortage.TOO_FEW_MEMBERS, sums.members, MEMBERS_MIN)
    return math.sqrt(_moments(sums).variance)


def _moments(sums: Sums) -> _Moments:
    """Of exact sums, exactly, until the last step: differences of large squares lose nothing."""
    n = sums.members
    mean = Fraction(sums.y, n)
    central = Fraction(sums.yy) - n * mean**2
    return _Moments(n, float(mean), float(central / (n - 1)), _skewness(sums, mean, central))


def _skewness(sums: Sums, mean: Fraction, central: Fraction) -> float | None:
    """Third central moment by the variance's power; None where the third powers are unknown."""
    if sums.yyy is None:
        return None
    third = Fraction(sums.yyy) - 3 * mean * sums.yy + 2 * sums.members * mean**3
    return float(third / sums.members) / float(central / sums.members) ** 1.5 if central > 0 else 0.0


def _needed(one: float | None, two: float | None) -> int | None:
    """Members of an arm by the larger skewness."""
    if one is None or two is None:
        return None
    return math.ceil(_SKEWNESS_FACTOR * max(one**2, two**2))


def _lift(
    control: _Moments, difference: float, squared: float, t: float
) -> tuple[float | None, Interval | None]:
    """Difference / control mean, and where it lies by Fieller: all ratios r at which difference − r · control is not significantly
    different from 0. None where the control's mean is not so far from 0 that these are an interval."""
    mean, of_mean = control.mean, control.variance / control.members
    lift = difference / mean if mean > 0 else None
    a = mean**2 - t**2 * of_mean
    if a <= 0 or mean <= 0:
        return lift, None
    b = difference * mean + t**2 * of_mean
    root = math.sqrt(max(b**2 - a * (difference**2 - t**2 * squared), 0.0))
    return lift, Interval((b - root) / a, (b + root) / a)
