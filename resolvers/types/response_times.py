"""How soon what comes is answered, over time."""

from datetime import datetime, timedelta

import strawberry

from community.response_times import model as domain
from gamification.insights.reports.slots import share
from resolvers.fields import of_model
from resolvers.scalars import Long
from resolvers.types.insight_periods import InsightPeriod, period

ResponseKind = domain.ResponseKind
strawberry.enum(
    ResponseKind,
    name="ResponseKind",
    description="CASES of moderation: until anybody acted on them. QUESTIONS that others see: until somebody else answered. "
    "COMPLAINTS: until staff answered.",
)


def _seconds(time: timedelta | None) -> float | None:
    return time.total_seconds() if time is not None else None


@strawberry.type(description="What came in a period, and how soon it was answered.")
class ResponsePoint:
    model: strawberry.Private[domain.ResponsePoint]

    @strawberry.field(description="Which period.")
    def period(self) -> InsightPeriod:
        return period(self.model.slot)

    @strawberry.field(description="How much came.")
    def came(self) -> Long:
        return Long(self.model.came)

    @strawberry.field(description="How much of it was answered until now.")
    def answered(self) -> Long:
        return Long(self.model.answered)

    @strawberry.field(description="Which share of it was; null where none came.")
    def answered_share(self) -> float | None:
        return share(self.model.answered, self.model.came)

    @strawberry.field(
        description="Half of what was answered was so within so many seconds; null where none was."
    )
    def median_seconds(self) -> float | None:
        return _seconds(self.model.median)

    @strawberry.field(description="Nine of ten were answered within so many seconds; null where none was.")
    def p90_seconds(self) -> float | None:
        return _seconds(self.model.most)


@strawberry.type(description="Response times over time.")
class ResponseInsight:
    model: strawberry.Private[domain.ResponseReport]
    as_of: datetime = of_model("as_of", description="When it was read.")

    @strawberry.field(description="A point for each period, in order.")
    def points(self) -> list[ResponsePoint]:
        return [ResponsePoint(model=one) for one in self.model.points]

    @strawberry.field(description="How much came in all.")
    def came(self) -> Long:
        return Long(self.model.came)

    @strawberry.field(description="How much of it was answered until now.")
    def answered(self) -> Long:
        return Long(self.model.answered)
