"""`causes`."""

import strawberry

from gamification.programmes.catalogue import published
from resolvers.context import Info
from resolvers.types.good_causes import GoodCause, build_cause


@strawberry.type
class GoodCauseQueries:
    @strawberry.field(description="The good causes that take points, in file order; at most 100.")
    async def causes(self, info: Info) -> list[GoodCause]:
        catalogue = await info.context.catalogue()
        return [await build_cause(info, cause) for cause in catalogue.document.causes if published(cause)]
