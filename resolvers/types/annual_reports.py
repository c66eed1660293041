"""A member's year in figures."""

from datetime import datetime
from typing import Annotated

import strawberry

from gamification.insights import annual
from gamification.members import model as domain
from resolvers.context import Info
from resolvers.scalars import Long
from resolvers.types.badges import BadgeAward
from resolvers.types.ledger import Unit, unit_of
from resolvers.types.statements import StatementLine
from resolvers.types.tiers import Tier, TierChange, TierLadder, build_ladder, tier_in


@strawberry.type(description="A unit's account in a year.")
class UnitYear:
    key: strawberry.Private[str]
    line: StatementLine = strawberry.field(
        description="What it opened with, what moved, what it closed with."
    )

    @strawberry.field(description="Of which unit.")
    async def unit(self, info: Info) -> Unit:
        return await unit_of(info, self.key)


@strawberry.type(description="A member on a ladder in a year, by when what changed their tier happened.")
class LadderYear:
    model: strawberry.Private[annual.LadderYear]

    @strawberry.field(description="The ladder.")
    async def ladder(self, info: Info) -> TierLadder:
        return await build_ladder(info, self.model.ladder)

    @strawberry.field(description="The tier when the year began; null for none.")
    async def opening(self, info: Info) -> Tier | None:
        return await tier_in(info, self.model.ladder, self.model.opening)

    @strawberry.field(description="The tier when it ended, or of the present year now; null for none.")
    async def closing(self, info: Info) -> Tier | None:
        return await tier_in(info, self.model.ladder, self.model.closing)

    @strawberry.field(description="Each change between, in order; of more than 100 the newest.")
    def changes(self) -> list[TierChange]:
        return [TierChange.of(change) for change in self.model.changes]


@strawberry.type(description="How much activity of a type happened.")
class ActivityCount:
    type: str = strawberry.field(description="The activity type's key.")
    count: Long = strawberry.field(description="How much that was not taken back.")


@strawberry.type(
    description="A member's year, by when things happened, however late they were told: so late and imported activity is in "
    "the year that it belongs to. What was taken back since counts for nothing, but that the points taken back are in the "
    "year in which they were."
)
class AnnualReport:
    model: strawberry.Private[annual.AnnualReport]
    year: int = strawberry.field(description="Such as 2026, by the programme's calendar.")
    starts_at: datetime = strawberry.field(description="When it begins, inclusive.")
    ends_at: datetime = strawberry.field(description="When it ends, exclusive.")
    badge_count: Long = strawberry.field(description="Badges earned that are still held.")
    tasks_completed: Long = strawberry.field(
        description="Tasks completed; of one that recurs each period counts."
    )

    @strawberry.field(description="The account of every unit.")
    def points(self) -> list[UnitYear]:
        return [UnitYear(key=one.unit, line=StatementLine.of(one.line)) for one in self.model.points]

    @strawberry.field(description="Every ladder, at most 10.")
    def tiers(self) -> list[LadderYear]:
        return [LadderYear(model=one) for one in self.model.tiers]

    @strawberry.field(description="The badges earned that are still held, in order; the first 100 of them.")
    def badges(self) -> list[BadgeAward]:
        return [BadgeAward.of(award) for award in self.model.badges]

    @strawberry.field(description="How much activity there was, by type.")
    def activities(self) -> list[ActivityCount]:
        return [ActivityCount(type=kind, count=Long(count)) for kind, count in self.model.activities.items()]

    @classmethod
    def of(cls, report: annual.AnnualReport) -> "AnnualReport":
        """The GraphQL object of a domain report."""
        starts_at, ends_at = report.period.starts_at, report.period.ends_at
        assert starts_at is not None  # noqa: S101 - calendar periods have both
        assert ends_at is not None  # noqa: S101
        return cls(
            model=report,
            year=report.year,
            starts_at=starts_at,
            ends_at=ends_at,
            badge_count=Long(report.badge_count),
            tasks_completed=Long(report.tasks_completed),
        )


@strawberry.type
class InsightFields:
    model: strawberry.Private[domain.Member]

    @strawberry.field(
        description="Their year in figures: points, tiers, badges, tasks and activity. The member, staff and services see "
        "it."
    )
    async def annual_report(
        self,
        info: Info,
        year: Annotated[
            int, strawberry.argument(description="From 1970 to the present one, by the programme's calendar.")
        ],
    ) -> AnnualReport | None:
        found = await info.context.services.insights.annual_report(info.context.caller, self.model, year)
        return AnnualReport.of(found)
