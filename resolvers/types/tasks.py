"""Tasks and progress."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.members.service import may_see_private
from gamification.programmes import definitions
from gamification.tasks import model as domain
from resolvers.context import Info
from resolvers.fields import batched
from resolvers.relay import Node, encode_id
from resolvers.scalars import Long
from resolvers.types.causes import Cause
from resolvers.types.names import label, text
from resolvers.types.task_evidence import TaskApproval

if TYPE_CHECKING:
    from resolvers.types.members import Member

TaskMeasure = definitions.Measure
strawberry.enum(
    TaskMeasure,
    name="TaskMeasure",
    description="What counts: activities, a sum, distinct values, or complete tasks (TASKS).",
)
TaskCycle = definitions.TaskCycle
strawberry.enum(TaskCycle, name="TaskCycle", description="How often a task starts anew.")
Weekday = definitions.Weekday
strawberry.enum(Weekday, name="Weekday", description="A day of the week.")
TaskClaim = definitions.Claim
strawberry.enum(
    TaskClaim, name="TaskClaim", description="Whether the reward comes at once or is to be claimed."
)
CheckInItem = definitions.CheckInItem
strawberry.enum(
    CheckInItem,
    name="CheckInItem",
    description="MAKE_UP_CARD: makes a missed day count, afterwards. FREEZE: holds the streak over a missed day, by itself.",
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
    amount: Long | None = strawberry.field(description="How many points, cards or freezes, or what score.")
    badge: str | None = strawberry.field(description="The badge's key; null for a secret one that you lack.")
    leaderboard: str | None = strawberry.field(description="The board's key, for a score.")
    reward: str | None = strawberry.field(default=None, description="The key of a reward of the catalogue.")
    check_in: str | None = strawberry.field(description="The check-in programme's key, for cards or freezes.")
    item: CheckInItem | None = strawberry.field(description="Which of the two.")


@strawberry.enum(
    description="Whether activity that happens now counts, by the task's window; days are not looked at."
)
class TaskState(StrEnum):
    UPCOMING = "upcoming"
    OPEN = "open"
    ENDED = "ended"


@strawberry.type(description="Days on which activity counts, by the task's calendar.")
class TaskDay:
    weekday: Weekday = strawberry.field(description="Which day of the week.")
    nth: int | None = strawberry.field(
        description="Which one of each month, 1 to 5, −1 for its last; null for every one."
    )


@strawberry.type(description="Tasks and groups of them, of which so many must be complete.")
class TaskGroup:
    at_least: int = strawberry.field(description="How many of its tasks and groups are needed, 1 or more.")
    tasks: list[str] = strawberry.field(description="Keys of tasks.")
    groups: list["TaskGroup"] = strawberry.field(
        description="Groups within this one; they lie at most 3 deep."
    )

    @classmethod
    def of(cls, group: definitions.TaskGroup) -> "TaskGroup":
        """The GraphQL object of a group in a definition."""
        return cls(
            at_least=group.least,
            tasks=[member for member in group.members if isinstance(member, str)],
            groups=[cls.of(member) for member in group.members if not isinstance(member, str)],
        )


@strawberry.type(description="The tier that it takes to see a task.")
class TaskTierGate:
    ladder: str = strawberry.field(description="The ladder's key.")
    least: str = strawberry.field(description="The key of the lowest tier that will do.")


async def _places_left(tasks: list["Task"], info: Info) -> list[Long | None]:
    services = info.context.services
    keys = [task.key for task in tasks]
    found = await services.tasks.places_left(info.context.caller, keys, services.now())
    return [Long(found[key]) if key in found else None for key in keys]


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
    finishers_max: int | None = strawberry.field(
        description="Only so many, the first to complete it in a period, are rewarded; null for all."
    )
    places_left: Long | None = batched(
        _places_left,
        description="How many of them are left in the present period; null where there is no limit.",
    )
    tier: TaskTierGate | None = strawberry.field(
        description="It is there for members of such a tier only; null for all."
    )
    is_gated: bool = strawberry.field(
        description="Whether it is there for some members only, by tier or by what is known of them."
    )
    pool: str | None = strawberry.field(
        description="The key of the pool that it is picked from for each member; null where it is in none."
    )
    prerequisites: TaskGroup | None = strawberry.field(
        description="What must be complete for it to complete, beside `requires`."
    )
    parts: list[str] = strawberry.field(
        description="For the measure TASKS: keys of the tasks that it is made of."
    )
    starts_at: datetime | None = strawberry.field(description="Activity before it does not count.")
    ends_at: datetime | None = strawberry.field(description="Activity from then on does not count.")
    state: TaskState = strawberry.field(description="By these two and the present time.")
    days: list[TaskDay] = strawberry.field(
        description="Only on these days activity counts; empty for every day."
    )
    claim_within_seconds: Long | None = strawberry.field(
        description="How long after completion its reward can be claimed, in seconds; null for no end."
    )
    approval: TaskApproval | None = strawberry.field(
        default=None,
        description="Of a task that moderators approve: what is handed in for it, each approved one counting 1.",
    )


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
    claim_by: datetime | None = strawberry.field(
        description="The reward lapses if not claimed before; null for never."
    )
    place: int | None = strawberry.field(
        description="Of a task for the first finishers: as which one it was completed, from 1. It stays the member's."
    )
    missed: bool = strawberry.field(
        description="Whether it was completed when all places were taken: without reward."
    )

    @strawberry.field(description="Whether a reward waits to be claimed.")
    async def claimable(self, info: Info) -> bool:
        return self.model.is_claimable(info.context.services.now())

    @strawberry.field(description="Whether the reward was not claimed in time.")
    async def lapsed(self, info: Info) -> bool:
        waits = self.model.claim_by is not None and self.model.claimed_at is None
        return waits and not self.model.is_claimable(info.context.services.now())

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
            claim_by=progress.claim_by,
            place=progress.place,
            missed=progress.missed,
        )


async def build_task(info: Info, task: definitions.Task) -> Task:
    """The GraphQL object of a task's definition."""
    awards = any(part.award for part in task.reward)
    hidden = await info.context.hidden_badges() if awards else frozenset[str]()
    catalogue = await info.context.catalogue()
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
        reward=[reward_of(reward, hidden) for reward in task.reward],
        finishers_max=task.finishers,
        tier=TaskTierGate(ladder=task.tier.ladder, least=task.tier.least) if task.tier else None,
        is_gated=task.key in catalogue.gated_tasks,
        pool=next(
            (pool.key for pool in catalogue.pools_of.get(task.key, ()) if task.key in pool.tasks), None
        ),
        prerequisites=TaskGroup.of(task.prerequisites) if task.prerequisites else None,
        parts=list(task.parts),
        starts_at=task.starts_at,
        ends_at=task.ends_at,
        state=state_of(task, info.context.services.now()),
        days=[TaskDay(weekday=day.weekday, nth=day.nth) for day in task.days],
        claim_within_seconds=Long(int(task.claim_within.total_seconds())) if task.claim_within else None,
        approval=TaskApproval(model=task.approval) if task.approval else None,
    )


