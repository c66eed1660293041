"""The fields of a member that tell of their tiers."""

from typing import Annotated

import strawberry

from gamification.members import model as domain
from gamification.members.service import require_private
from resolvers.context import Info
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, window
from resolvers.types.tiers import TIER_CHANGES, MemberTier, TierChange, TierForecast

LadderKey = Annotated[str | None, strawberry.argument(description="The ladder's key; else the first.")]


@strawberry.type
class TierFields:
    model: strawberry.Private[domain.Member]

    @strawberry.field(
        description="Their tier on a ladder; null where there is no such ladder. The member, staff and services see it."
    )
    async def tier(self, info: Info, ladder: LadderKey = None) -> MemberTier | None:
        require_private(info.context.caller, self.model)
        standings = await info.context.loaders.tier_standings.load(self.model)
        found = next((one for one in standings if ladder in (None, one.ladder.key)), None)
        return MemberTier.of(found) if found else None

    @strawberry.field(
        description="Their tiers on every ladder, at most 10. The member, staff and services see them."
    )
    async def tiers(self, info: Info) -> list[MemberTier] | None:
        require_private(info.context.caller, self.model)
        return [MemberTier.of(found) for found in await info.context.loaders.tier_standings.load(self.model)]

    @strawberry.field(
        description="Each change of their tiers, newest first. The member, staff and services see them."
    )
    async def tier_history(
        self,
        info: Info,
        ladder: Annotated[str | None, strawberry.argument(description="Only this ladder's key.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[TierChange] | None:
        require_private(info.context.caller, self.model)
        listing = TIER_CHANGES if ladder is None else Listing(f"tiers of {ladder}", TIER_CHANGES.kinds)
        page = await info.context.services.tiers.history(
            info.context.caller, self.model, ladder, window(first, after, last, before, of=listing)
        )
        return connect(page, TierChange.of, listing)

    @strawberry.field(
        description="What is missing to keep their tier and to rise, and by when; null where there is no such ladder. The "
        "member, staff and services see it."
    )
    async def tier_forecast(self, info: Info, ladder: LadderKey = None) -> TierForecast | None:
        require_private(info.context.caller, self.model)
        catalogue = await info.context.catalogue()
        found = await info.context.services.tiers.forecast(info.context.caller, self.model, ladder)
        return TierForecast.of(catalogue.ladders[found.ladder], found) if found else None
