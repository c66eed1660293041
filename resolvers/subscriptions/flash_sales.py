"""`flashSaleUpdated`: what is left, now and whenever that changes."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from gamification.flashsale.admission import Sale
from gamification.flashsale.model import sale_state
from gamification.kit.errors import NotFound
from gamification.programmes.definitions import FlashSale as FlashSaleDefinition
from resolvers.context import Info
from resolvers.scalars import Long
from resolvers.types.flash_sales import FlashSaleUpdate, build_sale

_COALESCED_S = 0.2
_RECHECK_S = 5.0


@strawberry.type
class FlashSaleSubscriptions:
    @strawberry.subscription(
        description="How a flash sale stands, now and whenever that changes: at most one message in 200 ms, always the "
        "newest state."
    )
    async def flash_sale_updated(
        self, info: Info, key: Annotated[str, strawberry.argument(description="The sale's key.")]
    ) -> AsyncGenerator[FlashSaleUpdate, None]:
        services, caller = info.context.services, info.context.caller
        told: tuple[object, int, int] | None = None
        found = await _find(info, key)
        with services.doorbells.listening(Sale(caller.programme_id, found).bell) as bell:
            while True:
                found = await _find(info, key)
                left = (await services.flash_sales.left(caller, [key]))[key]
                state = sale_state(found, services.now())
                if (state, left, found.version) != told:
                    told = (state, left, found.version)
                    yield FlashSaleUpdate(sale=await build_sale(info, found), state=state, left=Long(left))
                # Rung while sleeping, it is there at once; without a ring a window may have opened or closed.
                await asyncio.sleep(_COALESCED_S)
                await bell.wait(_RECHECK_S)


async def _find(info: Info, key: str) -> FlashSaleDefinition:
    """The sale, where the caller may still see it. Raises: NotFound, Forbidden once they are banned."""
    services, caller = info.context.services, info.context.caller
    member = await services.members.me(caller)
    if member is not None:
        services.members.refuse_banned(member)
    found = await services.flash_sales.sale(caller, key)
    if found is None:
        raise NotFound(f"There is no flash sale {key[:100]!r}.", path=["key"])
    return found
