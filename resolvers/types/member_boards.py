"""The fields of a member that tell of boards."""

from typing import Annotated

import strawberry

from gamification.kit.errors import InvalidInput
from gamification.leaderboards.service import LeaderboardService
from gamification.members import model as domain
from gamification.members.service import may_see_private, require_private
from resolvers.context import Info
from resolvers.relay import After, Before, Connection, First, Last, connect, window
from resolvers.types.board_arguments import find_period
from resolvers.types.final_standings import HISTORY, FinalStanding
from resolvers.types.leaderboards import LeaderboardAttempts, LeaderboardEntry

BoardPresence = domain.BoardPresence
strawberry.enum(
    BoardPresence,
    name="BoardPresence",
    description="NAMED: boards show the profile. PSEUDONYM: another name, and nothing that leads to the profile. "
    "ABSENT: no board shows them.",
)


@strawberry.type
class BoardFields:
    model: strawberry.Private[domain.Member]

    @strawberry.field(
        description="How boards show them, by their own choice. The member, staff and services see it."
    )
    def board_presence(self, info: Info) -> BoardPresence | None:
        require_private(info.context.caller, self.model)
        return self.model.presence

    @strawberry.field(
        description="The name by which boards show them, where that is not `displayName`. The member, staff and services see it."
    )
    def pseudonym(self, info: Info) -> str | None:
        require_private(info.context.caller, self.model)
        return self.model.pseudonym

    @strawberry.field(
        description="Their place on a board; null where they have none. Under a pseudonym the member, staff and "
        "services see it."
    )
    async def standing(
        self,
        info: Info,
        leaderboard: Annotated[str, strawberry.argument(description="The board's key.")],
        period: Annotated[
            str | None, strawberry.argument(description="Such as `2026-11`; else the present.")
        ] = None,
    ) -> LeaderboardEntry | None:
        boards: LeaderboardService = info.context.services.leaderboards
        board = await boards.board(info.context.caller, leaderboard, await info.context.catalogue())
        if board is None:
            raise InvalidInput(f"There is no leaderboard {leaderboard[:100]!r}.", path=["leaderboard"])
        found = await find_period(info, board, period, info.context.services.now())
        if found is None:
            return None
        entry = (await boards.page(board, found, 0, 0, self.model.id)).viewer
        if (
            entry
            and entry.member_id != self.model.id
            and not may_see_private(info.context.caller, self.model)
        ):
            return None
        return LeaderboardEntry.of(entry) if entry else None

    @strawberry.field(
        description="Their attempts in a period of a board; null where the board does not count them. The member, staff "
        "and services see them."
    )
    async def attempts(
        self,
        info: Info,
        leaderboard: Annotated[str, strawberry.argument(description="The board's key.")],
        period: Annotated[
            str | None, strawberry.argument(description="Such as `2026-11`; else the present.")
        ] = None,
    ) -> LeaderboardAttempts | None:
        require_private(info.context.caller, self.model)
        boards: LeaderboardService = info.context.services.leaderboards
        board = await boards.board(info.context.caller, leaderboard, await info.context.catalogue())
        if board is None:
            raise InvalidInput(f"There is no leaderboard {leaderboard[:100]!r}.", path=["leaderboard"])
        found = await find_period(info, board, period, info.context.services.now())
        if found is None or board.attempts is None:
            return None
        return LeaderboardAttempts.of(await boards.attempts(board, found, self.model))

    @strawberry.field(
        description="Their standings in periods that closed, newest first. The member, staff and services see them."
    )
    async def final_standings(
        self,
        info: Info,
        leaderboard: Annotated[str | None, strawberry.argument(description="Only this board's key.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[FinalStanding] | None:
        require_private(info.context.caller, self.model)
        page = await info.context.services.leaderboards.history(
            self.model, leaderboard, window(first, after, last, before, of=HISTORY)
        )
        return connect(page, FinalStanding.of, HISTORY)
