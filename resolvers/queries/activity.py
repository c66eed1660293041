"""`activity`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.types.activity import Activity


@strawberry.type
class ActivityQueries:
    @strawberry.field(description="An activity by the sender's name for it; for staff and services.")
    async def activity(
        self,
        info: Info,
        source: Annotated[str, strawberry.argument(description="The system that stated it.")],
        source_id: Annotated[str, strawberry.argument(description="Its id there.")],
    ) -> Activity | None:
        found = await info.context.services.activity.find(info.context.caller, source, source_id)
        return Activity.of(found) if found else None
