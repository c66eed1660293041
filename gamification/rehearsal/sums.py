"""Adding up what activity gave: the same for what is rehearsed and for what happened, so that the two can be compared."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from gamification.kit.records import record


@record(frozen=True, slots=True)
class Place:
    """Whose an activity is, and on which day (an ordinal) of the programme's calendar."""

    member_id: bytes
    day: int


Known = dict[bytes, Place]
"""By the id of each activity that counts."""


@dataclass(slots=True)
class Sums:
    """Points as [given, taken] by (day, unit), and net by (member, unit). Redemptions by reward, day; tiers by (ladder, before,
    after)."""

    points: dict[tuple[int, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    members: dict[tuple[bytes, str], int] = field(default_factory=lambda: defaultdict(int))
    rewards: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    rewards_on: Counter[int] = field(default_factory=Counter)
    costs: Counter[str] = field(default_factory=Counter)
    costs_on: Counter[int] = field(default_factory=Counter)
    badges: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    tiers: Counter[tuple[str, str | None, str | None]] = field(default_factory=Counter)

    def add_points(self, place: Place, unit: str, amount: int, *, gives: bool) -> None:
        """Count what was given (`gives`) or taken, or with the other sign what of that was taken back."""
        self.points[place.day, unit][0 if gives else 1] += amount
        self.members[place.member_id, unit] += amount

    def add_reward(self, place: Place, reward: str, cost: int | None) -> None:
        """Count a reward of the catalogue that was given."""
        self.rewards[reward] += 1
        self.rewards_on[place.day] += 1
        if cost:
            self.costs[reward] += cost
            self.costs_on[place.day] += cost
