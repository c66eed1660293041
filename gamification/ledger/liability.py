"""What a programme owes its members: outstanding points, when they are expected to lapse, and what became of others."""

from collections.abc import Mapping
from datetime import datetime

from gamification.kit.records import record
from gamification.ledger.model import TransferKind


@record(frozen=True, slots=True)
class ExpectedExpiry:
    """Points whose last day lies in a month, such as `2026-11`; the month is None for those that never lapse."""

    month: str | None
    amount: int


@record(frozen=True, slots=True)
class Liability:
    """One unit's points in members' hands. `holders` have more than none of them."""

    unit: str
    outstanding: int
    holders: int
    expected: tuple[ExpectedExpiry, ...]


@record(frozen=True, slots=True)
class Flow:
    """What moved of one unit from `since` inclusive to `until` exclusive, by when it was recorded: sums by kind of
    transfer, signed as members see them. Additions and deductions by one kind are apart in `added` and `taken`."""

    unit: str
    since: datetime
    until: datetime
    added: Mapping[TransferKind, int]
    taken: Mapping[TransferKind, int]

    @property
    def issued(self) -> int:
        """Earned, or added by hand."""
        return self.added.get(TransferKind.EARNED, 0) + self.added.get(TransferKind.ADJUSTED, 0)

    @property
    def spent(self) -> int:
        """Spent, as a positive number."""
        return -self.taken.get(TransferKind.SPENT, 0)

    @property
    def expired(self) -> int:
        """Lapsed, as a positive number."""
        return -self.taken.get(TransferKind.EXPIRED, 0)

    @property
    def breakage(self) -> float | None:
        """Of the points that were spent or lapsed, the share that lapsed; None where none did either."""
        left = self.spent + self.expired
        return self.expired / left if left else None
