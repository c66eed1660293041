"""What evaluating one activity takes and gives."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gamification.kit.records import record
from gamification.programmes.definitions import Cap, CheckInItem, RewardCap


@record(frozen=True, slots=True)
class RuleRef:
    """The rule, and the version of it, that caused something."""

    key: str
    version: int


@record(frozen=True, slots=True)
class Approved:
    """What of a member was approved: a submission for a task, which counts in that period. Only the platform states
    it, as it records the approval."""

    task: str
    period: str
    submission: bytes


@record(frozen=True, slots=True)
class Joined:
    """A campaign that is on for a member: which time it is on, and how they are treated in its experiment ("" without one)."""

    campaign: str
    occurrence: str
    variant: str


@record(frozen=True, slots=True)
class Facts:
    """One activity as rules see it. `member` is the snapshot that conditions read: external_id, joined_at,
    locale, time_zone, attributes."""

    type: str
    source: str
    source_id: str
    member_id: bytes
    occurred_at: datetime
    subject: str | None
    properties: Mapping[str, Any]
    member: Mapping[str, Any]
    approved: Approved | None = None
    campaigns: tuple["Joined", ...] = ()
    """The campaigns that are on for the member as of then, as far as rules may ask."""


@record(frozen=True, slots=True)
class CounterUse:
    """A counter that the activity fed or that its rules read: what was added, and the value afterwards."""

    id: bytes
    key: str
    add: int
    value: int


@record(frozen=True, slots=True)
class PostPoints:
    """`index` is the effect's place in its rule, so that ids derived from it are the same at every run."""

    rule: RuleRef
    index: int
    unit: str
    amount: int
    boards: tuple[str, ...]
    caps: tuple[Cap, ...] = ()
    budgets: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class Advance:
    """By an amount, or for a task that counts distinct values, by a value. `period`: where it is known already in which
    one it counts, whenever that was decided."""

    rule: RuleRef
    index: int
    task: str
    by: int
    value: str | None
    period: str | None = None


@record(frozen=True, slots=True)
class Contribute:
    """By an amount, to a goal that members reach together."""

    rule: RuleRef
    index: int
    goal: str
    by: int


@record(frozen=True, slots=True)
class Award:
    """`occurrence` is "" for a badge that is awarded once a member; `level` 0 where the badge has none."""

    rule: RuleRef
    index: int
    badge: str
    occurrence: str
    level: int


@record(frozen=True, slots=True)
class WriteScore:
    rule: RuleRef
    index: int
    board: str
    value: int
    subscore: int


@record(frozen=True, slots=True)
class Qualify:
    """Whoever did it qualifies by that referral offer."""

    rule: RuleRef
    index: int
    offer: str


@record(frozen=True, slots=True)
class Confirm:
    """The member's pending points of that unit about the activity's subject become active."""

    rule: RuleRef
    unit: str


@record(frozen=True, slots=True)
class GiveItems:
    """Make-up cards or freezes of a check-in programme."""

    rule: RuleRef
    index: int
    check_in: str
    item: CheckInItem
    count: int


@record(frozen=True, slots=True)
class GiveReward:
    """A reward of the catalogue, as often as the caps let it."""

    rule: RuleRef
    index: int
    reward: str
    caps: tuple[RewardCap, ...] = ()
    campaign: str | None = None
    """The campaign in whose budget it counts."""


ResolvedEffect = (
    PostPoints | Advance | Contribute | Award | WriteScore | Confirm | Qualify | GiveItems | GiveReward
)


@record(frozen=True, slots=True)
class Evaluation:
    """All that one activity does by the rules, in order, before any limit of ledger, task or board."""

    counters: tuple[CounterUse, ...]
    effects: tuple[ResolvedEffect, ...]
