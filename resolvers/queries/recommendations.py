"""`recommendationOutcomes`, `recommendationRun`."""

from datetime import date
from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.types.recommendations import RecommendationOutcome, RecommendationRun


@strawberry.type
class RecommendationQueries:
    @strawberry.field(
        description="What came of what members were shown, by day, kind and reason. The last 7 days still grow. For operators and "
        "services."
    )
    async def recommendation_outcomes(
        self,
        info: Info,
        since: Annotated[date, strawberry.argument(description="The first day, in UTC.")],
        until: Annotated[
            date, strawberry.argument(description="The last day, in UTC; at most 366 days after the first.")
        ],
    ) -> list[RecommendationOutcome]:
        found = await info.context.services.recommendations.service.outcomes(
            info.context.caller, since, until
        )
        return [RecommendationOutcome(model=one) for one in found]

    @strawberry.field(
        description="When was learnt last what members like, and how well it would have done. For operators and services."
    )
    async def recommendation_run(self, info: Info) -> RecommendationRun:
        return RecommendationRun(
            model=await info.context.services.recommendations.service.run(info.context.caller)
        )
