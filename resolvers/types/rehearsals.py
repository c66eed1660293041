"""Rehearsals, and what they found."""

from datetime import date, datetime

import strawberry

from gamification.rehearsal import model as domain
from gamification.rehearsal import result as found
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import Listing, Node, global_id
from resolvers.scalars import Long
from resolvers.types.members import Member
from resolvers.types.programme import DefinitionChange, change_of

REHEARSALS = Listing("rehearsals", (bytes,))
RehearsalStatus = domain.RehearsalStatus
strawberry.enum(
    RehearsalStatus,
    name="RehearsalStatus",
    description="WAITING for a worker, RUNNING, then DONE, FAILED, or CANCELLED.",
)
RehearsalOrder = domain.RehearsalOrder
strawberry.enum(
    RehearsalOrder,
    name="RehearsalOrder",
    description="HAPPENED: each activity as though it had come at once, in the order of time. RECORDED: in the order in which they "
    "came, when they came, however late; what is in force then gives exactly what happened.",
)
_DAY = "By the programme's calendar."
_MONEY = "in the currency's smallest part"


@strawberry.type(description="Points of a unit that rules, tasks and collections gave or took for activity.")
class RehearsedPoints:
    model: strawberry.Private[found.UnitSum]
    unit: str = of_model("unit", description="The unit's key.")

    @strawberry.field(description="Given in the rehearsal, pending ones too; less what refunds took back.")
    def given(self) -> Long:
        return Long(self.model.given)

    @strawberry.field(description="Taken in the rehearsal: 0 or less.")
    def taken(self) -> Long:
        return Long(self.model.taken)

    @strawberry.field(description="Given for the same activity in truth.")
    def happened_given(self) -> Long:
        return Long(self.model.was_given)

    @strawberry.field(description="Taken for the same activity in truth: 0 or less.")
    def happened_taken(self) -> Long:
        return Long(self.model.was_taken)

    @strawberry.field(description="How many more the members would have.")
    def difference(self) -> Long:
        one = self.model
        return Long(one.given + one.taken - one.was_given - one.was_taken)


@strawberry.type(description="A day of what was rehearsed.")
class RehearsedDay:
    model: strawberry.Private[found.DaySum]

    @strawberry.field(description=_DAY)
    def day(self) -> date:
        return date.fromisoformat(self.model.day)

    @strawberry.field(description="Units of which there was anything, in file order.")
    def points(self) -> list[RehearsedPoints]:
        return [RehearsedPoints(model=one) for one in self.model.units]

    @strawberry.field(description="Rewards of the catalogue given in the rehearsal.")
    def rewards(self) -> Long:
        return Long(self.model.rewards)

    @strawberry.field(description="Rewards of the catalogue given in truth.")
    def happened_rewards(self) -> Long:
        return Long(self.model.was_rewards)

    @strawberry.field(description=f"What those rewards cost in the rehearsal, {_MONEY}.")
    def cost(self) -> Long:
        return Long(self.model.cost)

    @strawberry.field(description=f"What they cost in truth, {_MONEY}.")
    def happened_cost(self) -> Long:
        return Long(self.model.was_cost)


@strawberry.type(description="A reward of the catalogue that rules or tasks gave.")
class RehearsedReward:
    model: strawberry.Private[found.RewardSum]
    reward: str = of_model("reward", description="Its key.")

    @strawberry.field(description="Given in the rehearsal.")
    def given(self) -> Long:
        return Long(self.model.given)

    @strawberry.field(description="Given in truth.")
    def happened_given(self) -> Long:
        return Long(self.model.was_given)

    @strawberry.field(description="How often it was due in the rehearsal when none was left.")
    def out_of_stock(self) -> Long:
        return Long(self.model.failed)

    @strawberry.field(
        description=f"What was given of it costs in the rehearsal, {_MONEY}; null where it states no cost."
    )
    def cost(self) -> Long | None:
        return None if self.model.cost is None else Long(self.model.cost)

    @strawberry.field(description=f"What was given of it cost in truth, {_MONEY}.")
    def happened_cost(self) -> Long:
        return Long(self.model.was_cost)


@strawberry.type(description="How often a badge was awarded, or a task completed.")
class RehearsedCount:
    model: strawberry.Private[found.CountSum]
    key: str = of_model("key", description="Its key.")

    @strawberry.field(description="In the rehearsal.")
    def count(self) -> Long:
        return Long(self.model.count)

    @strawberry.field(description="In truth.")
    def happened(self) -> Long:
        return Long(self.model.was)


@strawberry.type(description="How many members changed from one tier to another.")
class RehearsedTierChange:
    model: strawberry.Private[found.TierSum]
    ladder: str = of_model("ladder", description="The ladder's key.")
    before: str | None = of_model("before", description="The tier before; null for none.")
    after: str | None = of_model("after", description="The tier afterwards; null for none.")

    @strawberry.field(description="In the rehearsal.")
    def count(self) -> Long:
        return Long(self.model.count)

    @strawberry.field(description="In truth.")
    def happened(self) -> Long:
        return Long(self.model.was)


