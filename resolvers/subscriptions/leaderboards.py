"""`leaderboardUpdated`: the page, the viewer's own place and the window around it, at each change of the board."""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import strawberry

from gamification.kit.errors import NotFound
from gamification.leaderboards.model import BoardPage, BoardPeriod
from gamification.leaderboards.service import Around
from gamification.members.model import Member
from gamification.programmes.definitions import Leaderboard
from resolvers.context import Info
from resolvers.relay import check_page_size
from resolvers.scalars import Long
from resolvers.types.leaderboards import LeaderboardEntry, LeaderboardPeriod, check_around, find_period

_RECHECK_S = 30.0
"""How often a quiet subscription looks whether its viewer may still watch and its period still runs."""


@strawberry.type(
    description="A board as it is now. The newest one replaces all before; none needs to be applied."
)
class LeaderboardUpdate:
    period: LeaderboardPeriod = strawberry.field(description="The present period.")
    revision: Long = strawberry.field(description="Grows with every change of the period; not dense.")
    entries: list[LeaderboardEntry] = strawberry.field(description="The first places.")
    viewer: LeaderboardEntry | None = strawberry.field(
        description="The viewer's own place, where they have one."
    )
    around: list[LeaderboardEntry] = strawberry.field(
        description="The window around the viewer, where asked for."
    )


@strawberry.type
class LeaderboardSubscriptions:
    @strawberry.subscription(
        description="A board's first places and the viewer's own, now and whenever they change: at most one message "
        "in the board's coalescing time (200 ms unless stated), always the newest state. When a period ends it "
        "goes on with the next."
    )
    async def leaderboard_updated(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="The board's key.")],
        first: Annotated[int, strawberry.argument(description="How many places: 1 to 100.")] = 10,
        around: Annotated[
            int, strawberry.argument(description="How many each side of the viewer: 0 to 50.")
        ] = 0,
    ) -> AsyncGenerator[LeaderboardUpdate, None]:
        services, caller = info.context.services, info.context.caller
        check_page_size("first", first)
        check_around("around", around)
        while True:
            board = await services.leaderboards.board(caller, key)
            if board is None:
                raise NotFound(f"There is no leaderboard {key[:100]!r}.", path=["key"])
            period = await find_period(info, board, None, services.now())
            if period is None:
                await asyncio.sleep(1)  # between seasons: the next one is awaited
                continue
            async for page in watch(info, board, period, first, around):
                yield _update(board, period, page)


async def watch(
    info: Info, board: Leaderboard, period: BoardPeriod, first: int, around: int
) -> AsyncGenerator[BoardPage, None]:
    """Pages of one period, each newer than the one before and other than it, until the period ends."""
    services = info.context.services
    viewer, viewer_read_at = await _viewer(info), time.monotonic()
    pause_s = board.coalesce_ms / 1000
    sent: tuple[object, ...] | None = None
    read_at, revision = 0.0, 0
    with services.doorbells.listening(f"{period.programme_id}|{period.board}|{period.key}") as bell:
        while True:
            await asyncio.sleep(max(0.0, read_at + pause_s - time.monotonic()))
            read_at = time.monotonic()
            if read_at - viewer_read_at > _RECHECK_S:
                viewer, viewer_read_at = await _viewer(info), read_at
            window = Around(around, around) if around and viewer else None
            page = await services.leaderboards.page(
                board, period, 0, first, viewer.id if viewer else None, window
            )
            state = (page.size, list(page.entries), page.viewer, list(page.around))
            if state != sent:
                sent = state
                # Redis and MongoDB go by different clocks; what a socket is sent never goes back.
                revision = max(page.revision, revision + 1)
                yield replace(page, revision=revision)
            while not await bell.wait(_wait_s(period, services.now())):
                if period.ends_at is not None and services.now() >= period.ends_at:
                    return
                viewer, viewer_read_at = await _viewer(info), time.monotonic()


async def _viewer(info: Info) -> Member | None:
    """The member who watches. Raises: Forbidden once they are banned."""
    member = await info.context.services.members.me(info.context.caller)
    if member is not None:
        info.context.services.members.refuse_banned(member)
    return member


def _wait_s(period: BoardPeriod, now: datetime) -> float:
    if period.ends_at is None:
        return _RECHECK_S
    return min(_RECHECK_S, max(0.01, (period.ends_at - now).total_seconds()))


def _update(board: Leaderboard, period: BoardPeriod, page: BoardPage) -> LeaderboardUpdate:
    return LeaderboardUpdate(
        period=LeaderboardPeriod.of(board, period),
        revision=Long(page.revision),
        entries=[LeaderboardEntry.of(entry) for entry in page.entries],
        viewer=LeaderboardEntry.of(page.viewer) if page.viewer else None,
        around=[LeaderboardEntry.of(entry) for entry in page.around],
    )
