"""`leaderboardUpdated`: the page, the viewer's own place and the window around it, at each change of the board."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.live.followers import Follower
from resolvers.live.hub import LiveContext, hand_over, hub_of
from resolvers.live.seats import Watch
from resolvers.relay import check_page_size
from resolvers.types.board_arguments import check_around, check_group
from resolvers.types.leaderboard_updates import LeaderboardUpdate


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
        group: Annotated[
            str | None,
            strawberry.argument(description="The ranking of this group alone, on boards with groups."),
        ] = None,
    ) -> AsyncGenerator[LeaderboardUpdate, None]:
        watch = await _watch(info, key, first, around, group)
        context = info.context
        if isinstance(context, LiveContext) and hand_over(info._raw_info, context, watch):  # noqa: SLF001 - no other way
            return
        follower = Follower(watch)
        feed = hub_of(context.services).follow(context.services, follower)
        try:
            async for update in follower.updates():
                yield update
        finally:
            feed.remove(follower)


async def _watch(info: Info, key: str, first: int, around: int, group: str | None) -> Watch:
    """What is asked, where it may be. Raises: LimitExceeded, NotFound, InvalidInput, Forbidden for a banned member."""
    services, caller = info.context.services, info.context.caller
    check_page_size("first", first)
    check_around("around", around)
    board = await services.leaderboards.board(caller, key, await info.context.catalogue())
    if board is None:
        raise NotFound(f"There is no leaderboard {key[:100]!r}.", path=["key"])
    if group is not None:
        check_group(board, group)
    member = await services.members.me(caller)
    if member is not None:
        services.members.refuse_banned(member)
    return Watch(caller, member, key, first, around, group)
