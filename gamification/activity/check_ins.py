"""Checking in, making a missed day up, and taking a check-in back.

A check-in is an activity of the type that its programme states, recorded in the same transaction: rules, tasks and boards
see it like any other, and reversing that activity takes the day back.
"""

from datetime import date, datetime, timedelta
from typing import Any

from gamification.activity.intake import CLOCK_SKEW_MAX
from gamification.activity.model import Activity, NewActivity
from gamification.activity.recording import RecordingService
from gamification.activity.repository import ActivityRepository
from gamification.activity.rescoring import rescore
from gamification.checkins.model import CheckInDay, CheckInState, DayState, day_id, state_id
from gamification.kit.actors import Actor
from gamification.kit.causes import Cause
from gamification.kit.errors import Conflict, ErrorCode, InvalidInput, NotFound
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.programmes.definitions import CheckIn, CheckInItem
from gamification.settlement.check_in_days import change_days
from gamification.settlement.check_in_terms import open_standing
from gamification.settlement.check_ins import add_items, clock_for, present_day, standing
from gamification.settlement.needs import Needs
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit


class CheckInService:
    """`checkIn`, `makeUpCheckIn`: members for themselves, services for anyone."""

    def __init__(
        self, settlement: SettlementService, recording: RecordingService, activities: ActivityRepository
    ) -> None:
        self._settlement = settlement
        self._recording = recording
        self._activities = activities

    async def check_in(
        self, actor: Actor, member_id: bytes | None, check_in: str, occurred_at: datetime | None, key: str
    ) -> tuple[CheckInDay, bool]:
        """Check the member in on the day that holds `occurred_at`, or the present one.

        Raises: NotFound, Conflict (ALREADY_CHECKED_IN), InvalidInput (TOO_LATE, IN_FUTURE), IdempotencyConflict, and
        whatever the activity can't be taken for.
        """

        async def body(work: Unit) -> dict[str, Any]:
            member, definition = await self._open(work, actor, member_id, check_in)
            at = _happened_at(work, member, definition, occurred_at)
            clock = clock_for(work.space, member, definition)
            state = standing(work.space, member, definition)
            today = present_day(state, clock, work.space)
            day = today if occurred_at is None else min(clock.day_at(at), today)
            if state.ledger.days.get(day) is DayState.CHECKED_IN:
                raise Conflict(
                    f"{day} is checked in already.", code=ErrorCode.ALREADY_CHECKED_IN, path=["checkIn"]
                )
            if state.ledger.anchor is not None and day <= state.ledger.anchor:
                raise _too_late(definition)
            attempt = state.withdrawn.get(day, 0)
            activity = await self._recording.record_within(
                work, _activity(member, definition, day, at, attempt)
            )
            begin_with(work, member, definition)
            stored = await _stored_day(work, state, day)
            if stored.state is DayState.MADE_UP:
                _return_card(work, member, definition, stored)
            checked = evolve(
                stored,
                state=DayState.CHECKED_IN,
                at=at,
                recorded_at=work.space.now,
                zone=clock.zone_at(at),
                activity_id=activity.id,
                attempt=attempt,
                cause=None,
            )
            because = Cause(
                activity_id=activity.id,
                check_in=definition.key,
                programme_version=work.space.catalogue.version,
            )
            return await self._changed(work, member, definition, checked, because)

        stated = occurred_at.isoformat() if occurred_at else None
        return await self._once(actor, key, "checkIn", [member_id, check_in, stated], body)

    async def make_up(
        self, actor: Actor, member_id: bytes | None, check_in: str, day: date, key: str
    ) -> tuple[CheckInDay, bool]:
        """Make a missed day up with a card. No activity is recorded: nothing was done on that day.

        Raises: NotFound, Conflict (NO_MAKE_UP_CARD, NOT_MISSED, ALREADY_CHECKED_IN), InvalidInput (TOO_LATE),
        IdempotencyConflict.
        """

        async def body(work: Unit) -> dict[str, Any]:
            member, definition = await self._open(work, actor, member_id, check_in)
            work.space.begin(await work.next_sequence())
            clock = clock_for(work.space, member, definition)
            begin_with(work, member, definition)
            state = standing(work.space, member, definition)
            today = present_day(state, clock, work.space)
            check_missed(definition, state, member, day, today, clock.day_at(member.joined_at))
            stored = await _stored_day(work, state, day)
            if stored.state in (DayState.FROZEN, DayState.EXCUSED):
                raise Conflict(
                    f"{day} is {stored.state} and breaks no streak.", code=ErrorCode.NOT_MISSED, path=["day"]
                )
            because = Cause(
                actor=f"{actor.role}:{actor.subject}",
                reason=f"make-up card for {day}",
                check_in=definition.key,
                programme_version=work.space.catalogue.version,
            )
            entry = derived_id("made-up", stored.id, state.entries)
            if (
                add_items(work.space, member, definition, CheckInItem.MAKE_UP_CARD, -1, entry, because)
                is None
            ):
                raise Conflict(
                    "There is no make-up card left.", code=ErrorCode.NO_MAKE_UP_CARD, path=["checkIn"]
                )
            made_up = evolve(
                stored,
                state=DayState.MADE_UP,
                at=work.space.now,
                recorded_at=work.space.now,
                zone=clock.zone_at(work.space.now),
                activity_id=None,
                attempt=state.withdrawn.get(day, 0),
                cause=because,
            )
            return await self._changed(work, member, definition, made_up, because)

        return await self._once(actor, key, "makeUpCheckIn", [member_id, check_in, day.isoformat()], body)

    async def _open(
        self, work: Unit, actor: Actor, member_id: bytes | None, check_in: str
    ) -> tuple[Member, CheckIn]:
        return await open_standing(self._settlement, work, actor, member_id, check_in)

    async def _changed(
        self, work: Unit, member: Member, definition: CheckIn, day: CheckInDay, because: Cause
    ) -> dict[str, Any]:
        await change_days(work, member, definition, {day.day: day}, because)
        if work.space.stale:
            await work.flush()
            await rescore(work, self._activities, {member.id: member})
        return {"day": day.id}

    async def _once(
        self, actor: Actor, key: str, operation: str, stated: list[Any], body: Any
    ) -> tuple[CheckInDay, bool]:
        result, replayed = await self._settlement.run_once(actor, key, operation, {"input": stated}, body)
        found = await self._settlement.stores.check_ins.days_by_ids([result["day"]])
        return found[result["day"]], replayed


