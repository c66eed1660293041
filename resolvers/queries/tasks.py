"""`task`, `tasks`."""

import strawberry

from resolvers.context import Info
from resolvers.queries.definitions import list_definitions
from resolvers.relay import After, Connection, First
from resolvers.types.tasks import DefinitionStatus, Task, TaskCycle, build_task


@strawberry.input(description="Which tasks to list.")
class TaskFilter:
    status: DefinitionStatus | None = strawberry.field(default=None, description="Only tasks of this status.")
    cycle: TaskCycle | None = strawberry.field(default=None, description="Only tasks of this cycle.")


@strawberry.type
class TaskQueries:
    @strawberry.field(description="A task by key.")
    async def task(self, info: Info, key: str) -> Task | None:
        found = await info.context.services.tasks.task(info.context.caller, key)
        return await build_task(info, found) if found else None

    @strawberry.field(description="Every task, in file order; archived ones too.")
    async def tasks(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        filter: TaskFilter | None = None,
    ) -> Connection[Task]:
        wanted = filter or TaskFilter()
        tasks = [
            task
            for task in await info.context.services.tasks.tasks(info.context.caller)
            if wanted.status in (None, task.status) and wanted.cycle in (None, task.cycle)
        ]
        return await list_definitions(info, tasks, build_task, first, after)
