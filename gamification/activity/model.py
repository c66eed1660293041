"""An activity event as handed in, and as stored with all it derived and gave."""

from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gamification.kit.errors import DomainError
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.leaderboards.model import Contribution, Unscored
from gamification.rules.model import Approved, CounterUse, Joined

BATCH_MAX = 500


@record(frozen=True, slots=True)
class NewActivity:
    """What a sender states. (`source`, `source_id`) names it for good; `occurred_at` is aware. `approved` is stated by the
    platform alone."""

    type: str
    source: str
    source_id: str
    member_external_id: str
    occurred_at: datetime
    subject: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    approved: Approved | None = None


@record(frozen=True, slots=True)
class DerivedAward:
    """A rule found that the badge is due. Also noted where the badge was held already: it stays justified.
    `programme_version` is that of a rule which was published later and looked at older activity; None is the
    activity's own."""

    rule: str
    rule_version: int
    badge: str
    occurrence: str
    level: int
    programme_version: int | None = None


@record(frozen=True, slots=True)
class DerivedAdvance:
    """A rule advanced a task; the period is kept, since a member's zone may change later. None (`UNCOUNTED`): it does
    not count, as out of the task's times, or since the task was not there for the member."""

    rule: str
    rule_version: int
    task: str
    period: str
    by: int
    value: str | None


@record(frozen=True, slots=True)
class DerivedContribution:
    """A rule contributed to a goal, in that period, for the member's team of that time. The period is
    `goals.model.UNCOUNTED` where it does not count."""

    rule: str
    rule_version: int
    goal: str
    period: str
    team: str | None
    by: int


@record(frozen=True, slots=True)
class DerivedGift:
    """A rule gave a reward of the catalogue, by the effect at that place in it; not if `capped`: its caps had no room."""

    rule: str
    rule_version: int
    index: int
    reward: str
    capped: bool = False


@record(frozen=True, slots=True)
class DerivedQualification:
    """A rule found that whoever did it qualifies by a referral offer, brought by somebody or not."""

    rule: str
    rule_version: int
    offer: str


@record(frozen=True, slots=True)
class Reversal:
    """Who took an activity back, when and why."""

    at: datetime
    actor: str
    reason: str | None


@record(frozen=True, slots=True)
class Refund:
    """A part of an activity taken back: `key` is the sender's name for it; `amount` as text, or the names of `lines`;
    `taken` how much of each of its transfers was to be taken back by it, whatever a floor left of that."""

    key: str
    at: datetime
    actor: str
    reason: str | None
    amount: str | None = None
    lines: tuple[str, ...] = ()
    taken: tuple[tuple[bytes, int], ...] = ()


@record(frozen=True, slots=True)
class Activity:
    """A recorded activity. `sequence` is its place in the programme's order; `programme_version` the version of
    the definitions that it was evaluated by; `member_facts` what conditions read of the member then, kept only
    where a rule reads the member. `remaining` is what refunds left of the properties."""

    id: bytes
    programme_id: str
    type: str
    source: str
    source_id: str
    member_id: bytes
    occurred_at: datetime
    recorded_at: datetime
    subject: str | None
    properties: dict[str, Any]
    sequence: int
    programme_version: int
    member_facts: dict[str, Any] | None = None
    counters: tuple[CounterUse, ...] = ()
    awards: tuple[DerivedAward, ...] = ()
    advances: tuple[DerivedAdvance, ...] = ()
    transfers: tuple[bytes, ...] = ()
    scores: tuple[Contribution, ...] = ()
    reversal: Reversal | None = None
    unscored: tuple[Unscored, ...] = ()
    qualifies: tuple[DerivedQualification, ...] = ()
    contributed: tuple[DerivedContribution, ...] = ()
    gives: tuple[DerivedGift, ...] = ()
    remaining: dict[str, Any] | None = None
    refunds: tuple[Refund, ...] = ()
    erased: bool = False
    """Its member was erased, and with them what its rules could be evaluated by: what it derived stands as recorded."""
    counted_as: bytes | None = None
    """The member by whose counters it was counted, where that account was merged into this member since."""
    approved: Approved | None = None
    """Of an activity that is an approval: of what."""
    campaigns: tuple[Joined, ...] = ()
    """The campaigns that were on for the member, as far as its rules ask: it stays so, whatever becomes of them."""

    @property
    def standing_properties(self) -> dict[str, Any]:
        """What of the properties stands: as refunds left them."""
        return self.properties if self.remaining is None else self.remaining

    @property
    def taken(self) -> dict[bytes, int]:
        """How much of each transfer refunds were to take back."""
        total: dict[bytes, int] = {}
        for refund in self.refunds:
            for transfer_id, amount in refund.taken:
                total[transfer_id] = total.get(transfer_id, 0) + amount
        return total


class ActivityStatus(StrEnum):
    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


@record(frozen=True, slots=True)
class ActivityOutcome:
    """What became of one activity of a batch; `index` is its place in the batch."""

    index: int
    status: ActivityStatus
    activity: Activity | None = None
    error: DomainError | None = None


def activity_id(programme_id: str, source: str, source_id: str) -> bytes:
    """The id of that activity: sending it again arrives at the same one."""
    return derived_id("activity", programme_id, source, source_id)
