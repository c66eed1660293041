"""`claimTask`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import ConflictError, IdempotencyConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.tasks import TaskProgress


@strawberry.input(description="A reward to claim.")
class ClaimTaskInput:
    task: str = strawberry.field(description="The task's key.")
    period: str | None = strawberry.field(
        default=None, description="The period's key; the present one by default."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="For services: who claims; oneself when not given."
    )
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="The reward is given.")
class ClaimTaskSuccess:
    progress: TaskProgress = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


ClaimTaskResult = Annotated[
    ClaimTaskSuccess | ConflictError | NotFoundError | IdempotencyConflictError | InvalidInputError,
    strawberry.union("ClaimTaskResult", description=RESULT),
]


@strawberry.type
class TaskMutations:
    @strawberry.mutation(description="Claim a completed task's reward: one's own, or by a service anyone's.")
    async def claim_task(self, info: Info, input: Annotated[ClaimTaskInput, INPUT]) -> ClaimTaskResult:
        caller = info.context.caller
        target = member_id(input.member_id) if input.member_id is not None else None
        progress, replayed = await info.context.services.claims.claim(
            caller, target, input.task, input.period, input.idempotency_key
        )
        return ClaimTaskSuccess(progress=TaskProgress.of(progress), replayed=replayed)
