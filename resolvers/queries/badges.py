"""`badge`, `badges`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.queries.definitions import list_definitions
from resolvers.relay import After, Before, Connection, First, Last, Listing
from resolvers.types.badges import Badge, BadgeRepeat, build_badge
from resolvers.types.collections import Collection, build_collection
from resolvers.types.tasks import DefinitionStatus

BADGES = Listing("badges", (str,))
COLLECTIONS = Listing("collections", (str,))


@strawberry.input(description="Which badges to list.")
class BadgeFilter:
    status: DefinitionStatus | None = strawberry.field(
        default=None, description="Only badges of this status."
    )
    repeat: BadgeRepeat | None = strawberry.field(default=None, description="Only badges that repeat so.")


@strawberry.type
class BadgeQueries:
    @strawberry.field(description="A badge by key.")
    async def badge(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Its key in the programme file.")],
    ) -> Badge | None:
        hidden = await info.context.hidden_badges()
        found = await info.context.services.badges.badge(info.context.caller, key, hidden)
        return await build_badge(info, found) if found else None

    @strawberry.field(
        description="Every badge, in file order; archived ones too, and secret ones once you have them."
    )
    async def badges(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            BadgeFilter | None, strawberry.argument(description="All of them when not given.")
        ] = None,
    ) -> Connection[Badge]:
        wanted = filter or BadgeFilter()
        hidden = await info.context.hidden_badges()
        badges = [
            badge
            for badge in await info.context.services.badges.badges(info.context.caller, hidden)
            if wanted.status in (None, badge.status) and wanted.repeat in (None, badge.repeat)
        ]
        return await list_definitions(info, badges, build_badge, BADGES, first, after, last, before)

    @strawberry.field(description="A collection of badges by key.")
    async def collection(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Its key in the programme file.")],
    ) -> Collection | None:
        found = await info.context.services.badges.collection(info.context.caller, key)
        return await build_collection(info, found) if found else None

    @strawberry.field(description="Every collection of badges, in file order; archived ones too.")
    async def collections(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Collection]:
        found = await info.context.services.badges.collections(info.context.caller)
        return await list_definitions(info, found, build_collection, COLLECTIONS, first, after, last, before)
