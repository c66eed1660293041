"""Retention, churn, the lifecycle and repurchase over time."""

from typing import Annotated

import strawberry

from gamification.insights.reports import returning as domain
from gamification.insights.reports.pictures import (
    churn_chart,
    lifecycle_chart,
    repurchase_chart,
    retention_chart,
)
from gamification.insights.reports.slots import share
from resolvers.context import Info
from resolvers.fields import of_model
from resolvers.scalars import Long
from resolvers.types.insight_periods import (
    InLanguage,
    InsightPeriod,
    InsightStanding,
    Width,
    drawn,
    period,
)
from resolvers.types.member_segments import LifecycleStage

CohortKind = domain.CohortKind
strawberry.enum(
    CohortKind,
    name="CohortKind",
    description="By what members are put together. JOINED: when they joined. FIRST_PURCHASE: when they first bought.",
)
ChurnOf = domain.ChurnOf
strawberry.enum(
    ChurnOf, name="ChurnOf", description="ACTIVE: of those who do anything. BUYING: of those who buy."
)


@strawberry.type(description="A cohort some periods later.")
class RetentionCell:
    model: strawberry.Private[domain.RetentionCell]
    size: strawberry.Private[int]
    later: int = of_model("later", description="How many periods later; 0 is the one that it began in.")
    is_complete: bool = of_model("is_complete", description="Whether that period is over.")

    @strawberry.field(description="How many of the cohort did anything in it.")
    def active(self) -> Long:
        return Long(self.model.active)

    @strawberry.field(description="How many bought anything in it.")
    def buying(self) -> Long:
        return Long(self.model.buying)

    @strawberry.field(description="active divided by the cohort's size, 0 to 1; null where it has nobody.")
    def active_share(self) -> float | None:
        return share(self.model.active, self.size)

    @strawberry.field(description="buying divided by the cohort's size, 0 to 1; null where it has nobody.")
    def buying_share(self) -> float | None:
        return share(self.model.buying, self.size)


@strawberry.type(description="Members who began in the same period.")
class RetentionCohort:
    model: strawberry.Private[domain.RetentionRow]

    @strawberry.field(description="In which period.")
    def period(self) -> InsightPeriod:
        return period(self.model.slot)

    @strawberry.field(description="How many.")
    def size(self) -> Long:
        return Long(self.model.size)

    @strawberry.field(
        description="A cell for each period that has begun since, from the one that it began in."
    )
    def cells(self) -> list[RetentionCell]:
        return [RetentionCell(model=one, size=self.model.size) for one in self.model.cells]


@strawberry.type(description="Which share of those who began together came back.")
class RetentionInsight:
    model: strawberry.Private[domain.RetentionReport]

    @strawberry.field(description="How far it can be believed.")
    def standing(self) -> InsightStanding:
        return InsightStanding(model=self.model.made)

    @strawberry.field(description="The cohorts, in order.")
    def cohorts(self) -> list[RetentionCohort]:
        return [RetentionCohort(model=one) for one in self.model.rows]

    @strawberry.field(description="As SVG, a row for each cohort; periods that are not over are left out.")
    async def chart(
        self,
        info: Info,
        width: Width = 720,
        language: InLanguage = None,
        buying: Annotated[
            bool, strawberry.argument(description="Who bought, in the place of who did anything.")
        ] = False,
    ) -> str:
        return await drawn(info, retention_chart, self.model, width, language, buying=buying)


@strawberry.type(description="How many of a period's members did not come in the one after it.")
class ChurnPoint:
    model: strawberry.Private[domain.ChurnPoint]
    kept: int | None = of_model(
        "kept", description="How many were there in the period after too; null until that is over."
    )
    lost: int | None = of_model("lost", description="How many were not; null until that is over.")
    rate: float | None = of_model(
        "rate",
        description="lost divided by members, 0 to 1; null until the period after is over, and where there was nobody.",
    )

    @strawberry.field(description="Which period.")
    def period(self) -> InsightPeriod:
        return period(self.model.slot)

    @strawberry.field(description="Members who were there in it.")
    def members(self) -> Long:
        return Long(self.model.members)


