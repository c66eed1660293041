"""The effect on what members spend, by what they spent before where that is known. Pure."""

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
    """A member's mean, variance (of n − 1), skewness, and covariance with what was spent before, with the variance of that."""

    members: int
    mean: float
    variance: float
    skewness: float | None
    before: float
    before_variance: float
    covariance: float


def effect_on_mean(
    control: Sums, variant: Sums, level: float = 0.95, *, adjusted: bool = False
) -> Effect | NotEnough:
    """The difference of two means, everybody counted, also who spent nothing.

    Welch's t test with its interval; the lift's interval is Fieller's. `adjusted` takes away what differs already by what members
    spent before (CUPED): the same difference is found, with less noise the better the past foretells the present; the control and
    variant that are reported stay the plain means.

    Source: Welch (1947), Biometrika 34, 28–35; Fieller (1954), Journal of the Royal Statistical Society B 16, 175–185; Deng, Xu,
    Kohavi and Walker (2013), "Improving the Sensitivity of Online Controlled Experiments by Utilizing Pre-Experiment Data",
    WSDM '13. Raises: ValueError for a level not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError("a level is between 0 and 1")
    if min(control.members, variant.members) < MEMBERS_MIN:
        return NotEnough(Shortage.TOO_FEW_MEMBERS, min(control.members, variant.members), MEMBERS_MIN)
    one, two = _moments(control), _moments(variant)
    slope = _slope(one, two) if adjusted else 0.0
    error_one, error_two = (_variance(of, slope) / of.members for of in (one, two))
    squared = error_one + error_two
    if not squared > 0:
        return NotEnough(Shortage.NO_VARIATION)
    degrees = squared**2 / (error_one**2 / (one.members - 1) + error_two**2 / (two.members - 1))
    t = student_quantile((1 + level) / 2, degrees)
    difference = two.mean - one.mean - slope * (two.before - one.before)
    error = math.sqrt(squared)
    lift, lift_interval = _lift(one, difference, squared, slope, t)
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


def correlation(sums: Sums) -> float | NotEnough:
    """Of what members spend and what they spent before, from −1 to 1."""
    if sums.members < MEMBERS_MIN:
        return NotEnough(Shortage.TOO_FEW_MEMBERS, sums.members, MEMBERS_MIN)
    found = _moments(sums)
    if not found.variance or not found.before_variance:
        return NotEnough(Shortage.NO_VARIATION)
    return found.covariance / math.sqrt(found.variance * found.before_variance)


def _moments(sums: Sums) -> _Moments:
    """Of exact sums, exactly, until the last step: differences of large squares lose nothing."""
    n = sums.members
    mean = Fraction(sums.y, n)
    central = Fraction(sums.yy) - n * mean**2
    before = Fraction(sums.x, n)
    return _Moments(
        n,
        float(mean),
        float(central / (n - 1)),
        _skewness(sums, mean, central),
        float(before),
        float((sums.xx - n * before**2) / (n - 1)),
        float((sums.xy - n * mean * before) / (n - 1)),
    )


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


def _slope(one: _Moments, two: _Moments) -> float:
    """How much more a member spends for each unit spent before, within the arms; 0 where nobody differed before."""
    spread = one.before_variance * (one.members - 1) + two.before_variance * (two.members - 1)
    shared = one.covariance * (one.members - 1) + two.covariance * (two.members - 1)
    return shared / spread if spread > 0 else 0.0


def _variance(of: _Moments, slope: float) -> float:
    """What is left of the variance when the slope has taken its part; never below 0 by rounding."""
    left = of.variance - 2 * slope * of.covariance + slope**2 * of.before_variance
    return left if left > 1e-12 * of.variance else 0.0


def _lift(
    control: _Moments, difference: float, squared: float, slope: float, t: float
) -> tuple[float | None, Interval | None]:
    """Difference / control mean, and where it lies by Fieller: all ratios r at which difference − r · control is not significantly
    different from 0. None where the control's mean is not so far from 0 that these are an interval."""
    mean, of_mean = control.mean, control.variance / control.members
    both = -(control.variance - slope * control.covariance) / control.members
    lift = difference / mean if mean > 0 else None
    a = mean**2 - t**2 * of_mean
    if a <= 0 or mean <= 0:
        return lift, None
    b = difference * mean - t**2 * both
    root = math.sqrt(max(b**2 - a * (difference**2 - t**2 * squared), 0.0))
    return lift, Interval((b - root) / a, (b + root) / a)
