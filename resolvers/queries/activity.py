"""`activity`."""

import strawberry

from resolvers.context import Info
from resolvers.types.activity import Activity


@strawberry.type
class ActivityQueries:
    @strawberry.field(description="An activity by the sender's name for it; for staff and services.")
    async def activity(self, info: Info, source: str, source_id: str) -> Activity | None:
        found = await info.context.services.activity.find(info.context.caller, source, source_id)
        return Activity.of(found) if found else None
