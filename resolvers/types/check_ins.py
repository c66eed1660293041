"""Check-ins: programmes, a member's standing, the calendar of a month."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated

import strawberry

from gamification.checkins import model as domain
from gamification.checkins.rewarding import milestones_on, rewards_of
from gamification.checkins.service import CalendarDay, Standing
from gamification.programmes import definitions
from resolvers.context import Info
from resolvers.relay import Node, encode_id
from resolvers.scalars import Long
from resolvers.types.names import label, text
from resolvers.types.tasks import CheckInItem, DefinitionStatus, TaskReward, reward_of

CheckInDayState = domain.DayState
strawberry.enum(
    CheckInDayState,
    name="CheckInDayState",
    description="CHECKED_IN and MADE_UP count. FROZEN, EXCUSED (a journey left less than 16 hours of the day) and PAUSED "
    "neither count nor break a streak; MISSED and WITHDRAWN (taken back by staff) break it. OPEN: the present day, not "
    "checked in yet. FUTURE and BEFORE (the member joined) are no days to check in on.",
)
CheckInZone = definitions.TaskZone
strawberry.enum(CheckInZone, name="CheckInZone", description="By whose calendar days begin.")
CheckInAfterCycle = definitions.AfterCycle
strawberry.enum(
    CheckInAfterCycle,
    name="CheckInAfterCycle",
    description="After the last step of the cycle: REPEAT from the first, or STAY at the last.",
)
CheckInMilestoneRepeat = definitions.MilestoneRepeat
strawberry.enum(
    CheckInMilestoneRepeat,
    name="CheckInMilestoneRepeat",
    description="EACH_STREAK that reaches it, or each member ONCE.",
)


@strawberry.type(description="What one day of the cycle gives.")
class CheckInStep:
    position: int = strawberry.field(description="The day's place in the cycle, from 1.")
    reward: list[TaskReward] = strawberry.field(description="What it gives.")


@strawberry.type(description="What a streak of so many days gives beside the cycle.")
class CheckInMilestone:
    streak: int = strawberry.field(description="How many days that count, in a row.")
    repeat: CheckInMilestoneRepeat = strawberry.field(description="How often it is given.")
    reward: list[TaskReward] = strawberry.field(description="What it gives.")


@strawberry.type(description="The terms of cards or freezes.")
class CheckInItemTerms:
    item: CheckInItem = strawberry.field(description="Which.")
    held_max: int = strawberry.field(description="How many a member can hold, at most 1,000.")
    initial: int = strawberry.field(description="How many a member begins with.")
    price_unit: str | None = strawberry.field(
        description="The key of the unit they are sold for; null: not sold."
    )
    price: Long | None = strawberry.field(description="What one costs, in the unit's smallest part.")
    days: int | None = strawberry.field(description="Of cards: how many days back a day can be made up.")
    rewarded: bool | None = strawberry.field(description="Of cards: whether a made-up day gives its reward.")


@strawberry.type(description="A daily check-in: days in a row, and what they give.")
class CheckIn(Node):
    key: str = strawberry.field(description="Its key in the programme file.")
    name: str = strawberry.field(description="In the viewer's locale, else the programme's.")
    description: str | None = strawberry.field(description="In the viewer's locale, else the programme's.")
    status: DefinitionStatus = strawberry.field(description="Whether it takes effect.")
    version: int = strawberry.field(description="Counts the changes to it, from 1.")
    activity_type: str = strawberry.field(
        description="The type of activity that each check-in is recorded as."
    )
    zone: CheckInZone = strawberry.field(description="By whose calendar days begin.")
    day_start: str = strawberry.field(description="When a day begins, such as `04:00`.")
    offline_seconds: Long = strawberry.field(
        description="How late a check-in may arrive that happened while the client was offline, in seconds."
    )
    cycle: list[CheckInStep] = strawberry.field(description="The days of the reward cycle, in order.")
    after_cycle: CheckInAfterCycle = strawberry.field(description="What comes after the last of them.")
    milestones: list[CheckInMilestone] = strawberry.field(
        description="What long streaks give beside, in file order."
    )
    items: list[CheckInItemTerms] = strawberry.field(description="Cards and freezes, where it has them.")
    pause_days_max: int | None = strawberry.field(description="Days of one pause at most; null: no pauses.")
    pause_days_a_year: int | None = strawberry.field(description="Paused days of one calendar year at most.")


@strawberry.type(description="Days off that are planned, both ends included.")
class CheckInPause:
    first: date = strawberry.field(description="The first day off.")
    last: date = strawberry.field(description="The last day off.")


@strawberry.type(description="A check-in programme's day, in a member's calendar.")
class CheckInDay:
    day: date = strawberry.field(description="Its date.")
    state: CheckInDayState = strawberry.field(description="What became of it.")
    position: int | None = strawberry.field(description="Its place in its streak, from 1, where it counts.")
    checked_in_at: datetime | None = strawberry.field(description="When it was checked in, or made up.")
    time_zone: str | None = strawberry.field(description="The IANA zone by which that day was told then.")
    can_make_up: bool = strawberry.field(description="Whether a make-up card would make it count now.")

    @classmethod
    def of(cls, found: CalendarDay) -> "CheckInDay":
        """The GraphQL object of a calendar's day."""
        counts = found.state in domain.COUNTS and found.stored is not None
        stored = found.stored if counts else None
        return cls(
            day=found.day,
            state=found.state,
            position=stored.position if stored else None,
            checked_in_at=stored.at if stored else None,
            time_zone=stored.zone if stored else None,
            can_make_up=found.can_make_up,
        )


