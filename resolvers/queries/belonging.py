"""`belonging`, `belongingTrend`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.types.belonging import BelongingIndex, BelongingTrend, Months, Period, exactly, indices

Segment = Annotated[
    str | None, strawberry.argument(description="A segment's key; the whole programme when not given.")
]


@strawberry.type
class BelongingQueries:
    @strawberry.field(
        description="How much members feel that they belong, in a month; null where it was not added up. For operators and services."
    )
    async def belonging(
        self, info: Info, period: Period = None, segment: Segment = None
    ) -> BelongingIndex | None:
        service = info.context.services.belonging
        return exactly(await service.months(info.context.caller, segment, period, 2), period)

    @strawberry.field(description="The same over months. For operators and services.")
    async def belonging_trend(self, info: Info, segment: Segment = None, last: Months = 12) -> BelongingTrend:
        service = info.context.services.belonging
        found = await service.months(info.context.caller, segment, None, last)
        return BelongingTrend(found=found, months=indices(found))
