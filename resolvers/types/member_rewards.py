"""The fields of a member that tell of their rewards."""

from typing import Annotated, Any

import strawberry

from gamification.members import model as domain
from gamification.members.service import require_private
from resolvers.context import Info
from resolvers.fields import batched
from resolvers.relay import After, Before, Connection, First, Last, connect, window
from resolvers.types.flash_sales import RESERVATIONS, Reservation
from resolvers.types.redemptions import REDEMPTIONS, Privilege, Redemption, RedemptionStatus
from resolvers.types.rewards import Reward, build_reward


async def _privileges(members: list[Any], info: Info) -> list[list[Privilege] | None]:
    found = await info.context.services.rewards.privileges(
        info.context.caller, [member.model for member in members]
    )
    shown = {key: [Privilege(model=one) for one in some] for key, some in found.items()}
    return [shown.get(member.model.id) for member in members]


async def _wishes(members: list[Any], info: Info) -> list[list[Reward] | None]:
    found = await info.context.services.rewards.wishes(
        info.context.caller, [member.model for member in members]
    )
    shown = {key: [await build_reward(info, one) for one in some] for key, some in found.items()}
    return [shown.get(member.model.id) for member in members]


@strawberry.type
class RewardFields:
    model: strawberry.Private[domain.Member]
    privileges: list[Privilege] | None = batched(
        _privileges,
        description="The privileges that they have, or will have: what other systems ask. The member, staff and services "
        "see them; null for others.",
    )
    wish_list: list[Reward] | None = batched(
        _wishes,
        description="The rewards that they wish for, those wished for first in front, at most 100. The member, staff and "
        "services see it; null for others.",
    )

    @strawberry.field(description="Redemptions, newest first. The member, staff and services see them.")
    async def redemptions(
        self,
        info: Info,
        status: Annotated[
            RedemptionStatus | None, strawberry.argument(description="Only of this status.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Redemption] | None:
        require_private(info.context.caller, self.model)
        page = await info.context.services.rewards.of_member(
            info.context.caller, self.model, status, window(first, after, last, before, of=REDEMPTIONS)
        )
        return connect(page, Redemption.of, REDEMPTIONS)

    @strawberry.field(
        description="What they reserved in flash sales, newest first. The member, staff and services see it."
    )
    async def reservations(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Reservation] | None:
        require_private(info.context.caller, self.model)
        page = await info.context.services.flash_sales.of_member(
            info.context.caller, self.model, window(first, after, last, before, of=RESERVATIONS)
        )
        return connect(page, lambda one: Reservation(model=one), RESERVATIONS)
