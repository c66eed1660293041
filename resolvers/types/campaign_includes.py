"""What belongs to a campaign: each as the caller would find it by its own key."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import strawberry

from community.gatherings import reading
from gamification.programmes.definitions.campaigns import Includes
from resolvers.context import Info
from resolvers.relay import After, Before, Connection, First, Last, connect, window
from resolvers.types.draws import Draw, build_draw
from resolvers.types.flash_sales import FlashSale, build_sale
from resolvers.types.gatherings import COMING, Gathering
from resolvers.types.goals import Goal, build_goal
from resolvers.types.leaderboards import Leaderboard, build_board
from resolvers.types.rewards import Reward, build_reward
from resolvers.types.spaces import Space, space_of
from resolvers.types.tasks import Task, build_task

D = TypeVar("D")
T = TypeVar("T")


@strawberry.type(
    description="What belongs to a campaign, in file order. Each has its own times and conditions; what is not there for the caller is "
    "left out."
)
class CampaignIncludes:
    key: strawberry.Private[str]
    model: strawberry.Private[Includes]

    @strawberry.field(description="Tasks.")
    async def tasks(self, info: Info) -> list[Task]:
        return await _there(info, self.model.tasks, info.context.services.tasks.task, build_task)

    @strawberry.field(description="Rewards of the catalogue.")
    async def rewards(self, info: Info) -> list[Reward]:
        return await _there(info, self.model.rewards, info.context.services.rewards.reward, build_reward)

    @strawberry.field(description="Draws.")
    async def draws(self, info: Info) -> list[Draw]:
        return await _there(info, self.model.draws, info.context.services.lottery.draw, build_draw)

    @strawberry.field(description="Flash sales.")
    async def flash_sales(self, info: Info) -> list[FlashSale]:
        return await _there(info, self.model.flash_sales, info.context.services.flash_sales.sale, build_sale)

    @strawberry.field(description="Goals that are reached together.")
    async def goals(self, info: Info) -> list[Goal]:
        return await _there(info, self.model.goals, info.context.services.goals.goal, build_goal)

    @strawberry.field(description="Boards.")
    async def leaderboards(self, info: Info) -> list[Leaderboard]:
        return await _there(
            info, self.model.leaderboards, info.context.services.leaderboards.board, build_board
        )

    @strawberry.field(description="Spaces.")
    async def spaces(self, info: Info) -> list[Space]:
        viewer = await info.context.viewer()
        found = [await space_of(info, viewer, key) for key in self.model.spaces]
        return [one for one in found if one is not None]

    @strawberry.field(description="Gatherings that have not ended, the next first.")
    async def gatherings(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Gathering]:
        page = await info.context.services.gathering_reading.page(
            await info.context.viewer(),
            reading.GatheringFilter(campaign=self.key),
            info.context.services.now(),
            window(first, after, last, before, of=COMING),
        )
        info.context.loaders.gatherings.hold({one.id: one for one in page.rows})
        return connect(page, Gathering.of, COMING)


async def _there(
    info: Info,
    keys: Iterable[str],
    find: Callable[..., Awaitable[D | None]],
    build: Callable[[Info, D], Awaitable[T]],
) -> list[T]:
    """The objects of those keys that are there for the caller."""
    found = [await find(info.context.caller, key) for key in keys]
    return [await build(info, one) for one in found if one is not None]
