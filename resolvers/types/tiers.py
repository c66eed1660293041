"""Ladders, tiers, a member's place on them, history and forecast."""

from collections.abc import Mapping
from datetime import datetime

import strawberry

from gamification.members.service import may_see_private
from gamification.programmes import definitions
from gamification.tiers import forecast as forecasts
from gamification.tiers import model as domain
from gamification.tiers.service import TierStanding
from resolvers.context import Info
from resolvers.relay import Listing, Node, encode_id, global_id
from resolvers.scalars import Long
from resolvers.types.causes import Cause
from resolvers.types.names import label, text
from resolvers.types.tasks import DefinitionStatus

TierChangeKind = domain.TierChangeKind
strawberry.enum(
    TierChangeKind,
    name="TierChangeKind",
    description="RAISED and DROPPED; KEPT at a review; GRACE began, as a review found the tier lost; SET by hand; RESTORED "
    "to what was held before, as the growth that had lifted the member was taken back.",
)
TierCycle = definitions.TierCycle
strawberry.enum(TierCycle, name="TierCycle", description="Calendar periods, by the programme's zone.")
TIER_CHANGES = Listing("tier changes", (datetime, int, bytes))


@strawberry.type(description="What a ladder measures.")
class TierMeasure:
    key: str = strawberry.field(description="Its key in the ladder.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    unit: str | None = strawberry.field(description="The key of the unit whose earnings count.")
    counter: str | None = strawberry.field(description="The key of the counter that counts.")
    rolling_days: int | None = strawberry.field(
        description="How many local days the window has, today included."
    )
    cycle: TierCycle | None = strawberry.field(
        description="In whose present period it counts; null with rollingDays null is since ever."
    )


@strawberry.type(description="How much of a measure a tier takes.")
class TierCondition:
    measure: str = strawberry.field(description="The measure's key.")
    at_least: Long = strawberry.field(description="How much at least.")


@strawberry.type(description="What the points that rules give are multiplied by.")
class TierMultiplier:
    unit: str = strawberry.field(description="The unit's key.")
    factor: str = strawberry.field(description="A decimal number such as `1.5`.")


@strawberry.type(description="Something that a tier gives.")
class TierBenefit:
    key: str = strawberry.field(description="Its key in the tier.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="The same; null where none is stated.")


@strawberry.type(description="One step of a ladder.")
class Tier:
    key: str = strawberry.field(description="Its key in the ladder.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="The same; null where none is stated.")
    place: int = strawberry.field(description="From 1, the lowest.")
    conditions: list[TierCondition] = strawberry.field(
        description="What it takes; empty for everybody's, and in a pyramid or matrix."
    )
    any_condition: bool = strawberry.field(
        description="Whether one of the conditions is enough; else it takes all."
    )
    share_percent: str | None = strawberry.field(
        description="In a pyramid, the share of members that it holds: a decimal number of percent."
    )
    multipliers: list[TierMultiplier] = strawberry.field(description="By unit.")
    benefits: list[TierBenefit] = strawberry.field(description="In the order that the file states.")


@strawberry.type(description="Tiers from the lowest to the highest, and what lifts a member.")
class TierLadder(Node):
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="The same; null where none is stated.")
    status: DefinitionStatus = strawberry.field(description="Whether it takes effect.")
    version: int = strawberry.field(description="Counts the changes to it, from 1.")
    measures: list[TierMeasure] = strawberry.field(description="What it measures, at most 5.")
    tiers: list[Tier] = strawberry.field(description="The lowest first, at most 20.")


@strawberry.type(description="What a member has of a measure.")
class TierFigure:
    measure: str = strawberry.field(description="The measure's key.")
    value: Long = strawberry.field(description="In the unit's or counter's smallest part.")


@strawberry.type(description="A member's place on a ladder, as of now.")
class MemberTier:
    model: strawberry.Private[TierStanding]
    in_grace: bool = strawberry.field(
        description="Whether it was found lost, and is held until `until` all the same."
    )
    set_by_hand: bool = strawberry.field(description="Whether a person set it.")
    until: datetime | None = strawberry.field(
        description="Before which it is not looked at; null where it follows at once, or has no end."
    )
    since: datetime | None = strawberry.field(
        description="Since when it is held; null where nothing was ever measured."
    )
    figures: list[TierFigure] = strawberry.field(description="Every measure's, now.")

    @strawberry.field(description="The ladder.")
    async def ladder(self, info: Info) -> TierLadder:
        return await build_ladder(info, self.model.ladder)

    @strawberry.field(description="The tier that is held; null where it takes something to have any.")
    async def tier(self, info: Info) -> Tier | None:
        return await tier_in(info, self.model.ladder, self.model.state.tier)

    @classmethod
    def of(cls, standing: TierStanding) -> "MemberTier":
        """The GraphQL object of a domain standing."""
        state = standing.state
        return cls(
            model=standing,
            in_grace=state.in_grace,
            set_by_hand=state.pinned is not None,
            until=state.until,
            since=state.since if any(state.days.values()) or state.changes else None,
            figures=_figures(standing.figures),
        )


@strawberry.type(description="One change of a member's tier, with its cause.")
class TierChange(Node):
    model: strawberry.Private[domain.TierChange]
    id: strawberry.ID = global_id("TierChange")
    kind: TierChangeKind = strawberry.field(description="What happened.")
    at: datetime = strawberry.field(description="As of when.")
    occurred_at: datetime = strawberry.field(
        description="When what caused it happened, which of history that was imported later is long before `at`: of a rise "
        "the newest activity that had counted by then."
    )
    recorded_at: datetime = strawberry.field(description="When it was written.")
    until: datetime | None = strawberry.field(description="Until when the tier was to be kept then.")
    ladder_version: int = strawberry.field(description="The ladder's version by which it was decided.")
    figures: list[TierFigure] = strawberry.field(description="What the measures were as of then.")

    @strawberry.field(description="The ladder.")
    async def ladder(self, info: Info) -> TierLadder:
        return await build_ladder(info, (await info.context.catalogue()).ladders[self.model.ladder])

    @strawberry.field(description="The tier before; null for none.")
    async def before(self, info: Info) -> Tier | None:
        return await tier_in(
            info, (await info.context.catalogue()).ladders[self.model.ladder], self.model.before
        )

    @strawberry.field(description="The tier afterwards; null for none.")
    async def after(self, info: Info) -> Tier | None:
        return await tier_in(
            info, (await info.context.catalogue()).ladders[self.model.ladder], self.model.after
        )

    @strawberry.field(description="What caused it: the activity, the person and reason, or time.")
    def cause(self) -> Cause:
        return Cause(model=self.model.cause)

    @classmethod
    def of(cls, change: domain.TierChange) -> "TierChange":
        """The GraphQL object of a domain change."""
        return cls(
            model=change,
            kind=change.kind,
            at=change.at,
            occurred_at=change.occurred_at,
            recorded_at=change.recorded_at,
            until=change.until,
            ladder_version=change.version,
            figures=_figures(change.figures),
        )


@strawberry.type(description="What a tier takes of a measure, and what there will be of it if nothing comes.")
class TierRequirement:
    measure: str = strawberry.field(description="The measure's key.")
    required: Long = strawberry.field(description="How much it takes.")
    value: Long = strawberry.field(description="How much there will be at the goal's instant.")
    missing: Long = strawberry.field(description="The rest; 0 where none is.")


@strawberry.type(description="Requirements that together are enough.")
class TierWay:
    requirements: list[TierRequirement] = strawberry.field(description="All of them are needed.")


@strawberry.type(description="A tier, and what is missing for it.")
class TierGoal:
    by: datetime | None = strawberry.field(
        description="Before when what is missing must come; null where there is no such time."
    )
    met: bool = strawberry.field(description="Whether nothing is missing.")
    estimated: bool = strawberry.field(
        description="Whether a pyramid's last figures are meant, which the next review may change."
    )
    ways: list[TierWay] = strawberry.field(description="Each is enough; the nearest first.")
    found: strawberry.Private[definitions.Ladder]
    key: strawberry.Private[str]

    @strawberry.field(description="The tier.")
    async def tier(self, info: Info) -> Tier | None:
        return await tier_in(info, self.found, self.key)


@strawberry.type(description="What keeps a member's tier, and what lifts it.")
class TierForecast:
    keep: TierGoal | None = strawberry.field(
        description="To keep the tier; null for the tier of those who have nothing."
    )
    rise: TierGoal | None = strawberry.field(
        description="To rise to the next one; null at the top, and before a pyramid's first review."
    )
    drops_at: datetime | None = strawberry.field(
        description="When the tier drops if nothing comes, grace included; null where none does."
    )
    found: strawberry.Private[definitions.Ladder]
    key: strawberry.Private[str | None]

    @strawberry.field(description="To which tier it drops then; null for none.")
    async def drops_to(self, info: Info) -> Tier | None:
        return await tier_in(info, self.found, self.key)

    @classmethod
    def of(cls, ladder: definitions.Ladder, found: forecasts.Forecast) -> "TierForecast":
        """The GraphQL object of a domain forecast."""
        return cls(
            keep=_goal(ladder, found.keep),
            rise=_goal(ladder, found.rise),
            drops_at=found.drops_at,
            found=ladder,
            key=found.drops_to,
        )


async def build_ladder(info: Info, ladder: definitions.Ladder) -> TierLadder:
    """The GraphQL object of a ladder's definition."""
    return TierLadder(
        id=encode_id("TierLadder", ladder.key),
        key=ladder.key,
        name=await label(info, ladder),
        description=await text(info, ladder.description),
        status=ladder.status,
        version=ladder.version,
        measures=[
            TierMeasure(
                key=measure.key,
                name=await text(info, measure.name) or measure.key,
                unit=measure.unit,
                counter=measure.counter,
                rolling_days=measure.rolling_days,
                cycle=measure.cycle,
            )
            for measure in ladder.measures
        ],
        tiers=[await _tier(info, tier, place) for place, tier in enumerate(ladder.tiers, start=1)],
    )


async def tier_in(info: Info, ladder: definitions.Ladder, key: str | None) -> Tier | None:
    """The GraphQL object of a ladder's tier; None for none."""
    index = ladder.index(key)
    return await _tier(info, ladder.tiers[index], index + 1) if index >= 0 else None


async def load_change(info: Info, raw: bytes) -> TierChange | None:
    """The change of that id, for those who may read its member's."""
    found = await info.context.loaders.tier_changes.load(raw)
    if found is None:
        return None
    member = await info.context.loaders.members.load(found.member_id)
    return TierChange.of(found) if member and may_see_private(info.context.caller, member) else None


async def _tier(info: Info, tier: definitions.Tier, place: int) -> Tier:
    return Tier(
        key=tier.key,
        name=await text(info, tier.name) or tier.key,
        description=await text(info, tier.description),
        place=place,
        conditions=[
            TierCondition(measure=measure, at_least=Long(least)) for measure, least in tier.requires.items()
        ],
        any_condition=tier.match is definitions.Match.ANY,
        share_percent=str(tier.share_percent) if tier.share_percent is not None else None,
        multipliers=[
            TierMultiplier(unit=unit, factor=str(factor)) for unit, factor in tier.multipliers.items()
        ],
        benefits=[
            TierBenefit(
                key=benefit.key,
                name=await text(info, benefit.name) or benefit.key,
                description=await text(info, benefit.description),
            )
            for benefit in tier.benefits
        ],
    )


def _figures(figures: Mapping[str, int]) -> list[TierFigure]:
    return [TierFigure(measure=measure, value=Long(value)) for measure, value in figures.items()]


def _goal(ladder: definitions.Ladder, goal: forecasts.Goal | None) -> TierGoal | None:
    if goal is None:
        return None
    return TierGoal(
        by=goal.by,
        met=goal.met,
        estimated=goal.estimated,
        ways=[
            TierWay(
                requirements=[
                    TierRequirement(
                        measure=one.measure,
                        required=Long(one.required),
                        value=Long(one.value),
                        missing=Long(one.missing),
                    )
                    for one in way
                ]
            )
            for way in goal.ways
        ],
        found=ladder,
        key=goal.tier,
    )