def state_of(task: definitions.Task, now: datetime) -> TaskState:
    """Where `now` lies in the task's window."""
    if task.starts_at and now < task.starts_at:
        return TaskState.UPCOMING
    return TaskState.ENDED if task.ends_at and now >= task.ends_at else TaskState.OPEN


def reward_of(reward: definitions.Reward, hidden: Collection[str]) -> TaskReward:
    """The GraphQL object of a reward; a badge that is hidden from the caller is not named."""
    points, award, score = reward.points, reward.award, reward.score
    items = reward.check_in_item
    amount = points.amount if points else score.value if score else items.count if items else None
    return TaskReward(
        unit=points.unit if points else None,
        amount=None if amount is None else Long(amount),
        badge=award.badge if award and award.badge not in hidden else None,
        leaderboard=score.board if score else None,
        reward=reward.reward.reward if reward.reward else None,
        check_in=items.check_in if items else None,
        item=items.item if items else None,
    )


async def load_progress(info: Info, raw: bytes) -> TaskProgress | None:
    """The progress of that id, for those who may read its member's."""
    found = await info.context.loaders.progress.load(raw)
    if found is None:
        return None
    member = await info.context.loaders.members.load(found.member_id)
    return TaskProgress.of(found) if member and may_see_private(info.context.caller, member) else None
