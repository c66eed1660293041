"""Goals that members reach together, how far they have come, and what each contributed."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.goals import model as domain
from gamification.goals.counting import closes_at, period_named, value_of
from gamification.goals.model import GoalPeriod, Run
from gamification.members.service import may_see_private
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import (
    After,
    Before,
    Connection,
    First,
    Last,
    Listing,
    Node,
    connect,
    encode_id,
    global_id,
    window,
)
from resolvers.scalars import Long
from resolvers.types.badges import BadgeAward
from resolvers.types.ledger import Transfer
from resolvers.types.names import label, text
from resolvers.types.tasks import DefinitionStatus, TaskReward, reward_of
from storage.paging import Page

if TYPE_CHECKING:
    from resolvers.types.members import Member

TEAMS = Listing("goal teams", (str,))
PERIODS = Listing("goal periods", (str,))
CONTRIBUTORS = Listing("goal contributors", (int, bytes))
CONTRIBUTIONS = Listing("goal contributions", (int, bytes))
GoalMeasure = definitions.GoalMeasure
strawberry.enum(
    GoalMeasure,
    name="GoalMeasure",
    description="What adds up: activities, what they state, or members who contributed at least the goal's least.",
)
GoalCycle = definitions.GoalCycle
strawberry.enum(GoalCycle, name="GoalCycle", description="How often a goal starts anew.")
GoalPays = definitions.GoalPays
strawberry.enum(
    GoalPays,
    name="GoalPays",
    description="REACHED: what was reached stays so, and pays from then on. CLOSE: the sum at the close decides, and pays then.",
)
GoalSplitBy = definitions.SplitBy
strawberry.enum(
    GoalSplitBy,
    name="GoalSplitBy",
    description="CONTRIBUTION: in the proportion of contributions. EVENLY: to each participant the same.",
)
GoalState = domain.RunState
strawberry.enum(
    GoalState,
    name="GoalState",
    description="OPEN: it can be contributed to. FREEZING, CLOSING: it is over, and being settled. CLOSED: all is given.",
)


@strawberry.type(description="Points that are divided among all participants, to the point.")
class GoalSplit:
    unit: str = strawberry.field(description="The unit's key.")
    amount: Long = strawberry.field(description="How many points in all.")
    by: GoalSplitBy = strawberry.field(description="In which proportion.")


@strawberry.type(description="A milestone of a goal; `target` is the goal's target itself.")
class GoalMilestone:
    key: str = strawberry.field(description="Its key in the goal.")
    name: str = strawberry.field(
        description="In the viewer's locale, else the programme's; its key where none."
    )
    percent: int = strawberry.field(description="Of the target: 1 to 1000.")
    threshold: Long = strawberry.field(description="How much of it reaches the milestone: rounded up.")
    reward: list[TaskReward] = strawberry.field(description="What each participant gets for it, at most 10.")
    split: GoalSplit | None = strawberry.field(description="What is divided among them; null for nothing.")


@strawberry.type(
    description="Something that all members, or each team, reach together: docs/goals.md. (共同目标)"
)
class Goal(Node):
    definition: strawberry.Private[definitions.Goal]
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    status: DefinitionStatus = strawberry.field(description="Whether it takes effect.")
    version: int = strawberry.field(description="Counts the changes to it, from 1.")
    measure: GoalMeasure = strawberry.field(description="What adds up.")
    target: Long = strawberry.field(description="How much of it is to be reached.")
    has_teams: bool = strawberry.field(description="Whether each team reaches it for itself.")
    cycle: GoalCycle = strawberry.field(description="How often it starts anew.")
    starts_at: datetime | None = strawberry.field(description="Activity before it does not count.")
    ends_at: datetime | None = strawberry.field(description="Activity from then on does not count.")
    least: Long = strawberry.field(description="What a member contributes to take part in the reward.")
    pays: GoalPays = strawberry.field(description="When what each gets is given.")
    settles_after_seconds: Long | None = strawberry.field(
        description="So long after its end a period closes; null for never."
    )
    milestones: list[GoalMilestone] = strawberry.field(
        description="From the lowest, the target among them; at most 21."
    )

    @strawberry.field(
        description="How far a period has come, of all members, or for a goal with teams of a team."
    )
    async def progress(
        self,
        info: Info,
        period: Annotated[
            str | None, strawberry.argument(description="Its key; the present one where not given.")
        ] = None,
        team: Annotated[
            str | None, strawberry.argument(description="Exactly for goals with teams: whose.")
        ] = None,
    ) -> "GoalProgress | None":
        services, caller = info.context.services, info.context.caller
        wanted = await services.goals.period(caller, self.definition, period, team, services.now())
        return GoalProgress.of(self.definition, wanted, await services.goals.run(wanted))

    @strawberry.field(
        description="The same for the caller: of their present team, or of all members. Null for who is in no team."
    )
    async def my_progress(
        self,
        info: Info,
        period: Annotated[
            str | None, strawberry.argument(description="Its key; the present one where not given.")
        ] = None,
    ) -> "GoalProgress | None":
        services, caller = info.context.services, info.context.caller
        member = await services.members.me(caller)
        if member is None:
            return None
        team = services.goals.team_of(self.definition, member)
        if team is None and self.definition.group is not None:
            return None
        wanted = await services.goals.period(caller, self.definition, period, team, services.now())
        return GoalProgress.of(self.definition, wanted, await services.goals.run(wanted))

    @strawberry.field(description="The teams that contributed in a period, by name.")
    async def teams(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        period: Annotated[
            str | None, strawberry.argument(description="Its key; the present one where not given.")
        ] = None,
    ) -> Connection["GoalProgress"] | None:
        services, caller = info.context.services, info.context.caller
        key = await services.goals.key_of(caller, self.definition, period, services.now())
        page = await services.goals.teams(
            caller, self.definition, key, window(first, after, last, before, of=TEAMS)
        )
        return await self._connection(info, page, TEAMS)

    @strawberry.field(
        description="The periods in which all members, or a team, contributed, newest first; the present one too."
    )
    async def periods(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        team: Annotated[
            str | None, strawberry.argument(description="Exactly for goals with teams: whose.")
        ] = None,
    ) -> Connection["GoalProgress"] | None:
        services, caller = info.context.services, info.context.caller
        await services.goals.period(caller, self.definition, None, team, services.now())
        page = await services.goals.past(
            caller, self.definition, team, window(first, after, last, before, of=PERIODS)
        )
        return await self._connection(info, page, PERIODS)

    async def _connection(self, info: Info, page: Page[Run], listing: Listing) -> Connection["GoalProgress"]:
        catalogue = await info.context.catalogue()
        zone = catalogue.settings.time_zone

        def build(run: Run) -> GoalProgress:
            period = period_named(run.programme_id, self.definition, run.period, zone, run.team)
            return GoalProgress.of(self.definition, period, run)

        return connect(page, build, listing)


@strawberry.type(description="A milestone that was reached.")
class GoalReachedMilestone:
    milestone: str = strawberry.field(description="Its key; `target` is the goal's target.")
    reached_at: datetime = strawberry.field(description="When that was found.")
    value: Long = strawberry.field(description="What it had come to then.")
    threshold: Long = strawberry.field(description="What had to be reached.")


async def _own(rows: list["GoalProgress"], info: Info) -> list["GoalContribution | None"]:
    """What the caller contributed to each."""
    found = await info.context.services.goals.own(info.context.caller, [row.model.id for row in rows])
    return [GoalContribution(model=found[row.model.id]) if row.model.id in found else None for row in rows]


@strawberry.type(
    description="How far a goal's period has come, of all members or a team. It may trail the last activity by about a "
    "second."
)
class GoalProgress:
    definition: strawberry.Private[definitions.Goal]
    model: strawberry.Private[Run]
    goal_key: str = strawberry.field(description="The goal's key.")
    period: str = of_model("period", description="The period's key: `all`, `2026-W47`, `2026-11`.")
    team: str | None = of_model("team", description="Whose progress it is; null: that of all members.")
    starts_at: datetime | None = strawberry.field(description="The first instant of the period that counts.")
    ends_at: datetime | None = strawberry.field(description="The first instant that does not count any more.")
    closes_at: datetime | None = strawberry.field(
        description="From then on nothing counts in it, however late it comes; null for never."
    )
    closed_at: datetime | None = of_model(
        "closed_at", description="When all that was reached had been given."
    )
    state: GoalState = of_model("state", description="How it stands.")
    value: Long = strawberry.field(description="What it has come to; of a closed one, at the close.")
    target: Long = strawberry.field(description="What is to be reached.")
    contributors: Long = strawberry.field(description="How many members contributed.")
    participants: Long = strawberry.field(description="How many of them contributed at least the least.")
    revision: Long = strawberry.field(description="Grows with every change; not dense.")
    reached: list[GoalReachedMilestone] = strawberry.field(
        description="The milestones that were reached, from the lowest; at most 21."
    )
    my_contribution: "GoalContribution | None" = batched(
        _own, description="What the caller contributed; null for nothing."
    )

    @strawberry.field(description="Of which goal.")
    async def goal(self, info: Info) -> Goal:
        return await build_goal(info, self.definition)

    @strawberry.field(
        description="Who contributed how much, the greatest contribution first. Staff and services see it."
    )
    async def contributions(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection["GoalContribution"] | None:
        services, caller = info.context.services, info.context.caller
        wanted = window(first, after, last, before, of=CONTRIBUTORS)
        page = await services.goals.contributors(caller, self.model.id, wanted)

        async def count() -> int:
            return self.model.contributors

        return connect(page, lambda one: GoalContribution(model=one), CONTRIBUTORS, count)

    @classmethod
    def of(cls, goal: definitions.Goal, period: GoalPeriod, run: Run) -> "GoalProgress":
        """The GraphQL object of a run."""
        return cls(
            definition=goal,
            model=run,
            goal_key=goal.key,
            starts_at=period.starts_at,
            ends_at=period.ends_at,
            closes_at=closes_at(goal, period),
            value=Long(run.final if run.final is not None else value_of(goal, run)),
            target=Long(goal.target),
            contributors=Long(run.contributors),
            participants=Long(run.participants),
            revision=Long(run.revision),
            reached=[
                GoalReachedMilestone(
                    milestone=one.milestone,
                    reached_at=one.at,
                    value=Long(one.value),
                    threshold=Long(one.threshold),
                )
                for one in run.reached
            ],
        )


@strawberry.type(description="What a member got for a milestone.")
class GoalPayment:
    model: strawberry.Private[domain.Payment]
    milestone: str = of_model("milestone", description="The milestone's key; `target` is the target.")
    at: datetime = of_model("at", description="When.")
    taken_back_at: datetime | None = of_model(
        "taken_back_at",
        description="When it was taken back, since what they contributed was; null: it stands.",
    )

    @strawberry.field(
        description="How many points of what was divided were theirs; null for what each participant got."
    )
    def share(self) -> Long | None:
        return None if self.model.share is None else Long(self.model.share)

    @strawberry.field(description="The points that it gave, at most 10.")
    async def transfers(self, info: Info) -> list[Transfer]:
        found = await info.context.loaders.transfers.load_many(self.model.transfers)
        return [Transfer.of(found[one]) for one in self.model.transfers if one in found]

    @strawberry.field(description="The badges that it gave, at most 10.")
    async def awards(self, info: Info) -> list[BadgeAward]:
        found = await info.context.loaders.awards.load_many(self.model.awards)
        return [BadgeAward.of(found[one]) for one in self.model.awards if one in found]


@strawberry.type(
    description="What a member contributed in a goal's period. The member, staff and services see it."
)
class GoalContribution(Node):
    model: strawberry.Private[domain.GoalContribution]
    id: strawberry.ID = global_id("GoalContribution")
    period: str = of_model("period", description="The period's key.")
    team: str | None = of_model("team", description="For which team; null where the goal has none.")
    updated_at: datetime | None = of_model("updated_at", description="When it last changed.")

    @strawberry.field(description="How much.")
    def value(self) -> Long:
        return Long(self.model.value)

    @strawberry.field(description="What they got for it, in order.")
    def payments(self) -> list[GoalPayment]:
        return [GoalPayment(model=one) for one in self.model.payments]

    @strawberry.field(description="To which goal.")
    async def goal(self, info: Info) -> Goal:
        return await build_goal(info, (await info.context.catalogue()).goals[self.model.goal])

    @strawberry.field(description="Who contributed it.")
    async def member(self, info: Info) -> Annotated["Member", strawberry.lazy("resolvers.types.members")]:
        from resolvers.types.members import load_member

        return await load_member(info, self.model.member_id)


async def build_goal(info: Info, goal: definitions.Goal) -> Goal:
    """The GraphQL object of a goal's definition."""
    awards = any(part.award for stage in goal.stages for part in stage.reward)
    hidden = await info.context.hidden_badges() if awards else frozenset[str]()
    return Goal(
        definition=goal,
        id=encode_id("Goal", goal.key),
        key=goal.key,
        name=await label(info, goal),
        description=await text(info, goal.description),
        status=goal.status,
        version=goal.version,
        measure=goal.measure,
        target=Long(goal.target),
        has_teams=goal.group is not None,
        cycle=goal.cycle,
        starts_at=goal.starts_at,
        ends_at=goal.ends_at,
        least=Long(goal.least),
        pays=goal.pays,
        settles_after_seconds=Long(int(goal.settles_after.total_seconds())) if goal.settles_after else None,
        milestones=[
            GoalMilestone(
                key=stage.key,
                name=await text(info, stage.name) or stage.key,
                percent=stage.percent,
                threshold=Long(stage.threshold(goal.target)),
                reward=[reward_of(part, hidden) for part in stage.reward],
                split=GoalSplit(unit=stage.split.unit, amount=Long(stage.split.amount), by=stage.split.by)
                if stage.split
                else None,
            )
            for stage in goal.stages
        ],
    )


async def load_contribution(info: Info, raw: bytes) -> GoalContribution | None:
    """The contribution of that id, for those who may read its member's."""
    found = (await info.context.services.goals.by_ids(info.context.caller, [raw])).get(raw)
    if found is None:
        return None
    member = await info.context.loaders.members.load(found.member_id)
    return GoalContribution(model=found) if member and may_see_private(info.context.caller, member) else None
