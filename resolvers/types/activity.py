"""Recorded activity."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from gamification.activity import model as domain
from gamification.leaderboards.model import Refusal
from gamification.settlement.gifts import gift_id
from resolvers.context import Info
from resolvers.fields import of_model
from resolvers.relay import Node, global_id
from resolvers.scalars import Long
from resolvers.types.causes import RuleVersion, visible_activity

if TYPE_CHECKING:
    from resolvers.types.ledger import Transfer
    from resolvers.types.members import Member
    from resolvers.types.redemptions import Redemption

ActivityStatus = domain.ActivityStatus
strawberry.enum(
    ActivityStatus,
    name="ActivityStatus",
    description="RECORDED now, DUPLICATE of one recorded before, or REJECTED with an error.",
)


ScoreRefusal = Refusal
strawberry.enum(
    ScoreRefusal,
    name="ScoreRefusal",
    description="CLOSED: the period's standings were final. NO_ATTEMPT_LEFT: the member had used all attempts of it.",
)


@strawberry.type(description="A score that did not count.")
class UnscoredResult:
    leaderboard: str = strawberry.field(description="The board's key.")
    period: str = strawberry.field(description="The period's key.")
    reason: ScoreRefusal = strawberry.field(description="Why not.")


@strawberry.type(description="What an activity contributed to a goal.")
class ActivityContribution:
    goal: str = strawberry.field(description="The goal's key.")
    period: str | None = strawberry.field(
        description="The period's key; null where it did not count, as out of the goal's times or without a team."
    )
    team: str | None = strawberry.field(description="The team it counted for; null where there are none.")
    by: Long = strawberry.field(description="How much.")


@strawberry.type(description="A reward of the catalogue that a rule gave for an activity.")
class GivenReward:
    found: strawberry.Private[bytes]
    reward: str = strawberry.field(description="The reward's key.")
    rule: RuleVersion = strawberry.field(description="The rule that gave it, as it was.")
    is_capped: bool = strawberry.field(
        description="Whether it was not given, as the rule's caps on it had no room."
    )

    @strawberry.field(description="What became of it; FAILED where none was left. Null where it was capped.")
    async def redemption(
        self, info: Info
    ) -> Annotated["Redemption", strawberry.lazy("resolvers.types.redemptions")] | None:
        from resolvers.types.redemptions import Redemption

        found = await info.context.loaders.redemptions.load(self.found)
        return Redemption.of(found) if found else None


@strawberry.type(description="A part of an activity that was taken back.")
class Refund:
    key: str = strawberry.field(description="The sender's name for it.")
    amount: str | None = strawberry.field(
        description="How much of the activity's amount, as a decimal number; null where lines were."
    )
    lines: list[str] = strawberry.field(description="The ids of the lines.")
    at: datetime = strawberry.field(description="When it was taken back.")
    reason: str | None = strawberry.field(description="Why.")


@strawberry.type(description="An activity as recorded. Readable by its member, staff and services.")
class Activity(Node):
    model: strawberry.Private[domain.Activity]
    id: strawberry.ID = global_id("Activity")
    type: str = of_model("type", description="The activity type's key.")
    source: str = of_model("source", description="The system that sent it.")
    source_id: str = of_model("source_id", description="Its id in that system.")
    subject: str | None = of_model("subject", description="What it was about, such as `post:12`.")
    occurred_at: datetime = of_model("occurred_at", description="When it happened.")
    recorded_at: datetime = of_model("recorded_at", description="When it was recorded.")
    properties: JSON = of_model("properties", description="What the sender stated, at most 16 KiB of JSON.")

    @strawberry.field(description="When it was taken back.")
    def reversed_at(self) -> datetime | None:
        return self.model.reversal.at if self.model.reversal else None

    @strawberry.field(description="Why it was taken back.")
    def reversal_reason(self) -> str | None:
        return self.model.reversal.reason if self.model.reversal else None

    @strawberry.field(description="Whose activity it is.")
    async def member(self, info: Info) -> Annotated["Member", strawberry.lazy("resolvers.types.members")]:
        from resolvers.types.members import load_member

        return await load_member(info, self.model.member_id)

    @strawberry.field(description="The points that it moved, in order.")
    async def transfers(
        self, info: Info
    ) -> list[Annotated["Transfer", strawberry.lazy("resolvers.types.ledger")]]:
        from resolvers.types.ledger import Transfer

        found = await info.context.loaders.transfers.load_many(self.model.transfers)
        return [Transfer(model=found[one]) for one in self.model.transfers if one in found]

    @strawberry.field(description="Scores that it would have written, but which did not count.")
    def unscored(self) -> list[UnscoredResult]:
        return [
            UnscoredResult(leaderboard=one.board, period=one.period, reason=one.reason)
            for one in self.model.unscored
        ]

    @strawberry.field(description="What it contributed to goals.")
    def contributions(self) -> list[ActivityContribution]:
        return [
            ActivityContribution(goal=one.goal, period=one.period or None, team=one.team, by=Long(one.by))
            for one in self.model.contributed
        ]

    @strawberry.field(
        description="The rewards of the catalogue that its rules gave, in order; what a refund took back is not among them."
    )
    def given_rewards(self) -> list[GivenReward]:
        model = self.model
        return [
            GivenReward(
                found=gift_id(model.id, one.rule, one.index),
                reward=one.reward,
                rule=RuleVersion(
                    key=one.rule, version=one.rule_version, programme_version=model.programme_version
                ),
                is_capped=one.capped,
            )
            for one in model.gives
        ]

    @strawberry.field(description="The parts of it that were taken back, in order.")
    def refunds(self) -> list[Refund]:
        return [
            Refund(amount=one.amount, lines=list(one.lines), at=one.at, reason=one.reason, key=one.key)
            for one in self.model.refunds
        ]

    @classmethod
    def of(cls, activity: domain.Activity) -> "Activity":
        """The GraphQL object of a domain activity."""
        return cls(model=activity)


async def load_activity(info: Info, raw: bytes) -> Activity | None:
    """The activity of that id, as this caller may see it."""
    found = await visible_activity(info, raw)
    return Activity.of(found) if found else None
