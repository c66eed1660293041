"""Who brought whom, and what came of it."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from gamification.kit.causes import Cause
from gamification.kit.errors import DomainError, ErrorCode
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.leaderboards.model import Contribution


class ReferralStatus(StrEnum):
    """PENDING until the new member qualifies; EXPIRED once the window passed before. HELD: qualified, and waits for
    staff. REWARDED: both have their rewards. REJECTED by staff. REVERSED: what qualified was taken back, and with it
    the rewards; it may qualify again within the window."""

    PENDING = "pending"
    EXPIRED = "expired"
    HELD = "held"
    REWARDED = "rewarded"
    REJECTED = "rejected"
    REVERSED = "reversed"


class ReferralFlag(StrEnum):
    """Why a person looks at it first. VELOCITY: the code was used very often within a day. DEVICE: the device was used
    for another referral. ADDRESS: its network address was used for many. SHARED_ADDRESS: it is the referrer's own.
    REFERRER_BANNED: whoever invited is banned."""

    VELOCITY = "velocity"
    DEVICE = "device"
    ADDRESS = "address"
    SHARED_ADDRESS = "shared_address"
    REFERRER_BANNED = "referrer_banned"


class RefusalReason(StrEnum):
    """SELF: it is one's own code. ALIAS: both seem to be one person. CYCLE: one has invited, directly or through others,
    whom the code belongs to. ALREADY_MEMBER: one joined too long ago. ALREADY_REFERRED: by another."""

    SELF = "self"
    ALIAS = "alias"
    CYCLE = "cycle"
    ALREADY_MEMBER = "already_member"
    ALREADY_REFERRED = "already_referred"


class ReferralRefused(DomainError):
    """The code can't be used by this member; `reason` says why."""

    default_code = ErrorCode.REFERRAL_REFUSED

    def __init__(self, reason: RefusalReason, message: str) -> None:
        super().__init__(message, path=["code"])
        self.reason = reason


@record(frozen=True, slots=True)
class Given:
    """What one side was given, as applied."""

    transfers: tuple[bytes, ...] = ()
    scores: tuple[Contribution, ...] = ()
    awards: tuple[bytes, ...] = ()


@record(frozen=True, slots=True)
class Referral:
    """There is one a new member and programme. `runs` counts how often it was rewarded; `signals` are digests of what
    the programme's server saw as the code was used, by kind; `at` is when what qualified it happened."""

    id: bytes
    programme_id: str
    offer: str
    referrer_id: bytes
    referee_id: bytes
    used_at: datetime
    expires_at: datetime
    status: ReferralStatus = ReferralStatus.PENDING
    flags: tuple[ReferralFlag, ...] = ()
    cleared: bool = False
    signals: Mapping[str, bytes] = field(default_factory=dict)
    runs: int = 0
    at: datetime | None = None
    cause: Cause | None = None
    reason: str | None = None
    to_referrer: Given = Given()
    to_referee: Given = Given()
    reward_sequence: int = 0
    sequence: int = 0

    def status_at(self, now: datetime) -> ReferralStatus:
        """The status as of now."""
        lapsed = self.status in (ReferralStatus.PENDING, ReferralStatus.REVERSED) and now > self.expires_at
        return ReferralStatus.EXPIRED if lapsed and self.status is ReferralStatus.PENDING else self.status

    @property
    def waits_for_staff(self) -> bool:
        """Whether it is in the review queue."""
        undecided = self.status in (ReferralStatus.PENDING, ReferralStatus.HELD)
        return bool(self.flags) and not self.cleared and undecided


def referral_id(programme_id: str, referee_id: bytes) -> bytes:
    """The id of that member's being referred: there is one for good, whoever's code it was."""
    return derived_id("referral", programme_id, referee_id)


@record(frozen=True, slots=True)
class ReachedMilestone:
    """A milestone that a referrer has, or had: `runs` counts how often it was reached."""

    count: int
    runs: int
    stands: bool
    given: Given = Given()
    sequence: int = 0


@record(frozen=True, slots=True)
class Referrer:
    """A member's code for an offer, with how many of their referrals are rewarded now."""

    id: bytes
    programme_id: str
    offer: str
    member_id: bytes
    code: str
    rewarded: int = 0
    milestones: tuple[ReachedMilestone, ...] = ()


def referrer_id(programme_id: str, offer: str, member_id: bytes) -> bytes:
    """The id of that member as a referrer by that offer."""
    return derived_id("referrer", programme_id, offer, member_id)


@record(frozen=True, slots=True)
class Qualifying:
    """An activity that qualifies whoever did it."""

    referral_id: bytes
    offer: str
    at: datetime
    cause: Cause


@record(frozen=True, slots=True)
class Signals:
    """What the programme's own server saw of a member; each is kept as a digest only."""

    email: str | None = None
    device: str | None = None
    address: str | None = None


@record(frozen=True, slots=True)
class Funnel:
    """How far a referrer's referrals have come. `used` is all of them."""

    used: int
    counts: Mapping[ReferralStatus, int]
