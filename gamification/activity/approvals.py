"""Approving what members handed in for tasks, rejecting it, and revoking an approval.

An approval is an activity of the type that the task states, recorded in the same transaction: rules, boards and the task
itself see it like any other, and reversing that activity revokes the approval.
"""

from typing import Any

from gamification.activity.model import NewActivity, activity_id
from gamification.activity.recording import RecordingService
from gamification.activity.repository import ActivityRepository
from gamification.activity.reversal import ReversalService
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, ErrorCode
from gamification.members.model import Member, Standing
from gamification.members.profile import check_text
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import Task, TaskApproval
from gamification.rules.model import Approved
from gamification.settlement.evidence import once, submission_of, tell
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from gamification.tasks.evidence_service import QueueBell
from gamification.tasks.submissions import (
    Submission,
    SubmissionState,
    approval_source,
    by,
    decided,
    is_own,
    require_state,
)

_WORDS_MAX = 500


class ApprovalService:
    """`approveTaskEvidence`, `rejectTaskEvidence`, `revokeTaskApproval`: moderators and operators, and never of what is
    their own. Each states the version that was looked at, so that of two who decide at once the second is told."""

    def __init__(
        self,
        settlement: SettlementService,
        recording: RecordingService,
        reversal: ReversalService,
        activities: ActivityRepository,
        bell: QueueBell,
    ) -> None:
        self._settlement = settlement
        self._recording = recording
        self._reversal = reversal
        self._activities = activities
        self._bell = bell

    async def approve(
        self, actor: Actor, found: bytes, version: int, note: str | None, key: str
    ) -> tuple[Submission, bool]:
        """Let what was handed in count, in the period in which it was.

        Raises: Forbidden, NotFound, SubmissionMoved, Conflict (OWN_SUBMISSION, TASK_NOT_OPEN, MEMBER_BANNED),
        InvalidInput, IdempotencyConflict, and whatever the activity can't be taken for.
        """
        _check(actor, None, note)

        async def body(work: Unit) -> dict[str, Any]:
            submission, member = await _looked_at(work, actor, found)
            require_state(submission, SubmissionState.PENDING, version)
            task, terms = _terms(work, submission)
            if member.standing is Standing.BANNED:
                raise Conflict("This member is banned.", code=ErrorCode.MEMBER_BANNED, path=["submissionId"])
            new = _activity(member, task, terms, submission)
            state, now = SubmissionState.APPROVED, work.space.now
            counts_by = activity_id(actor.programme_id, new.source, new.source_id)
            approved = decided(submission, state, now, by(actor), note=note, activity_id=counts_by)
            await tell(work, member, task, approved)
            await self._recording.record_within(work, new)
            await work.stores.submissions.replace(approved, work.tx)
            return {"submission": found}

        stated = [found, version, note]
        return await once(self._settlement, self._bell, actor, key, "approveTaskEvidence", stated, body)

    async def reject(
        self, actor: Actor, found: bytes, version: int, reason: str, note: str | None, key: str
    ) -> tuple[Submission, bool]:
        """Refuse it; the member reads the reason, staff the note.

        Raises: Forbidden, NotFound, SubmissionMoved, Conflict (OWN_SUBMISSION), InvalidInput, IdempotencyConflict.
        """
        _check(actor, reason, note)

        async def body(work: Unit) -> dict[str, Any]:
            submission, member = await _looked_at(work, actor, found)
            require_state(submission, SubmissionState.PENDING, version)
            rejected = decided(submission, SubmissionState.REJECTED, work.space.now, by(actor), reason, note)
            await work.stores.submissions.replace(rejected, work.tx)
            await tell(work, member, work.space.catalogue.tasks[submission.task], rejected)
            return {"submission": found}

        stated = [found, version, reason, note]
        return await once(self._settlement, self._bell, actor, key, "rejectTaskEvidence", stated, body)

    async def revoke(
        self, actor: Actor, found: bytes, version: int, reason: str, key: str
    ) -> tuple[Submission, bool]:
        """Take an approval back, and all that it caused; the member reads the reason.

        Raises: Forbidden, NotFound, SubmissionMoved, Conflict (OWN_SUBMISSION), InvalidInput, IdempotencyConflict.
        """
        _check(actor, reason, None)

        async def body(work: Unit) -> dict[str, Any]:
            submission, _ = await _looked_at(work, actor, found)
            require_state(submission, SubmissionState.APPROVED, version)
            assert submission.activity_id is not None  # noqa: S101 - what is approved was recorded
            known = await self._activities.by_ids(actor.programme_id, [submission.activity_id], work.tx)
            await self._reversal.reverse_within(work, actor, known[submission.activity_id], reason)
            return {"submission": found}

        stated = [found, version, reason]
        return await once(self._settlement, self._bell, actor, key, "revokeTaskApproval", stated, body)


def _check(actor: Actor, reason: str | None, note: str | None) -> None:
    """Raises: Forbidden, InvalidInput."""
    actor.require(Permission.TASKS_REVIEW)
    for name, words in (("reason", reason), ("note", note)):
        if words is not None:
            check_text(words, name, _WORDS_MAX)


async def _looked_at(work: Unit, actor: Actor, found: bytes) -> tuple[Submission, Member]:
    """A submission that is not the actor's own, and its member. Raises: NotFound, Conflict."""
    submission, member = await submission_of(work, found)
    if is_own(actor, member):
        raise Conflict(
            "Nobody decides on what they handed in themselves.",
            code=ErrorCode.OWN_SUBMISSION,
            path=["submissionId"],
        )
    return submission, member


def _terms(work: Unit, submission: Submission) -> tuple[Task, TaskApproval]:
    """The task, while it takes effect and is approved. Raises: Conflict."""
    task = work.space.catalogue.tasks[submission.task]
    if task.approval is None or not published(task):
        raise Conflict(
            "The task was archived, or takes no evidence any more; what waits can be rejected.",
            code=ErrorCode.TASK_NOT_OPEN,
            path=["submissionId"],
        )
    return task, task.approval


def _activity(member: Member, task: Task, terms: TaskApproval, submission: Submission) -> NewActivity:
    """What the approval is recorded as. It happened as the evidence was handed in, and holds none of it."""
    return NewActivity(
        type=terms.activity,
        source=approval_source(task.key),
        source_id=submission.id.hex(),
        member_external_id=member.external_id,
        occurred_at=submission.submitted_at,
        subject=f"task:{task.key}",
        properties={"task": task.key, "period": submission.period},
        approved=Approved(task.key, submission.period, submission.id),
    )
