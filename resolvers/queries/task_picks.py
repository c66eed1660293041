"""`taskPools`."""

import strawberry

from resolvers.context import Info
from resolvers.types.task_picks import TaskPool, build_pool


@strawberry.type
class TaskPickQueries:
    @strawberry.field(
        description="Every pool of tasks that is there for who asks, in file order, at most 50; archived ones too."
    )
    async def task_pools(self, info: Info) -> list[TaskPool]:
        found = await info.context.services.tasks.pools(info.context.caller)
        return [await build_pool(info, pool) for pool in found]
