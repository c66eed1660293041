"""The belonging index of a programme, a segment or a member."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from community.belonging import drawing, index
from community.belonging import model as domain
from community.belonging.service import month_earlier
from gamification.members import model as members
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import of_model
from resolvers.scalars import Long
from resolvers.types.insight_periods import InLanguage, Width, drawn

BelongingConfidence = domain.Confidence
strawberry.enum(
    BelongingConfidence,
    name="BelongingConfidence",
    description="How far a figure is to be trusted. HIGH: three quarters of the weight are known, and a group's margin is 5 points at "
    "most, or of a member 20 things were observed. MEDIUM: half, and 10 points or 5 things. LOW: less.",
)
BelongingDimensionKind = definitions.BelongingDimension
strawberry.enum(
    BelongingDimensionKind,
    name="BelongingDimensionKind",
    description="What members do, what they feel, and what they know.",
)
BelongingIndicatorKind = definitions.BelongingIndicator
strawberry.enum(
    BelongingIndicatorKind,
    name="BelongingIndicatorKind",
    description="The twelve indicators, four of each dimension.",
)
Period = Annotated[
    str | None,
    strawberry.argument(description="A month that is over, such as `2026-11`; the last one when not given."),
]
Months = Annotated[int, strawberry.argument(description="How many months at most, 1 to 36.")]


@strawberry.type(description="A tier's members in a month.")
class BelongingTier:
    model: strawberry.Private[domain.TierShare]
    tier: str | None = of_model("tier", description="Its key; null for those who hold none.")
    target: float | None = of_model(
        "target", description="Which share should be active, in percent; null where none is stated."
    )

    @strawberry.field(description="Who held it when the month was added up.")
    def members(self) -> Long:
        return Long(self.model.members)

    @strawberry.field(description="Those of them who were active in the month.")
    def active(self) -> Long:
        return Long(self.model.active)


@strawberry.type(description="One of the twelve indicators.")
class BelongingIndicator:
    kind: BelongingIndicatorKind = strawberry.field(description="Which.")
    value: float | None = strawberry.field(
        description="0 to 100; null where it is not known: nothing is filled in."
    )
    observations: Long = strawberry.field(
        description="Of how many: of a group members and anonymous answers, of a member what was counted, answered or written."
    )
    weight: int = strawberry.field(description="How much it weighs, 0 to 100, as it was then.")
    change: float | None = strawberry.field(
        description="Against the month before, in points; null where one of both is not known."
    )
    error: float | None = strawberry.field(
        description="A group's standard error, in points; null of a member."
    )


@strawberry.type(description="Four indicators put together.")
class BelongingDimension:
    kind: BelongingDimensionKind = strawberry.field(description="Which.")
    value: float | None = strawberry.field(
        description="0 to 100: the weighted mean of what is known; null where nothing is."
    )
    coverage: float = strawberry.field(description="Which share of the weight is known, 0 to 1.")
    change: float | None = strawberry.field(
        description="Against the month before, in points, by what is known of both; null where nothing is."
    )
    indicators: list[BelongingIndicator] = strawberry.field(description="Its four.")


@strawberry.type(description="How much members feel that they belong, in a month.")
class BelongingIndex:
    model: strawberry.Private[domain.Snapshot]
    earlier: strawberry.Private[domain.Snapshot | None]
    period: str = of_model("period", description="The month, such as `2026-11`, by the programme's calendar.")
    made_at: datetime = of_model("made_at", description="When it was added up.")

    @property
    def _before(self) -> domain.Readings | None:
        return self.earlier.readings if self.earlier is not None else None

    @property
    def _whole(self) -> index.Mean:
        kinds = definitions.BelongingIndicator
        return index.mean_of(kinds, self.model.readings, self.model.weights, self._before)

    @strawberry.field(
        description="0 to 100: the weighted mean of the indicators that are known; null where none is."
    )
    def value(self) -> float | None:
        return self._whole.value

    @strawberry.field(description="Which share of the weight is known, 0 to 1.")
    def coverage(self) -> float:
        return self._whole.coverage

    @strawberry.field(
        description="Against the month before, in points, by what is known of both; null where there is nothing to compare."
    )
    def change(self) -> float | None:
        return self._whole.change

    @strawberry.field(
        description="Of a group: how far the value may be off to either side, in points, at 95 %; null of a member."
    )
    def margin(self) -> float | None:
        return index.margin(self.model.readings, self.model.weights)

    @strawberry.field(description="How far it is to be trusted.")
    def confidence(self) -> BelongingConfidence:
        return index.graded(self.model.readings, self.model.weights)

    @strawberry.field(description="How many members it is of.")
    def members(self) -> Long:
        return Long(self.model.members)

    @strawberry.field(description="Its three dimensions.")
    def dimensions(self) -> list[BelongingDimension]:
        return [self._dimension(one) for one in definitions.BelongingDimension]

    @strawberry.field(description="The indicators that weigh something and are not known.")
    def missing(self) -> list[BelongingIndicatorKind]:
        readings, weights = self.model.readings, self.model.weights
        return [one for one in definitions.BelongingIndicator if weights[one] and readings[one].value is None]

    @strawberry.field(description="Of a group: who was active, by tier; at most 20. Empty of a member.")
    def tiers(self) -> list[BelongingTier]:
        return [BelongingTier(model=one) for one in self.model.tiers]

    @strawberry.field(description="The indicators as a bar chart: an SVG document.")
    async def chart(self, info: Info, width: Width = 720, language: InLanguage = None) -> str:
        return await drawn(info, drawing.indicators_chart, self.model, width, language)

    def _dimension(self, kind: definitions.BelongingDimension) -> BelongingDimension:
        model = self.model
        found = index.dimension(kind, model.readings, model.weights, self._before)
        return BelongingDimension(
            kind=kind,
            value=found.value,
            coverage=found.coverage,
            change=found.change,
            indicators=[
                self._indicator(one) for one in definitions.BelongingIndicator if one.dimension is kind
            ],
        )

    def _indicator(self, kind: definitions.BelongingIndicator) -> BelongingIndicator:
        reading = self.model.readings[kind]
        before = self._before[kind].value if self._before is not None else None
        known = reading.value is not None and before is not None
        return BelongingIndicator(
            kind=kind,
            value=reading.value,
            observations=Long(reading.observations),
            weight=self.model.weights[kind],
            change=reading.value - before if known else None,  # type: ignore[operator]
            error=reading.error,
        )


@strawberry.type(description="The index over months.")
class BelongingTrend:
    found: strawberry.Private[list[domain.Snapshot]]
    months: list[BelongingIndex] = strawberry.field(description="The latest first; at most 36.")

    @strawberry.field(description="The index and its dimensions as lines: an SVG document.")
    async def chart(self, info: Info, width: Width = 720, language: InLanguage = None) -> str:
        return await drawn(info, drawing.trend_chart, self.found, width, language)


def indices(found: Sequence[domain.Snapshot]) -> list[BelongingIndex]:
    """The GraphQL objects of months, each compared with the one before it where that is there."""
    by_period = {one.period: one for one in found}
    return [BelongingIndex(model=one, earlier=by_period.get(month_earlier(one.period))) for one in found]


def exactly(found: Sequence[domain.Snapshot], period: str | None) -> BelongingIndex | None:
    """The month asked for, from it and the one before; the latest where none was asked for."""
    return next((one for one in indices(found) if period in (None, one.model.period)), None)


@strawberry.type
class BelongingFields:
    model: strawberry.Private[members.Member]

    @strawberry.field(
        description="How much they feel that they belong, in a month; null where nothing is known of them then. Operators and "
        "services see it."
    )
    async def belonging(self, info: Info, period: Period = None) -> BelongingIndex | None:
        service = info.context.services.belonging
        return exactly(await service.months_of(info.context.caller, self.model, period, 2), period)
