"""Recorded activity."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from gamification.activity import model as domain
from resolvers.context import Info
from resolvers.relay import Node, encode_id
from resolvers.types.causes import visible_activity

if TYPE_CHECKING:
    from resolvers.types.ledger import Transfer
    from resolvers.types.members import Member

ActivityStatus = domain.ActivityStatus
strawberry.enum(
    ActivityStatus,
    name="ActivityStatus",
    description="RECORDED now, DUPLICATE of one recorded before, or REJECTED with an error.",
)


@strawberry.type(description="An activity as recorded. Readable by its member, staff and services.")
class Activity(Node):
    model: strawberry.Private[domain.Activity]
    type: str = strawberry.field(description="The activity type's key.")
    source: str = strawberry.field(description="The system that sent it.")
    source_id: str = strawberry.field(description="Its id in that system.")
    subject: str | None = strawberry.field(description="What it was about, such as `post:12`.")
    occurred_at: datetime = strawberry.field(description="When it happened.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")
    properties: JSON = strawberry.field(description="What the sender stated, at most 16 KiB of JSON.")
    reversed_at: datetime | None = strawberry.field(description="When it was taken back.")
    reversal_reason: str | None = strawberry.field(description="Why it was taken back.")

    @strawberry.field(description="Whose activity it is.")
    async def member(self, info: Info) -> Annotated["Member", strawberry.lazy("resolvers.types.members")]:
        from resolvers.types.members import load_member

        return await load_member(info, self.model.member_id)

    @strawberry.field(description="The points that it moved, in order.")
    async def transfers(
        self, info: Info
    ) -> list[Annotated["Transfer", strawberry.lazy("resolvers.types.ledger")]]:
        from resolvers.types.ledger import Transfer

        found = await info.context.loaders.transfers.load_many(self.model.transfers)
        return [Transfer.of(transfer) for transfer in found if transfer is not None]

    @classmethod
    def of(cls, activity: domain.Activity) -> "Activity":
        """The GraphQL object of a domain activity."""
        reversal = activity.reversal
        return cls(
            model=activity,
            id=encode_id("Activity", activity.id),
            type=activity.type,
            source=activity.source,
            source_id=activity.source_id,
            subject=activity.subject,
            occurred_at=activity.occurred_at,
            recorded_at=activity.recorded_at,
            properties=JSON(activity.properties),
            reversed_at=reversal.at if reversal else None,
            reversal_reason=reversal.reason if reversal else None,
        )


async def load_activity(info: Info, raw: bytes) -> Activity | None:
    """The activity of that id, as this caller may see it."""
    found = await visible_activity(info, raw)
    return Activity.of(found) if found else None
