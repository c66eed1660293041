"""Adding up members to what a group is: pure but for the sums that it keeps."""

import math
from collections import Counter
from collections.abc import Mapping

from community.belonging.model import UNKNOWN, MemberFacts, Reading, Readings, TierShare
from gamification.programmes.definitions import BelongingIndicator

_DEVIATION_MAX = 50.0
"""The greatest standard deviation of values from 0 to 100."""


class Sum:
    """Values of one indicator: how many, their sum, and that of their squares."""

    __slots__ = ("count", "squares", "total")

    def __init__(self) -> None:
        self.count, self.total, self.squares = 0, 0.0, 0.0

    def add(self, value: float, times: int = 1) -> None:
        """One more, or so many alike."""
        self.count += times
        self.total += value * times
        self.squares += value * value * times

    def reading(self) -> Reading:
        """Their mean. The error is the mean's, as if one of the values deviated by as much more as values can: few that are
        alike are no certainty."""
        if not self.count:
            return UNKNOWN
        mean = self.total / self.count
        spread = max(0.0, self.squares - self.count * mean * mean) + _DEVIATION_MAX**2
        return Reading(mean, self.count, math.sqrt(spread) / self.count)


class Gathered:
    """A group as its members come in."""

    def __init__(self) -> None:
        self.members = 0
        self._sums = {one: Sum() for one in BelongingIndicator}
        self._held: Counter[str | None] = Counter()
        self._active: Counter[str | None] = Counter()

    def add(self, facts: MemberFacts, readings: Readings) -> None:
        """One more member."""
        self.members += 1
        self._held[facts.tier] += 1
        self._active[facts.tier] += facts.active_days > 0
        for indicator, one in readings.items():
            if one.value is not None:
                self._sums[indicator].add(one.value)

    def answered(self, indicator: BelongingIndicator, value: float, times: int) -> None:
        """What nobody in particular answered, so many alike."""
        self._sums[indicator].add(value, times)

    def tiers(self, targets: Mapping[str | None, float | None]) -> tuple[TierShare, ...]:
        """Those that somebody holds, in the order of the targets, others after them."""
        order = [*targets, *sorted((one for one in self._held if one not in targets), key=str)]
        return tuple(
            TierShare(one, self._held[one], self._active[one], targets.get(one))
            for one in order
            if self._held[one]
        )

    def readings(self, targets: Mapping[str | None, float | None]) -> dict[BelongingIndicator, Reading]:
        """All twelve, in their order."""
        found = {one: self._sums[one].reading() for one in BelongingIndicator}
        found[BelongingIndicator.PARTICIPATION] = participation(self.tiers(targets))
        return found


def participation(tiers: tuple[TierShare, ...]) -> Reading:
    """How much of its target each tier's share of active members is, 100 at most; the mean over members. A tier without a target
    has one of 100 %."""
    members = sum(one.members for one in tiers)
    if not members:
        return UNKNOWN
    total = variance = 0.0
    for one in tiers:
        # A tier at its target of 0 % has reached it.
        goal = (one.target if one.target is not None else 100.0) / 100.0
        rate = one.active / one.members
        value = min(100.0, 100.0 * rate / goal) if goal else 100.0
        total += value * one.members
        if value < 100.0:
            spread = rate * (1 - rate) * one.members + 0.25
            variance += spread * (100.0 / goal) ** 2
    return Reading(total / members, members, math.sqrt(variance) / members)
