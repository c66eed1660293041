"""`leaderboard`, `leaderboards`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.queries.definitions import list_definitions
from resolvers.relay import After, Before, Connection, First, Last, Listing
from resolvers.types.leaderboards import Leaderboard, build_board

BOARDS = Listing("leaderboards", (str,))


@strawberry.type
class LeaderboardQueries:
    @strawberry.field(description="A board by key.")
    async def leaderboard(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Its key in the programme file.")],
    ) -> Leaderboard | None:
        found = await info.context.services.leaderboards.board(
            info.context.caller, key, await info.context.catalogue()
        )
        return await build_board(info, found) if found else None

    @strawberry.field(description="Every board, in file order; archived ones too.")
    async def leaderboards(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Leaderboard]:
        boards = await info.context.services.leaderboards.boards(info.context.caller)
        return await list_definitions(info, boards, build_board, BOARDS, first, after, last, before)
