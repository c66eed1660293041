"""Tasks and progress."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.members.service import may_see_private
from gamification.programmes import definitions
from gamification.tasks import model as domain
from resolvers.context import Info
from resolvers.relay import Node, encode_id
from resolvers.scalars import Long
from resolvers.types.causes import Cause
from resolvers.types.names import label, text

if TYPE_CHECKING:
    from resolvers.types.members import Member

TaskMeasure = definitions.Measure
strawberry.enum(
    TaskMeasure, name="TaskMeasure", description="What counts: activities, a sum, or distinct values."
)
TaskCycle = definitions.TaskCycle
strawberry.enum(TaskCycle, name="TaskCycle", description="How often a task starts anew.")
TaskClaim = definitions.Claim
strawberry.enum(
    TaskClaim, name="TaskClaim", description="Whether the reward comes at once or is to be claimed."
)
DefinitionStatus = definitions.Status
strawberry.enum(
    DefinitionStatus,
    name="DefinitionStatus",
    description="Only what is PUBLISHED takes effect; ARCHIVED definitions stay readable.",
)


@strawberry.type(description="What completing a task gives: one of points, badge or score.")
class TaskReward:
    unit: str | None = strawberry.field(description="The unit's key, for points.")
    amount: Long | None = strawberry.field(description="How many points, or what score.")
    badge: str | None = strawberry.field(description="The badge's key.")
    leaderboard: str | None = strawberry.field(description="The board's key, for a score.")


@strawberry.type(description="Something to reach, once or in each period.")
class Task(Node):
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    status: DefinitionStatus = strawberry.field(description="Whether it takes effect.")
    version: int = strawberry.field(description="Counts the changes to it, from 1.")
    measure: TaskMeasure = strawberry.field(description="What counts.")
    goal: Long = strawberry.field(description="How much of it completes the task.")
    cycle: TaskCycle = strawberry.field(description="How often it starts anew.")
    claim: TaskClaim = strawberry.field(description="How the reward is given.")
    requires: list[str] = strawberry.field(
        description="Keys of the tasks to be completed for it to complete."
    )
    reward: list[TaskReward] = strawberry.field(description="What completing it gives.")


@strawberry.type(description="A member's progress in one task and period.")
class TaskProgress(Node):
    model: strawberry.Private[domain.Progress]
    period: str = strawberry.field(
        description="The period's key: `all`, `2026-11-21`, `2026-W47`, `2026-11`."
    )
    value: Long = strawberry.field(description="Counted so far; goes on beyond the goal.")
    goal: Long = strawberry.field(description="What completes it.")
    completed_at: datetime | None = strawberry.field(description="When the completing activity happened.")
    claimed_at: datetime | None = strawberry.field(description="When the reward was given.")
    cause: Cause | None = strawberry.field(description="What completed it.")

    @strawberry.field(description="Whether a reward waits to be claimed.")
    async def claimable(self, info: Info) -> bool:
        return self.model.is_complete and self.model.claimed_at is None

    @strawberry.field(description="Progress in which task.")
    async def task(self, info: Info) -> Task:
        catalogue = await info.context.catalogue()
        return await build_task(info, catalogue.tasks[self.model.task])

    @strawberry.field(description="Whose progress it is.")
    async def member(self, info: Info) -> Annotated["Member", strawberry.lazy("resolvers.types.members")]:
        from resolvers.types.members import load_member

        return await load_member(info, self.model.member_id)

    @classmethod
    def of(cls, progress: domain.Progress, task: definitions.Task | None = None) -> "TaskProgress":
        """The GraphQL object of domain progress; `task` gives the goal where nothing was counted yet."""
        return cls(
            model=progress,
            id=encode_id("TaskProgress", progress.id),
            period=progress.period,
            value=Long(progress.value),
            goal=Long(progress.goal or (task.goal if task else 0)),
            completed_at=progress.completed_at,
            claimed_at=progress.claimed_at,
            cause=Cause(model=progress.cause) if progress.cause else None,
        )


async def build_task(info: Info, task: definitions.Task) -> Task:
    """The GraphQL object of a task's definition."""
    return Task(
        id=encode_id("Task", task.key),
        key=task.key,
        name=await label(info, task),
        description=await text(info, task.description),
        status=task.status,
        version=task.version,
        measure=task.measure,
        goal=Long(task.goal),
        cycle=task.cycle,
        claim=task.claim,
        requires=list(task.requires),
        reward=[_reward(reward) for reward in task.reward],
    )


def _reward(reward: definitions.Reward) -> TaskReward:
    points, award, score = reward.points, reward.award, reward.score
    amount = points.amount if points else score.value if score else None
    return TaskReward(
        unit=points.unit if points else None,
        amount=None if amount is None else Long(amount),
        badge=award.badge if award else None,
        leaderboard=score.board if score else None,
    )


async def load_progress(info: Info, raw: bytes) -> TaskProgress | None:
    """The progress of that id, for those who may read its member's."""
    found = await info.context.loaders.progress.load(raw)
    if found is None:
        return None
    member = await info.context.loaders.members.load(found.member_id)
    return TaskProgress.of(found) if member and may_see_private(info.context.caller, member) else None
