"""Collections of badges, and members' completion of them."""

from datetime import datetime

import strawberry

from gamification.badges import model as domain
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.relay import Node, encode_id
from resolvers.types.badges import Badge, build_badge
from resolvers.types.causes import Cause
from resolvers.types.names import label, text
from resolvers.types.tasks import DefinitionStatus, TaskReward, reward_of


@strawberry.type(description="Badges to hold all at once, and what that gives. (徽章集)")
class Collection(Node):
    definition: strawberry.Private[definitions.Collection]
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    status: DefinitionStatus = strawberry.field(description="Whether it takes effect.")
    version: int = strawberry.field(description="Counts the changes to it, from 1.")
    size: int = strawberry.field(description="How many badges it takes, secret ones too; 1 to 50.")
    reward: list[TaskReward] = strawberry.field(
        description="What completing it gives; taken back when one of its badges is revoked."
    )

    @strawberry.field(description="Its badges, in file order; without the secret ones that you do not have.")
    async def badges(self, info: Info) -> list[Badge]:
        hidden = await info.context.hidden_badges()
        catalogue = await info.context.catalogue()
        return [
            await build_badge(info, catalogue.badges[key])
            for key in self.definition.badges
            if key not in hidden
        ]


@strawberry.type(description="How far a member has come with a collection.")
class CollectionProgress:
    model: strawberry.Private[domain.CollectionState | None]
    definition: strawberry.Private[definitions.Collection]
    held: int = strawberry.field(description="How many of its badges the member holds now.")

    @strawberry.field(description="Which collection.")
    async def collection(self, info: Info) -> Collection:
        return await build_collection(info, self.definition)

    @strawberry.field(description="When what completed it happened; null while it is not complete.")
    def completed_at(self) -> datetime | None:
        return self.model.completed_at if self.model else None

    @strawberry.field(
        description="How often it was completed: more than once where badges were revoked meanwhile."
    )
    def completions(self) -> int:
        return self.model.completions if self.model else 0

    @strawberry.field(description="What completed it; null while it is not complete.")
    def cause(self) -> Cause | None:
        return Cause(model=self.model.cause) if self.model and self.model.cause else None


async def build_collection(info: Info, collection: definitions.Collection) -> Collection:
    """The GraphQL object of a collection's definition."""
    hidden = await info.context.hidden_badges()
    return Collection(
        definition=collection,
        id=encode_id("Collection", collection.key),
        key=collection.key,
        name=await label(info, collection),
        description=await text(info, collection.description),
        status=collection.status,
        version=collection.version,
        size=len(collection.badges),
        reward=[reward_of(reward, hidden) for reward in collection.reward],
    )
