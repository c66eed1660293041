"""`badgeBackfills`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.types.backfills import BadgeBackfill


@strawberry.type
class BackfillQueries:
    @strawberry.field(
        description="The latest 20 backfills of a badge, newest first; for operators, null for others."
    )
    async def badge_backfills(
        self,
        info: Info,
        badge: Annotated[str, strawberry.argument(description="The badge's key.")],
    ) -> list[BadgeBackfill] | None:
        found = await info.context.services.backfills.of_badge(info.context.caller, badge)
        return [BadgeBackfill(model=one) for one in found]
