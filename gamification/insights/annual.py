"""A member's year: from its entries, changes and awards to what is told of it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from gamification.badges.model import BadgeAward
from gamification.kit.periods import Period
from gamification.kit.records import record
from gamification.ledger.statement import StatementLine
from gamification.programmes.definitions import Ladder
from gamification.tiers.model import TierChange
from gamification.tiers.qualification import lowest

BADGES_MAX = 100
"""Awards that a report lists; it counts all of them."""
CHANGES_MAX = 100
"""Changes of tier that a report lists of a ladder, the newest."""


@record(frozen=True, slots=True)
class UnitYear:
    """A unit's account in the year."""

    unit: str
    line: StatementLine


@record(frozen=True, slots=True)
class LadderYear:
    """A ladder in the year: the tiers held when it began and when it ended, and the changes between, in order."""

    ladder: Ladder
    opening: str | None
    closing: str | None
    changes: tuple[TierChange, ...]


@record(frozen=True, slots=True)
class AnnualReport:
    """A member's year in figures, by when things happened, however late they were told.

    `activities` counts standing activity by type; `badges` are standing awards in order, `badge_count` all of them.
    """

    year: int
    period: Period
    points: tuple[UnitYear, ...]
    tiers: tuple[LadderYear, ...]
    badges: tuple[BadgeAward, ...]
    badge_count: int
    tasks_completed: int
    activities: Mapping[str, int]


def ladder_year(
    ladder: Ladder, changes: Sequence[TierChange], since: datetime, until: datetime
) -> LadderYear:
    """The year of a ladder from a member's changes on it, of any time and in the order of their numbers."""
    opening = closing = _nobodys(ladder)
    within: list[TierChange] = []
    for change in changes:
        if change.occurred_at < since:
            opening = closing = change.after
        elif change.occurred_at < until:
            closing = change.after
            within.append(change)
    return LadderYear(ladder, opening, closing, tuple(within[-CHANGES_MAX:]))


def _nobodys(ladder: Ladder) -> str | None:
    """The tier of those of whom nothing was measured."""
    index = lowest(ladder)
    return ladder.tiers[index].key if index >= 0 else None
