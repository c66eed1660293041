"""How far members are trusted: fields of `Member`, and the layers of a community."""

import strawberry

from community.trust import model as domain
from gamification.members.model import Member
from gamification.members.service import require_private
from resolvers.context import Info
from resolvers.scalars import Long

CommunityLayer = domain.Layer
strawberry.enum(
    CommunityLayer,
    name="CommunityLayer",
    description="LEADER, ACTIVE, PERIPHERY: how much of the community's life hangs on a member, by what they did lately; "
    "assessed once a day.",
)


@strawberry.type(description="How many members are in a layer.")
class CommunityLayerCount:
    layer: CommunityLayer = strawberry.field(description="The layer.")
    count: Long = strawberry.field(description="How many of those who ever wrote.")


@strawberry.type
class TrustFields:
    model: strawberry.Private[Member]

    @strawberry.field(description="How far they are trusted, 0 to 4; assessed once a day.")
    async def trust_level(self, info: Info) -> int:
        found = await info.context.loaders.trusts.load(self.model.id)
        return found.level if found is not None else 0

    @strawberry.field(
        description="Whether staff set their trust level, so that it stays. The member, staff and services see it."
    )
    async def trust_is_pinned(self, info: Info) -> bool | None:
        require_private(info.context.caller, self.model)
        found = await info.context.loaders.trusts.load(self.model.id)
        return found is not None and found.pinned

    @strawberry.field(
        description="Which layer of the community they are in. The member, staff and services see it."
    )
    async def community_layer(self, info: Info) -> CommunityLayer | None:
        require_private(info.context.caller, self.model)
        found = await info.context.loaders.trusts.load(self.model.id)
        return found.layer if found is not None else CommunityLayer.PERIPHERY
