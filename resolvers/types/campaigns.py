"""Campaigns: what they offer, how far they are, what they bring."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.campaigning import model as members
from gamification.campaigning import planning
from gamification.campaigning.report import Comparison, Figures, Watched
from gamification.campaigning.service import CampaignView
from gamification.campaigns import model as domain
from gamification.campaigns.schedule import Occurrence
from gamification.experiments.model import Interval, NotEnough
from gamification.experiments.ratio import RatioCheck
from gamification.kit.actors import Permission
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import of_model
from resolvers.relay import Node, encode_id
from resolvers.scalars import Long
from resolvers.types.names import label, text
from resolvers.types.tasks import DefinitionStatus

if TYPE_CHECKING:
    from resolvers.types.campaign_includes import CampaignIncludes
    from resolvers.types.surveys import Survey

CampaignState = domain.CampaignState
strawberry.enum(
    CampaignState,
    name="CampaignState",
    description="DRAFT: it is being written, or was changed after somebody approved of it. REVIEW: it waits for approval. "
    "SCHEDULED: it will be on. LIVE: its time has come. PAUSED: staff keep it from taking effect. ENDED: it is over, and still "
    "measured. SETTLED: its report is final.",
)
CampaignAct = domain.CampaignAct
strawberry.enum(CampaignAct, name="CampaignAct", description="What was done to a campaign.")
CampaignKind = definitions.CampaignKind
strawberry.enum(
    CampaignKind,
    name="CampaignKind",
    description="BENEFIT gives something; EXPERIENCE is something to take part in; SOCIAL brings members together; GROWTH brings "
    "new ones, or more from those there are; PUBLIC_GOOD does good.",
)
CampaignRepeat = definitions.CampaignRepeat
strawberry.enum(
    CampaignRepeat,
    name="CampaignRepeat",
    description="ONCE, from beginning to end; WEEKLY and MONTHLY on stated days; BIRTHDAY and ANNIVERSARY of joining on each "
    "member's own.",
)
CampaignAim = definitions.Aim
strawberry.enum(
    CampaignAim,
    name="CampaignAim",
    description="PARTICIPANTS: members who take part. CONVERSIONS: members who convert. SPEND: what they pay.",
)


@strawberry.type(description="When a campaign is on.")
class CampaignSchedule:
    model: strawberry.Private[definitions.CampaignSchedule]
    starts_at: datetime = of_model("starts_at", description="From when on.")
    ends_at: datetime = of_model("ends_at", description="Until when.")
    repeat: CampaignRepeat = of_model("repeat", description="On which days within that.")
    days: list[int] = of_model("days", description="Of the week (1 is Monday) or of the month.")
    months: list[int] = of_model("months", description="Only in these; all when empty.")
    lasts: int = of_model("lasts", description="How many days each time.")
    by_member: bool = of_model(
        "is_by_member",
        description="Whether its days begin at each member's own midnight; else the programme's.",
    )


@strawberry.type(description="A time that a campaign is on.")
class CampaignTime:
    model: strawberry.Private[Occurrence]
    key: str = of_model("key", description="`once`, or its first day.")
    starts_at: datetime = of_model("starts_at", description="From when on.")
    ends_at: datetime = of_model("ends_at", description="Until when.")


@strawberry.type(description="What a campaign multiplies.")
class CampaignMultiplier:
    model: strawberry.Private[definitions.Multiplier]
    unit: str = of_model("unit", description="The unit's key.")
    percent: int = of_model("percent", description="200 is double.")
    stacks: bool = of_model(
        "stacks",
        description="Whether what it adds is added beside other campaigns'; of those that don't, the greatest counts.",
    )


@strawberry.type(description="So much of a unit.")
class CampaignPoints:
    unit: str = strawberry.field(description="The unit's key.")
    amount: Long = strawberry.field(description="How much.")


@strawberry.type(description="So many of a reward.")
class CampaignRewards:
    reward: str = strawberry.field(description="The reward's key.")
    count: Long = strawberry.field(description="How many.")


@strawberry.type(
    description="What a campaign may give at most, and what it gave. For operators and services."
)
class CampaignBudget:
    points: list[CampaignPoints] = strawberry.field(description="At most of units; others are not bounded.")
    rewards: list[CampaignRewards] = strawberry.field(
        description="At most of rewards; others are not bounded."
    )
    money: Long | None = strawberry.field(
        description="At most of rewards' cost, in the currency's smallest part; null where it is not bounded."
    )


@strawberry.type(description="Something that was done to a campaign.")
class CampaignStep:
    model: strawberry.Private[domain.Step]
    act: CampaignAct = of_model("act", description="What.")
    by: str = of_model("by", description="By whom, as `operator:kim`.")
    at: datetime = of_model("at", description="When.")
    reason: str | None = of_model("reason", description="Why.")


@strawberry.type(description="From low to high.")
class Bounds:
    low: float = strawberry.field(description="The lower end.")
    high: float = strawberry.field(description="The upper end.")

    @classmethod
    def of(cls, interval: Interval | None) -> "Bounds | None":
        """Of an interval, where there is one."""
        return cls(low=interval.low, high=interval.high) if interval is not None else None


@strawberry.type(
    description="A variant beside the control. Of shares: Newcombe's interval and the score test; of spend: Welch's. While the "
    "campaign runs, `interval` and `significant` hold however often one looks (a mixture sequential probability ratio test); "
    "once it is settled they are those of one look."
)
class CampaignEffect:
    control: float | None = strawberry.field(description="What a member of the control did on average.")
    variant: float | None = strawberry.field(description="What a member of the variant did on average.")
    difference: float | None = strawberry.field(description="The variant's less the control's.")
    interval: Bounds | None = strawberry.field(description="Of the difference, 95 percent.")
    lift: float | None = strawberry.field(description="The difference as a part of the control's.")
    lift_interval: Bounds | None = strawberry.field(description="Of the lift, 95 percent, at one look.")
    p_value: float | None = strawberry.field(description="How likely chance alone would do as much.")
    significant: bool | None = strawberry.field(description="Whether that is less than 5 percent.")
    corrected_p_value: float | None = strawberry.field(
        description="`pValue` beside all comparisons of the campaign, by Holm's method: with several variants and measures it is this "
        "one that is below 5 percent by chance alone no more often than that; null while it runs."
    )
    not_enough: str | None = strawberry.field(
        description="Why nothing can be said yet: TOO_FEW_MEMBERS, TOO_FEW_OUTCOMES, NO_VARIATION, or AT_THE_END for what is not "
        "looked at before the campaign is settled."
    )
    needed: int | None = strawberry.field(description="How many it takes, where too few is the reason.")


@strawberry.type(description="A variant compared with the hold-out, or without one with the first variant.")
class CampaignComparison:
    variant: str = strawberry.field(description="The variant's key; empty where there is but one.")
    control: str = strawberry.field(description="The control's key: `holdout`, or a variant's.")
    participation: CampaignEffect = strawberry.field(description="The share of members who take part.")
    conversion: CampaignEffect = strawberry.field(description="The share of members who convert.")
    spend: CampaignEffect = strawberry.field(
        description="What a member pays, in the currency's smallest part."
    )


@strawberry.type(description="Whether the variants have as many members as they should.")
class SampleRatio:
    mismatch: bool | None = strawberry.field(
        description="True where something is broken, so that no effect should be believed; null where there are too few members."
    )
    p_value: float | None = strawberry.field(description="Pearson's chi-square; a mismatch is below 0.001.")


@strawberry.type(description="What the members of one variant brought.")
class CampaignArm:
    model: strawberry.Private[members.ArmTotals]
    variant: str = of_model(
        "variant", description="Its key; `holdout` for who was kept out; empty without variants."
    )

    @strawberry.field(description="Members.")
    def members(self) -> Long:
        return Long(self.model.members)

    @strawberry.field(description="Members who were told, or for whom its beginning was recorded.")
    def reached(self) -> Long:
        return Long(self.model.reached)

    @strawberry.field(description="Members who took part.")
    def participants(self) -> Long:
        return Long(self.model.participants)

    @strawberry.field(description="Members who converted.")
    def converters(self) -> Long:
        return Long(self.model.converters)

    @strawberry.field(description="What they paid, in the currency's smallest part.")
    def spend(self) -> Long:
        return Long(self.model.spend)


@strawberry.type(
    description="What a campaign brought and cost, added up from standing activity. For operators and services."
)
class CampaignFigures:
    model: strawberry.Private[Figures]
    extra_spend: float | None = of_model(
        "extra_spend",
        description="What those it was for paid beyond what as many of the hold-out did, in the currency's smallest part; null "
        "without a hold-out.",
    )
    return_on_cost: float | None = of_model(
        "return_on_cost",
        description="extraSpend less the cost, for each part of the cost; null without a hold-out or a cost.",
    )

    @strawberry.field(description="Members of the audience, as far as they were noted; not the hold-out.")
    def members(self) -> Long:
        return Long(self.model.members)

    @strawberry.field(description="Of them, those who were told, or for whom its beginning was recorded.")
    def reached(self) -> Long:
        return Long(self.model.reached)

    @strawberry.field(description="Of them, those who took part.")
    def participants(self) -> Long:
        return Long(self.model.participants)

    @strawberry.field(description="Of them, those who converted.")
    def converters(self) -> Long:
        return Long(self.model.converters)

    @strawberry.field(description="What they paid, in the currency's smallest part.")
    def spend(self) -> Long:
        return Long(self.model.spend)

    @strawberry.field(description="The points that it gave, by unit.")
    def points(self) -> list[CampaignPoints]:
        return _points(self.model.points)

    @strawberry.field(description="The rewards that it gave and that stand, by key.")
    def rewards(self) -> list[CampaignRewards]:
        return [CampaignRewards(reward=key, count=Long(n)) for key, n in sorted(self.model.rewards.items())]

    @strawberry.field(description="What those rewards cost, in the currency's smallest part.")
    def cost(self) -> Long:
        return Long(self.model.cost)

    @strawberry.field(description="By variant, in the order of their keys.")
    def arms(self) -> list[CampaignArm]:
        return [CampaignArm(model=one) for one in self.model.arms]

    @strawberry.field(description="Null without an experiment.")
    def sample_ratio(self) -> SampleRatio | None:
        found = self.model.ratio
        if found is None:
            return None
        if isinstance(found, RatioCheck):
            return SampleRatio(mismatch=found.is_mismatch, p_value=found.p_value)
        return SampleRatio(mismatch=None, p_value=None)

    @strawberry.field(description="Of an experiment, each variant beside the control.")
    def comparisons(self) -> list[CampaignComparison]:
        return [_comparison(one) for one in self.model.comparisons]


@strawberry.type(description="What a comparison will be able to find, if members go on as they did.")
class PlannedComparison:
    model: strawberry.Private[planning.PlannedComparison]
    variant: str = of_model("variant", description="The variant's key; empty where there is but one.")
    control: str = of_model("control", description="The control's key: `holdout`, or a variant's.")
    conversion_rise: float | None = of_model(
        "conversion",
        description="The least rise of the share who convert that is found by one look at the end; null where no rise is.",
    )
    conversion_rise_watched: float | None = of_model(
        "conversion_watched",
        description="The same by looks on every day: it takes more to be as sure however often one looks.",
    )
    spend_rise: float | None = of_model(
        "spend",
        description="The least rise of what a member pays that is found, in the currency's smallest part; null where nothing was paid.",
    )

    @strawberry.field(description="Members of the variant.")
    def members(self) -> Long:
        return Long(self.model.members)

    @strawberry.field(description="Members of the control.")
    def control_members(self) -> Long:
        return Long(self.model.control_members)

    @strawberry.field(
        description="Members of both together for finding `lift` in conversion; null without it, or where no number would do."
    )
    def members_for_conversion(self) -> Long | None:
        found = self.model.needed_for_conversion
        return Long(found) if found is not None else None

    @strawberry.field(
        description="Members of both together for finding `lift` in spend; null without it, or where no number would do."
    )
    def members_for_spend(self) -> Long | None:
        found = self.model.needed_for_spend
        return Long(found) if found is not None else None


@strawberry.type(
    description="What an experiment will be able to find, before it begins: with 95 percent against finding what isn't there, and "
    "`power` for finding what is."
)
class CampaignExperimentPlan:
    model: strawberry.Private[planning.ExperimentPlan]
    is_exact: bool = of_model(
        "is_exact", description="Whether all members were looked at, and not 20,000 drawn at random."
    )
    days: int = of_model(
        "days",
        description="How many days one time of the campaign is measured, 400 at most, and as many were looked back on.",
    )
    mean_spend: float = of_model(
        "mean_spend",
        description="What a member of the audience paid in them, in the currency's smallest part.",
    )

    @strawberry.field(description="How many members it is for now.")
    def audience(self) -> Long:
        return Long(self.model.audience)

    @strawberry.field(description="The share of them who converted in those days.")
    def conversion(self) -> float:
        return self.model.conversion.proportion

    @strawberry.field(
        description="The standard deviation of what a member paid; null of fewer than 30 members."
    )
    def spend_deviation(self) -> float | None:
        found = self.model.deviation
        return found if not isinstance(found, NotEnough) else None

    @strawberry.field(description="Each variant beside the control.")
    def comparisons(self) -> list[PlannedComparison]:
        return [PlannedComparison(model=one) for one in self.model.comparisons]


@strawberry.type(description="What members are offered for a time.")
class Campaign(Node):
    view: strawberry.Private[CampaignView]
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    status: DefinitionStatus = strawberry.field(description="Whether its definition takes effect.")
    version: int = strawberry.field(description="Counts the changes to its definition, from 1.")
    kind: CampaignKind = strawberry.field(description="What it is for.")
    state: CampaignState = strawberry.field(description="How far it has come.")
    schedule: CampaignSchedule = strawberry.field(description="When it is on.")
    multipliers: list[CampaignMultiplier] = strawberry.field(description="What it multiplies.")
    goal: "CampaignTarget | None" = strawberry.field(description="How much it is to bring.")

    @strawberry.field(description="Who is in charge of it. Operators and services see it.")
    def owner(self, info: Info) -> str | None:
        info.context.caller.require(Permission.CAMPAIGNS_READ)
        return self.view.definition.owner

    @strawberry.field(description="What it may give at most. Operators and services see it.")
    def budget(self, info: Info) -> CampaignBudget | None:
        info.context.caller.require(Permission.CAMPAIGNS_READ)
        budget = self.view.definition.budget
        return CampaignBudget(
            points=[CampaignPoints(unit=one.unit, amount=Long(one.amount)) for one in budget.points],
            rewards=[CampaignRewards(reward=one.reward, count=Long(one.count)) for one in budget.rewards],
            money=Long(budget.money) if budget.money is not None else None,
        )

    @strawberry.field(
        description="Whether its budget takes somebody else's approval. Operators and services see it."
    )
    def needs_approval(self, info: Info) -> bool | None:
        info.context.caller.require(Permission.CAMPAIGNS_READ)
        return self.view.needs_approval

    @strawberry.field(
        description="What an approval would be of: another once the campaign, its rules or its rewards' costs change. Operators "
        "and services see it."
    )
    def digest(self, info: Info) -> str | None:
        info.context.caller.require(Permission.CAMPAIGNS_READ)
        return self.view.digest

    @strawberry.field(
        description="What was done to it, the first first; the last 200. Operators and services see it."
    )
    def steps(self, info: Info) -> list[CampaignStep] | None:
        info.context.caller.require(Permission.CAMPAIGNS_READ)
        return [CampaignStep(model=one) for one in self.view.run.steps]

    @strawberry.field(
        description="The time that it is on now, else the next one; null where it is over. Where it goes by members it is that of the "
        "member who asks, and null for others."
    )
    async def next_time(self, info: Info) -> CampaignTime | None:
        viewer = await info.context.services.members.me(info.context.caller)
        found = await info.context.services.campaigns.next_time(info.context.caller, self.view, viewer)
        return CampaignTime(model=found) if found is not None else None

    @strawberry.field(
        description="How its experiment treats the member who asks: a variant's key, the same for good; null without variants and for "
        "others. Whom it keeps out it is not there for."
    )
    async def variant(self, info: Info) -> str | None:
        viewer = await info.context.services.members.me(info.context.caller)
        return info.context.services.campaigns.variant(info.context.caller, self.view, viewer)

    @strawberry.field(description="What belongs to it, as far as it is there for the caller.")
    def includes(
        self,
    ) -> Annotated["CampaignIncludes", strawberry.lazy("resolvers.types.campaign_includes")]:
        from resolvers.types.campaign_includes import CampaignIncludes

        stated = self.view.definition
        return CampaignIncludes(key=stated.key, model=stated.includes)

    @strawberry.field(description="What those who took part are asked after its end; null for nothing.")
    async def survey(
        self, info: Info
    ) -> Annotated["Survey", strawberry.lazy("resolvers.types.surveys")] | None:
        from resolvers.types.surveys import build_survey

        key = self.view.definition.survey
        found = await info.context.services.survey_reading.survey(info.context.caller, key) if key else None
        return await build_survey(info, found) if found is not None else None

    @strawberry.field(
        description="What its experiment will be able to find; null without one. Operators and services see it."
    )
    async def experiment_plan(
        self,
        info: Info,
        power: Annotated[
            float,
            strawberry.argument(description="How surely an effect is to be found: 0.5 to 0.99."),
        ] = 0.8,
        lift: Annotated[
            float | None,
            strawberry.argument(
                description="A change that is hoped for, as a part of what is done now: 0.1 for a tenth more."
            ),
        ] = None,
    ) -> CampaignExperimentPlan | None:
        stated = self.view.definition
        found = await info.context.services.campaign_planning.plan(info.context.caller, stated, power, lift)
        return CampaignExperimentPlan(model=found) if found is not None else None

    @strawberry.field(description="What it brought and cost so far. Operators and services see it.")
    async def figures(
        self,
        info: Info,
        occurrence: Annotated[
            str | None,
            strawberry.argument(
                description="Of one time that it was on: `once`, or its first day; all when not given."
            ),
        ] = None,
    ) -> CampaignFigures | None:
        found = await info.context.services.campaigns.figures(info.context.caller, self.view, occurrence)
        return CampaignFigures(model=found)


@strawberry.type(description="What a campaign is to bring.")
class CampaignTarget:
    model: strawberry.Private[definitions.CampaignGoal]
    aim: CampaignAim = of_model("aim", description="What is counted.")

    @strawberry.field(description="How much; money in the currency's smallest part.")
    def target(self) -> Long:
        return Long(self.model.target)


async def build_campaign(info: Info, view: CampaignView) -> Campaign:
    """The GraphQL object of a campaign."""
    stated = view.definition
    return Campaign(
        id=encode_id("Campaign", stated.key),
        view=view,
        key=stated.key,
        name=await label(info, stated),
        description=await text(info, stated.description),
        status=stated.status,
        version=stated.version,
        kind=stated.kind,
        state=view.state,
        schedule=CampaignSchedule(model=stated.schedule),
        multipliers=[CampaignMultiplier(model=one) for one in stated.multiply],
        goal=CampaignTarget(model=stated.goal) if stated.goal is not None else None,
    )


def _points(points: Mapping[str, int]) -> list[CampaignPoints]:
    return [CampaignPoints(unit=unit, amount=Long(amount)) for unit, amount in sorted(points.items())]


def _comparison(one: Comparison) -> CampaignComparison:
    return CampaignComparison(
        variant=one.variant,
        control=one.control,
        participation=_effect(one.participation),
        conversion=_effect(one.conversion),
        spend=_effect(one.spend) if one.spend is not None else _nothing("AT_THE_END"),
    )


def _effect(watched: Watched) -> CampaignEffect:
    effect, look = watched.effect, watched.look
    if isinstance(effect, NotEnough):
        return _nothing(effect.reason.value, effect.needed or None)
    if isinstance(look, NotEnough):
        return _nothing(look.reason.value, look.needed or None)
    seen = look if look is not None else effect
    return CampaignEffect(
        control=effect.control,
        variant=effect.variant,
        difference=effect.difference,
        interval=Bounds.of(seen.interval),
        lift=effect.lift,
        lift_interval=Bounds.of(effect.lift_interval),
        p_value=seen.p_value,
        significant=seen.is_significant,
        corrected_p_value=watched.corrected,
        not_enough=None,
        needed=None,
    )


def _nothing(reason: str, needed: int | None = None) -> CampaignEffect:
    nothing: Sequence[str] = (
        *("control", "variant", "difference", "interval", "lift", "lift_interval", "p_value", "significant"),
        "corrected_p_value",
    )
    return CampaignEffect(**dict.fromkeys(nothing), not_enough=reason, needed=needed)
