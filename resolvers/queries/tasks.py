"""`task`, `tasks`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.queries.definitions import list_definitions
from resolvers.relay import After, Before, Connection, First, Last, Listing
from resolvers.types.tasks import DefinitionStatus, Task, TaskCycle, TaskState, build_task, state_of

TASKS = Listing("tasks", (str,))


@strawberry.input(description="Which tasks to list.")
class TaskFilter:
    status: DefinitionStatus | None = strawberry.field(default=None, description="Only tasks of this status.")
    cycle: TaskCycle | None = strawberry.field(default=None, description="Only tasks of this cycle.")
    state: TaskState | None = strawberry.field(default=None, description="Only those that are so now.")


@strawberry.type
class TaskQueries:
    @strawberry.field(description="A task by key.")
    async def task(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Its key in the programme file.")],
    ) -> Task | None:
        found = await info.context.services.tasks.task(info.context.caller, key)
        return await build_task(info, found) if found else None

    @strawberry.field(description="Every task, in file order; archived ones too.")
    async def tasks(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            TaskFilter | None, strawberry.argument(description="All of them when not given.")
        ] = None,
    ) -> Connection[Task]:
        wanted = filter or TaskFilter()
        now = info.context.services.now()
        tasks = [
            task
            for task in await info.context.services.tasks.tasks(info.context.caller)
            if wanted.status in (None, task.status)
            and wanted.cycle in (None, task.cycle)
            and wanted.state in (None, state_of(task, now))
        ]
        return await list_definitions(info, tasks, build_task, TASKS, first, after, last, before)
