"""Pools of tasks, and what they pick for a member."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import strawberry

from gamification.kit.actors import Permission
from gamification.members import model as members
from gamification.members.service import require_private
from gamification.programmes import definitions
from gamification.tasks.picks import Picked
from resolvers.context import Info
from resolvers.types.names import label, text
from resolvers.types.tasks import DefinitionStatus, TaskCycle, TaskProgress, TaskTierGate


@strawberry.enum(description="By whose calendar the periods of a pool begin.")
class TaskPoolZone(StrEnum):
    PROGRAMME = "programme"
    MEMBER = "member"


@strawberry.type(description="Tasks of which each member gets so many in each period, picked by chance.")
class TaskPool:
    model: strawberry.Private[definitions.TaskPool]
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    status: DefinitionStatus = strawberry.field(description="Whether it takes effect.")
    version: int = strawberry.field(description="Counts the changes to it, from 1.")
    picks: int = strawberry.field(description="How many tasks each member gets in a period, at most 20.")
    cycle: TaskCycle = strawberry.field(description="How often they change: DAILY, WEEKLY or MONTHLY.")
    zone: TaskPoolZone = strawberry.field(description="By whose calendar.")
    no_repeat: int = strawberry.field(
        description="Within so many periods no task comes again to the same member, at most 30."
    )
    seed: str = strawberry.field(description="What picks are made from beside ids and dates; no secret.")
    tier: TaskTierGate | None = strawberry.field(
        description="Its picks are there for members of such a tier only; null for all."
    )
    is_gated: bool = strawberry.field(
        description="Whether its picks are there for some members only, by tier or by what is known of them."
    )

    @strawberry.field(
        description="Keys of the tasks that are picked from, at most 100. Staff and services see them; null for others."
    )
    def tasks(self, info: Info) -> list[str] | None:
        sees_all = info.context.caller.can(Permission.MEMBERS_READ_PRIVATE)
        return list(self.model.tasks) if sees_all else None


@strawberry.type(description="What a pool picks for a member in the present period.")
class TaskPicks:
    picked: strawberry.Private[Picked]
    period: str = strawberry.field(description="The period's key: `2026-11-21`, `2026-W47`, `2026-11`.")
    starts_at: datetime | None = strawberry.field(description="Since when these are the picks.")
    ends_at: datetime | None = strawberry.field(description="When they change.")
    tasks: list[TaskProgress] = strawberry.field(
        description="The picks with their progress, in the order in which they were picked."
    )

    @strawberry.field(description="Which pool.")
    async def pool(self, info: Info) -> TaskPool:
        return await build_pool(info, self.picked.pool)


@strawberry.type
class PickFields:
    model: strawberry.Private[members.Member]

    @strawberry.field(
        description="What every published pool that is there for them picks for them now, with progress. The member, staff "
        "and services see it."
    )
    async def task_picks(
        self,
        info: Info,
        pool: Annotated[str | None, strawberry.argument(description="Only this pool's, by its key.")] = None,
    ) -> list[TaskPicks] | None:
        require_private(info.context.caller, self.model)
        services = info.context.services
        found = await services.tasks.picked(info.context.caller, self.model, services.now(), pool)
        return [
            TaskPicks(
                picked=picked,
                period=picked.period.key,
                starts_at=picked.period.starts_at,
                ends_at=picked.period.ends_at,
                tasks=[TaskProgress.of(progress, task) for task, progress in progress_of],
            )
            for picked, progress_of in found
        ]


async def build_pool(info: Info, pool: definitions.TaskPool) -> TaskPool:
    """The GraphQL object of a pool's definition."""
    return TaskPool(
        model=pool,
        key=pool.key,
        name=await label(info, pool),
        description=await text(info, pool.description),
        status=pool.status,
        version=pool.version,
        picks=pool.picks,
        cycle=pool.cycle,
        zone=TaskPoolZone(pool.zone.value),
        no_repeat=pool.no_repeat,
        seed=pool.seed,
        tier=TaskTierGate(ladder=pool.tier.ladder, least=pool.tier.least) if pool.tier else None,
        is_gated=pool.is_gated,
    )
