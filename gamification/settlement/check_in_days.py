"""Changing the days of a check-in programme: what becomes of each, and what it gives or gives back.

A streak is a function of its days, and a day's reward one of its place in the streak. So where a day comes in late, is
made up or withdrawn, the days after it get what they would have had if it had been so from the beginning; what they were
given before is taken back, exactly.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from gamification.checkins.days import DAY
from gamification.checkins.model import COUNTS, CheckInDay, CheckInState, DayState, Ledger, day_id
from gamification.checkins.rewarding import milestones_on, reached_on, rewards_of
from gamification.checkins.streak import Judged, close, judge, rebuilt
from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.model import account_id
from gamification.members.model import Member
from gamification.programmes.definitions import CheckIn, Reward
from gamification.settlement.check_ins import clock_for, keep, present_day, standing, tell_day
from gamification.settlement.giving import Gift, Grounds, give_rewards, take_back_rewards
from gamification.settlement.needs import NeedsFinder
from gamification.settlement.unit import Unit


async def change_days(
    work: Unit, member: Member, definition: CheckIn, stated: Mapping[date, CheckInDay], because: Cause
) -> CheckInState:
    """Put the stated days, each made from what it was before, in its place, and bring the streak and all rewards in
    line. The standing must have been loaded. Boards are left stale where a score was taken back."""
    space = work.space
    state = standing(space, member, definition)
    clock = clock_for(space, member, definition)
    today = present_day(state, clock, space)
    ledger = await _reaching(work, state, min(stated))
    before = judge(ledger, today)
    days = {**ledger.days}
    for day, found in stated.items():
        if found.state in COUNTS:
            days[day] = found.state
        else:
            days.pop(day, None)
    ledger = close(evolve(ledger, days=days), today - DAY)
    after = judge(ledger, today)
    since = ledger.anchor + DAY if ledger.anchor is not None else date.min
    reached = reached_on(definition, after.positions, state.reached, since)
    changed = _changed(before, after) | stated.keys()
    changed |= {day for streak, day in {*reached.items()} ^ {*state.reached.items()} if day >= since}
    docs = await _documents(work, state, changed)
    withdrawn = {
        **state.withdrawn,
        **{d: found.attempt for d, found in stated.items() if found.state is DayState.WITHDRAWN},
    }
    state = keep(
        space, evolve(state, ledger=ledger, reached=reached, withdrawn=withdrawn), clock, definition, today
    )
    turned = [_turned(definition, stated.get(day, docs[day]), after, reached) for day in sorted(changed)]
    await _load(work, member, definition, [*docs.values(), *turned])
    for turn in turned:
        _put(work, member, definition, docs[turn.day], turn, state, because)
    return state


async def _reaching(work: Unit, state: CheckInState, day: date) -> Ledger:
    """The facts from before that day on: all of them, where it was forgotten already."""
    ledger = state.ledger
    if ledger.anchor is None or day > ledger.anchor:
        return ledger
    days = await work.stores.check_ins.days_of(state.member_id, state.check_in, tx=work.tx)
    items = await work.stores.check_ins.items_of(state.member_id, state.check_in, work.tx)
    pending = [entry for entry in work.space.check_in_items.values() if entry.id not in {i.id for i in items}]
    return rebuilt(ledger, days, [*items, *(e for e in pending if e.check_in == state.check_in)])


def _changed(before: Judged, after: Judged) -> set[date]:
    return {
        day
        for day in before.states.keys() | after.states.keys()
        if (before.states.get(day), before.positions.get(day))
        != (after.states.get(day), after.positions.get(day))
    }


async def _documents(work: Unit, state: CheckInState, days: Iterable[date]) -> dict[date, CheckInDay]:
    """The days as they were."""
    ids = {day: day_id(state.programme_id, state.member_id, state.check_in, day) for day in days}
    held = work.space.check_in_days
    stored = await work.stores.check_ins.days_by_ids([i for i in ids.values() if i not in held], work.tx)
    found = {**stored, **held}
    return {
        day: found.get(ids[day])
        or CheckInDay(
            ids[day], state.programme_id, state.member_id, state.check_in, day, DayState.MISSED,
            attempt=state.withdrawn.get(day, 0),
        )
        for day in days
    }  # fmt: skip


def _turned(definition: CheckIn, day: CheckInDay, after: Judged, reached: Mapping[int, date]) -> CheckInDay:
    """The day as it is from now on, before it has given anything anew."""
    became = after.states.get(day.day, DayState.MISSED)
    if became is DayState.MISSED and day.state is DayState.WITHDRAWN:
        became = DayState.WITHDRAWN
    position = after.positions.get(day.day, 0)
    return evolve(
        day,
        state=became,
        position=position,
        milestones=milestones_on(definition, day.day, position, reached),
        short=day.short or became is DayState.EXCUSED,
    )


async def _load(work: Unit, member: Member, definition: CheckIn, days: Iterable[CheckInDay]) -> None:
    """Every state that giving and taking back may touch."""
    space = work.space
    finder = NeedsFinder(space.catalogue)
    wanted = set[bytes]()
    for day in days:
        wanted.update(day.transfers)
        finder.needs.awards.update(day.awards)
        at = day.at or space.now
        rewards = rewards_of(definition, day.state, day.position, day.milestones)
        finder.add_rewards(member, at, rewards, day.day.isoformat())
    wanted -= {transfer.id for transfer in (*space.loaded_transfers, *space.transfers)}
    if wanted:
        found = await work.stores.ledger.transfers(space.catalogue.programme_id, sorted(wanted), work.tx)
        space.loaded_transfers += found.values()
        for transfer in found.values():
            finder.needs.accounts.add(account_id(transfer.programme_id, transfer.member_id, transfer.unit))
            finder.needs.caps.update(transfer.caps)
            finder.needs.pendings |= {transfer.id, transfer.related or transfer.id}
    await work.load(finder.needs)


def _put(
    work: Unit,
    member: Member,
    definition: CheckIn,
    before: CheckInDay,
    day: CheckInDay,
    state: CheckInState,
    because: Cause,
) -> None:
    """Keep a changed day; where it gives something else now, give that and take the other back."""
    space = work.space
    due = rewards_of(definition, day.state, day.position, day.milestones)
    if due != _gave(definition, before):
        day = _regiven(work, member, before, day, due, definition, because)
    space.put_check_in_day(day)
    if day.state is not before.state:
        tell_day(space, state, day.day, day.state, state.run.streak, day.position)


def _gave(definition: CheckIn, day: CheckInDay) -> tuple[Reward, ...] | None:
    """What the day was given; None where the definition has changed since, and it can't be told."""
    if not day.rewardings:
        return ()
    if day.version != definition.version:
        return None
    return rewards_of(definition, day.state, day.position, day.milestones)


def _regiven(
    work: Unit,
    member: Member,
    before: CheckInDay,
    day: CheckInDay,
    due: tuple[Reward, ...],
    definition: CheckIn,
    because: Cause,
) -> CheckInDay:
    space = work.space
    ground = f"check-in:{day.id.hex()}"
    cause = evolve(
        day.cause or because,
        activity_id=day.activity_id,
        check_in=definition.key,
        programme_version=space.catalogue.version,
    )
    grounds = Grounds(cause, ground, day.day.isoformat(), day.at or space.now)
    times = before.rewardings + 1
    # First what is due, then back what was given: what was spent meanwhile is in nobody's way.
    gift = give_rewards(
        space,
        member,
        due,
        grounds,
        lambda index: derived_id("check-in", day.id, day.attempt, times, index),
    )
    if before.rewardings:
        given = Gift(before.transfers, before.scores, before.awards)
        kept = (*gift.awards, *gift.redemptions, *gift.items)
        take_back_rewards(space, member, given, ground, because, keep=kept)
    return evolve(
        day,
        rewardings=times,
        version=definition.version,
        transfers=gift.transfers,
        awards=gift.awards,
        scores=gift.scores,
        reward_sequence=space.sequence if gift.scores else 0,
        cause=cause,
    )
