"""Activity and purchases over time."""

import strawberry

from gamification.insights.reports import activity as domain
from gamification.insights.reports.pictures import activity_chart
from resolvers.context import Info
from resolvers.fields import of_model
from resolvers.scalars import Long
from resolvers.types.annual_reports import ActivityCount
from resolvers.types.insight_periods import (
    InLanguage,
    InsightPeriod,
    InsightStanding,
    Width,
    drawn,
    period,
)


@strawberry.type(description="What members did and bought in a period.")
class ActivityPoint:
    model: strawberry.Private[domain.ActivityPoint]
    daily_mean: float = of_model(
        "daily_mean",
        description="Members active on a day, on average over the period's days; of the present one, over those until now.",
    )
    stickiness: float | None = of_model(
        "stickiness",
        description="Of a day: active_members divided by monthly_active_members. Of a week or month: daily_mean divided by "
        "active_members. Null where nobody was active.",
    )
    weekly_active_members: int | None = of_model(
        "weekly", description="Members active in the seven days that end with it; null of weeks and months."
    )
    monthly_active_members: int | None = of_model(
        "monthly", description="Members active in the thirty days that end with it; null of weeks and months."
    )
    mean_basket: float | None = of_model(
        "basket",
        description="spend divided by purchases, in the currency's smallest part; null where nothing was bought.",
    )
    spend_per_buyer: float | None = of_model(
        "per_buyer",
        description="spend divided by buyers, in the currency's smallest part; null where nobody bought.",
    )

    @strawberry.field(description="Which period.")
    def period(self) -> InsightPeriod:
        return period(self.model.slot)

    @strawberry.field(description="Members who did anything.")
    def active_members(self) -> Long:
        return Long(self.model.of("a"))

    @strawberry.field(description="Members who joined.")
    def new_members(self) -> Long:
        return Long(self.model.of("j"))

    @strawberry.field(description="How much was done that was not taken back.")
    def activities(self) -> Long:
        return Long(self.model.of("n"))

    @strawberry.field(description="How much of each type, the most frequent first; at most 50 types.")
    def by_type(self) -> list[ActivityCount]:
        found = list(self.model.by_type.items())[:50]
        return [ActivityCount(type=key, count=Long(count)) for key, count in found]

    @strawberry.field(description="Purchases: activity of types that say what was paid.")
    def purchases(self) -> Long:
        return Long(self.model.of("p"))

    @strawberry.field(description="Members who bought anything.")
    def buyers(self) -> Long:
        return Long(self.model.of("b"))

    @strawberry.field(description="Those of them who never had before.")
    def first_time_buyers(self) -> Long:
        return Long(self.model.of("f"))

    @strawberry.field(
        description="What was paid, in the currency's smallest part, as far as it was not refunded."
    )
    def spend(self) -> Long:
        return Long(self.model.of("s"))


@strawberry.type(description="What members did and bought in several periods that are over.")
class ActivitySummary:
    model: strawberry.Private[domain.ActivitySum]
    periods: int = of_model("periods", description="How many periods.")
    mean_active_members: float = of_model(
        "mean_active", description="Members active in one of them, on average."
    )
    mean_buyers: float = of_model("mean_buyers", description="Members who bought in one, on average.")
    mean_basket: float | None = of_model(
        "basket", description="spend divided by purchases; null where nothing was bought."
    )

    @strawberry.field(description="How much was done.")
    def activities(self) -> Long:
        return Long(self.model.activities)

    @strawberry.field(description="Members who joined.")
    def new_members(self) -> Long:
        return Long(self.model.joined)

    @strawberry.field(description="Purchases.")
    def purchases(self) -> Long:
        return Long(self.model.purchases)

    @strawberry.field(description="What was paid, in the currency's smallest part.")
    def spend(self) -> Long:
        return Long(self.model.spend)

    @strawberry.field(description="Members who bought for the first time.")
    def first_time_buyers(self) -> Long:
        return Long(self.model.first_buyers)


@strawberry.type(description="Activity and purchases over time.")
class ActivityInsight:
    model: strawberry.Private[domain.ActivityReport]

    @strawberry.field(description="How far it can be believed.")
    def standing(self) -> InsightStanding:
        return InsightStanding(model=self.model.made)

    @strawberry.field(description="A point for each period, in order.")
    def points(self) -> list[ActivityPoint]:
        return [ActivityPoint(model=one) for one in self.model.points]

    @strawberry.field(description="All periods that are over together; null where none is.")
    def total(self) -> ActivitySummary | None:
        return ActivitySummary(model=self.model.total) if self.model.total else None

    @strawberry.field(
        description="As many periods before the first one, to compare with; null where they reach back beyond what is known."
    )
    def previous(self) -> ActivitySummary | None:
        return ActivitySummary(model=self.model.before) if self.model.before else None

    @strawberry.field(
        description="Active members as SVG: of days with those of seven and thirty days; of weeks and months with buyers and new "
        "members."
    )
    async def chart(self, info: Info, width: Width = 720, language: InLanguage = None) -> str:
        return await drawn(info, activity_chart, self.model, width, language)
