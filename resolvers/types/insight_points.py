"""The economy of points, participation by tier, and referrals over time."""

import strawberry

from gamification.insights.reports import economy, participation, referrals
from gamification.insights.reports.pictures import economy_chart, participation_chart, referral_chart
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
from resolvers.types.ledger import TransferKind, Unit, unit_of
from resolvers.types.referrals import ReferralStatus


@strawberry.type(description="What transfers of one kind moved.")
class KindFlow:
    kind: TransferKind = strawberry.field(description="Why points moved.")
    added: Long = strawberry.field(description="What came to accounts.")
    taken: Long = strawberry.field(description="What went off them, 0 or less.")


@strawberry.type(
    description="What moved of a unit in a time, by when it was recorded, so that the past does not change."
)
class PointFlows:
    model: strawberry.Private[economy.Flows]
    breakage: float | None = of_model(
        "breakage",
        description="Of the points that were spent or expired, the share that expired; null where none did either.",
    )

    @strawberry.field(description="Earned, or added by hand.")
    def issued(self) -> Long:
        return Long(self.model.issued)

    @strawberry.field(description="Spent or donated, less what was returned.")
    def spent(self) -> Long:
        return Long(self.model.spent)

    @strawberry.field(description="Lapsed, what erased members had included.")
    def expired(self) -> Long:
        return Long(self.model.expired)

    @strawberry.field(description="Taken back with what had given it, less what was given back.")
    def reversed(self) -> Long:
        return Long(self.model.reversed)

    @strawberry.field(description="Set aside for a spending under way, less what was released.")
    def held(self) -> Long:
        return Long(self.model.held)

    @strawberry.field(description="By how much the points that wait to be spent grew.")
    def pending(self) -> Long:
        return Long(self.model.pending)

    @strawberry.field(
        description="By how much what members can spend grew: the sum of all kinds, those between members too."
    )
    def change(self) -> Long:
        return Long(self.model.change)

    @strawberry.field(description="The same by kind of transfer.")
    def by_kind(self) -> list[KindFlow]:
        return [
            KindFlow(kind=kind, added=Long(added), taken=Long(taken))
            for kind, (added, taken) in sorted(self.model.kinds.items())
        ]


@strawberry.type(description="A unit's points in a period.")
class EconomyPoint:
    model: strawberry.Private[economy.EconomyPoint]
    report: strawberry.Private[economy.EconomyReport]
    breakage_of_issued: float | None = of_model(
        "breakage_of_issued",
        description="Of all points that were ever issued until the period ended, the share that had expired by then; null where "
        "none were issued.",
    )

    @strawberry.field(description="Which period.")
    def period(self) -> InsightPeriod:
        return period(self.model.slot)

    @strawberry.field(description="What moved in it.")
    def flows(self) -> PointFlows:
        return PointFlows(model=self.model.flows)

    @strawberry.field(description="What members could spend as it began.")
    def opening(self) -> Long:
        return Long(self.model.opening)

    @strawberry.field(description="What they could spend as it ended, or can now.")
    def outstanding(self) -> Long:
        return Long(self.model.closing)

    @strawberry.field(description="What was set aside beside that as it ended.")
    def on_hold(self) -> Long:
        return Long(self.model.held)

    @strawberry.field(
        description="outstanding and on_hold by what the programme says that a point costs, in the currency's smallest part; null "
        "where it says nothing."
    )
    def liability(self) -> Long | None:
        worth = self.report.worth(self.model.closing + self.model.held)
        return Long(worth) if worth is not None else None


@strawberry.type(description="What was given of a unit, and what became of it.")
class EconomyInsight:
    model: strawberry.Private[economy.EconomyReport]

    @strawberry.field(description="How far it can be believed.")
    def standing(self) -> InsightStanding:
        return InsightStanding(model=self.model.made)

    @strawberry.field(description="Of which unit.")
    async def unit(self, info: Info) -> Unit:
        return await unit_of(info, self.model.unit)

    @strawberry.field(
        description="What a point costs, in the currency itself, such as 0.01; null where not stated."
    )
    def cost(self) -> str | None:
        return str(self.model.cost) if self.model.cost is not None else None

    @strawberry.field(description="A point for each period, in order.")
    def points(self) -> list[EconomyPoint]:
        return [EconomyPoint(model=one, report=self.model) for one in self.model.points]

    @strawberry.field(description="All periods together.")
    def total(self) -> PointFlows:
        return PointFlows(model=self.model.total)

    @strawberry.field(
        description="As many periods before the first one; null where they reach back beyond what is known."
    )
    def previous(self) -> PointFlows | None:
        return PointFlows(model=self.model.before) if self.model.before else None

    @strawberry.field(description="Issued, spent, expired and outstanding, as SVG.")
    async def chart(self, info: Info, width: Width = 720, language: InLanguage = None) -> str:
        return await drawn(info, economy_chart, self.model, width, language)


