"""Places, waitlists and reminders of gatherings: pure decisions."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.gatherings.limits import Stated, check_capacity, check_places, check_reminders, times_of
from community.gatherings.model import Gathering, GatheringState, NoticeKind, Rsvp, RsvpState, Times
from community.gatherings.places import (
    answered,
    counted,
    due_at,
    free_places,
    let_in,
    moved_up,
    moving_up,
    noticed,
    reminders_after,
)
from community.posts.model import NOTHING_WRITTEN
from gamification.kit.errors import InvalidInput
from gamification.kit.records import evolve

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TIMES = Times(
    NOW + timedelta(days=1),
    NOW + timedelta(days=1, hours=2),
    "Europe/Berlin",
    None,
    timedelta(minutes=30),
    timedelta(hours=1),
)


def gathering(capacity: int | None = 2, **changes: object) -> Gathering:
    made = Gathering(
        id=b"g",
        programme_id="p",
        space="s",
        host_id=None,
        state=GatheringState.SCHEDULED,
        version=1,
        sequence=0,
        written=NOTHING_WRITTEN,
        place="Here",
        online_url=None,
        times=TIMES,
        capacity=capacity,
        reminders=(),
        secret=b"secret",
        created_at=NOW,
        changed_at=NOW,
    )
    return evolve(made, **changes)  # type: ignore[arg-type]


def nobody(number: int) -> Rsvp:
    return Rsvp(b"r%d" % number, "p", b"g", b"m%d" % number, RsvpState.NOT_GOING, NOW)


@given(
    capacity=st.none() | st.integers(1, 4),
    steps=st.lists(
        st.tuples(
            st.integers(0, 7),
            st.sampled_from([RsvpState.GOING, RsvpState.INTERESTED, RsvpState.NOT_GOING]),
            st.booleans(),
        ),
        max_size=40,
    ),
)
def test_counts_are_what_answers_add_up_to_and_never_exceed_the_capacity(
    capacity: int | None, steps: list[tuple[int, RsvpState, bool]]
) -> None:
    made, answers = gathering(capacity), {number: nobody(number) for number in range(8)}
    for number, wanted, limited in steps:
        made, answers[number] = answered(made, answers[number], wanted, NOW, limited=limited)
        while moving_up(made, NOW):
            waiting = [one for one in answers.values() if one.state is RsvpState.WAITING and not one.shadowed]
            first = min(waiting, key=lambda one: one.turn)
            made, after = moved_up(made, first, NOW)
            answers[int(first.id[1:])] = after
        seen = Counter(
            one.state.value for one in answers.values() if one.state.is_counted and not one.shadowed
        )
        assert {key: count for key, count in (made.counts or {}).items() if count} == dict(seen)
        assert capacity is None or made.count(RsvpState.GOING) <= capacity
        # Nobody waits while there is a place.
        assert made.count(RsvpState.WAITING) == 0 or free_places(made) == 0


def test_who_finds_no_place_waits_in_the_order_of_asking() -> None:
    made = gathering(capacity=1)
    made, first = answered(made, nobody(1), RsvpState.GOING, NOW, limited=False)
    made, second = answered(made, nobody(2), RsvpState.GOING, NOW, limited=False)
    made, third = answered(made, nobody(3), RsvpState.GOING, NOW, limited=False)

    assert (first.state, second.state, third.state) == (
        RsvpState.GOING,
        RsvpState.WAITING,
        RsvpState.WAITING,
    )
    assert (second.turn, third.turn) == (1, 2)
    assert answered(made, second, RsvpState.GOING, NOW, limited=False) == (made, second)


def test_who_comes_after_those_who_wait_does_not_pass_them() -> None:
    made = gathering(capacity=1, counts={"going": 0, "waiting": 1}, turns=1)

    _, late = answered(made, nobody(1), RsvpState.GOING, NOW, limited=False)

    assert (late.state, late.turn) == (RsvpState.WAITING, 2)


def test_who_left_the_waitlist_stands_at_its_end_again() -> None:
    made = gathering(capacity=1, counts={"going": 1})
    made, one = answered(made, nobody(1), RsvpState.GOING, NOW, limited=False)
    made, _ = answered(made, nobody(2), RsvpState.GOING, NOW, limited=False)
    made, one = answered(made, one, RsvpState.NOT_GOING, NOW, limited=False)
    _, one = answered(made, one, RsvpState.GOING, NOW, limited=False)

    assert one.turn == 3


def test_a_limited_members_answer_takes_no_place() -> None:
    made, ghost = answered(gathering(capacity=1), nobody(1), RsvpState.GOING, NOW, limited=True)

    assert (ghost.state, ghost.shadowed) == (RsvpState.GOING, True)
    assert free_places(made) == 1
    assert counted(made, ghost, 1) == made


def test_who_is_there_gets_a_place_before_who_waits() -> None:
    made = gathering(capacity=2, counts={"going": 1, "waiting": 1}, turns=1)

    made, there = let_in(made, nobody(1), NOW, limited=False)

    assert there.state is RsvpState.GOING
    assert (made.count(RsvpState.GOING), made.count(RsvpState.WAITING)) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"capacity": 3}, 2),
        ({"capacity": None}, 4),
        ({"capacity": 1}, 0),
        ({"capacity": 3, "state": GatheringState.CANCELLED}, 0),
        ({"capacity": 3, "times": evolve(TIMES, starts_at=NOW)}, 0),
    ],
)
def test_so_many_move_up_until_it_begins(changes: dict[str, object], expected: int) -> None:
    made = gathering(**{"counts": {"going": 1, "waiting": 4}, **changes})  # type: ignore[arg-type]

    assert moving_up(made, NOW) == expected


def test_reminders_are_exact_hours_before_whatever_the_clocks_do() -> None:
    # Clocks in Berlin go forward on 29 March 2026 at 2.
    local = datetime(2026, 3, 29, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    starts_at = times_of(stated(starts_at=local, ends_at=local + timedelta(hours=1)), NOW).starts_at

    found = reminders_after(starts_at, (24, 2), NOW)

    assert [at.astimezone(ZoneInfo("Europe/Berlin")).hour for at in found] == [9, 8]
    assert [(starts_at - at) / timedelta(hours=1) for at in found] == [24, 2]


def test_reminders_whose_time_has_passed_are_not_given() -> None:
    starts_at = NOW + timedelta(hours=5)

    assert reminders_after(starts_at, (24, 5, 2), NOW) == (NOW + timedelta(hours=3),)


def test_the_worker_is_due_for_what_is_to_be_told_then_for_reminders_and_for_nothing_else() -> None:
    reminder = NOW + timedelta(hours=3)
    made = gathering(reminders_due=(reminder,))

    assert due_at(made, NOW) == reminder
    assert due_at(noticed(made, NoticeKind.CHANGED), NOW) == NOW
    assert due_at(evolve(made, counts={"waiting": 1}), NOW) == NOW
    assert due_at(evolve(made, state=GatheringState.CANCELLED), NOW) is None
    assert due_at(gathering(counts={"waiting": 1}), TIMES.starts_at) is None


def stated(**changes: object) -> Stated:
    made = Stated("T", "B", TIMES.starts_at, TIMES.ends_at, "Europe/Berlin", place="Here")
    return evolve(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "at_fault"),
    [
        ({"ends_at": TIMES.starts_at}, "endsAt"),
        ({"ends_at": TIMES.starts_at + timedelta(days=32)}, "endsAt"),
        ({"starts_at": NOW - timedelta(hours=2), "ends_at": NOW}, "endsAt"),
        (
            {"starts_at": NOW + timedelta(days=1100), "ends_at": NOW + timedelta(days=1100, hours=1)},
            "startsAt",
        ),
        ({"rsvp_by": TIMES.ends_at + timedelta(seconds=1)}, "rsvpBy"),
        ({"time_zone": "Nowhere/Else"}, "timeZone"),
        ({"opens_minutes": -1}, "attendanceOpensMinutes"),
        ({"closes_minutes": 1441}, "attendanceClosesMinutes"),
    ],
)
def test_times_that_make_no_sense_are_refused(changes: dict[str, object], at_fault: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        times_of(stated(**changes), NOW)

    assert refused.value.path == [at_fault]


@pytest.mark.parametrize(
    ("changes", "at_fault"),
    [
        ({"place": None}, "place"),
        ({"place": "  "}, "place"),
        ({"place": "x" * 501}, "place"),
        ({"online_url": "ftp://a.example"}, "onlineUrl"),
        ({"online_url": "javascript:alert(1)"}, "onlineUrl"),
        ({"online_url": "https://"}, "onlineUrl"),
        ({"online_url": "https://a.example/ b"}, "onlineUrl"),
    ],
)
def test_places_that_are_none_are_refused(changes: dict[str, object], at_fault: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_places(stated(**changes))

    assert refused.value.path == [at_fault]


@pytest.mark.parametrize("hours", [(0,), (337,), (1, 2, 3, 4, 5, 6)])
def test_reminders_have_bounds(hours: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput):
        check_reminders(hours)


@pytest.mark.parametrize(("capacity", "going"), [(0, 0), (100_001, 0), (2, 3)])
def test_a_capacity_has_bounds_and_room_for_who_goes(capacity: int, going: int) -> None:
    with pytest.raises(InvalidInput):
        check_capacity(capacity, going)