async def _members(rows: "list[RehearsedWinner] | list[RehearsedMember]", info: Info) -> list[Member | None]:
    known = await info.context.loaders.members.load_many(row.model.member_id for row in rows)
    return [Member.of(known[row.model.member_id]) if row.model.member_id in known else None for row in rows]


@strawberry.type(description="A place on a board at the end of a rehearsal.")
class RehearsedWinner:
    model: strawberry.Private[found.Winner]
    rank: int = of_model("rank", description="1 is the best.")
    member: Member | None = batched(_members, description="Whose; null once they are no member any more.")

    @strawberry.field(description="The score in the rehearsal.")
    def score(self) -> Long:
        return Long(self.model.score)

    @strawberry.field(description="What breaks ties, in the rehearsal.")
    def subscore(self) -> Long:
        return Long(self.model.subscore)

    @strawberry.field(
        description="The score that they have in truth; null where they have none, or not all of the period was rehearsed."
    )
    def happened_score(self) -> Long | None:
        return None if self.model.was is None else Long(self.model.was)


@strawberry.type(
    description="A period of a board as a rehearsal leaves it, what was before the time included."
)
class RehearsedBoard:
    model: strawberry.Private[found.BoardSum]
    board: str = of_model("board", description="The board's key.")
    period: str = of_model("period", description="The period's key.")
    size: int = of_model("size", description="How many members are on it.")

    @strawberry.field(description="The first ten.")
    def winners(self) -> list[RehearsedWinner]:
        return [RehearsedWinner(model=one) for one in self.model.winners]


@strawberry.type(description="What one member would have of a unit, and what they got.")
class RehearsedMember:
    model: strawberry.Private[found.MemberSum]
    unit: str = of_model("unit", description="The unit's key.")
    member: Member | None = batched(_members, description="Who; null once they are no member any more.")

    @strawberry.field(description="In the rehearsal.")
    def points(self) -> Long:
        return Long(self.model.points)

    @strawberry.field(description="In truth.")
    def happened(self) -> Long:
        return Long(self.model.was)

    @strawberry.field(description="How many more they would have.")
    def difference(self) -> Long:
        return Long(self.model.points - self.model.was)


@strawberry.type(description="An activity that the draft could not take.")
class RehearsedFailure:
    model: strawberry.Private[found.Failure]
    source: str = of_model("source", description="Who sent it.")
    source_id: str = of_model("source_id", description="The sender's name for it.")
    type: str = of_model("type", description="Its type.")
    rule: str | None = of_model("rule", description="The rule that failed; null where none did.")
    code: str = of_model("code", description="Why, for programs.")
    message: str = of_model("message", description="Why, in English.")


@strawberry.type(description="A rule, and how many activities it did something for.")
class RehearsedRule:
    model: strawberry.Private[found.RuleSum]
    rule: str = of_model(
        "rule", description="Its key; `campaigns.<campaign>:<rule>` for what a campaign adds to it."
    )

    @strawberry.field(description="0: it never fired.")
    def activities(self) -> Long:
        return Long(self.model.activities)


