"""An activity event as handed in, and as stored with all it derived and gave."""

from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gamification.kit.errors import DomainError
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.leaderboards.model import Contribution
from gamification.rules.model import CounterUse

BATCH_MAX = 500


@record(frozen=True, slots=True)
class NewActivity:
    """What a sender states. (`source`, `source_id`) names it for good; `occurred_at` is aware."""

    type: str
    source: str
    source_id: str
    member_external_id: str
    occurred_at: datetime
    subject: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)


@record(frozen=True, slots=True)
class DerivedAward:
    """A rule found that the badge is due. Also noted where the badge was held already: it stays justified."""

    rule: str
    rule_version: int
    badge: str
    occurrence: str
    level: int


@record(frozen=True, slots=True)
class DerivedAdvance:
    """A rule advanced a task; the period is kept, since a member's zone may change later."""

    rule: str
    rule_version: int
    task: str
    period: str
    by: int
    value: str | None


@record(frozen=True, slots=True)
class Reversal:
    """Who took an activity back, when and why."""

    at: datetime
    actor: str
    reason: str | None


@record(frozen=True, slots=True)
class Activity:
    """A recorded activity. `sequence` is its place in the programme's order; `programme_version` the version of
    the definitions that it was evaluated by; `member_facts` what conditions read of the member then, kept only
    where a rule reads the member."""

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
