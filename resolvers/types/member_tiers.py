"""The fields of a member that tell of their tiers and statements."""

from typing import Annotated

import strawberry

from gamification.kit.actors import Permission
from gamification.kit.errors import Forbidden
from gamification.members import model as domain
from gamification.members.service import may_see_private
from resolvers.context import Info
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, window
from resolvers.types.statements import StatementBasis, StatementCycle, StatementLine
from resolvers.types.tiers import TIER_CHANGES, MemberTier, TierChange, TierForecast

LadderKey = Annotated[str | None, strawberry.argument(description="The ladder's key; else the first.")]


@strawberry.type
class StatementFields:
    model: strawberry.Private[domain.Member]

    @strawberry.field(
        description="One unit's account by month or year, in order and in the programme's zone; null where there is no "
        "such unit. The member, staff and services see it."
    )
    async def statement(
        self,
        info: Info,
        unit: Annotated[str, strawberry.argument(description="The unit's key.")],
        cycle: Annotated[
            StatementCycle, strawberry.argument(description="How long a line is.")
        ] = StatementCycle.MONTHLY,
        from_: Annotated[
            str | None,
            strawberry.argument(
                name="from",
                description="The first period, such as `2026-01` or `2026`; else there are twelve. At most 60 are taken.",
            ),
        ] = None,
        through: Annotated[
            str | None, strawberry.argument(description="The last period; else the present one.")
        ] = None,
        by: Annotated[
            StatementBasis,
            strawberry.argument(description="By which instant an entry belongs to a period."),
        ] = StatementBasis.OCCURRED,
    ) -> list[StatementLine] | None:
        _private(self.model, info)
        if unit not in (await info.context.catalogue()).units:
            return None
        services = info.context.services
        found = await services.ledger.statement(
            info.context.caller, self.model, unit, cycle, from_, through, by, services.now()
        )
        return [StatementLine.of(line) for line in found]


@strawberry.type
class TierFields:
    model: strawberry.Private[domain.Member]

    @strawberry.field(
        description="Their tier on a ladder; null where there is no such ladder. The member, staff and services see it."
    )
    async def tier(self, info: Info, ladder: LadderKey = None) -> MemberTier | None:
        _private(self.model, info)
        standings = await info.context.loaders.tier_standings.load(self.model)
        found = next((one for one in standings if ladder in (None, one.ladder.key)), None)
        return MemberTier.of(found) if found else None

    @strawberry.field(
        description="Their tiers on every ladder, at most 10. The member, staff and services see them."
    )
    async def tiers(self, info: Info) -> list[MemberTier] | None:
        _private(self.model, info)
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
        _private(self.model, info)
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
        _private(self.model, info)
        catalogue = await info.context.catalogue()
        found = await info.context.services.tiers.forecast(info.context.caller, self.model, ladder)
        return TierForecast.of(catalogue.ladders[found.ladder], found) if found else None


def _private(member: domain.Member, info: Info) -> None:
    """Raises: Forbidden for who may not read what is the member's own."""
    if not may_see_private(info.context.caller, member):
        raise Forbidden(f"This is the member's own; it takes {Permission.MEMBERS_READ_PRIVATE}.")