@strawberry.type(description="How many of a tier's members took part in a month.")
class TierParticipation:
    model: strawberry.Private[participation.TierParticipation]
    tier: str | None = of_model("tier", description="The tier's key; null for members who hold none.")
    participation: float | None = of_model(
        "participation", description="active divided by members, 0 to 1; null where nobody holds it."
    )
    is_met: bool | None = of_model(
        "is_met", description="Whether participation reaches the target; null where there is none, or nobody."
    )

    @strawberry.field(
        description="Who held it as the month ended, or holds it now; erased members are left out."
    )
    def members(self) -> Long:
        return Long(self.model.members)

    @strawberry.field(description="How many of them did anything in the month.")
    def active(self) -> Long:
        return Long(self.model.active)

    @strawberry.field(description="The share to be reached, in percent, as the programme file says today.")
    def target_percent(self) -> str | None:
        return str(self.model.target) if self.model.target is not None else None


@strawberry.type(description="The tiers of a ladder in a month.")
class ParticipationPoint:
    model: strawberry.Private[participation.ParticipationPoint]

    @strawberry.field(description="Which month.")
    def period(self) -> InsightPeriod:
        return period(self.model.slot)

    @strawberry.field(description="The tiers, from the lowest to the highest.")
    def tiers(self) -> list[TierParticipation]:
        return [TierParticipation(model=one) for one in self.model.tiers]


@strawberry.type(description="Which share of each tier takes part, against its target.")
class ParticipationInsight:
    model: strawberry.Private[participation.ParticipationReport]

    @strawberry.field(description="How far it can be believed.")
    def standing(self) -> InsightStanding:
        return InsightStanding(model=self.model.made)

    @strawberry.field(description="A point for each month, in order.")
    def points(self) -> list[ParticipationPoint]:
        return [ParticipationPoint(model=one) for one in self.model.points]

    @strawberry.field(description="The share of each tier, of the six highest at most, as SVG.")
    async def chart(self, info: Info, width: Width = 720, language: InLanguage = None) -> str:
        return await drawn(info, participation_chart, self.model, width, language)


@strawberry.type(description="How many referrals have a status.")
class ReferralStatusCount:
    status: ReferralStatus = strawberry.field(description="What became of them.")
    referrals: Long = strawberry.field(description="How many.")


@strawberry.type(description="What became until now of the codes that were used in a period.")
class ReferralPoint:
    model: strawberry.Private[referrals.ReferralPoint]
    rewarded_share: float | None = of_model(
        "rewarded_share", description="Which share of them was rewarded; null where none was used."
    )

    @strawberry.field(description="Which period.")
    def period(self) -> InsightPeriod:
        return period(self.model.slot)

    @strawberry.field(description="Codes that were used.")
    def used(self) -> Long:
        return Long(self.model.used)

    @strawberry.field(description="Those whose new member qualified: they are rewarded, or held for staff.")
    def qualified(self) -> Long:
        return Long(self.model.qualified)

    @strawberry.field(description="The same by status.")
    def by_status(self) -> list[ReferralStatusCount]:
        return [
            ReferralStatusCount(status=status, referrals=Long(self.model.of(status)))
            for status in ReferralStatus
        ]


@strawberry.type(description="The funnel of an offer over time.")
class ReferralInsight:
    model: strawberry.Private[referrals.ReferralReport]

    @strawberry.field(description="How far it can be believed.")
    def standing(self) -> InsightStanding:
        return InsightStanding(model=self.model.made)

    @strawberry.field(description="A point for each period in which codes were used, in order.")
    def points(self) -> list[ReferralPoint]:
        return [ReferralPoint(model=one) for one in self.model.points]

    @strawberry.field(description="Codes used and rewarded, as SVG.")
    async def chart(self, info: Info, width: Width = 720, language: InLanguage = None) -> str:
        return await drawn(info, referral_chart, self.model, width, language)
