"""Twelve readings put together: weighted means over what is known, how much that is, and how it changed. Pure."""

import math
from collections.abc import Iterable, Mapping

from community.belonging.model import Confidence, Readings
from gamification.kit.records import record
from gamification.programmes.definitions import BelongingDimension, BelongingIndicator

Weights = Mapping[BelongingIndicator, int]
_NINETY_FIVE = 1.96
"""Standard errors to either side that hold 95 % of a normal distribution."""
_MOST_KNOWN, _HALF_KNOWN = 0.75, 0.5
_MEMBER_HIGH, _MEMBER_MEDIUM = 20, 5
_GROUP_HIGH, _GROUP_MEDIUM = 5.0, 10.0


@record(frozen=True, slots=True)
class Mean:
    """A weighted mean of what is known; None where nothing is. `coverage`: which share of the weight is known, 0 to 1.
    `change`: against the month before, by what is known of both; None where there is nothing to compare."""

    value: float | None
    coverage: float
    change: float | None


def mean_of(
    which: Iterable[BelongingIndicator], readings: Readings, weights: Weights, before: Readings | None
) -> Mean:
    """The mean of these indicators."""
    asked = [one for one in which if weights[one]]
    there = _known(asked, readings)
    total = sum(weights[one] for one in asked)
    coverage = sum(weights[one] for one in there) / total if total else 0.0
    both = [one for one in there if one in _known(asked, before)] if before is not None else []
    change = None
    if before is not None and both:
        now, then = _mean(both, readings, weights), _mean(both, before, weights)
        change = now - then
    return Mean(_mean(there, readings, weights) if there else None, coverage, change)


def dimension(
    which: BelongingDimension, readings: Readings, weights: Weights, before: Readings | None
) -> Mean:
    """The mean of a dimension's four."""
    return mean_of((one for one in BelongingIndicator if one.dimension is which), readings, weights, before)


def margin(readings: Readings, weights: Weights) -> float | None:
    """How far the whole index may be off, in points to either side, at 95 %: errors of the indicators are taken to be independent.
    None where one of them has none, as of a member."""
    there = _known([one for one in BelongingIndicator if weights[one]], readings)
    errors = [(weights[one], readings[one].error) for one in there]
    total = sum(weight for weight, _ in errors)
    if not total:
        return None
    variance = 0.0
    for weight, error in errors:
        if error is None:
            return None
        variance += (weight / total * error) ** 2
    return _NINETY_FIVE * math.sqrt(variance)


def graded(readings: Readings, weights: Weights) -> Confidence:
    """How far the whole is to be trusted: by how much of the weight is known, and of a group by the margin, of a member by the
    observations."""
    whole = mean_of(BelongingIndicator, readings, weights, None)
    off = margin(readings, weights)
    if off is not None:
        is_high, is_medium = off <= _GROUP_HIGH, off <= _GROUP_MEDIUM
    else:
        count = sum(one.observations for kind, one in readings.items() if weights[kind])
        is_high, is_medium = count >= _MEMBER_HIGH, count >= _MEMBER_MEDIUM
    if whole.coverage >= _MOST_KNOWN and is_high:
        return Confidence.HIGH
    return Confidence.MEDIUM if whole.coverage >= _HALF_KNOWN and is_medium else Confidence.LOW


def _known(which: Iterable[BelongingIndicator], readings: Readings | None) -> list[BelongingIndicator]:
    return [one for one in which if readings is not None and readings[one].value is not None]


def _mean(which: Iterable[BelongingIndicator], readings: Readings, weights: Weights) -> float:
    found = [(weights[one], readings[one].value or 0.0) for one in which]
    return sum(weight * value for weight, value in found) / sum(weight for weight, _ in found)
