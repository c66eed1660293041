"""What is known of an arm, and what comparing two says. Counts and sums are exact; amounts are in the smallest unit."""

from collections.abc import Iterable
from enum import StrEnum

from gamification.kit.records import record


class Shortage(StrEnum):
    """Why nothing can be said yet."""

    TOO_FEW_MEMBERS = "TOO_FEW_MEMBERS"
    """An arm has fewer than `needed`."""
    TOO_FEW_OUTCOMES = "TOO_FEW_OUTCOMES"
    """Were the arms alike, one would have fewer than `needed` who did, or who did not."""
    NO_VARIATION = "NO_VARIATION"
    """All are alike, so that there is nothing to tell chance by."""


@record(frozen=True, slots=True)
class NotEnough:
    """Not enough data. `found` and `needed` count what the reason names; both are 0 where it counts nothing."""

    reason: Shortage
    found: int = 0
    needed: int = 0


@record(frozen=True, slots=True)
class Share:
    """An arm's members, and how many of them did it (took part, bought). Raises: ValueError."""

    members: int
    did: int

    def __post_init__(self) -> None:
        if not 0 <= self.did <= self.members:
            raise ValueError(f"{self.did} of {self.members} members")

    @property
    def proportion(self) -> float:
        """From 0 to 1; 0 of nobody."""
        return self.did / self.members if self.members else 0.0


@record(frozen=True, slots=True)
class Sums:
    """An arm's members, and sums over all of them, also who spent nothing: of amounts y and their powers. `yyy` may be unknown.
    Sums of two groups add up."""

    members: int
    y: int
    yy: int
    yyy: int | None = None

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.members + other.members,
            self.y + other.y,
            self.yy + other.yy,
            None if self.yyy is None or other.yyy is None else self.yyy + other.yyy,
        )


def sums_of(amounts: Iterable[int]) -> Sums:
    """Sums over members' amounts."""
    members = y = yy = yyy = 0
    for one in amounts:
        members += 1
        y += one
        yy += one**2
        yyy += one**3
    return Sums(members, y, yy, yyy)


@record(frozen=True, slots=True)
class Interval:
    """From `low` to `high`."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether the value is in it."""
        return self.low <= value <= self.high


@record(frozen=True, slots=True)
class Effect:
    """A variant compared with the control.

    `control` and `variant` are what a member did on average (a proportion, or an amount), `difference` is variant − control with its
    `interval` at `level`; `standard_error` is of the difference. `lift` is difference / control with its own interval, either None
    where the control is not clearly above 0. `p_value` is two-sided. `needs_members`: how many the smaller arm should have for the
    interval to be exact enough, amounts being as skewed as they are; None where that is no question, or the third powers are unknown.
    """

    control: float
    variant: float
    difference: float
    interval: Interval
    lift: float | None
    lift_interval: Interval | None
    p_value: float
    standard_error: float
    level: float
    needs_members: int | None = None

    @property
    def is_significant(self) -> bool:
        """Whether chance alone would do that more seldom than 1 − level, looked at once."""
        return self.p_value < 1 - self.level