def begin_with(work: Unit, member: Member, definition: CheckIn) -> None:
    """Give the cards and freezes that members begin with, once."""
    state = standing(work.space, member, definition)
    because = Cause(
        reason="to begin with", check_in=definition.key, programme_version=work.space.catalogue.version
    )
    if state.run.total or state.withdrawn:
        return
    for item in CheckInItem:
        terms = definition.terms_of(item)
        if terms is not None and terms.initial:
            entry = derived_id("check-in-initial", state.id, item.value)
            add_items(work.space, member, definition, item, terms.initial, entry, because)


def check_missed(
    definition: CheckIn, state: CheckInState, member: Member, day: date, today: date, joined_on: date
) -> None:
    """Raises: NotFound, InvalidInput, Conflict where the day can't be made up."""
    if definition.make_up is None:
        raise NotFound("Days of this check-in can't be made up.", path=["checkIn"])
    if day >= today:
        raise InvalidInput("Only a day that is over can be made up.", code=ErrorCode.IN_FUTURE, path=["day"])
    oldest = max(today - timedelta(days=definition.make_up.days), joined_on)
    if day < oldest or (state.ledger.anchor is not None and day <= state.ledger.anchor):
        raise InvalidInput(
            f"A day is made up within {definition.make_up.days} days, and not before joining.",
            code=ErrorCode.TOO_LATE,
            path=["day"],
            limit=definition.make_up.days,
        )
    if day in state.ledger.days:
        raise Conflict(f"{day} counts already.", code=ErrorCode.ALREADY_CHECKED_IN, path=["day"])
    if any(pause.holds(day) for pause in state.ledger.pauses):
        raise Conflict(f"{day} is paused and breaks no streak.", code=ErrorCode.NOT_MISSED, path=["day"])


