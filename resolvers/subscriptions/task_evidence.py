"""`taskQueueUpdated`: what waits for moderators, now and whenever that changes."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from gamification.tasks.evidence_service import bell_of
from resolvers.context import Info
from resolvers.types.task_evidence import TaskQueue

_COALESCED_S = 0.2
_RECHECK_S = 10.0


@strawberry.type
class TaskEvidenceSubscriptions:
    @strawberry.subscription(
        description="What waits for moderators, now and whenever that changes: at most one message in 200 ms, always the "
        "newest state; for moderators and operators."
    )
    async def task_queue_updated(
        self,
        info: Info,
        task: Annotated[
            str | None, strawberry.argument(description="Only this task's key; of all tasks when not given.")
        ] = None,
    ) -> AsyncGenerator[TaskQueue, None]:
        services, caller = info.context.services, info.context.caller
        told: tuple[object, ...] | None = None
        with services.doorbells.listening(bell_of(caller.programme_id)) as bell:
            while True:
                state = await services.evidence_reading.state(caller, task)
                ends = [one and one.id for one in (state.oldest, state.newest)]
                if (found := (state.waiting, *ends)) != told:
                    told = found
                    yield TaskQueue.of(state)
                # Rung while sleeping, it is there at once; what a lost ring would have told is found in a while.
                await asyncio.sleep(_COALESCED_S)
                await bell.wait(_RECHECK_S)
