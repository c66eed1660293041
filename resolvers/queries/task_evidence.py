"""`taskSubmissions`: the moderators' queue."""

from typing import Annotated

import strawberry

from gamification.tasks.evidence_service import QueueFilter
from resolvers.context import Info
from resolvers.mutations.members import member_id
from resolvers.relay import After, Before, Connection, First, Last, connect, window
from resolvers.types.task_evidence import SUBMISSIONS, TaskSubmission, TaskSubmissionState


@strawberry.input(description="Which submissions to list.")
class TaskSubmissionFilter:
    task: str | None = strawberry.field(default=None, description="Only for this task's key.")
    state: TaskSubmissionState | None = strawberry.field(
        default=TaskSubmissionState.PENDING, description="Only in this state; null for every one."
    )
    member_id: strawberry.ID | None = strawberry.field(default=None, description="Only this member's.")


@strawberry.type
class TaskEvidenceQueries:
    @strawberry.field(
        description="What members handed in for tasks, oldest first; for moderators and operators. It is counted up to "
        "10 000."
    )
    async def task_submissions(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            TaskSubmissionFilter | None, strawberry.argument(description="What waits when not given.")
        ] = None,
    ) -> Connection[TaskSubmission]:
        stated = filter or TaskSubmissionFilter()
        target = member_id(stated.member_id) if stated.member_id is not None else None
        wanted = QueueFilter(stated.task, stated.state, target)
        caller, reading = info.context.caller, info.context.services.evidence_reading
        page = await reading.queue(caller, wanted, window(first, after, last, before, of=SUBMISSIONS))
        return connect(page, TaskSubmission.of, SUBMISSIONS, lambda: reading.count(caller, wanted))
