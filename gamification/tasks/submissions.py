"""What a member handed in for a task that a moderator approves, and when more may be: values and pure decisions."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from gamification.kit.actors import Actor, Role
from gamification.kit.errors import Conflict, DomainError, ErrorCode
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve, record
from gamification.members.model import Member
from gamification.programmes.definitions import Task, TaskApproval
from gamification.tasks.evidence import Evidence

CHANGES_MAX = 20
"""How often a member may withdraw or replace what waits, in one task and period."""


class SubmissionState(StrEnum):
    """PENDING until somebody decides: APPROVED, or REJECTED. WITHDRAWN by the member before, or SUPERSEDED by another that
    they handed in instead. REVOKED: what had been approved was taken back, and all that it caused with it."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"


STANDING = (SubmissionState.PENDING, SubmissionState.APPROVED)
"""The states in which it counts, or may come to."""


@record(frozen=True, slots=True)
class Decision:
    """What became of it, when, by whom (`member`, or a role and subject), with the reason that the member reads and the
    note that staff reads."""

    state: SubmissionState
    at: datetime
    actor: str
    reason: str | None = None
    note: str | None = None


@record(frozen=True, slots=True)
class Submission:
    """`number` is its place among the member's for that task and period, `place` the one in the programme's order.
    `period` is the one in which it was handed in: there it counts, whenever it is approved. `version` counts its states.
    Text and link are gone once the member is erased."""

    id: bytes
    programme_id: str
    member_id: bytes
    task: str
    period: str
    number: int
    submitted_at: datetime
    place: int
    text: str | None = None
    link: str | None = None
    state: SubmissionState = SubmissionState.PENDING
    version: int = 1
    activity_id: bytes | None = None
    reason: str | None = None
    decisions: tuple[Decision, ...] = ()


class SubmissionMoved(DomainError):
    """It is not in the state any more in which it was looked at; `submission` is as it is now."""

    default_code = ErrorCode.SUBMISSION_MOVED

    def __init__(self, message: str, submission: Submission, field: str = "submissionId") -> None:
        super().__init__(message, path=[field])
        self.submission = submission


def approval_source(task: str) -> str:
    """The source of the activities that approvals of a task are recorded as."""
    return f"task-approval:{task}"


def new_submission(
    member: Member, task: Task, period: str, number: int, evidence: Evidence, now: datetime, place: int
) -> Submission:
    """A submission that waits."""
    found = derived_id("submission", member.programme_id, member.id, task.key, period, number)
    return Submission(
        found,
        member.programme_id,
        member.id,
        task.key,
        period,
        number,
        now,
        place,
        evidence.text,
        evidence.link,
    )


def refuse_another(
    task: Task, terms: TaskApproval, earlier: Sequence[Submission], *, replacing: bool
) -> None:
    """Whether one more may be handed in beside `earlier`, all of the member's for that task and period: as many stand at
    once as the goal asks for. One that is replaced stands no more. Raises: Conflict."""
    counts = Counter(one.state for one in earlier)
    approved = counts[SubmissionState.APPROVED]
    if approved >= task.goal:
        raise Conflict(
            "What this task asks for is approved already.",
            code=ErrorCode.ALREADY_APPROVED,
            path=["task"],
        )
    if approved + counts[SubmissionState.PENDING] - replacing >= task.goal:
        raise Conflict(
            "What was handed in waits to be looked at; it can be withdrawn or replaced.",
            code=ErrorCode.SUBMISSION_WAITING,
            path=["task"],
        )
    if counts[SubmissionState.REJECTED] + counts[SubmissionState.REVOKED] > terms.resubmissions:
        raise Conflict(
            f"After {terms.resubmissions + 1} rejections nothing more is taken in this period.",
            code=ErrorCode.NO_SUBMISSION_LEFT,
            path=["task"],
            limit=terms.resubmissions + 1,
        )
    if counts[SubmissionState.WITHDRAWN] + counts[SubmissionState.SUPERSEDED] >= CHANGES_MAX:
        raise Conflict(
            f"What waits is withdrawn or replaced at most {CHANGES_MAX} times in a period.",
            code=ErrorCode.NO_SUBMISSION_LEFT,
            path=["task"],
            limit=CHANGES_MAX,
        )


def decided(
    submission: Submission,
    state: SubmissionState,
    at: datetime,
    actor: str,
    reason: str | None = None,
    note: str | None = None,
    activity_id: bytes | None = None,
) -> Submission:
    """The submission in its next state."""
    return evolve(
        submission,
        state=state,
        version=submission.version + 1,
        reason=reason,
        activity_id=activity_id or submission.activity_id,
        decisions=(*submission.decisions, Decision(state, at, actor, reason, note)),
    )


def require_state(submission: Submission, state: SubmissionState, version: int | None = None) -> None:
    """Raises: SubmissionMoved where it is in another state, or another version than was looked at."""
    if submission.state is not state or version not in (None, submission.version):
        raise SubmissionMoved(
            f"The submission is {submission.state.value} by now, at version {submission.version}.", submission
        )


def is_own(actor: Actor, member: Member) -> bool:
    """Whether the actor is that member, in whatever role: by external id, or by an identity of theirs elsewhere."""
    names = {member.external_id, *member.former, *(identity.subject for identity in member.identities)}
    return actor.role is not Role.SERVICE and actor.subject in names


def by(actor: Actor) -> str:
    """Who decided, as it is kept: of members just that it was the member, who may be erased."""
    return Role.MEMBER.value if actor.role is Role.MEMBER else f"{actor.role}:{actor.subject}"
