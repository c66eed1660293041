"""Streaks from the facts of their days: what counts, what holds, what breaks; whatever the order of arrival."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.checkins.days import DAY, DayClock
from gamification.checkins.model import COUNTS, DayState, Ledger, Pause, Run
from gamification.checkins.streak import EXCUSED_MAX, advance_anchor, close, judge, next_at_risk
from gamification.kit.records import evolve
from gamification.members.model import PastZone

FIRST = date(2026, 11, 1)
IN, UP = DayState.CHECKED_IN, DayState.MADE_UP
ZONES = [
    "Pacific/Auckland", "Pacific/Honolulu", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin",
    "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC",
]  # fmt: skip


def day(number: int) -> date:
    return FIRST + (number - 1) * DAY


def days(*numbers: int) -> dict[date, DayState]:
    return {day(number): IN for number in numbers}


def states(ledger: Ledger, today: int) -> dict[int, str]:
    found = judge(close(ledger, day(today) - DAY), day(today)).states
    return {(one - FIRST).days + 1: state.value for one, state in found.items()}


def run(ledger: Ledger, today: int) -> Run:
    return judge(close(ledger, day(today) - DAY), day(today)).run


def test_days_in_a_row_count() -> None:
    judged = judge(close(Ledger(days=days(1, 2, 3)), day(2)), day(3))

    assert judged.positions == {day(1): 1, day(2): 2, day(3): 3}
    assert judged.run == Run(streak=3, longest=3, total=3, began=day(1), last=day(3))


def test_the_present_day_does_not_break_the_streak_before_it_is_over() -> None:
    ledger = Ledger(days=days(1, 2))

    assert run(ledger, 3).streak == 2
    assert run(ledger, 4).streak == 0
    assert run(ledger, 4).longest == 2


def test_a_missed_day_begins_anew() -> None:
    judged = judge(close(Ledger(days=days(1, 2, 4, 5)), day(4)), day(5))

    assert judged.positions == {day(1): 1, day(2): 2, day(4): 1, day(5): 2}
    assert (judged.run.streak, judged.run.longest, judged.run.total, judged.run.began) == (2, 2, 4, day(4))


def test_a_made_up_day_counts_like_any_other() -> None:
    assert run(Ledger(days={**days(1, 3), day(2): UP}), 3).streak == 3


def test_a_freeze_is_used_at_the_end_of_the_day_and_holds_the_streak() -> None:
    ledger = Ledger(days=days(1, 3), freezes={day(1): 1})

    assert run(ledger, 2).freezes == 1
    assert states(ledger, 3) == {1: "checked_in", 2: "frozen", 3: "checked_in"}
    assert (run(ledger, 3).streak, run(ledger, 3).freezes) == (2, 0)


def test_a_freeze_that_comes_in_on_the_day_helps_and_one_that_comes_a_day_later_does_not() -> None:
    assert run(Ledger(days=days(1), freezes={day(2): 1}), 3).streak == 1
    late = run(Ledger(days=days(1), freezes={day(3): 1}), 3)
    assert (late.streak, late.freezes) == (0, 1)


def test_no_freeze_is_used_where_there_is_no_streak() -> None:
    assert run(Ledger(days=days(1, 20), freezes={day(4): 3}), 19).freezes == 3
    ended = run(Ledger(days=days(1), freezes={day(1): 2}), 19)
    assert (ended.streak, ended.freezes) == (0, 0)


def test_a_pause_goes_before_a_freeze() -> None:
    ledger = Ledger(days=days(1, 5), freezes={day(1): 2}, pauses=(Pause(day(2), day(3)),))

    assert states(ledger, 5) == {1: "checked_in", 2: "paused", 3: "paused", 4: "frozen", 5: "checked_in"}
    assert (run(ledger, 5).streak, run(ledger, 5).freezes) == (2, 1)


def test_a_check_in_on_a_paused_day_counts() -> None:
    assert run(Ledger(days=days(1, 2), pauses=(Pause(day(2), day(9)),)), 9).streak == 2


def test_a_day_cut_short_is_excused_before_a_freeze_is_used() -> None:
    ledger = Ledger(days=days(1, 3), freezes={day(1): 1}, short=frozenset({day(2), day(3)}))

    assert states(ledger, 3) == {1: "checked_in", 2: "excused", 3: "checked_in"}
    assert run(ledger, 3).freezes == 1


def test_only_so_many_days_cut_short_are_excused() -> None:
    every_other = [number for number in range(1, 40) if number % 2]
    ledger = Ledger(days=days(*every_other), short=frozenset(day(n) for n in range(2, 40, 2)))
    found = states(ledger, 39)

    assert [n for n, state in found.items() if state == "excused"][:EXCUSED_MAX] == [2, 4, 6]
    assert found.get(8) is None  # the fourth within thirty days
    assert sum(state == "excused" for number, state in found.items() if number <= 30) == EXCUSED_MAX


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [
        (Ledger(), None),
        (Ledger(days=days(9)), 10),
        (Ledger(days=days(9, 10)), 11),
        (Ledger(days=days(9, 10), pauses=(Pause(day(11), day(14)),)), 15),
    ],
)
def test_the_next_day_at_risk(ledger: Ledger, expected: int | None) -> None:
    found = next_at_risk(ledger, run(ledger, 10), day(10))

    assert found == (None if expected is None else day(expected))


# -- properties

numbers = st.integers(1, 60)


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    counted = draw(st.dictionaries(numbers, st.sampled_from([IN, UP]), max_size=50))
    pauses = draw(st.lists(st.tuples(numbers, st.integers(0, 9)), max_size=2))
    return Ledger(
        days={day(number): state for number, state in counted.items()},
        short=frozenset(day(number) for number in draw(st.sets(numbers, max_size=6))),
        freezes={
            day(number): count
            for number, count in draw(st.dictionaries(numbers, st.integers(0, 3), max_size=5)).items()
        },
        pauses=tuple(Pause(day(first), day(first + length)) for first, length in pauses),
    )


def plain(ledger: Ledger, today: date) -> tuple[dict[date, DayState], Run]:
    """The same, day by day from the first one on, without any shortcut."""
    run, found = Run(), dict[date, DayState]()
    one = FIRST
    while one <= today:
        run = evolve(run, freezes=run.freezes + ledger.freezes.get(one, 0))
        paused = any(pause.first <= one <= pause.last for pause in ledger.pauses)
        recent = [other for other in run.excused if one - other < timedelta(days=30)]
        changes: dict[str, Any] = {}
        state: DayState | None = None
        if one in ledger.days:
            state = ledger.days[one]
            streak = run.streak + 1
            changes = {
                "streak": streak,
                "longest": max(streak, run.longest),
                "total": run.total + 1,
                "began": run.began or one,
                "last": one,
            }
        elif one == today or run.streak == 0:
            pass
        elif paused:
            state = DayState.PAUSED
        elif one in ledger.short and len(recent) < EXCUSED_MAX:
            state, changes = DayState.EXCUSED, {"excused": (*recent, one)}
        elif run.freezes:
            state, changes = DayState.FROZEN, {"freezes": run.freezes - 1}
        else:
            changes = {"streak": 0, "began": None}
        if state:
            found[one] = state
        run = evolve(run, **changes)
        one += DAY
    return found, run


@given(ledgers(), numbers)
def test_shortcuts_change_nothing(ledger: Ledger, today: int) -> None:
    ledger = evolve(ledger, days={one: state for one, state in ledger.days.items() if one <= day(today)})
    judged = judge(close(ledger, day(today) - DAY), day(today))
    expected, expected_run = plain(ledger, day(today))

    assert dict(judged.states) == expected
    assert judged.run == expected_run
    counted = [judged.positions[one] for one in sorted(judged.positions)]
    assert all(later in (1, before + 1) for before, later in pairwise(counted))


@given(ledgers(), numbers, numbers)
def test_forgetting_old_days_changes_nothing_of_the_later_ones(
    ledger: Ledger, anchor: int, today: int
) -> None:
    ledger = evolve(ledger, days={one: state for one, state in ledger.days.items() if one <= day(today)})
    whole = close(ledger, day(today) - DAY)
    cut = advance_anchor(whole, day(anchor))
    before, after = judge(whole, day(today)), judge(cut, day(today))

    assert after.run == before.run
    assert cut.anchor is None or cut.anchor <= day(today) - DAY
    later = {one for one in before.states if cut.anchor is None or one > cut.anchor}
    assert dict(after.states) == {one: before.states[one] for one in sorted(later)}
    assert dict(after.positions) == {one: place for one, place in before.positions.items() if one in later}


@given(ledgers(), st.permutations(range(60)))
def test_the_order_in_which_days_arrive_does_not_matter(ledger: Ledger, order: list[int]) -> None:
    arrived = Ledger(short=ledger.short, freezes=ledger.freezes, pauses=ledger.pauses)
    for number in order:
        one = day(number + 1)
        if one in ledger.days:
            arrived = close(evolve(arrived, days={**arrived.days, one: ledger.days[one]}), day(60))

    if arrived.days:
        assert judge(arrived, day(61)) == judge(close(ledger, day(60)), day(61))


@given(ledgers())
def test_no_freeze_is_used_twice(ledger: Ledger) -> None:
    judged = judge(close(ledger, day(70)), day(71))
    used = sum(state is DayState.FROZEN for state in judged.states.values())

    assert used + judged.run.freezes == sum(ledger.freezes.values())


@given(ledgers(), numbers)
def test_one_more_day_never_shortens_the_streak(ledger: Ledger, number: int) -> None:
    more = evolve(ledger, days={**ledger.days, day(number): IN})
    before = judge(close(ledger, day(60)), day(61)).run
    after = judge(close(more, day(60)), day(61)).run

    if not ledger.freezes and not ledger.short:  # else a freeze may help an earlier streak instead
        assert after.streak >= before.streak
        assert after.longest >= before.longest
    assert after.total == before.total + (day(number) not in ledger.days)
    assert set(COUNTS) >= {more.days[day(number)]}


# -- streaks and days together


@given(st.data())
def test_who_checks_in_once_on_every_day_they_have_keeps_their_streak(data: st.DataObject) -> None:
    """Whatever the zones, with as many journeys as are excused: a check-in at any moment of each day that is long enough
    is a streak without an end, and no two of them are of one day."""
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    moves = sorted(data.draw(st.lists(st.integers(0, 40 * 24 * 60), max_size=EXCUSED_MAX // 2)))
    names = st.sampled_from(ZONES)
    past = tuple(PastZone(data.draw(names), begin + timedelta(minutes=minute)) for minute in moves)
    clock = DayClock(data.draw(names), data.draw(st.integers(0, 1439)), past)
    first = clock.day_at(begin) + DAY
    whole = [one for one in (first + number * DAY for number in range(45)) if not clock.is_short(one)]
    moments = []
    for one in whole:
        length = clock.begins_at(one + DAY) - clock.begins_at(one)
        moments.append(clock.begins_at(one) + length * data.draw(st.floats(0, 0.999)))
    told = [clock.day_at(moment) for moment in moments]

    assert told == whole
    short = frozenset(first + number * DAY for number in range(46) if clock.is_short(first + number * DAY))
    ledger = close(Ledger(days=dict.fromkeys(told, IN), short=short), told[-1])
    assert judge(ledger, told[-1] + DAY).run.streak == len(told)
