"""Effects that may be looked at every day: p-values and intervals that hold at all times together. Pure.

A 95 % interval of one look misses the truth once in twenty looks; who looks daily and stops at the first finding finds something in
every third experiment in which there is nothing. Here the promise is for the whole run: at most one experiment in twenty ever shows an
effect that isn't there, whenever and however often somebody looks, stops, or goes on longer than planned.

The method is the mixture sequential probability ratio test with a normal mixture, on the difference and its standard error, which are
normal for as many members as `MEMBERS_MIN` and more.

Source: Robbins (1970), Annals of Mathematical Statistics 41, 1397–1409; Johari, Koomen, Pekelis and Walsh (2022), "Always Valid Inference:
Continuous Monitoring of A/B Tests", Operations Research 70(3), 1806–1821; Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024),
"Time-Uniform Central Limit Theory and Asymptotic Confidence Sequences", Annals of Statistics 52(6), for estimated variances and how wide
the mixture should be.
"""

import math

from gamification.experiments.model import Effect, Interval, NotEnough, Shortage
from gamification.kit.records import record

MEMBERS_MIN = 100
"""Members of the smaller arm from which on a look counts: before, sums of skewed amounts are not normal."""


@record(frozen=True, slots=True)
class Plan:
    """What is fixed before the first look. `standard_error`: which the difference will have when the experiment is as large as planned
    (`power.py`); the intervals are narrowest there, and right everywhere. Raises: ValueError."""

    standard_error: float
    level: float = 0.95

    def __post_init__(self) -> None:
        if not self.standard_error > 0 or not math.isfinite(self.standard_error):
            raise ValueError("a standard error is above 0")
        if not 0 < self.level < 1:
            raise ValueError("a level is between 0 and 1")

    @property
    def mixture_variance(self) -> float:
        """Of the effects that the test is prepared for: the width that makes the interval narrowest at the planned size."""
        twice = -2 * math.log(1 - self.level)
        return (twice + math.log1p(twice)) * self.standard_error**2


@record(frozen=True, slots=True)
class Look:
    """An effect as it stands today. `p_value` is the smallest of all looks so far: what was found once stays found. `interval` is
    today's, at the plan's level; it is right on all days together."""

    interval: Interval
    p_value: float
    level: float

    @property
    def is_significant(self) -> bool:
        """Whether one may stop and say that there is an effect."""
        return self.p_value < 1 - self.level


def look(
    effect: Effect, plan: Plan, smaller_arm: int, previous: Look | NotEnough | None = None
) -> Look | NotEnough:
    """Today's look, after the previous one. `smaller_arm`: its members."""
    before = previous.p_value if isinstance(previous, Look) else 1.0
    if smaller_arm < MEMBERS_MIN:
        return NotEnough(Shortage.TOO_FEW_MEMBERS, smaller_arm, MEMBERS_MIN)
    variance, mixture = effect.standard_error**2, plan.mixture_variance
    if not variance > 0:
        return NotEnough(Shortage.NO_VARIATION)
    half = always_half_width(variance, mixture, plan.level)
    return Look(
        Interval(effect.difference - half, effect.difference + half),
        min(before, always_p_value(effect.difference, variance, mixture)),
        plan.level,
    )


def always_p_value(difference: float, variance: float, mixture: float) -> float:
    """1 over the likelihood ratio of the mixture to no effect, at most 1. `variance` is the difference's."""
    both = variance + mixture
    log_ratio = 0.5 * math.log(variance / both) + difference**2 * mixture / (2 * variance * both)
    return math.exp(-max(log_ratio, 0.0))


def always_half_width(variance: float, mixture: float, level: float) -> float:
    """How far from the difference effects lie at which `always_p_value` is 1 − level."""
    both = variance + mixture
    return math.sqrt(variance * both / mixture * (math.log(both / variance) - 2 * math.log(1 - level)))
