"""Messages of a member's own progress."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry

from gamification.members.feed import FeedKind, NumberedMessage
from resolvers.context import Info
from resolvers.scalars import Long
from resolvers.types.badges import BadgeAward
from resolvers.types.ledger import Balance, Transfer
from resolvers.types.tasks import Task, TaskProgress, build_task


@strawberry.interface(description="Something that happened to the member.")
class ProgressEvent:
    sequence: Long = strawberry.field(
        description="Its number in the member's feed; pass it as `after` to go on."
    )
    at: datetime = strawberry.field(description="When it was settled.")


@strawberry.type(description="The present state. What comes after is numbered above `sequence`.")
class ProgressSnapshot:
    sequence: Long = strawberry.field(description="The newest number at the time of reading.")
    balances: list[Balance] = strawberry.field(description="Every unit's.")
    tasks: list[TaskProgress] = strawberry.field(description="Every published task, in the present period.")
    badges: list[BadgeAward] = strawberry.field(description="The newest 100 awards that stand.")


@strawberry.type(description="Points moved.")
class PointsPosted(ProgressEvent):
    transfer: Transfer = strawberry.field(description="How.")


@strawberry.interface(description="A task's progress at that moment.")
class TaskMoment:
    key: strawberry.Private[str]
    period: str = strawberry.field(description="The period's key.")
    value: Long = strawberry.field(description="Counted so far, at that moment.")
    goal: Long = strawberry.field(description="What completes it.")

    @strawberry.field(description="Which task.")
    async def task(self, info: Info) -> Task:
        catalogue = await info.context.catalogue()
        return await build_task(info, catalogue.tasks[self.key])


@strawberry.type(description="A task's count changed, or its reward was claimed or taken back.")
class TaskAdvanced(ProgressEvent, TaskMoment):
    pass


@strawberry.type(description="A task was completed.")
class TaskCompleted(ProgressEvent, TaskMoment):
    pass


@strawberry.type(description="A badge was awarded, or its level changed.")
class BadgeAwarded(ProgressEvent):
    award: BadgeAward = strawberry.field(description="As it stands now.")


@strawberry.type(description="A badge was revoked.")
class BadgeRevoked(ProgressEvent):
    award: BadgeAward = strawberry.field(description="As it is now.")


ProgressMessage = Annotated[
    PointsPosted | TaskAdvanced | TaskCompleted | BadgeAwarded | BadgeRevoked | ProgressSnapshot,
    strawberry.union("ProgressMessage", description="The present state, or something that happened."),
]
Message = PointsPosted | TaskAdvanced | TaskCompleted | BadgeAwarded | BadgeRevoked | ProgressSnapshot


async def build_message(info: Info, message: NumberedMessage) -> Message | None:
    """The GraphQL object of a feed message; None where what it names is not readable any more."""
    number, body = Long(message.number), message.body
    if message.kind is FeedKind.POINTS_POSTED:
        transfer = await info.context.loaders.transfers.load(body["transfer"])
        return (
            PointsPosted(sequence=number, at=message.at, transfer=Transfer.of(transfer)) if transfer else None
        )
    if message.kind in (FeedKind.BADGE_AWARDED, FeedKind.BADGE_REVOKED):
        award = await info.context.loaders.awards.load(body["award"])
        kind = BadgeAwarded if message.kind is FeedKind.BADGE_AWARDED else BadgeRevoked
        return kind(sequence=number, at=message.at, award=BadgeAward.of(award)) if award else None
    return _moment(TaskCompleted if message.kind is FeedKind.TASK_COMPLETED else TaskAdvanced, message, body)


def _moment(
    kind: type[TaskAdvanced] | type[TaskCompleted], message: NumberedMessage, body: Mapping[str, Any]
) -> TaskAdvanced | TaskCompleted:
    return kind(
        sequence=Long(message.number),
        at=message.at,
        key=body["task"],
        period=body["period"],
        value=Long(body["value"]),
        goal=Long(body["goal"]),
    )
