"""What members hand in for tasks that moderators approve."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from gamification.kit.actors import Permission
from gamification.members import model as members
from gamification.members.service import may_see_private
from gamification.programmes import definitions
from gamification.tasks import evidence as evidence_domain
from gamification.tasks import submissions as domain
from gamification.tasks.evidence_service import QueueState
from resolvers.context import Info
from resolvers.errors import Error
from resolvers.fields import batched, of_model
from resolvers.relay import (
    After,
    Before,
    Connection,
    First,
    Last,
    Listing,
    Node,
    connect,
    global_id,
    window,
)
from resolvers.scalars import Long
from resolvers.types.causes import visible_activities

if TYPE_CHECKING:
    from resolvers.types.activity import Activity
    from resolvers.types.members import Member
    from resolvers.types.tasks import Task

SUBMISSIONS = Listing("task submissions", (int,))
EvidenceKind = definitions.EvidenceKind
strawberry.enum(
    EvidenceKind,
    name="EvidenceKind",
    description="TEXT: a text, no link. LINK: a link, with a text beside it or without. ANY: either, or both.",
)
EvidenceFault = evidence_domain.EvidenceFault
strawberry.enum(
    EvidenceFault,
    name="EvidenceFault",
    description="TEXT_NEEDED, LINK_NEEDED: it is missing. NOT_TAKEN: this task takes none of that kind. TEXT_TOO_LONG. "
    "NOT_READABLE: it holds characters that show nothing. NOT_A_LINK: no http or https address of a named host. "
    "HOST_NOT_ALLOWED: the task takes links to other hosts. USED_BEFORE: one handed that link in before, for this task, and "
    "it waits or is approved.",
)
TaskSubmissionState = domain.SubmissionState
strawberry.enum(
    TaskSubmissionState,
    name="TaskSubmissionState",
    description="PENDING until somebody decides: APPROVED, or REJECTED. WITHDRAWN by the member before, or SUPERSEDED by "
    "another that they handed in instead. REVOKED: what had been approved was taken back, and all that it caused with it.",
)


@strawberry.type(description="How moderators approve a task, and what a member hands in for it.")
class TaskApproval:
    model: strawberry.Private[definitions.TaskApproval]
    evidence: EvidenceKind = of_model("evidence", description="What is handed in.")
    text_max: int = of_model("text_max", description="The longest text, in characters.")
    hosts: list[str] = of_model(
        "hosts", description="Links lead to these hosts or their subdomains; empty: to every one."
    )
    resubmissions: int = of_model(
        "resubmissions", description="How often one may submit anew in a period, after as many rejections."
    )
    activity_type: str = of_model("activity", description="The type that an approval is recorded as.")


@strawberry.type(description="A change of what was handed in. Staff and services see it.")
class TaskDecision:
    model: strawberry.Private[domain.Decision]
    state: TaskSubmissionState = of_model("state", description="What it became.")
    at: datetime = of_model("at", description="When.")
    actor: str = of_model("actor", description="Who: `member`, or role and subject as `moderator:kim`.")
    reason: str | None = of_model("reason", description="What the member reads of it.")
    note: str | None = of_model("note", description="What staff alone reads.")


async def _tasks(submissions: "list[TaskSubmission]", info: Info) -> "list[Task]":
    from resolvers.types.tasks import build_task

    tasks = (await info.context.catalogue()).tasks
    keys = dict.fromkeys(one.model.task for one in submissions)
    built = {key: await build_task(info, tasks[key]) for key in keys}
    return [built[one.model.task] for one in submissions]


async def _members(submissions: "list[TaskSubmission]", info: Info) -> "list[Member | None]":
    from resolvers.types.members import Member

    found = await info.context.loaders.members.load_many(one.model.member_id for one in submissions)
    return [
        Member.of(found[one.model.member_id]) if one.model.member_id in found else None for one in submissions
    ]


async def _activities(submissions: "list[TaskSubmission]", info: Info) -> "list[Activity | None]":
    from resolvers.types.activity import Activity

    ids = [one.model.activity_id for one in submissions]
    found = await visible_activities(info, [one for one in ids if one is not None])
    return [Activity(model=found[one]) if one is not None and one in found else None for one in ids]


async def _others(submissions: "list[TaskSubmission]", info: Info) -> list[int | None]:
    caller = info.context.caller
    if not caller.can(Permission.TASKS_REVIEW):
        return [None] * len(submissions)
    found = await info.context.services.evidence_reading.other_members(
        caller, [one.model for one in submissions]
    )
    return [found.get(one.model.id) for one in submissions]


@strawberry.type(
    description="What a member handed in for a task. Readable by the member, staff and services."
)
class TaskSubmission(Node):
    model: strawberry.Private[domain.Submission]
    id: strawberry.ID = global_id("TaskSubmission")
    task: Annotated["Task", strawberry.lazy("resolvers.types.tasks")] = batched(
        _tasks, description="For which task."
    )
    member: Annotated["Member", strawberry.lazy("resolvers.types.members")] | None = batched(
        _members, description="Who handed it in."
    )
    period: str = of_model(
        "period",
        description="The key of the period in which it was handed in; there it counts, whenever it is approved.",
    )
    number: int = of_model("number", description="The how-manieth of the member's in that period, from 1.")
    state: TaskSubmissionState = of_model("state", description="What became of it.")
    version: int = of_model("version", description="Counts its states, from 1; stated by whoever decides.")
    text: str | None = of_model("text", description="As handed in; null once the member is erased.")
    link: str | None = of_model(
        "link",
        description="An http or https address, as handed in; it was never fetched. Null once the member is erased.",
    )
    submitted_at: datetime = of_model("submitted_at", description="When it was handed in.")
    reason: str | None = of_model(
        "reason", description="Why it was rejected or revoked; null in other states."
    )
    activity: Annotated["Activity", strawberry.lazy("resolvers.types.activity")] | None = batched(
        _activities, description="What the approval was recorded as, with all that it caused."
    )
    other_members: int | None = batched(
        _others,
        description="How many other members handed in the same link, for whatever task. Moderators and operators see it; "
        "null without a link.",
    )

    @strawberry.field(description="When it came to be in its present state; null while it waits.")
    def decided_at(self) -> datetime | None:
        return self.model.decisions[-1].at if self.model.decisions else None

    @strawberry.field(
        description="What became of it, by whom, oldest first. Staff and services see it; null for members."
    )
    def decisions(self, info: Info) -> list[TaskDecision] | None:
        if not info.context.caller.can(Permission.MEMBERS_READ_PRIVATE):
            return None
        return [TaskDecision(model=one) for one in self.model.decisions]

    @classmethod
    def of(cls, submission: domain.Submission) -> "TaskSubmission":
        """The GraphQL object of a domain submission."""
        return cls(model=submission)


@strawberry.type(description="What waits for moderators, of one task or of all.")
class TaskQueue:
    waiting: Long = strawberry.field(description="How many wait; 10 000 means so many or more.")
    oldest: TaskSubmission | None = strawberry.field(description="The one that waits longest; null for none.")
    newest: TaskSubmission | None = strawberry.field(
        description="The one that was handed in last; null for none."
    )

    @classmethod
    def of(cls, state: QueueState) -> "TaskQueue":
        """The GraphQL object of a queue's state."""
        oldest, newest = (TaskSubmission.of(one) if one else None for one in (state.oldest, state.newest))
        return cls(waiting=Long(state.waiting), oldest=oldest, newest=newest)


