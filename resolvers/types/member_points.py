"""The fields of a member that tell of their points."""

from datetime import datetime
from typing import Annotated

import strawberry

from gamification.members import model as domain
from gamification.members.service import require_private
from resolvers.context import Info
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, window
from resolvers.types.holds import Hold, HoldState
from resolvers.types.ledger import Balance, Transfer
from resolvers.types.statements import StatementBasis, StatementCycle, StatementLine

HOLDS = Listing("holds", (int,))
TRANSFERS = Listing("transfers", (int, int))


@strawberry.type
class PointFields:
    model: strawberry.Private[domain.Member]

    @strawberry.field(description="Every unit's balance. The member, staff and services see it.")
    async def balances(self, info: Info) -> list[Balance] | None:
        require_private(info.context.caller, self.model)
        return [Balance.of(balance) for balance in await info.context.loaders.balances.load(self.model)]

    @strawberry.field(
        description="One unit's balance, now or as it was. The member, staff and services see it."
    )
    async def balance(
        self,
        info: Info,
        unit: Annotated[str, strawberry.argument(description="The unit's key.")],
        as_of: Annotated[datetime | None, strawberry.argument(description="A past instant.")] = None,
    ) -> Balance | None:
        require_private(info.context.caller, self.model)
        if as_of is not None:
            catalogue = await info.context.catalogue()
            if unit not in catalogue.units:
                return None
            found = await info.context.services.ledger.balance_as_of(
                info.context.caller, self.model, unit, as_of
            )
            return Balance.of(found) if found else None
        balances = await info.context.loaders.balances.load(self.model)
        return next((Balance.of(balance) for balance in balances if balance.unit == unit), None)

    @strawberry.field(description="Transfers, newest first. The member, staff and services see them.")
    async def ledger(
        self,
        info: Info,
        unit: Annotated[str | None, strawberry.argument(description="Only this unit's key.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Transfer] | None:
        require_private(info.context.caller, self.model)
        listing = TRANSFERS if unit is None else Listing(f"transfers of {unit}", (int,))
        page = await info.context.services.ledger.page(
            info.context.caller, self.model, unit, window(first, after, last, before, of=listing)
        )
        return connect(page, Transfer.of, listing)

    @strawberry.field(description="Points set aside, newest first. The member, staff and services see them.")
    async def holds(
        self,
        info: Info,
        state: Annotated[
            HoldState | None, strawberry.argument(description="Only those; all when not given.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Hold] | None:
        require_private(info.context.caller, self.model)
        page = await info.context.services.holds.page(
            info.context.caller, self.model, state, window(first, after, last, before, of=HOLDS)
        )
        return connect(page, Hold.of, HOLDS)

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
        require_private(info.context.caller, self.model)
        if unit not in (await info.context.catalogue()).units:
            return None
        services = info.context.services
        found = await services.ledger.statement(
            info.context.caller, self.model, unit, cycle, from_, through, by, services.now()
        )
        return [StatementLine.of(line) for line in found]
