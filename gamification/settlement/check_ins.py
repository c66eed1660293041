"""A member's standing in a check-in programme, brought up to now, and cards and freezes: operations on a workspace.

Whatever touches a standing closes the days that are over first. So a freeze is used at the member's midnight by what was
held then, however late anybody looks, and what comes in afterwards helps the days after.
"""

from datetime import date, timedelta

from gamification.checkins.days import DAY, DayClock, clock_of
from gamification.checkins.model import (
    CheckInDay,
    CheckInState,
    DayState,
    ItemEntry,
    day_id,
    new_state,
    state_id,
)
from gamification.checkins.streak import Judged, advance_anchor, close, judge, next_at_risk
from gamification.kit.causes import Cause
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.members.model import Member
from gamification.programmes.definitions import CheckIn, CheckInItem, TaskZone
from gamification.settlement.workspace import Workspace

_KEPT_LEAST = timedelta(days=31)
_DOCUMENTED = frozenset({DayState.FROZEN, DayState.EXCUSED})


def clock_for(space: Workspace, member: Member, definition: CheckIn) -> DayClock:
    """The member's days in that check-in programme."""
    of_programme = definition.zone is TaskZone.PROGRAMME
    programme_zone = space.catalogue.settings.time_zone if of_programme else None
    return clock_of(member, definition.starts_at_minute, programme_zone)


def present_day(state: CheckInState, clock: DayClock, space: Workspace) -> date:
    """The member's present day; never one that is closed already, whatever became of their zone since."""
    today = clock.day_at(space.now)
    closed = state.ledger.closed
    return today if closed is None else max(today, closed + DAY)


def standing(space: Workspace, member: Member, definition: CheckIn) -> CheckInState:
    """The standing, which must have been loaded, with every day closed that is over by now."""
    found = state_id(space.catalogue.programme_id, member.id, definition.key)
    state = space.check_ins.get(found) or new_state(space.catalogue.programme_id, member.id, definition.key)
    clock = clock_for(space, member, definition)
    today = present_day(state, clock, space)
    closed = state.ledger.closed
    if closed == today - DAY:
        return state
    oldest = today - kept(definition)
    first = oldest if closed is None else max(closed + DAY, oldest)
    over = [first + number * DAY for number in range((today - first).days)]
    ledger = evolve(state.ledger, short=state.ledger.short | {day for day in over if clock.is_short(day)})
    ledger = close(ledger, today - DAY)
    judged = judge(ledger, today)
    _tell_closed(space, state, judged, today)
    return keep(space, evolve(state, ledger=ledger), clock, definition, today)


def keep(
    space: Workspace, state: CheckInState, clock: DayClock, definition: CheckIn, today: date
) -> CheckInState:
    """Put a standing with changed facts, and all that follows from them."""
    run = judge(state.ledger, today).run
    at_risk = next_at_risk(state.ledger, run, today)
    return space.put_check_in(
        evolve(
            state,
            run=run,
            ledger=advance_anchor(state.ledger, today - kept(definition)),
            next_close_at=clock.begins_at(at_risk + DAY) if at_risk is not None else None,
        )
    )


def kept(definition: CheckIn) -> timedelta:
    """How far back days may still change by what members do."""
    makes_up = timedelta(days=definition.make_up.days if definition.make_up else 0)
    return max(definition.offline, makes_up, _KEPT_LEAST) + 3 * DAY


def add_items(
    space: Workspace,
    member: Member,
    definition: CheckIn,
    item: CheckInItem,
    count: int,
    entry_id: bytes,
    cause: Cause,
    ground: str | None = None,
) -> ItemEntry | None:
    """Give cards or freezes, or with a negative count take them away: as many as may be held, and as are there. None
    where that is none."""
    terms = definition.terms_of(item)
    if terms is None:
        return None
    state = standing(space, member, definition)
    held = state.held(item)
    applied = min(count, max(terms.held_max - held, 0)) if count > 0 else max(count, -held)
    if applied == 0:
        return None
    clock = clock_for(space, member, definition)
    today = present_day(state, clock, space)
    entry = ItemEntry(
        entry_id,
        state.programme_id,
        state.member_id,
        state.check_in,
        item,
        applied,
        held + applied,
        today,
        space.now,
        state.entries + 1,
        cause,
        ground,
    )
    space.put_check_in_item(entry)
    changed = evolve(state, entries=entry.entry)
    if item is CheckInItem.MAKE_UP_CARD:
        changed = evolve(changed, make_up_cards=entry.held)
    else:
        freezes = {**state.ledger.freezes, today: state.ledger.freezes.get(today, 0) + applied}
        changed = evolve(changed, ledger=evolve(state.ledger, freezes=freezes))
    keep(space, changed, clock, definition, today)
    space.tell(
        member.id,
        FeedKind.CHECK_IN_ITEMS,
        {"check_in": definition.key, "item": item.value, "count": applied, "held": entry.held},
    )
    return entry


def tell_day(
    space: Workspace, state: CheckInState, day: date, became: DayState, streak: int, position: int = 0
) -> None:
    """Tell the member what became of a day. `streak` is how it stands now, or where it ended, how long it was."""
    space.tell(
        state.member_id,
        FeedKind.CHECK_IN_DAY,
        {
            "check_in": state.check_in,
            "day": day.isoformat(),
            "state": became.value,
            "streak": streak,
            "position": position,
        },
    )


def _tell_closed(space: Workspace, state: CheckInState, judged: Judged, today: date) -> None:
    """Keep and tell what became of the days that were closed just now."""
    if state.run.streak == 0 or state.ledger.closed is None:
        return
    day = state.ledger.closed + DAY
    while day < today:
        became = judged.states.get(day)
        if became is None:
            tell_day(space, state, day, DayState.MISSED, state.run.streak)
            return
        if became in _DOCUMENTED:
            space.put_check_in_day(_closed_day(state, day, became))
            tell_day(space, state, day, became, state.run.streak)
        day += DAY


def _closed_day(state: CheckInState, day: date, became: DayState) -> CheckInDay:
    return CheckInDay(
        day_id(state.programme_id, state.member_id, state.check_in, day),
        state.programme_id,
        state.member_id,
        state.check_in,
        day,
        became,
        short=became is DayState.EXCUSED,
        attempt=state.withdrawn.get(day, 0),
    )