@strawberry.type(description="A member's standing in one check-in programme, now.")
class CheckInStanding:
    model: strawberry.Private[Standing]
    today: date = strawberry.field(description="The member's present day.")
    begins_at: datetime = strawberry.field(description="When it began.")
    ends_at: datetime = strawberry.field(description="When it ends.")
    checked_in: bool = strawberry.field(description="Whether the present day counts already.")
    streak: Long = strawberry.field(
        description="Days that count, in a row; the present day can still be added."
    )
    streak_began: date | None = strawberry.field(description="The first of them.")
    longest: Long = strawberry.field(description="The longest streak so far, in days.")
    total: Long = strawberry.field(description="All days that ever counted.")
    last_day: date | None = strawberry.field(description="The last day that counted.")
    make_up_cards: int = strawberry.field(description="Cards held.")
    freezes: int = strawberry.field(description="Freezes held.")
    pauses: list[CheckInPause] = strawberry.field(description="Past and planned, in order; at most 200.")

    @strawberry.field(description="In which check-in programme.")
    async def check_in(self, info: Info) -> CheckIn:
        return await build_check_in(info, self.model.definition)

    @strawberry.field(description="What the next day that is checked in gives, if no day is missed before.")
    async def next_reward(self, info: Info) -> list[TaskReward]:
        definition, position = self.model.definition, self.model.next_position
        state = self.model.state
        # A milestone that is given once and not reached yet would be reached on whatever day comes next.
        reached = {position: self.model.today, **state.reached}
        due = rewards_of(
            definition,
            domain.DayState.CHECKED_IN,
            position,
            milestones_on(definition, self.model.today, position, reached),
        )
        return [reward_of(part, await _hidden(info, due)) for part in due]

    @strawberry.field(description="A month's days for a client to draw, from the first to the last.")
    async def calendar(
        self,
        info: Info,
        month: Annotated[
            str | None, strawberry.argument(description="Such as `2026-11`; else the present day's.")
        ] = None,
    ) -> list[CheckInDay]:
        services = info.context.services
        found = await services.check_in_readings.calendar(self.model, month or f"{self.model.today:%Y-%m}")
        return [CheckInDay.of(day) for day in found]

    @classmethod
    def of(cls, standing: Standing) -> "CheckInStanding":
        """The GraphQL object of a standing."""
        run = standing.state.run
        return cls(
            model=standing,
            today=standing.today,
            begins_at=standing.begins_at,
            ends_at=standing.ends_at,
            checked_in=standing.is_checked_in,
            streak=Long(run.streak),
            streak_began=run.began,
            longest=Long(run.longest),
            total=Long(run.total),
            last_day=run.last,
            make_up_cards=standing.state.make_up_cards,
            freezes=run.freezes,
            pauses=[CheckInPause(first=p.first, last=p.last) for p in standing.state.ledger.pauses],
        )


async def build_check_in(info: Info, found: definitions.CheckIn) -> CheckIn:
    """The GraphQL object of a check-in programme's definition."""
    hidden = await _hidden(info, [part for _, rewards in found.all_rewards() for part in rewards])
    pauses = found.pauses
    return CheckIn(
        id=encode_id("CheckIn", found.key),
        key=found.key,
        name=await label(info, found),
        description=await text(info, found.description),
        status=found.status,
        version=found.version,
        activity_type=found.activity,
        zone=found.zone,
        day_start=found.day_start,
        offline_seconds=Long(int(found.offline.total_seconds())),
        cycle=[
            CheckInStep(position=place, reward=[reward_of(part, hidden) for part in step.reward])
            for place, step in enumerate(found.cycle, start=1)
        ],
        after_cycle=found.after_cycle,
        milestones=[
            CheckInMilestone(
                streak=one.streak, repeat=one.repeat, reward=[reward_of(part, hidden) for part in one.reward]
            )
            for one in found.milestones
        ],
        items=[_terms(item, terms) for item in CheckInItem if (terms := found.terms_of(item)) is not None],
        pause_days_max=pauses.days_max if pauses else None,
        pause_days_a_year=pauses.days_a_year if pauses else None,
    )


def _terms(item: definitions.CheckInItem, terms: definitions.ItemTerms) -> CheckInItemTerms:
    makes_up = terms if isinstance(terms, definitions.MakeUp) else None
    return CheckInItemTerms(
        item=item,
        held_max=terms.held_max,
        initial=terms.initial,
        price_unit=terms.price.unit if terms.price else None,
        price=Long(terms.price.amount) if terms.price else None,
        days=makes_up.days if makes_up else None,
        rewarded=makes_up.rewarded if makes_up else None,
    )


async def _hidden(info: Info, rewards: Collection[definitions.Reward]) -> Collection[str]:
    """The badges that the caller must not learn of, where the rewards have any."""
    return await info.context.hidden_badges() if any(part.award for part in rewards) else frozenset[str]()
