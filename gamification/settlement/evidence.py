"""Handing in evidence for a task that moderators approve, and withdrawing it."""

from collections.abc import Awaitable, Callable
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import Conflict, ErrorCode, InvalidInput, NotFound
from gamification.members.feed import FeedKind
from gamification.members.model import Member, Standing
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Task, TaskApproval
from gamification.rules.model import Approved
from gamification.settlement.needs import Needs
from gamification.settlement.service import SettlementService
from gamification.settlement.sights import sees
from gamification.settlement.unit import Unit
from gamification.tasks.evidence import EvidenceFault, EvidenceRefused, check_evidence
from gamification.tasks.evidence_service import QueueBell
from gamification.tasks.picks import unpicked
from gamification.tasks.progress import is_open, period_of
from gamification.tasks.submissions import (
    Submission,
    SubmissionState,
    by,
    decided,
    new_submission,
    refuse_another,
    require_state,
)


class EvidenceService:
    """`submitTaskEvidence`, `withdrawTaskEvidence`: members for themselves, services for anyone."""

    def __init__(self, settlement: SettlementService, bell: QueueBell) -> None:
        self._settlement = settlement
        self._bell = bell

    async def submit(
        self,
        actor: Actor,
        member_id: bytes | None,
        task_key: str,
        text: str | None,
        link: str | None,
        replaces: bytes | None,
        key: str,
    ) -> tuple[Submission, bool]:
        """Hand evidence in, or in the place of what waits, for the task's present period.

        Raises: NotFound, Conflict (TASK_NOT_OPEN, SUBMISSION_WAITING, ALREADY_APPROVED, NO_SUBMISSION_LEFT),
        EvidenceRefused, SubmissionMoved, InvalidInput, IdempotencyConflict.
        """

        async def body(work: Unit) -> dict[str, Any]:
            member = await self._settlement.member(actor, member_id, work.tx)
            own = actor.is_member(member.external_id, member.former)
            actor.require(Permission.TASKS_SUBMIT_OWN if own else Permission.TASKS_SUBMIT_ANY)
            if member.standing is Standing.BANNED:
                raise Conflict("This member is banned.", code=ErrorCode.MEMBER_BANNED, path=["memberId"])
            task, terms = await _task(work, member, task_key)
            evidence = check_evidence(terms, text, link)
            period = _period(work, member, task)
            stored, tx = work.stores.submissions, work.tx
            earlier = await stored.in_period(member.id, task.key, period, tx)
            replaced = _replaced(earlier, replaces)
            refuse_another(task, terms, earlier, replacing=replaced is not None)
            space = work.space
            if replaced is not None:
                superseded = decided(replaced, SubmissionState.SUPERSEDED, space.now, by(actor))
                await stored.replace(superseded, tx)
                await tell(work, member, task, superseded)
            if evidence.link is not None and await stored.uses_link(member.id, task.key, evidence.link, tx):
                raise EvidenceRefused(
                    EvidenceFault.USED_BEFORE, "link", "This link was handed in for this task before."
                )
            place = await work.next_sequence()
            made = new_submission(member, task, period, len(earlier) + 1, evidence, space.now, place)
            await stored.add(made, tx)
            await tell(work, member, task, made)
            return {"submission": made.id}

        stated = [member_id, task_key, text, link, replaces]
        return await once(self._settlement, self._bell, actor, key, "submitTaskEvidence", stated, body)

    async def withdraw(self, actor: Actor, found: bytes, key: str) -> tuple[Submission, bool]:
        """Withdraw what waits: one's own, or by a service anyone's. Raises: NotFound, SubmissionMoved,
        IdempotencyConflict."""

        async def body(work: Unit) -> dict[str, Any]:
            submission, member = await submission_of(work, found)
            if not actor.is_member(member.external_id, member.former):
                if actor.can(Permission.TASKS_SUBMIT_OWN):
                    raise _missing()  # another member's: there is none, as far as they know
                actor.require(Permission.TASKS_SUBMIT_ANY)
            require_state(submission, SubmissionState.PENDING)
            withdrawn = decided(submission, SubmissionState.WITHDRAWN, work.space.now, by(actor))
            await work.stores.submissions.replace(withdrawn, work.tx)
            await tell(work, member, work.space.catalogue.tasks[submission.task], withdrawn)
            return {"submission": found}

        return await once(self._settlement, self._bell, actor, key, "withdrawTaskEvidence", [found], body)


