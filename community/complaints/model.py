"""A complaint, what was written about it, and how its member liked the answer."""

from datetime import datetime
from enum import StrEnum

from gamification.kit.records import record


class ComplaintState(StrEnum):
    """OPEN: nobody has taken it. IN_PROGRESS: somebody of staff has. ANSWERED: its member may close it, or take it up again;
    REOPENED: they have. CLOSED: it is over, unless they take it up again."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"
    REOPENED = "reopened"
    CLOSED = "closed"

    @property
    def owes(self) -> bool:
        """Whether an answer is owed."""
        return self in (ComplaintState.OPEN, ComplaintState.IN_PROGRESS, ComplaintState.REOPENED)


@record(frozen=True, slots=True)
class About:
    """What a complaint is about, as clients know it: a type, and the raw id or key."""

    kind: str
    id: str


@record(frozen=True, slots=True)
class Rating:
    """How content the member was with the answer, 1 to 5."""

    score: int
    text: str | None
    at: datetime


@record(frozen=True, slots=True)
class Complaint:
    """`due_at`: until when an answer is owed; None where none is. `first_due_at`: what that was when it was filed. `assignee` is
    "role:subject". `version` counts every change, messages too, so that who answers has read them. `reopened`: how often."""

    id: bytes
    programme_id: str
    member_id: bytes
    category: str
    text: str
    about: About | None
    state: ComplaintState
    version: int
    filed_at: datetime
    first_due_at: datetime
    due_at: datetime | None = None
    assignee: str | None = None
    first_answered_at: datetime | None = None
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by_member: bool = False
    reopened: int = 0
    rating: Rating | None = None

    def is_overdue(self, now: datetime) -> bool:
        """Whether the answer that is owed is late."""
        return self.due_at is not None and self.due_at < now


class MessageKind(StrEnum):
    """ANSWER: staff's, by which the complaint is answered. REOPENING: why its member took it up again."""

    MESSAGE = "message"
    ANSWER = "answer"
    REOPENING = "reopening"


@record(frozen=True, slots=True)
class Message:
    """`by` is "role:subject" of staff; None is the member."""

    id: bytes
    programme_id: str
    complaint_id: bytes
    member_id: bytes
    kind: MessageKind
    by: str | None
    text: str
    at: datetime
