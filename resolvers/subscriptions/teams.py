"""`leaderboardTeamsUpdated`: a board's teams, at each change."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated

import strawberry

from gamification.kit.errors import InvalidInput, NotFound
from gamification.leaderboards.model import BoardPeriod, Entry
from gamification.leaderboards.teams import teams_of
from gamification.programmes.definitions import Leaderboard
from resolvers.context import Info
from resolvers.relay import check_page_size
from resolvers.scalars import Long
from resolvers.types.leaderboards import LeaderboardPeriod
from resolvers.types.teams import LeaderboardTeams, TeamEntry

_RECHECK_S = 30.0
_SEASONS_S = 1.0


@strawberry.type(
    description="A board's teams as they are now. The newest one replaces all before; none needs to be applied."
)
class LeaderboardTeamsUpdate:
    period: LeaderboardPeriod = strawberry.field(description="The present period.")
    revision: Long = strawberry.field(description="Grows with every message.")
    size: Long = strawberry.field(description="How many teams are ranked.")
    entries: list[TeamEntry] = strawberry.field(description="The first places.")
    viewer: TeamEntry | None = strawberry.field(description="The place of the viewer's own team.")


@strawberry.type
class TeamSubscriptions:
    @strawberry.subscription(
        description="The first places of a board's teams and that of the viewer's own, now and whenever they change: at "
        "most one message in the board's coalescing time. When a period ends it goes on with the next."
    )
    async def leaderboard_teams_updated(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="The board's key.")],
        first: Annotated[int, strawberry.argument(description="How many places: 1 to 100.")] = 10,
    ) -> AsyncGenerator[LeaderboardTeamsUpdate, None]:
        check_page_size("first", first)
        await _refuse_banned(info)
        revision = 0
        while True:
            board, period = await _present(info, key)
            if period is None:
                await asyncio.sleep(_SEASONS_S)
                continue
            async for update in _updates(info, board, period, first):
                revision = max(revision + 1, update.revision)
                update.revision = Long(revision)
                yield update


async def _updates(
    info: Info, board: Leaderboard, period: BoardPeriod, first: int
) -> AsyncGenerator[LeaderboardTeamsUpdate, None]:
    """Each other than the one before, until the period ends, or the board is defined anew."""
    services = info.context.services
    sent: object = None
    with services.doorbells.listening(teams_of(period).doorbell) as bell:
        while not _is_over(period, services.now()):
            page = await services.leaderboards.team_page(board, period, 0, first)
            own = await _own(info, board, period)
            if (page.size, page.entries, own) != sent:
                sent = (page.size, page.entries, own)
                teams = LeaderboardTeams(board=board, period=period)
                yield LeaderboardTeamsUpdate(
                    period=LeaderboardPeriod.of(board, period),
                    revision=Long(page.revision),
                    size=Long(page.size),
                    entries=[teams.entry(entry) for entry in page.entries],
                    viewer=teams.entry(own) if own else None,
                )
            await asyncio.sleep(board.coalesce_ms / 1000)
            rung = await bell.wait(_rest_s(period, services.now()))
            await _refuse_banned(info)
            if not rung and (await _present(info, board.key))[0] != board:
                return


async def _own(info: Info, board: Leaderboard, period: BoardPeriod) -> Entry | None:
    services = info.context.services
    member = await services.members.me(info.context.caller)
    mine = await services.leaderboards.group_of(period, member) if member is not None else None
    if mine is None:
        return None
    return (await services.leaderboards.team_page(board, period, 0, 0, mine.group)).viewer


async def _present(info: Info, key: str) -> tuple[Leaderboard, BoardPeriod | None]:
    """The board and its present period. Raises: NotFound, InvalidInput for a board without teams."""
    services, caller = info.context.services, info.context.caller
    catalogue = await services.programmes.catalogue(caller.programme_id)
    board = await services.leaderboards.board(caller, key, catalogue)
    if board is None:
        raise NotFound(f"There is no leaderboard {key[:100]!r}.", path=["key"])
    if board.teams is None:
        raise InvalidInput(f"The board {key!r} ranks no teams.", path=["key"])
    return board, await services.leaderboards.period(caller, board, None, services.now(), catalogue)


async def _refuse_banned(info: Info) -> None:
    member = await info.context.services.members.me(info.context.caller)
    if member is not None:
        info.context.services.members.refuse_banned(member)


def _rest_s(period: BoardPeriod, now: datetime) -> float:
    if period.ends_at is None:
        return _RECHECK_S
    return max(0.001, min(_RECHECK_S, (period.ends_at - now).total_seconds()))


def _is_over(period: BoardPeriod, now: datetime) -> bool:
    return period.ends_at is not None and now >= period.ends_at
