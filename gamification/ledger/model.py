"""Accounts, lots and transfers. Amounts are whole, in the unit's smallest part."""

from dataclasses import field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from gamification.kit.causes import Cause
from gamification.kit.identifiers import IDS_CACHED, derived_id
from gamification.kit.records import record


class TransferKind(StrEnum):
    """EARNED and DEDUCTED by a rule or task, ADJUSTED by a person or service, SPENT by or for the member,
    EXPIRED by time, REVERSED because what caused it was taken back."""

    EARNED = "earned"
    DEDUCTED = "deducted"
    ADJUSTED = "adjusted"
    SPENT = "spent"
    EXPIRED = "expired"
    REVERSED = "reversed"


class LimitKind(StrEnum):
    """What kept an amount from being applied in full."""

    FLOOR = "floor"


@record(frozen=True, slots=True)
class Limit:
    """`shortfall`: how much of the stated amount was not applied."""

    kind: LimitKind
    shortfall: int


@record(frozen=True, slots=True)
class Lot:
    """Points that lapse together; None never lapses."""

    expires_at: datetime | None
    amount: int


@record(frozen=True, slots=True)
class Account:
    """One member's holding of one unit. `active` is the sum of the lots; `entries` counts its transfers.

    The lots are in order of expiry, those that never lapse last. `lifetime` is all that was earned, less what was taken back, so that active = lifetime − spent − expired.
    """

    id: bytes
    programme_id: str
    member_id: bytes
    unit: str
    active: int = 0
    spent: int = 0
    expired: int = 0
    lifetime: int = 0
    entries: int = 0
    lots: tuple[Lot, ...] = ()

    @property
    def next_expiry(self) -> Lot | None:
        """The lot that lapses next."""
        return next((lot for lot in self.lots if lot.expires_at is not None), None)


@record(frozen=True, slots=True)
class Transfer:
    """One movement between the member's account and the programme's; never changed once written.

    `amount` is what was applied, signed as the member sees it; `entry` numbers the account's transfers from 1
    without a gap; `sequence` and `ordinal` order all of a programme's.
    """

    id: bytes
    programme_id: str
    account_id: bytes
    member_id: bytes
    unit: str
    amount: int
    balance_after: int
    kind: TransferKind
    occurred_at: datetime
    recorded_at: datetime
    entry: int
    sequence: int
    ordinal: int
    cause: Cause
    expires_at: datetime | None = None
    limited_by: tuple[Limit, ...] = ()
    lots: tuple[Lot, ...] = ()
    reverses: bytes | None = None


@record(frozen=True, slots=True)
class Posting:
    """What is to be posted; `id` is derived from its cause, so that it can't be posted twice."""

    id: bytes
    amount: int
    kind: TransferKind
    occurred_at: datetime
    cause: Cause
    expires_at: datetime | None = None
    reverses: bytes | None = None


@record(frozen=True, slots=True)
class Clockwork:
    """When and in which place of the programme's order a posting is recorded."""

    recorded_at: datetime
    sequence: int
    ordinal: int = field(default=0)


@lru_cache(maxsize=IDS_CACHED)
def account_id(programme_id: str, member_id: bytes, unit: str) -> bytes:
    """The id of that member's account in that unit."""
    return derived_id("account", programme_id, member_id, unit)


def new_account(programme_id: str, member_id: bytes, unit: str) -> Account:
    """An account without transfers."""
    return Account(account_id(programme_id, member_id, unit), programme_id, member_id, unit)
