"""An act of moderation as the log keeps it, and the statement of reasons that a member reads."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from gamification.kit.actors import Actor, Role
from gamification.kit.records import record

SYSTEM = "system"
"""Who acts where nobody did: a rule, a threshold, the clock."""


class ActKind(StrEnum):
    """What was done. Those with a past form that a member must be told of are `is_adverse`."""

    HIDDEN = "hidden"
    REMOVED = "removed"
    KEPT = "kept"
    RESTORED = "restored"
    IGNORED = "ignored"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    PINNED = "pinned"
    UNPINNED = "unpinned"
    MOVED = "moved"
    EDITED = "edited"
    CLAIMED = "claimed"
    RELEASED = "released"
    WARNING = "warning"
    MUTE = "mute"
    SHADOW_LIMIT = "shadow_limit"
    SUSPENSION = "suspension"
    BAN = "ban"
    BAN_PROPOSED = "ban_proposed"
    BAN_REJECTED = "ban_rejected"
    SANCTION_ENDED = "sanction_ended"
    APPEALED = "appealed"
    APPEAL_UPHELD = "appeal_upheld"
    APPEAL_OVERTURNED = "appeal_overturned"
    TRUST_SET = "trust_set"
    STANDING_SET = "standing_set"
    DISQUALIFIED = "disqualified"
    READMITTED = "readmitted"
    BULK = "bulk"

    @property
    def is_adverse(self) -> bool:
        """Whether it is against a member, who is owed the reasons."""
        return self in _ADVERSE


_ADVERSE = frozenset(
    {
        *(ActKind.HIDDEN, ActKind.REMOVED, ActKind.DISQUALIFIED),
        *(ActKind.WARNING, ActKind.MUTE, ActKind.SUSPENSION, ActKind.BAN),
    }
)


class SubjectKind(StrEnum):
    """What an act is about, and what a case in the queue is."""

    POST = "post"
    COMMENT = "comment"
    MEMBER = "member"
    SANCTION = "sanction"
    STATEMENT = "statement"
    CASE = "case"


@record(frozen=True, slots=True)
class Subject:
    """One thing that moderators act on."""

    kind: SubjectKind
    id: bytes


@record(frozen=True, slots=True)
class Act:
    """What is to be logged. `reason` is words, which the member reads where it is against them; `rule` names the reason of
    reports, or the rule, that led to it; `details` hold no words of people. `until`, `sanction`: of what goes on."""

    kind: ActKind
    subject: Subject
    member_id: bytes | None
    space: str | None = None
    reason: str | None = None
    rule: str | None = None
    details: Mapping[str, str] | None = None
    until: datetime | None = None
    sanction_id: bytes | None = None
    parent: int | None = None


@record(frozen=True, slots=True)
class LogEntry:
    """The `number`-th act of a programme. `words`: the SHA-256 of salt and reason, so that these can go while the chain
    holds. `previous` and `hash` chain the entries."""

    id: bytes
    programme_id: str
    number: int
    at: datetime
    by: str
    act: Act
    salt: bytes | None
    words: bytes | None
    previous: bytes
    hash: bytes


class AppealState(StrEnum):
    """UPHELD: the decision stands; OVERTURNED: it was taken back."""

    OPEN = "open"
    UPHELD = "upheld"
    OVERTURNED = "overturned"


@record(frozen=True, slots=True)
class Appeal:
    """A member's objection, and what came of it. `due_at`: until then they are owed the answer."""

    at: datetime
    text: str
    due_at: datetime
    state: AppealState = AppealState.OPEN
    answered_at: datetime | None = None
    answer: str | None = None


@record(frozen=True, slots=True)
class Statement:
    """What a member is told of an act against them. `automated`: nobody decided it; `by` is the platform's name of who did,
    whom the member is not told; `details` as of the act."""

    id: bytes
    programme_id: str
    member_id: bytes
    kind: ActKind
    subject: Subject
    space: str | None
    reason: str | None
    rule: str | None
    automated: bool
    by: str
    at: datetime
    appeal_until: datetime
    until: datetime | None = None
    sanction_id: bytes | None = None
    appeal: Appeal | None = None
    details: Mapping[str, str] | None = None


def name_of(actor: Actor, member_id: bytes | None = None) -> str:
    """How the log names who acted: staff by role and subject; a member by their id, which says nothing once erased."""
    if actor.role is Role.MEMBER:
        return f"member:{member_id.hex() if member_id is not None else ''}"
    return f"{actor.role}:{actor.subject}"
