"""Why something happened."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import strawberry

from gamification.activity.model import Activity as ActivityModel
from gamification.kit import causes
from gamification.ledger.model import Limit as LimitModel
from gamification.ledger.model import LimitKind as LimitKindModel
from gamification.members.service import may_see_private
from gamification.rules.multiplying import campaign_behind
from resolvers.context import Info
from resolvers.fields import batched
from resolvers.relay import encode_id
from resolvers.scalars import Long

if TYPE_CHECKING:
    from resolvers.types.activity import Activity

LimitKind = LimitKindModel
strawberry.enum(LimitKind, name="LimitKind", description="What kept an amount from being applied in full.")


@strawberry.type(description="A rule as it was when it took effect.")
class RuleVersion:
    key: str = strawberry.field(
        description="The rule's key in the programme file; `campaigns.<campaign>:<rule>` for what a campaign adds to it."
    )
    version: int = strawberry.field(
        description="Counts the changes to this rule, from 1; of what a campaign adds, those to the campaign."
    )
    programme_version: int | None = strawberry.field(description="The programme's version at that time.")


@strawberry.type(description="A task as it was when it was completed.")
class TaskVersion:
    key: str = strawberry.field(description="The task's key in the programme file.")
    version: int = strawberry.field(description="Counts the changes to this task, from 1.")


@strawberry.type(description="A rank in a period that closed.")
class PrizeWon:
    leaderboard: str = strawberry.field(description="The board's key.")
    period: str = strawberry.field(description="The period's key.")
    group: str | None = strawberry.field(
        description="The group whose ranking it was; null for the whole board."
    )
    rank: Long = strawberry.field(description="1 is the best.")


@strawberry.type(description="A draw, and what was won in it.")
class DrawCause:
    key: str = strawberry.field(description="The draw's key.")
    round: str | None = strawberry.field(description="The round's key, or the day; null for tickets bought.")
    prize: str | None = strawberry.field(description="The prize's key; null for a ticket taken or bought.")


@strawberry.type(description="A milestone of a goal that was reached together.")
class GoalCause:
    key: str = strawberry.field(description="The goal's key.")
    period: str = strawberry.field(description="The period's key.")
    team: str | None = strawberry.field(description="The team that reached it; null: all members.")
    milestone: str = strawberry.field(description="The milestone's key; `target` is the goal's target.")


@strawberry.type(description="Who did it by hand.")
class Actor:
    role: str = strawberry.field(description="member, moderator, operator or service.")
    subject: str | None = strawberry.field(description="The token's subject; staff and services see it.")


@strawberry.type(description="What kept an amount from being applied in full.")
class Limit:
    kind: LimitKind = strawberry.field(description="Which limit.")
    shortfall: Long = strawberry.field(description="How much of the stated amount was not applied.")
    key: str | None = strawberry.field(
        description="Of a cap, its unit, rule or budget, and how it is counted, such as `points/daily`."
    )


async def _activities(causes: list["Cause"], info: Info) -> list["Activity | None"]:
    """What caused them, as far as the caller may read it."""
    from resolvers.types.activity import Activity

    ids = [cause.model.activity_id for cause in causes]
    found = await visible_activities(info, [one for one in ids if one is not None])
    return [Activity(model=found[one]) if one is not None and one in found else None for one in ids]


@strawberry.type(
    description="Why something happened: the activity and rule, the task, or the person and reason."
)
class Cause:
    model: strawberry.Private[causes.Cause]
    limits: strawberry.Private[tuple[LimitModel, ...]] = ()
    activity: Annotated["Activity", strawberry.lazy("resolvers.types.activity")] | None = batched(
        _activities, description="The activity that caused it; readable by its member, staff and services."
    )

    @strawberry.field(description="What kept the amount from being applied in full.")
    def limited_by(self) -> list[Limit]:
        return [
            Limit(kind=limit.kind, shortfall=Long(limit.shortfall), key=limit.key) for limit in self.limits
        ]

    @strawberry.field(description="The rule that caused it, as it was.")
    def rule(self) -> RuleVersion | None:
        if self.model.rule is None or self.model.rule_version is None:
            return None
        return RuleVersion(
            key=self.model.rule,
            version=self.model.rule_version,
            programme_version=self.model.programme_version,
        )

    @strawberry.field(
        description="The key of the campaign that gave it, beside a rule's points that it multiplies or by a rule of its own."
    )
    async def campaign(self, info: Info) -> str | None:
        if self.model.rule is None:
            return None
        return campaign_behind((await info.context.catalogue()).rules, self.model.rule)

    @strawberry.field(description="The rule's version alone.")
    def version(self) -> int | None:
        return self.model.rule_version or self.model.task_version

    @strawberry.field(description="The task whose completion caused it, as it was.")
    def task(self) -> TaskVersion | None:
        if self.model.task is None:
            return None
        return TaskVersion(key=self.model.task, version=self.model.task_version or 1)

    @strawberry.field(description="The key of the collection of badges whose completion, or end, caused it.")
    def collection(self) -> str | None:
        return self.model.collection

    @strawberry.field(description="The key of the check-in programme that caused it.")
    def check_in(self) -> str | None:
        return self.model.check_in

    @strawberry.field(description="The key of the reward that it was paid for, or came back from.")
    def reward(self) -> str | None:
        return self.model.reward

    @strawberry.field(description="The rank that won it when a board's period closed.")
    def prize(self) -> PrizeWon | None:
        board, period, rank = self.model.board, self.model.period, self.model.rank
        if board is None or period is None or rank is None:
            return None
        return PrizeWon(leaderboard=board, period=period, group=self.model.group, rank=Long(rank))

    @strawberry.field(
        description="The tier that multiplied the points, as `ladder/tier`; several separated by commas."
    )
    def tier(self) -> str | None:
        return self.model.tier

    @strawberry.field(description="What the points were multiplied by: a decimal number such as `1.5`.")
    def multiplier(self) -> str | None:
        return self.model.multiplier

    @strawberry.field(description="The key of the referral offer whose reward, or its end, it was.")
    def referral(self) -> str | None:
        return self.model.referral

    @strawberry.field(description="The draw that took the ticket, or gave the prize.")
    def draw(self) -> DrawCause | None:
        if self.model.draw is None:
            return None
        return DrawCause(key=self.model.draw, round=self.model.period, prize=self.model.prize)

    @strawberry.field(description="The goal that it was given for.")
    def goal(self) -> GoalCause | None:
        key, period, milestone = self.model.goal, self.model.period, self.model.milestone
        if key is None or period is None or milestone is None:
            return None
        return GoalCause(key=key, period=period, team=self.model.group, milestone=milestone)

    @strawberry.field(description="The question for whose bounty points were set aside, paid or returned.")
    def bounty(self) -> strawberry.ID | None:
        return strawberry.ID(encode_id("Post", self.model.bounty)) if self.model.bounty is not None else None

    @strawberry.field(description="The key of the contest that a story of the member won in.")
    def contest(self) -> str | None:
        return self.model.contest

    @strawberry.field(description="The agreement with a partner under which points were exchanged.")
    def agreement_id(self) -> strawberry.ID | None:
        found = self.model.agreement
        return encode_id("PartnerAgreement", found) if found is not None else None

    @strawberry.field(description="Who did it by hand.")
    def actor(self, info: Info) -> Actor | None:
        if self.model.actor is None:
            return None
        role, _, subject = self.model.actor.partition(":")
        shown = info.context.caller.role != "member" or info.context.caller.subject == subject
        return Actor(role=role, subject=subject if shown else None)

    @strawberry.field(description="The reason stated by whoever did it by hand, or by the system.")
    def reason(self) -> str | None:
        return self.model.reason


async def visible_activity(info: Info, activity_id: bytes | None) -> ActivityModel | None:
    """The activity, for those who may read its member's."""
    if activity_id is None:
        return None
    return (await visible_activities(info, [activity_id])).get(activity_id)


async def visible_activities(info: Info, ids: Sequence[bytes]) -> dict[bytes, ActivityModel]:
    """Activities by id: those of them that the caller may read."""
    loaders, caller = info.context.loaders, info.context.caller
    found = await loaders.activities.load_many(ids)
    members = await loaders.members.load_many(activity.member_id for activity in found.values())
    return {
        key: activity
        for key, activity in found.items()
        if activity.member_id in members and may_see_private(caller, members[activity.member_id])
    }
