"""What one transaction contributes to goals: contributions by id, changed by `put`, and what that adds to each run."""

from collections.abc import Callable, Container, Iterable, Mapping, MutableMapping
from typing import Any

from gamification.goals.model import Entry, GoalContribution, GoalPeriod, contribution_id, new_contribution
from gamification.kit.identifiers import new_id
from gamification.programmes.definitions import Goal

Put = Callable[[MutableMapping[bytes, Any], bytes, Any], None]


class Book:
    """Filled before it is written in. `put` keeps a changed state, in a way that can be undone."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self._written: dict[bytes, int] = {}
        self._periods: dict[bytes, GoalPeriod] = {}
        self.contributions: dict[bytes, GoalContribution] = {}
        self.loaded: set[bytes] = set()
        """What was asked for, whether or not it was there."""

    def fill(self, wanted: Iterable[bytes], found: Mapping[bytes, GoalContribution]) -> None:
        """Take in what is stored."""
        self.loaded |= set(wanted)
        self.contributions |= found
        self._written |= {one.id: one.value for one in found.values()}

    def contribution(self, period: GoalPeriod, member_id: bytes) -> GoalContribution:
        """A member's contribution in a period; it must have been loaded."""
        found = contribution_id(period.id, member_id)
        assert found in self.loaded  # noqa: S101 - else what was contributed before is not known
        self._periods[period.id] = period
        return self.contributions.get(found) or new_contribution(period, member_id)

    def put(self, contribution: GoalContribution) -> None:
        """Keep a changed contribution."""
        self._put(self.contributions, contribution.id, contribution)

    def write(
        self, goals: Mapping[str, Goal], changed: Container[bytes]
    ) -> tuple[list[GoalContribution], list[Entry]]:
        """What is to be stored: the changed contributions, and one entry for each run that they change. What is given
        here counts as stored from then on."""
        kept = [one for one in self.contributions.values() if one.id in changed]
        sums: dict[bytes, tuple[int, int, int]] = {}
        for one in kept:
            before, least = self._written.get(one.id, 0), goals[one.goal].least
            by, contributors, participants = sums.get(one.run_id, (0, 0, 0))
            sums[one.run_id] = (
                by + one.value - before,
                contributors + (one.value > 0) - (before > 0),
                participants + (one.value >= least) - (before >= least),
            )
            self._written[one.id] = one.value
        entries = [
            Entry(new_id(), self._periods[run], *change) for run, change in sums.items() if any(change)
        ]
        return kept, entries
