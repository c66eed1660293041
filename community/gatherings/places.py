"""Who has a place at a gathering, and who waits for one: pure."""

from datetime import datetime, timedelta

from community.gatherings.model import Gathering, GatheringState, Notice, NoticeKind, Rsvp, RsvpState
from gamification.kit.records import evolve


def is_over(gathering: Gathering, now: datetime) -> bool:
    """Whether it has ended."""
    return gathering.times.ends_at <= now


def free_places(gathering: Gathering) -> int | None:
    """How many more can go; None for as many as like."""
    if gathering.capacity is None:
        return None
    return max(gathering.capacity - gathering.count(RsvpState.GOING), 0)


def moving_up(gathering: Gathering, now: datetime) -> int:
    """How many of those who wait can have a place now. Nobody moves up once it has begun."""
    waiting = gathering.count(RsvpState.WAITING)
    if gathering.state is GatheringState.CANCELLED or gathering.times.starts_at <= now:
        return 0
    free = free_places(gathering)
    return waiting if free is None else min(waiting, free)


def answered(
    gathering: Gathering, before: Rsvp, wanted: RsvpState, now: datetime, *, limited: bool
) -> tuple[Gathering, Rsvp]:
    """The gathering and a member's answer once they have said what they want: GOING, INTERESTED or NOT_GOING. Who wants to
    go and finds no place, or others waiting, waits behind them; who waits or goes already stays where they are. An answer of
    a `limited` member takes no place and counts nowhere."""
    if wanted is before.state or (wanted is RsvpState.GOING and before.state is RsvpState.WAITING):
        return gathering, before
    state, turn = wanted, 0
    gone = counted(gathering, before, -1)
    if wanted is RsvpState.GOING and (free_places(gone) == 0 or gone.count(RsvpState.WAITING)):
        state, turn = RsvpState.WAITING, gone.turns + 1
    shadowed = limited and state.is_counted
    told = _told(gathering, before)
    after = evolve(before, state=state, at=now, turn=turn, told=told, shadowed=shadowed)
    if turn and not shadowed:
        gone = evolve(gone, turns=turn)
    return counted(gone, after, 1), after


def let_in(gathering: Gathering, before: Rsvp, now: datetime, *, limited: bool) -> tuple[Gathering, Rsvp]:
    """Both once who is there was given a place, whoever waits elsewhere; that there is one is the caller's to know."""
    told = _told(gathering, before)
    after = evolve(before, state=RsvpState.GOING, at=now, turn=0, told=told, shadowed=limited)
    return counted(counted(gathering, before, -1), after, 1), after


def counted(gathering: Gathering, rsvp: Rsvp, by: int) -> Gathering:
    """The gathering with that answer counted once more or less."""
    if not rsvp.state.is_counted or rsvp.shadowed:
        return gathering
    counts = dict(gathering.counts or {})
    counts[rsvp.state.value] = counts.get(rsvp.state.value, 0) + by
    return evolve(gathering, counts=counts)


def moved_up(gathering: Gathering, waiting: Rsvp, now: datetime) -> tuple[Gathering, Rsvp]:
    """Both once the one who waited has a place."""
    after = evolve(waiting, state=RsvpState.GOING, at=now, turn=0)
    return counted(counted(gathering, waiting, -1), after, 1), after


def reminders_after(starts_at: datetime, hours: tuple[int, ...], now: datetime) -> tuple[datetime, ...]:
    """The instants at which those who go are reminded, as far as they are to come; earliest first."""
    found = sorted(starts_at - timedelta(hours=before) for before in hours)
    return tuple(at for at in found if at > now)


def noticed(gathering: Gathering, kind: NoticeKind) -> Gathering:
    """The gathering with one more thing to be told to all concerned."""
    number = gathering.notices + 1
    return evolve(gathering, notices=number, pending=(*gathering.pending, Notice(number, kind)))


def _told(gathering: Gathering, before: Rsvp) -> int:
    """Who was concerned before is still to be told what they don't know yet; who comes new reads it as it is."""
    return before.told if before.state.is_counted else gathering.notices


def due_at(gathering: Gathering, now: datetime) -> datetime | None:
    """When the worker has something to do for it; None where nothing is foreseen."""
    if gathering.pending or moving_up(gathering, now):
        return now
    if gathering.state is GatheringState.CANCELLED or not gathering.reminders_due:
        return None
    return gathering.reminders_due[0]
