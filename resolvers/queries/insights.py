"""`insights`."""

from datetime import date
from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.types.customer_value import CustomerBase
from resolvers.types.insight_activity import ActivityInsight
from resolvers.types.insight_periods import From, InsightPeriodLength, InsightStanding, Length, To
from resolvers.types.insight_points import EconomyInsight, ParticipationInsight, ReferralInsight
from resolvers.types.insight_returning import (
    ChurnInsight,
    ChurnOf,
    CohortKind,
    LifecycleInsight,
    RepurchaseInsight,
    RetentionInsight,
)
from resolvers.types.response_times import ResponseInsight, ResponseKind

_DAY = InsightPeriodLength.DAY
_MONTH = InsightPeriodLength.MONTH


@strawberry.type(
    description="Reports over time, by days of the programme's zone. Each is null until the programme's activity was added up for the "
    "first time, which takes a worker a minute."
)
class Insights:
    @strawberry.field(description="How far reports can be believed; null before the first.")
    async def standing(self, info: Info) -> InsightStanding | None:
        found = await info.context.services.reports.standing(info.context.caller)
        return InsightStanding(model=found) if found else None

    @strawberry.field(description="The programme's day.")
    async def today(self, info: Info) -> date:
        return await info.context.services.reports.today(info.context.caller)

    @strawberry.field(description="Who is active and buys, how many are new, and what they do.")
    async def activity(self, info: Info, since: From, to: To, by: Length = _DAY) -> ActivityInsight | None:
        found = await info.context.services.reports.activity(info.context.caller, by, since, to)
        return ActivityInsight(model=found) if found else None

    @strawberry.field(description="Which share of those who began together came back.")
    async def retention(
        self,
        info: Info,
        since: From,
        to: To,
        by: Annotated[
            InsightPeriodLength, strawberry.argument(description="WEEK or MONTH; at most 53 cohorts.")
        ] = _MONTH,
        kind: Annotated[
            CohortKind, strawberry.argument(description="By what members are put together.")
        ] = CohortKind.JOINED,
        periods: Annotated[
            int,
            strawberry.argument(description="How many periods of each cohort, its first one too; 1 to 53."),
        ] = 12,
    ) -> RetentionInsight | None:
        found = await info.context.services.reports.retention(
            info.context.caller, kind, by, since, to, periods
        )
        return RetentionInsight(model=found) if found else None

    @strawberry.field(description="Which share of a period's members did not come in the one after it.")
    async def churn(
        self,
        info: Info,
        since: From,
        to: To,
        by: Length = _MONTH,
        of: Annotated[ChurnOf, strawberry.argument(description="Of whom.")] = ChurnOf.ACTIVE,
    ) -> ChurnInsight | None:
        found = await info.context.services.reports.churn(info.context.caller, of, by, since, to)
        return ChurnInsight(model=found) if found else None

    @strawberry.field(description="How many members are in which stage of the lifecycle.")
    async def lifecycle(
        self, info: Info, since: From, to: To, by: Length = _MONTH
    ) -> LifecycleInsight | None:
        found = await info.context.services.reports.lifecycle(info.context.caller, by, since, to)
        return LifecycleInsight(model=found) if found else None

    @strawberry.field(description="Who buys again, and how soon.")
    async def repurchase(
        self, info: Info, since: From, to: To, by: Length = _MONTH
    ) -> RepurchaseInsight | None:
        found = await info.context.services.reports.repurchase(info.context.caller, by, since, to)
        return RepurchaseInsight(model=found) if found else None

    @strawberry.field(description="Which share of each tier takes part, by month, against its target.")
    async def participation(
        self,
        info: Info,
        ladder: Annotated[str, strawberry.argument(description="A ladder's key.")],
        since: From,
        to: To,
    ) -> ParticipationInsight | None:
        found = await info.context.services.reports.participation(info.context.caller, ladder, since, to)
        return ParticipationInsight(model=found) if found else None

    @strawberry.field(description="What was given of a unit's points, and what became of it.")
    async def economy(
        self,
        info: Info,
        unit: Annotated[str, strawberry.argument(description="A unit's key.")],
        since: From,
        to: To,
        by: Length = _DAY,
    ) -> EconomyInsight | None:
        found = await info.context.services.reports.economy(info.context.caller, unit, by, since, to)
        return EconomyInsight(model=found) if found else None

    @strawberry.field(description="What became of the codes of an offer, by when they were used.")
    async def referrals(
        self,
        info: Info,
        offer: Annotated[str, strawberry.argument(description="An offer's key.")],
        since: From,
        to: To,
        by: Length = _MONTH,
    ) -> ReferralInsight | None:
        found = await info.context.services.reports.referrals(info.context.caller, offer, by, since, to)
        return ReferralInsight(model=found) if found else None

    @strawberry.field(
        description="How soon cases, questions and complaints were answered, by when they came."
    )
    async def response_times(
        self,
        info: Info,
        of: Annotated[ResponseKind, strawberry.argument(description="Of what.")],
        since: From,
        to: To,
        by: Length = InsightPeriodLength.WEEK,
    ) -> ResponseInsight:
        found = await info.context.services.response_times.report(info.context.caller, of, by, since, to)
        return ResponseInsight(model=found)

    @strawberry.field(
        description="What all customers will still bring, by models fitted once a week; null before the first."
    )
    async def customer_base(self, info: Info) -> CustomerBase | None:
        found = await info.context.services.values.fit(info.context.caller)
        return CustomerBase(model=found) if found else None


@strawberry.type
class InsightQueries:
    @strawberry.field(description="Reports over time. For operators and services.")
    async def insights(self, info: Info) -> Insights:
        await info.context.services.reports.today(info.context.caller)  # denied as a whole
        return Insights()
