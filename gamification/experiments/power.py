"""What an experiment will be able to see, and how many members it needs: before it begins. Pure.

Power is the probability of finding an effect that is there. `watched` plans for `sequential.py`: with daily looks it takes about twice
as many members to be as sure of finding the least effect; larger ones are found long before.

Source: Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, chapter 4, without continuity correction; for means
the normal approximation of the same.
"""

import math
from collections.abc import Callable

from gamification.experiments.distributions import normal_quantile
from gamification.experiments.sequential import Plan, always_half_width
from gamification.kit.records import record

MEMBERS_MAX = 10**12
"""More are not looked for."""
_HALVINGS = 200


@record(frozen=True, slots=True)
class Aim:
    """What is asked of an experiment. `level`: 1 − false positives. `power`: how surely the effect should be found. Raises: ValueError."""

    level: float = 0.95
    power: float = 0.8
    watched: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.level < 1 or not 1 - self.level < self.power < 1:
            raise ValueError("a level is between 0 and 1, a power between 1 - level and 1")

    @property
    def critical(self) -> float:
        """How many standard errors from 0 a difference must be to count, at the planned size."""
        if not self.watched:
            return normal_quantile((1 + self.level) / 2)
        return always_half_width(1.0, Plan(1.0, self.level).mixture_variance, self.level)


def detectable_share(baseline: float, control: int, variant: int, aim: Aim) -> float | None:
    """The least rise of a proportion from `baseline` that arms of so many members will find; None where even all would not do.

    Raises: ValueError unless 0 < baseline < 1 and both arms have members.
    """
    _check_arms(control, variant)
    _check_baseline(baseline)

    def is_found(rise: float) -> bool:
        return _share_power_gap(baseline, baseline + rise, control, variant, aim) >= 0

    return _least(is_found, 1 - baseline)


def members_for_share(baseline: float, effect: float, control_part: float, aim: Aim) -> int | None:
    """Members of both arms together, of whom `control_part` are in the control, for finding a change of a proportion by `effect`;
    None where no number would do. Raises: ValueError where either proportion is not between 0 and 1, or a part is not."""
    _check_baseline(baseline)
    _check_part(control_part)
    if not 0 < baseline + effect < 1 or not effect:
        raise ValueError("the proportion with the effect is between 0 and 1, and not the same")

    def is_found(members: float) -> bool:
        control = members * control_part
        return _share_power_gap(baseline, baseline + effect, control, members - control, aim) >= 0

    return _whole(_least(is_found, MEMBERS_MAX))


def detectable_mean(deviation: float, control: int, variant: int, aim: Aim) -> float:
    """The least difference of means that arms of so many members will find, where a member's amount has this standard deviation.

    Raises: ValueError for arms without members or a deviation that is not above 0.
    """
    _check_arms(control, variant)
    return (aim.critical + normal_quantile(aim.power)) * _mean_error(deviation, control, variant)


def members_for_mean(deviation: float, effect: float, control_part: float, aim: Aim) -> int | None:
    """Members of both arms together for finding a difference of means by `effect`; None where it takes more than a trillion.

    Raises: ValueError for an effect of 0, a deviation that is not above 0, or a part not between 0 and 1.
    """
    _check_part(control_part)
    if not effect:
        raise ValueError("an effect of 0 can't be found")
    reach = aim.critical + normal_quantile(aim.power)
    spread = _mean_error(deviation, 1, 1) ** 2 / 2
    needed = (reach / effect) ** 2 * spread * (1 / control_part + 1 / (1 - control_part))
    return _whole(needed)


def share_error(baseline: float, control: int, variant: int) -> float:
    """The standard error that the difference of two proportions around `baseline` will have: `Plan.standard_error`."""
    _check_arms(control, variant)
    _check_baseline(baseline)
    return math.sqrt(baseline * (1 - baseline) * (1 / control + 1 / variant))


def _mean_error(deviation: float, control: int, variant: int) -> float:
    """The standard error that the difference of two means will have."""
    if not deviation > 0:
        raise ValueError("a standard deviation is above 0")
    return deviation * math.sqrt(1 / control + 1 / variant)


def _share_power_gap(before: float, after: float, control: float, variant: float, aim: Aim) -> float:
    """By how much the effect exceeds what is needed to be found with the power that is aimed at."""
    pooled = (before * control + after * variant) / (control + variant)
    if_alike = math.sqrt(pooled * (1 - pooled) * (1 / control + 1 / variant))
    if_not = math.sqrt(before * (1 - before) / control + after * (1 - after) / variant)
    return abs(after - before) - aim.critical * if_alike - normal_quantile(aim.power) * if_not


def _least(is_enough: Callable[[float], bool], most: float) -> float | None:
    """The least value up to `most` from which on it is enough, to the last digit; None where `most` is not."""
    if not is_enough(most):
        return None
    low, high = 0.0, most
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _whole(members: float | None) -> int | None:
    """Up to the next whole member; what is a whole number but for rounding stays that."""
    if members is None or members > MEMBERS_MAX:
        return None
    return math.ceil(members * (1 - 1e-12))


def _check_arms(control: int, variant: int) -> None:
    if control < 1 or variant < 1:
        raise ValueError("an arm has at least one member")


def _check_baseline(baseline: float) -> None:
    if not 0 < baseline < 1:
        raise ValueError("a proportion to begin with is between 0 and 1")


def _check_part(part: float) -> None:
    if not 0 < part < 1:
        raise ValueError("a part is between 0 and 1")
