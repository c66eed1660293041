"""`tierLadder`, `tierLadders`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.types.tiers import TierLadder, build_ladder


@strawberry.type
class TierQueries:
    @strawberry.field(description="A ladder of tiers by key.")
    async def tier_ladder(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Its key in the programme file.")],
    ) -> TierLadder | None:
        ladders = await info.context.services.tiers.ladders(info.context.caller)
        found = next((ladder for ladder in ladders if ladder.key == key), None)
        return await build_ladder(info, found) if found else None

    @strawberry.field(description="Every ladder of tiers, in file order, at most 10; archived ones too.")
    async def tier_ladders(self, info: Info) -> list[TierLadder]:
        ladders = await info.context.services.tiers.ladders(info.context.caller)
        return [await build_ladder(info, ladder) for ladder in ladders]
