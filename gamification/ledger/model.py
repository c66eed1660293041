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
    EXPIRED by time, REVERSED because what caused it was taken back.

    PENDING points were earned but wait: they are EARNED when they can be spent, or CANCELLED. HELD points are set
    aside for a spending under way and then RELEASED: what is captured is SPENT right after. RETURNED points were spent
    on something that was cancelled. GIVEN to and RECEIVED from another member, DONATED to a cause. MERGED: moved with
    the account itself, as two of one member became one.
    """

    EARNED = "earned"
    DEDUCTED = "deducted"
    ADJUSTED = "adjusted"
    SPENT = "spent"
    EXPIRED = "expired"
    REVERSED = "reversed"
    PENDING = "pending"
    CANCELLED = "cancelled"
    HELD = "held"
    RELEASED = "released"
    RETURNED = "returned"
    GIVEN = "given"
    RECEIVED = "received"
    DONATED = "donated"
    MERGED = "merged"


SPENDING = frozenset({TransferKind.SPENT, TransferKind.RETURNED, TransferKind.GIVEN, TransferKind.DONATED})
"""The kinds that make up what was spent."""
HOLDING = frozenset({TransferKind.HELD, TransferKind.RELEASED})
"""The kinds that make up what is held."""
GIVING_BACK = frozenset({TransferKind.REVERSED, TransferKind.RETURNED})
"""The kinds by which points come back; what earlier reversals could not take is made good from them first."""


ERASED = "erased"
"""The reason of what closes an erased member's account."""
OWN_REASONS = frozenset({ERASED, "expired", "not confirmed in time"})
"""The reasons that the ledger states itself: nobody's words."""


class LimitKind(StrEnum):
    """What kept an amount from being applied in full: the unit's FLOOR; a cap a TRANSACTION, a MEMBER or a RULE has, or
    a shared BUDGET; OWED: what earlier reversals could not take, and this one gave back."""

    FLOOR = "floor"
    OWED = "owed"
    TRANSACTION = "transaction"
    MEMBER = "member"
    RULE = "rule"
    BUDGET = "budget"


@record(frozen=True, slots=True)
class Limit:
    """`shortfall`: how much of the stated amount was not applied. `key` names a cap: its unit, rule or budget, and
    where it is counted by time its cycle, as in `points/daily`."""

    kind: LimitKind
    shortfall: int
    key: str | None = None


@record(frozen=True, slots=True)
class Lot:
    """Points that lapse together; None never lapses."""

    expires_at: datetime | None
    amount: int


@record(frozen=True, slots=True)
class Totals:
    """What an account amounted to after an entry, beside its balance: so a past balance is read from one entry."""

    spent: int
    expired: int
    lifetime: int
    pending: int = 0
    held: int = 0


@record(frozen=True, slots=True)
class Account:
    """One member's holding of one unit. `active` is the sum of the lots, or where there are none a debt; `entries`
    counts its transfers, and `head` is the hash of the newest (None where that is from before there were hashes: see
    `chain.py`).

    The lots are in order of expiry, those that never lapse last. `lifetime` is all that was earned, less what was taken
    back, so that active + held = lifetime − spent − expired. `pending` is beside all that. `owed` is what reversals
    could not take back; it is made good from what other reversals give back, never from what is earned.
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
    head: bytes | None = None
    pending: int = 0
    held: int = 0
    owed: int = 0
    heir: bytes | None = None
    """The member that this one was merged into: what its transfers gave is theirs, and taken back from them."""

    @property
    def next_expiry(self) -> Lot | None:
        """The lot that lapses next."""
        return next((lot for lot in self.lots if lot.expires_at is not None), None)


@record(frozen=True, slots=True)
class Transfer:
    """One movement between the member's account and the programme's; never changed once written.

    `amount` is what was applied to the active balance, `pending` what to the pending one, signed as the member sees it;
    `entry` numbers the account's transfers from 1 without a gap; `sequence` and `ordinal` order all of a programme's.

    `lots`: those that were taken or given back; `caps` the ids of what it counts in; `related` the transfer of another
    account, or the pending or held one of this account, that it belongs to.
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
    totals: Totals | None = None
    previous: bytes | None = None
    pending: int = 0
    caps: tuple[bytes, ...] = ()
    related: bytes | None = None
    sealed: bytes | None = None
    """The hash of the transfer as it was before a person's name and words were taken out of its cause."""


@record(frozen=True, slots=True)
class Posting:
    """What is to be posted; `id` is derived from its cause, so that it can't be posted twice.

    `lots`: of an addition those that come back, of a deduction those to be taken before others. `limits`: what has cut
    the amount before. `renews_to`: the instant to which all dated and undated lots are moved, if it is later.
    """

    id: bytes
    amount: int
    kind: TransferKind
    occurred_at: datetime
    cause: Cause
    expires_at: datetime | None = None
    reverses: bytes | None = None
    pending: int = 0
    lots: tuple[Lot, ...] = ()
    limits: tuple[Limit, ...] = ()
    renews_to: datetime | None = None
    caps: tuple[bytes, ...] = ()
    related: bytes | None = None


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
