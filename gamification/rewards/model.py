"""Redemptions, what they count in, and what they gave. Money is whole, in the currency's smallest part."""

from dataclasses import field
from datetime import datetime
from enum import StrEnum

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.programmes.definitions import Refund, RefundCase


class RedemptionStatus(StrEnum):
    """PENDING: waits for people or other systems. PROCESSING, SHIPPED: on its way. DONE: the member has it. FAILED: it
    could not be given. CANCELLED: by a person, or because what gave it was taken back."""

    PENDING = "pending"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


STANDING = frozenset(set(RedemptionStatus) - {RedemptionStatus.FAILED, RedemptionStatus.CANCELLED})
"""The statuses of what the member has, or will."""


class RedemptionSource(StrEnum):
    """How it came about: REDEEMED by or for the member, GIVEN for something, or bought in a FLASH_SALE."""

    REDEEMED = "redeemed"
    GIVEN = "given"
    FLASH_SALE = "flash_sale"


@record(frozen=True, slots=True)
class Step:
    """A change of status. `actor` is "role:subject"; `reference` such as a parcel's number."""

    status: RedemptionStatus
    at: datetime
    actor: str | None = None
    note: str | None = None
    reference: str | None = None


@record(frozen=True, slots=True)
class Paid:
    """What was paid, by which transfer; `refunded` of it came back by `refund`. While it is on `hold`, the points are
    set aside, and `transfer` is the hold's."""

    unit: str
    amount: int
    transfer: bytes
    refunded: int = 0
    refund: bytes | None = None
    hold: bool = False


@record(frozen=True, slots=True)
class Redemption:
    """One reward that one member got, or is to get. `ground`: what it was given for, where it was; `tallies`: the ids of
    what it counts in, `stock` and `caps`; `refunds`: what comes back when it is cancelled, as stated when it was made.

    What it gave, by kind: a `coupon`, a share of a sum (`amount` in `currency`), the `flag` of a privilege, content, or
    `tickets`, points of `ticket_unit`;
    valid from `starts_at` to `expires_at`. `kept`: what gave it was taken back, but it had been used.
    """

    id: bytes
    programme_id: str
    member_id: bytes
    reward: str
    reward_version: int
    kind: str
    source: RedemptionSource
    status: RedemptionStatus
    made_at: datetime
    sequence: int
    cause: Cause
    steps: tuple[Step, ...] = ()
    ground: str | None = None
    sale: str | None = None
    paid: Paid | None = None
    stock: bytes | None = None
    caps: tuple[bytes, ...] = ()
    charged: bytes | None = None
    """The tally of the campaign's money in which its `cost` counts."""
    cost: int | None = None
    """What giving it cost, as the reward stated it then, in the currency's smallest part."""
    refunds: tuple[tuple[RefundCase, Refund], ...] = ()
    coupon: bytes | None = None
    amount: int | None = None
    currency: str | None = None
    flag: str | None = None
    ticket_unit: str | None = None
    tickets: int | None = None
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    remind_at: datetime | None = None
    deliver_to: str | None = None
    kept: bool = False

    @property
    def stands(self) -> bool:
        """Whether the member has it, or is to get it."""
        return self.status in STANDING

    def refund(self, case: RefundCase) -> Refund:
        """What comes back in that case."""
        return dict(self.refunds).get(case, Refund())

    def is_current(self, at: datetime) -> bool:
        """Whether what it gave can be used at that instant."""
        return (
            self.status is RedemptionStatus.DONE
            and (self.starts_at is None or self.starts_at <= at)
            and (self.expires_at is None or at < self.expires_at)
        )


@record(frozen=True, slots=True)
class Tally:
    """How many redemptions count in a stock or cap. `bound` is what bounded it when it last grew: never exceeded."""

    id: bytes
    programme_id: str
    reward: str
    scope: str
    period: str
    taken: int = 0
    bound: int = 0


@record(frozen=True, slots=True)
class Packet:
    """What is left of a red packet's sum, for so many shares."""

    id: bytes
    programme_id: str
    reward: str
    total: int
    left: int
    shares_left: int


class CouponState(StrEnum):
    """AVAILABLE in its pool, ISSUED to a member, or VOID: taken back, never to be used."""

    AVAILABLE = "available"
    ISSUED = "issued"
    VOID = "void"


@record(frozen=True, slots=True)
class CouponUse:
    """One use in an order; `rolled_back_at` where that was taken back."""

    id: bytes
    order: str
    at: datetime
    actor: str
    discount: int
    amount: int
    rolled_back_at: datetime | None = None


@record(frozen=True, slots=True)
class Lock:
    """A use that is kept for a session of the merchant's until then."""

    session: str
    until: datetime


@record(frozen=True, slots=True)
class Coupon:
    """A code, and what became of it. `id` is derived from the code, so that none is there twice."""

    id: bytes
    programme_id: str
    reward: str
    code: str
    state: CouponState
    member_id: bytes | None = None
    redemption: bytes | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    uses_max: int = 1
    uses: tuple[CouponUse, ...] = field(default=())
    locks: tuple[Lock, ...] = field(default=())

    @property
    def used(self) -> int:
        """How many uses stand."""
        return sum(use.rolled_back_at is None for use in self.uses)


def normalised(code: str) -> str:
    """A code as it is kept: capital letters without what people put around and between."""
    return "".join(code.split()).replace("-", "").upper()


def coupon_id(programme_id: str, code: str) -> bytes:
    """The id of the coupon with that code."""
    return derived_id("coupon", programme_id, normalised(code))


def packet_id(programme_id: str, reward: str) -> bytes:
    """The id of a reward's red packet."""
    return derived_id("packet", programme_id, reward)


def tally_id(programme_id: str, reward: str, scope: str, period: str) -> bytes:
    """The id of a tally; `scope` is `stock`, `programme`, or a member's id in hexadecimal digits."""
    return derived_id("tally", programme_id, reward, scope, period)
