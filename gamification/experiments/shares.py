"""The effect on how many did something: took part, bought. Pure."""

import math

from gamification.experiments.distributions import normal_quantile, normal_two_sided
from gamification.experiments.model import Effect, Interval, NotEnough, Share, Shortage

MEMBERS_MIN = 30
OUTCOMES_MIN = 5
"""Members who did, and who did not, to be expected in each arm if all were alike."""


def effect_on_share(control: Share, variant: Share, level: float = 0.95) -> Effect | NotEnough:
    """The difference of two proportions.

    Interval: Newcombe's hybrid score interval without continuity correction (method 10). Lift: the ratio − 1, by the same scores
    (MOVER-R). p-value: the score test with the pooled proportion, which may differ from the interval at its very edge.

    Source: Newcombe (1998), Statistics in Medicine 17, 873–890; Wilson (1927), Journal of the American Statistical Association 22,
    209–212; Donner and Zou (2012), Statistical Methods in Medical Research 21(4), 347–359. Raises: ValueError for a level not
    between 0 and 1.
    """
    _check(level)
    if min(control.members, variant.members) < MEMBERS_MIN:
        return NotEnough(Shortage.TOO_FEW_MEMBERS, min(control.members, variant.members), MEMBERS_MIN)
    did, members = control.did + variant.did, control.members + variant.members
    if did in (0, members):
        return NotEnough(Shortage.NO_VARIATION)
    pooled = did / members
    rarest = min(control.members, variant.members) * min(pooled, 1 - pooled)
    if rarest < OUTCOMES_MIN:
        return NotEnough(Shortage.TOO_FEW_OUTCOMES, int(rarest), OUTCOMES_MIN)
    before, after = control.proportion, variant.proportion
    difference = after - before
    z = normal_quantile((1 + level) / 2)
    of_control, of_variant = wilson(control, z), wilson(variant, z)
    interval = Interval(
        difference - math.hypot(after - of_variant.low, of_control.high - before),
        difference + math.hypot(of_variant.high - after, before - of_control.low),
    )
    pooled_error = math.sqrt(pooled * (1 - pooled) * (1 / control.members + 1 / variant.members))
    ratio = _ratio(before, of_control, after, of_variant) if control.did else None
    return Effect(
        control=before,
        variant=after,
        difference=difference,
        interval=interval,
        lift=difference / before if control.did else None,
        lift_interval=ratio,
        p_value=normal_two_sided(difference / pooled_error),
        standard_error=math.sqrt(
            before * (1 - before) / control.members + after * (1 - after) / variant.members
        ),
        level=level,
    )


def wilson(share: Share, z: float) -> Interval:
    """Wilson's score interval of a proportion: within 0 and 1 also where nobody or everybody did."""
    n, p = share.members, share.proportion
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Interval(
        0.0 if not share.did else max(centre - half, 0.0),
        1.0 if share.did == n else min(centre + half, 1.0),
    )


def _ratio(before: float, of_control: Interval, after: float, of_variant: Interval) -> Interval | None:
    """Donner and Zou's limits of after/before, less 1. The lower one is written without their difference of near equals."""
    product = before * after
    low_part = of_variant.low * (2 * after - of_variant.low)
    high_part = of_variant.high * (2 * after - of_variant.high)
    to_control_high = of_control.high * (2 * before - of_control.high)
    to_control_low = of_control.low * (2 * before - of_control.low)
    if to_control_low <= 0:
        return None
    low = (
        low_part / (product + math.sqrt(max(product * product - low_part * to_control_high, 0.0)))
        if after
        else 0.0
    )
    high = (product + math.sqrt(max(product * product - high_part * to_control_low, 0.0))) / to_control_low
    return Interval(low - 1, high - 1)


def _check(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError("a level is between 0 and 1")
