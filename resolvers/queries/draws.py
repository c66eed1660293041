"""`draw`, `draws`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.queries.definitions import list_definitions
from resolvers.relay import After, Before, Connection, First, Last, Listing
from resolvers.types.draws import Draw, build_draw

DRAWS = Listing("draws", (str,))


@strawberry.type
class DrawQueries:
    @strawberry.field(description="A draw by key.")
    async def draw(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Its key in the programme file.")],
    ) -> Draw | None:
        found = await info.context.services.lottery.draw(info.context.caller, key)
        return await build_draw(info, found) if found else None

    @strawberry.field(description="Every draw, in file order; archived ones too.")
    async def draws(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Draw]:
        found = await info.context.services.lottery.draws(info.context.caller)
        return await list_definitions(info, found, build_draw, DRAWS, first, after, last, before)