async def withdraw_check_in(work: Unit, member: Member, activity: Activity, because: Cause) -> None:
    """Take back the day that a reversed activity checked in, where it did."""
    found = await work.stores.check_ins.day_of_activity(member.id, activity.id, work.tx)
    if found is None or found.state is not DayState.CHECKED_IN:
        return
    definition = work.space.catalogue.check_ins[found.check_in]
    await work.load(Needs(check_ins={state_id(member.programme_id, member.id, found.check_in)}))
    withdrawn = evolve(
        found, state=DayState.WITHDRAWN, at=None, activity_id=None, attempt=found.attempt + 1, cause=because
    )
    await change_days(work, member, definition, {found.day: withdrawn}, because)


def _happened_at(work: Unit, member: Member, definition: CheckIn, occurred_at: datetime | None) -> datetime:
    """When the check-in happened. Raises: InvalidInput."""
    now = work.space.now
    if occurred_at is None:
        return now
    if occurred_at > now + CLOCK_SKEW_MAX:
        raise InvalidInput(
            f"occurredAt lies more than {CLOCK_SKEW_MAX.seconds} seconds in the future.",
            code=ErrorCode.IN_FUTURE,
            path=["occurredAt"],
            limit=CLOCK_SKEW_MAX.seconds,
        )
    if (
        occurred_at < now - definition.offline - CLOCK_SKEW_MAX
        or occurred_at < member.joined_at - CLOCK_SKEW_MAX
    ):
        raise _too_late(definition)
    at = min(occurred_at, now)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _too_late(definition: CheckIn) -> InvalidInput:
    seconds = int(definition.offline.total_seconds())
    return InvalidInput(
        f"occurredAt lies further back than the {seconds} seconds that this check-in waits for, or before joining.",
        code=ErrorCode.TOO_LATE,
        path=["occurredAt"],
        limit=seconds,
    )


def _activity(member: Member, definition: CheckIn, day: date, at: datetime, attempt: int) -> NewActivity:
    again = f":{attempt}" if attempt else ""
    return NewActivity(
        type=definition.activity,
        source=f"check-in:{definition.key}",
        source_id=f"{member.id.hex()}:{day.isoformat()}{again}",
        member_external_id=member.external_id,
        occurred_at=at,
        subject=f"check_in:{definition.key}",
        properties={"check_in": definition.key, "day": day.isoformat()},
    )


async def _stored_day(work: Unit, state: CheckInState, day: date) -> CheckInDay:
    """The day as it is, or one of which nothing is known."""
    found = day_id(state.programme_id, state.member_id, state.check_in, day)
    held = work.space.check_in_days.get(found)
    stored = held or (await work.stores.check_ins.days_by_ids([found], work.tx)).get(found)
    return stored or CheckInDay(
        found, state.programme_id, state.member_id, state.check_in, day, DayState.MISSED
    )


def _return_card(work: Unit, member: Member, definition: CheckIn, day: CheckInDay) -> None:
    """The member had checked in on a day that a card was used for."""
    because = Cause(
        reason=f"checked in on {day.day} after all",
        check_in=definition.key,
        programme_version=work.space.catalogue.version,
    )
    entry = derived_id("card-back", day.id, standing(work.space, member, definition).entries)
    add_items(work.space, member, definition, CheckInItem.MAKE_UP_CARD, 1, entry, because)
