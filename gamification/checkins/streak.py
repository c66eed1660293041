"""A streak from the facts of its days: pure. The same facts give the same streak, in whatever order they arrived."""

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from gamification.checkins.days import DAY
from gamification.checkins.model import COUNTS, CheckInDay, DayState, ItemEntry, Ledger, Run
from gamification.kit.records import evolve, record
from gamification.programmes.definitions import CheckInItem

EXCUSED_MAX = 3
EXCUSED_WITHIN = timedelta(days=30)
"""So many days cut short by changes of zone are excused within such a time: enough for a journey around the world, too
few to live on."""


@record(frozen=True, slots=True)
class Judged:
    """What became of each day after the anchor, as far as it is judged or counts, and the place in the streak of those
    that count; `run` at the end."""

    states: Mapping[date, DayState]
    positions: Mapping[date, int]
    run: Run


def judge(ledger: Ledger, today: date) -> Judged:
    """Judge every day after the anchor up to the last closed one, and the present day where it counts already.
    Stretches without a streak have nothing to judge and are skipped."""
    run, states, positions = ledger.run, dict[date, DayState](), dict[date, int]()
    coming = deque(sorted(ledger.freezes))
    day = _first(ledger, today)
    while True:
        if run.streak == 0 and day not in ledger.days:
            following = min((counts for counts in ledger.days if counts > day), default=None)
            if following is None:
                break
            day = following
        if day > today or (day not in ledger.days and (ledger.closed is None or day > ledger.closed)):
            break
        run = _with_freezes(ledger, run, coming, day)
        state, run = _judged(ledger, run, day)
        if state is not DayState.MISSED:
            states[day] = state
        if state in COUNTS:
            positions[day] = run.streak
        day += DAY
    return Judged(states, positions, _with_freezes(ledger, run, coming, today))


def close(ledger: Ledger, through: date) -> Ledger:
    """The same facts, with the days up to that one judged."""
    if ledger.closed is not None and ledger.closed >= through:
        return ledger
    return evolve(ledger, closed=through)


def advance_anchor(ledger: Ledger, anchor: date) -> Ledger:
    """Forget the facts of the days up to `anchor`, which must be closed, in favour of how the streak stood after it."""
    if ledger.closed is None or (ledger.anchor is not None and anchor <= ledger.anchor):
        return ledger
    anchor = min(anchor, ledger.closed)
    if not ledger.days and ledger.anchor is None:
        return ledger
    run = judge(evolve(ledger, closed=anchor), anchor).run
    return evolve(
        ledger,
        anchor=anchor,
        run=run,
        days={day: state for day, state in ledger.days.items() if day > anchor},
        short=frozenset(day for day in ledger.short if day > anchor),
        freezes={day: count for day, count in ledger.freezes.items() if day > anchor},
    )


def rebuilt(ledger: Ledger, days: Iterable[CheckInDay], items: Iterable[ItemEntry]) -> Ledger:
    """All facts from the first day on, from what is stored of days and freezes."""
    stored = list(days)
    freezes = dict[date, int]()
    for entry in items:
        if entry.item is CheckInItem.FREEZE:
            freezes[entry.day] = freezes.get(entry.day, 0) + entry.count
    return evolve(
        ledger,
        anchor=None,
        run=Run(),
        days={day.day: day.state for day in stored if day.state in COUNTS},
        short=ledger.short | {day.day for day in stored if day.short},
        freezes=freezes,
    )


def next_at_risk(ledger: Ledger, run: Run, today: date) -> date | None:
    """The first day from today on that will cost a freeze or the streak if nothing happens; None without a streak."""
    if run.streak == 0:
        return None
    day = today
    while day in ledger.days or is_paused(ledger, day):
        day += DAY
    return day


def is_paused(ledger: Ledger, day: date) -> bool:
    """Whether the day is off."""
    return any(pause.holds(day) for pause in ledger.pauses)


def _first(ledger: Ledger, today: date) -> date:
    return ledger.anchor + DAY if ledger.anchor is not None else min(ledger.days, default=today)


def _with_freezes(ledger: Ledger, run: Run, coming: "deque[date]", until: date) -> Run:
    """With the freezes that came in until that day; they help against its end already."""
    while coming and coming[0] <= until:
        run = evolve(run, freezes=max(run.freezes + ledger.freezes[coming.popleft()], 0))
    return run


def _judged(ledger: Ledger, run: Run, day: date) -> tuple[DayState, Run]:
    state = ledger.days.get(day)
    if state is not None:
        streak = run.streak + 1
        return state, evolve(
            run,
            streak=streak,
            longest=max(run.longest, streak),
            total=run.total + 1,
            began=run.began if run.streak else day,
            last=day,
        )
    if is_paused(ledger, day):
        return DayState.PAUSED, run
    if day in ledger.short:
        recent = tuple(other for other in run.excused if day - other < EXCUSED_WITHIN)
        if len(recent) < EXCUSED_MAX:
            return DayState.EXCUSED, evolve(run, excused=(*recent, day))
    if run.freezes > 0:
        return DayState.FROZEN, evolve(run, freezes=run.freezes - 1)
    return DayState.MISSED, evolve(run, streak=0, began=None)