async def once(
    settlement: SettlementService,
    bell: QueueBell,
    actor: Actor,
    key: str,
    operation: str,
    stated: list[Any],
    body: Callable[[Unit], Awaitable[dict[str, Any]]],
) -> tuple[Submission, bool]:
    """Run what changes a submission once a key, and tell who watches the queue; the submission as it is then, and whether
    the key had acted before."""
    result, replayed = await settlement.run_once(actor, key, operation, {"input": stated}, body)
    await bell.ring(actor.programme_id)
    found = await settlement.stores.submissions.by_ids(actor.programme_id, [result["submission"]])
    return found[result["submission"]], replayed


async def submission_of(work: Unit, found: bytes) -> tuple[Submission, Member]:
    """A submission and its member. Raises: NotFound, also of a member who is erased or merged away."""
    programme_id = work.space.catalogue.programme_id
    submission = (await work.stores.submissions.by_ids(programme_id, [found], work.tx)).get(found)
    if submission is None:
        raise _missing()
    members = await work.stores.members.by_ids(programme_id, [submission.member_id], work.tx)
    member = members.get(submission.member_id)
    if member is None or member.is_gone:
        raise _missing()
    return submission, member


async def revoke_approved(
    work: Unit, member: Member, approved: Approved, activity_id: bytes, because: Cause
) -> None:
    """Revoke the approval that was recorded as an activity which is taken back, as that is."""
    found = await work.stores.submissions.of_activity(approved.submission, activity_id, work.tx)
    if found is None:
        return
    actor = because.actor or "system"
    revoked = decided(found, SubmissionState.REVOKED, work.space.now, actor, because.reason)
    await work.stores.submissions.replace(revoked, work.tx)
    await tell(work, member, work.space.catalogue.tasks[found.task], revoked)


async def tell(work: Unit, member: Member, task: Task, submission: Submission) -> None:
    """Tell the member what became of a submission, where the task is there for them. Meets whatever else happens to the
    member at the same time."""
    if await _sees(work, member, task):
        body = {"submission": submission.id, "state": submission.state.value}
        work.space.tell(member.id, FeedKind.TASK_SUBMISSION, body)
    else:
        work.space.touched.add(member.id)


async def _sees(work: Unit, member: Member, task: Task) -> bool:
    if task.key in work.space.catalogue.tiered_tasks:
        await work.load(Needs(climbers={member.id}))
    return sees(work.space, member, task)


async def _task(work: Unit, member: Member, key: str) -> tuple[Task, TaskApproval]:
    """The task, where it is there for the member and takes evidence. Raises: NotFound."""
    task = work.space.catalogue.tasks.get(key)
    if (
        task is not None
        and task.approval is not None
        and published(task)
        and key not in unpicked(work.space.catalogue, member, work.space.now)
        and await _sees(work, member, task)
    ):
        return task, task.approval
    raise NotFound(f"There is no task {key[:100]!r} that takes evidence.", path=["task"])


def _period(work: Unit, member: Member, task: Task) -> str:
    """The period that is handed in for. Raises: Conflict."""
    catalogue: Catalogue = work.space.catalogue
    now, zones = work.space.now, (member.time_zone, catalogue.settings.time_zone)
    if not is_open(task, now, *zones):
        raise Conflict(
            "The task takes nothing now: it has not begun, is over, or this is none of its days.",
            code=ErrorCode.TASK_NOT_OPEN,
            path=["task"],
        )
    return period_of(task, now, *zones).key


def _replaced(earlier: list[Submission], replaces: bytes | None) -> Submission | None:
    """The one that waits and is replaced. Raises: InvalidInput, SubmissionMoved."""
    if replaces is None:
        return None
    replaced = next((one for one in earlier if one.id == replaces), None)
    if replaced is None:
        raise InvalidInput(
            "Only what was handed in for this task and its present period can be replaced.", path=["replaces"]
        )
    require_state(replaced, SubmissionState.PENDING)
    return replaced


def _missing() -> NotFound:
    return NotFound("There is no such submission.", path=["submissionId"])