@strawberry.type(description="Who stays away, over time.")
class ChurnInsight:
    model: strawberry.Private[domain.ChurnReport]

    @strawberry.field(description="How far it can be believed.")
    def standing(self) -> InsightStanding:
        return InsightStanding(model=self.model.made)

    @strawberry.field(description="A point for each period, in order.")
    def points(self) -> list[ChurnPoint]:
        return [ChurnPoint(model=one) for one in self.model.points]

    @strawberry.field(description="The rate as SVG.")
    async def chart(self, info: Info, width: Width = 720, language: InLanguage = None) -> str:
        return await drawn(info, churn_chart, self.model, width, language)


@strawberry.type(description="How many members are in a stage.")
class StageCount:
    stage: LifecycleStage = strawberry.field(description="Which stage.")
    members: Long = strawberry.field(description="How many members, without those who were erased by then.")


@strawberry.type(description="Members by stage as a period ended; of the present one, today.")
class LifecyclePoint:
    model: strawberry.Private[domain.LifecyclePoint]

    @strawberry.field(description="Which period.")
    def period(self) -> InsightPeriod:
        return period(self.model.slot)

    @strawberry.field(description="Every stage.")
    def stages(self) -> list[StageCount]:
        return [StageCount(stage=stage, members=Long(count)) for stage, count in self.model.stages.items()]


@strawberry.type(
    description="Where members stand with the programme over time, by what is known now: what is told late or taken back changes the "
    "past too."
)
class LifecycleInsight:
    model: strawberry.Private[domain.LifecycleReport]

    @strawberry.field(description="How far it can be believed.")
    def standing(self) -> InsightStanding:
        return InsightStanding(model=self.model.made)

    @strawberry.field(description="A point for each period, in order.")
    def points(self) -> list[LifecyclePoint]:
        return [LifecyclePoint(model=one) for one in self.model.points]

    @strawberry.field(description="Members by stage, as SVG.")
    async def chart(self, info: Info, width: Width = 720, language: InLanguage = None) -> str:
        return await drawn(info, lifecycle_chart, self.model, width, language)


@strawberry.type(description="Who bought again.")
class RepurchasePoint:
    model: strawberry.Private[domain.RepurchasePoint]
    repeat_rate: float | None = of_model(
        "repeat_rate", description="repeat_buyers divided by buyers, 0 to 1; null where nobody bought."
    )
    again_rate: float | None = of_model(
        "again_rate",
        description="again divided by the buyers of the period before, 0 to 1; null where there were none.",
    )

    @strawberry.field(description="Which period.")
    def period(self) -> InsightPeriod:
        return period(self.model.slot)

    @strawberry.field(description="Members who bought anything in it.")
    def buyers(self) -> Long:
        return Long(self.model.buyers)

    @strawberry.field(description="Those of them who bought more than once in it.")
    def repeat_buyers(self) -> Long:
        return Long(self.model.repeat)

    @strawberry.field(description="Those of them who had bought before it.")
    def returning_buyers(self) -> Long:
        return Long(self.model.returning)

    @strawberry.field(description="Those of them who had bought in the period before.")
    def again(self) -> Long:
        return Long(self.model.again)


@strawberry.type(description="Days between a purchase day of a member and the one before it.")
class PurchaseGaps:
    model: strawberry.Private[domain.Gaps]
    mean_days: float | None = of_model("mean", description="On average; null where nobody bought twice.")
    median_days: int | None = of_model("median", description="Half of them are so long at most.")
    p90_days: int | None = of_model("most", description="Nine of ten are so long at most.")

    @strawberry.field(description="How many times somebody bought again on a later day.")
    def count(self) -> Long:
        return Long(self.model.count)


@strawberry.type(description="Who buys again, and how soon.")
class RepurchaseInsight:
    model: strawberry.Private[domain.RepurchaseReport]

    @strawberry.field(description="How far it can be believed.")
    def standing(self) -> InsightStanding:
        return InsightStanding(model=self.model.made)

    @strawberry.field(description="A point for each period, in order.")
    def points(self) -> list[RepurchasePoint]:
        return [RepurchasePoint(model=one) for one in self.model.points]

    @strawberry.field(
        description="The time since the purchase day before, of purchase days in the months that the periods lie in."
    )
    def gaps(self) -> PurchaseGaps:
        return PurchaseGaps(model=self.model.gaps)

    @strawberry.field(description="Both rates, as SVG.")
    async def chart(self, info: Info, width: Width = 720, language: InLanguage = None) -> str:
        return await drawn(info, repurchase_chart, self.model, width, language)
