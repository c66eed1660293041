"""`liability`."""

from datetime import datetime
from typing import Annotated

import strawberry

from gamification.kit.errors import InvalidInput
from resolvers.context import Info
from resolvers.types.statements import UnitLiability


@strawberry.type
class LedgerQueries:
    @strawberry.field(
        description="What the programme owes its members, by unit in file order. For operators; null for others."
    )
    async def liability(
        self,
        info: Info,
        since: Annotated[
            datetime | None, strawberry.argument(description="Where `flow` begins, inclusive.")
        ] = None,
        until: Annotated[
            datetime | None,
            strawberry.argument(description="Where `flow` ends, exclusive; state both or none."),
        ] = None,
    ) -> list[UnitLiability] | None:
        if (since is None) != (until is None):
            raise InvalidInput("State both since and until, or neither.", path=["until"])
        if since is not None and until is not None and until <= since:
            raise InvalidInput("The time must end after it begins.", path=["until"])
        found = await info.context.services.ledger.liabilities(info.context.caller)
        return [UnitLiability.of(one, since, until) for one in found]
