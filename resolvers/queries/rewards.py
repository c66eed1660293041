"""`reward`, `rewards`, `redemptions`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.queries.definitions import list_definitions
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, window
from resolvers.types.redemptions import REDEMPTIONS, Redemption, RedemptionStatus
from resolvers.types.rewards import Reward, RewardKind, affords, build_reward, spendable
from resolvers.types.tasks import DefinitionStatus

REWARDS = Listing("rewards", (str,))


@strawberry.input(description="Which rewards to list.")
class RewardFilter:
    status: DefinitionStatus | None = strawberry.field(
        default=None, description="Only rewards of this status."
    )
    kind: RewardKind | None = strawberry.field(default=None, description="Only rewards of this kind.")
    affordable: bool = strawberry.field(
        default=False,
        description="Only those for which the member who asks has enough points; for others none.",
    )
    open: bool = strawberry.field(
        default=False, description="Only those that can be redeemed now, by their schedule."
    )


@strawberry.type
class RewardQueries:
    @strawberry.field(description="A reward by key.")
    async def reward(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Its key in the programme file.")],
    ) -> Reward | None:
        found = await info.context.services.rewards.reward(info.context.caller, key)
        return await build_reward(info, found) if found else None

    @strawberry.field(description="Every reward, in file order; archived ones too.")
    async def rewards(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            RewardFilter | None, strawberry.argument(description="All of them when not given.")
        ] = None,
    ) -> Connection[Reward]:
        wanted, services = filter or RewardFilter(), info.context.services
        rewards = [
            reward
            for reward in await services.rewards.rewards(info.context.caller)
            if wanted.status in (None, reward.status)
            and (wanted.kind is None or wanted.kind.value == reward.kind)
            and (not wanted.open or (reward.redeemable and reward.is_open(services.now())))
        ]
        if wanted.affordable:
            balances = await spendable(info)
            rewards = [one for one in rewards if balances is not None and affords(balances, one)]
        return await list_definitions(info, rewards, build_reward, REWARDS, first, after, last, before)

    @strawberry.field(
        description="Everybody's redemptions of a status, newest first: the queue of those who fulfil them. For operators "
        "and services."
    )
    async def redemptions(
        self,
        info: Info,
        status: Annotated[RedemptionStatus, strawberry.argument(description="Such as PENDING.")],
        reward: Annotated[str | None, strawberry.argument(description="Only of this reward's key.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Redemption]:
        page = await info.context.services.rewards.with_status(
            info.context.caller, status, reward, window(first, after, last, before, of=REDEMPTIONS)
        )
        return connect(page, Redemption.of, REDEMPTIONS)