@strawberry.type(
    description="What a rehearsal found. `happened…` is what the same activity led to in truth, as far as that stands."
)
class RehearsalResult:
    model: strawberry.Private[found.Result]
    members: int = of_model("members", description="How many members acted in the time.")
    changed_members: int = of_model(
        "changed", description="How many of them would have other points than they got."
    )

    @strawberry.field(description="Activities of the time that were played.")
    def activities(self) -> Long:
        return Long(self.model.activities)

    @strawberry.field(
        description="Activities before the time, by which states came to be; played by the rules of their own time."
    )
    def activities_before(self) -> Long:
        return Long(self.model.before)

    @strawberry.field(description="Activities of the time whose members are erased: they are left out.")
    def left_out(self) -> Long:
        return Long(self.model.left_out)

    @strawberry.field(description="By unit, in file order.")
    def points(self) -> list[RehearsedPoints]:
        return [RehearsedPoints(model=one) for one in self.model.units]

    @strawberry.field(
        description="By day, in order; days without anything are left out, and there are 400 at most."
    )
    def days(self) -> list[RehearsedDay]:
        return [RehearsedDay(model=one) for one in self.model.days]

    @strawberry.field(description="By reward of the catalogue, in file order.")
    def rewards(self) -> list[RehearsedReward]:
        return [RehearsedReward(model=one) for one in self.model.rewards]

    @strawberry.field(description=f"What all these rewards cost in the rehearsal, {_MONEY}.")
    def cost(self) -> Long:
        return Long(self.model.cost)

    @strawberry.field(description=f"What they cost in truth, {_MONEY}.")
    def happened_cost(self) -> Long:
        return Long(self.model.was_cost)

    @strawberry.field(description="Rewards given in the rehearsal that state no cost: they are not in it.")
    def uncosted(self) -> Long:
        return Long(self.model.uncosted)

    @strawberry.field(description="Badges awarded, in file order.")
    def badges(self) -> list[RehearsedCount]:
        return [RehearsedCount(model=one) for one in self.model.badges]

    @strawberry.field(description="Tasks completed, in file order.")
    def tasks(self) -> list[RehearsedCount]:
        return [RehearsedCount(model=one) for one in self.model.tasks]

    @strawberry.field(description="Changes of tiers, by ladder.")
    def tiers(self) -> list[RehearsedTierChange]:
        return [RehearsedTierChange(model=one) for one in self.model.tiers]

    @strawberry.field(
        description="The boards that were written to, in file order: the newest 12 periods of each."
    )
    def boards(self) -> list[RehearsedBoard]:
        return [RehearsedBoard(model=one) for one in self.model.boards]

    @strawberry.field(description="The ten members of each unit who would gain most.")
    def gainers(self) -> list[RehearsedMember]:
        return [RehearsedMember(model=one) for one in self.model.gainers]

    @strawberry.field(description="The ten members of each unit who would lose most.")
    def losers(self) -> list[RehearsedMember]:
        return [RehearsedMember(model=one) for one in self.model.losers]

    @strawberry.field(description="How many activities the draft could not take.")
    def failed(self) -> Long:
        return Long(self.model.failed)

    @strawberry.field(description="The first 20 of them.")
    def failures(self) -> list[RehearsedFailure]:
        return [RehearsedFailure(model=one) for one in self.model.failures]

    @strawberry.field(description="Every rule that takes effect in the draft, in file order.")
    def rules(self) -> list[RehearsedRule]:
        return [RehearsedRule(model=one) for one in self.model.rules]

    @strawberry.field(description="The keys of the rules that never fired, in file order.")
    def unfired_rules(self) -> list[str]:
        return [one.rule for one in self.model.rules if not one.activities]


@strawberry.type(description="How far a rehearsal is.")
class RehearsalProgress:
    model: strawberry.Private[domain.Rehearsal]
    status: RehearsalStatus = of_model("status", description="Whether it goes on.")
    share: float = of_model("share", description="How much of it is played, from 0 to 1.")
    rest_seconds: int | None = of_model(
        "rest_seconds",
        description="How many seconds it will go on, if it goes on as it did; null where that can't be told.",
    )

    @strawberry.field(description="Activities played, those before the time included.")
    def done(self) -> Long:
        return Long(self.model.done)

    @strawberry.field(description="Of how many; null until they are counted.")
    def total(self) -> Long | None:
        return None if self.model.total is None else Long(self.model.total)


async def _results(rows: "list[Rehearsal]", info: Info) -> list[RehearsalResult | None]:
    ids = [row.model.id for row in rows]
    known = await info.context.services.rehearsals.results(info.context.caller, ids)
    return [RehearsalResult(model=known[one]) if one in known else None for one in ids]


@strawberry.type(
    description="Recorded activity played once more by rules that are not published. It changes nothing; it is kept for 30 days, of "
    "a programme the newest 20. For operators."
)
class Rehearsal(Node):
    model: strawberry.Private[domain.Rehearsal]
    id: strawberry.ID = global_id("Rehearsal")
    order: RehearsalOrder = of_model("order", description="In which order it is played.")
    asked_at: datetime = of_model("asked_at", description="When it was asked for.")
    asked_by: str = of_model("asked_by", description='By whom, as "role:subject".')
    finished_at: datetime | None = of_model("finished_at", description="When it was done, or ended.")
    problem: str | None = of_model("problem", description="Why it failed, in English.")
    result: RehearsalResult | None = batched(_results, description="What it found; null until it is done.")
    version: int = of_model("version", description="The programme's version that the draft would follow.")

    @strawberry.field(name="from", description="Activity counts that happened then or after.")
    def since(self) -> datetime:
        return self.model.span.since

    @strawberry.field(name="to", description="And before then.")
    def until(self) -> datetime:
        return self.model.span.until

    @strawberry.field(description="What the draft changes in that version, in file order.")
    def changes(self) -> list[DefinitionChange]:
        return [change_of(one) for one in self.model.changes]

    @strawberry.field(description="How far it is.")
    def progress(self) -> RehearsalProgress:
        return RehearsalProgress(model=self.model)


async def load_rehearsal(info: Info, raw: bytes) -> Rehearsal | None:
    """A rehearsal as the caller sees it."""
    one = await info.context.services.rehearsals.find(info.context.caller, raw)
    return Rehearsal(model=one) if one is not None else None
