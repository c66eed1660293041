"""Spaces of the community, and who is in them."""

from datetime import datetime
from typing import Annotated

import strawberry

from community.spaces import model as domain
from community.spaces.service import Viewer
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import (
    After,
    Before,
    Connection,
    First,
    Last,
    Listing,
    Node,
    connect,
    encode_id,
    window,
)
from resolvers.scalars import Long
from resolvers.types.members import Member
from resolvers.types.names import label, text
from resolvers.types.reading import SpaceReadingFields
from resolvers.types.tasks import DefinitionStatus

SPACE_MEMBERS = Listing("space members", (datetime, bytes))

SpaceRole = domain.SpaceRole
strawberry.enum(
    SpaceRole,
    name="SpaceRole",
    description="MEMBER; MODERATOR looks after what is written in the space and who is in it; OWNER also appoints its "
    "moderators.",
)
SpaceState = domain.SpaceState
strawberry.enum(
    SpaceState,
    name="SpaceMembershipState",
    description="ACTIVE: in it. REQUESTED: waits to be let in. BARRED: put out, and can't come back by themselves.",
)
SpaceAccess = definitions.SpaceAccess
strawberry.enum(
    SpaceAccess,
    name="SpaceAccess",
    description="OPEN: everyone reads and writes. CLOSED: everyone reads, those in it write. PRIVATE: those in it read and "
    "write.",
)
SpaceAdmission = definitions.SpaceAdmission
strawberry.enum(
    SpaceAdmission,
    name="SpaceAdmission",
    description="FREE: one joins at once. REQUEST: a moderator of the space lets in. ADDED: nobody joins by themselves.",
)
PostKind = definitions.PostKind
strawberry.enum(PostKind, name="PostKind", description="What a post is.")


async def _member_counts(spaces: "list[Space]", info: Info) -> list[Long]:
    keys = [space.rights.space.key for space in spaces]
    found = await info.context.services.spaces.counts(info.context.caller, keys)
    return [Long(found.get(key, 0)) for key in keys]


async def _post_counts(spaces: "list[Space]", info: Info) -> list[Long | None]:
    readable = [space.rights.space.key for space in spaces if space.rights.reads]
    found = await info.context.services.post_reading.counts(info.context.caller, readable)
    return [Long(found.get(space.rights.space.key, 0)) if space.rights.reads else None for space in spaces]


@strawberry.type(description="A member in a space.")
class SpaceMembership:
    model: strawberry.Private[domain.SpaceMembership]
    role: SpaceRole = of_model("role", description="What they are in it.")
    state: SpaceState = of_model("state", description="Whether they are in it, or wait, or are barred.")
    since: datetime = of_model("since", description="Since when they are in that state.")

    @strawberry.field(description="Who; null where they are not visible.")
    async def member(self, info: Info) -> Member | None:
        found = await info.context.loaders.members.load(self.model.member_id)
        return Member.of(found) if found else None


@strawberry.type(description="Where members write: a topic, a group, a board of notices.")
class Space(Node, SpaceReadingFields):
    rights: strawberry.Private[domain.SpaceRights]
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    rules: str | None = strawberry.field(
        description="What goes in it, as Markdown, in the viewer's locale, else the programme's."
    )
    access: SpaceAccess = strawberry.field(description="Who reads and writes in it.")
    admission: SpaceAdmission = strawberry.field(description="How one joins it.")
    status: DefinitionStatus = strawberry.field(description="In an ARCHIVED space nobody writes.")
    kinds: list[PostKind] = strawberry.field(description="The kinds of posts that it takes.")
    is_gated: bool = strawberry.field(description="Whether it is there for some members only.")
    viewer_may_read: bool = strawberry.field(description="Whether the caller reads its posts.")
    viewer_may_write: bool = strawberry.field(description="Whether the caller writes in it.")
    viewer_may_moderate: bool = strawberry.field(description="Whether the caller looks after it.")
    member_count: Long = batched(_member_counts, description="How many are in it.")
    post_count: Long | None = batched(
        _post_counts, description="How many posts are published in it; null for who does not read them."
    )

    @strawberry.field(description="The caller in it; null for who never joined or asked to.")
    def viewer_membership(self) -> SpaceMembership | None:
        found = self.rights.membership
        return SpaceMembership(model=found) if found is not None else None

    @strawberry.field(
        description="Who is in it, latest first, for who reads it; who waits or is barred, for who looks after it. Empty for "
        "others."
    )
    async def members(
        self,
        info: Info,
        state: Annotated[SpaceState, strawberry.argument(description="In which state.")] = SpaceState.ACTIVE,
        roles: Annotated[
            list[SpaceRole] | None,
            strawberry.argument(description="Only these roles, at most 3; any when not given."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[SpaceMembership]:
        page = await info.context.services.spaces.members_of(
            await info.context.viewer(),
            self.key,
            state,
            roles or (),
            window(first, after, last, before, of=SPACE_MEMBERS),
        )
        return connect(page, lambda one: SpaceMembership(model=one), SPACE_MEMBERS)


async def build_space(info: Info, rights: domain.SpaceRights) -> Space:
    """The GraphQL object of a space as the caller may know of it."""
    space = rights.space
    return Space(
        id=encode_id("Space", space.key),
        rights=rights,
        key=space.key,
        name=await label(info, space),
        description=await text(info, space.description),
        rules=await text(info, space.rules),
        access=space.access,
        admission=space.admits,
        status=DefinitionStatus(space.status.value),
        kinds=list(space.kinds),
        is_gated=space.is_gated,
        viewer_may_read=rights.reads,
        viewer_may_write=rights.writes,
        viewer_may_moderate=rights.moderates,
    )


async def space_of(info: Info, viewer: Viewer, key: str) -> Space | None:
    """The space of that key; None where it is not there for the viewer."""
    rights = viewer.rights.get(key)
    return await build_space(info, rights) if rights is not None else None