@strawberry.type(description="This can't be taken as evidence; the message says why, for the member to read.")
class EvidenceRefusedError(Error):
    fault: EvidenceFault = strawberry.field(description="Why, for programs.")
    limit: Long | None = strawberry.field(description="The bound it broke, where there is one.")

    @classmethod
    def of(cls, error: Any) -> Any:
        limit = None if error.limit is None else Long(error.limit)
        return cls(code=error.code, message=error.message, path=error.path, fault=error.fault, limit=limit)


@strawberry.type(description="Somebody else was first: it is not as it was when it was looked at.")
class TaskSubmissionMovedError(Error):
    submission: TaskSubmission = strawberry.field(
        description="As it is now; who decided is in `decisions`, for staff."
    )

    @classmethod
    def of(cls, error: Any) -> Any:
        shown = TaskSubmission.of(error.submission)
        return cls(code=error.code, message=error.message, path=error.path, submission=shown)


class EvidenceRefusedHandler(
    strawberry.ExceptionHandler[evidence_domain.EvidenceRefused, EvidenceRefusedError]
):
    """Evidence that can't be taken."""

    def handle(self, exception: evidence_domain.EvidenceRefused, **_: Any) -> EvidenceRefusedError:
        shown: EvidenceRefusedError = EvidenceRefusedError.of(exception)
        return shown


class SubmissionMovedHandler(strawberry.ExceptionHandler[domain.SubmissionMoved, TaskSubmissionMovedError]):
    """Decisions that came too late."""

    def handle(self, exception: domain.SubmissionMoved, **_: Any) -> TaskSubmissionMovedError:
        shown: TaskSubmissionMovedError = TaskSubmissionMovedError.of(exception)
        return shown


async def submissions_of(
    info: Info,
    member: members.Member,
    task: str | None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[TaskSubmission]:
    """What a member handed in."""
    page = await info.context.services.evidence_reading.of_member(
        info.context.caller, member, task, window(first, after, last, before, of=SUBMISSIONS)
    )
    return connect(page, TaskSubmission.of, SUBMISSIONS)


async def load_submission(info: Info, raw: bytes) -> TaskSubmission | None:
    """The submission of that id, for those who may read its member's."""
    found = await info.context.loaders.submissions.load(raw)
    if found is None:
        return None
    member = await info.context.loaders.members.load(found.member_id)
    return TaskSubmission.of(found) if member and may_see_private(info.context.caller, member) else None
