"""Which submissions share the next transaction."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from gamification.activity.model import ActivityOutcome, NewActivity
from gamification.activity.waiting import Submission, Waiting

AT = datetime(2026, 11, 20, tzinfo=UTC)


class Answer:
    """A future as far as waiting looks at it."""

    def __init__(self) -> None:
        self.gave_up = False

    def done(self) -> bool:
        return self.gave_up


def submission(caller: str, *members: str, names: Sequence[str] = ()) -> Submission:
    batch = [
        NewActivity("visit", "tests", names[index] if names else "", member, AT)
        for index, member in enumerate(members)
    ]
    answer = cast("asyncio.Future[list[ActivityOutcome]]", Answer())
    return Submission(
        caller, batch, historic=False, answer=answer, keys=frozenset(members), names=frozenset(names)
    )


def give_up(one: Submission) -> None:
    cast("Answer", one.answer).gave_up = True


def waiting_for(*submissions: Submission) -> Waiting:
    waiting = Waiting()
    for one in submissions:
        waiting.add(one)
    return waiting


def test_takes_one_callers_in_order_up_to_the_limit() -> None:
    first, second, third = (submission("app", name, name) for name in "abc")
    waiting = waiting_for(first, second, third)

    assert waiting.take(5, ()) == [first, second]
    assert waiting.activities == 2
    assert waiting.take(5, ()) == [third]
    assert waiting.take(5, ()) == []


def test_one_that_is_larger_than_the_limit_goes_by_itself() -> None:
    large, small = submission("app", *"abcdef"), submission("shop", "x")
    waiting = waiting_for(large, small)

    assert waiting.take(5, ()) == [large]
    assert waiting.take(5, ()) == [small]


def test_callers_take_turns() -> None:
    many = [submission("loud", f"m{n}") for n in range(6)]
    few = [submission("quiet", f"q{n}") for n in range(2)]
    waiting = waiting_for(*many, *few)

    assert waiting.take(4, ()) == [many[0], few[0], many[1], few[1]]


def test_whoever_found_no_room_is_first_the_next_time() -> None:
    small = [submission("loud", f"m{n}") for n in range(20)]
    large = submission("quiet", *"abcde")
    waiting = waiting_for(*small, large)

    assert large not in waiting.take(5, ())
    assert waiting.take(5, ())[0] is large


def test_what_is_under_way_elsewhere_waits_and_so_does_what_came_after_it() -> None:
    held, after, other = submission("app", "a", "b"), submission("app", "b"), submission("app", "c")
    waiting = waiting_for(held, after, other)

    assert waiting.take(10, {"a"}) == [other]
    assert waiting.take(10, ()) == [held, after]


def test_two_that_name_the_same_activity_never_share() -> None:
    first = submission("app", "a", names=["one"])
    again, later = submission("shop", "a", names=["one"]), submission("shop", "a", names=["two"])
    waiting = waiting_for(first, again, later)

    assert waiting.take(10, ()) == [first]
    assert waiting.take(10, ()) == [again, later]


def test_whoever_gave_up_is_dropped() -> None:
    gone, stays = submission("app", "a"), submission("app", "b")
    waiting = waiting_for(gone, stays)
    give_up(gone)

    assert waiting.take(10, ()) == [stays]
    assert waiting.activities == 0


@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4))),
    st.integers(1, 6),
)
def test_each_is_taken_once_and_a_members_in_order(stated: list[tuple[str, list[str]]], limit: int) -> None:
    submissions = [submission(caller, *members) for caller, members in stated]
    waiting = waiting_for(*submissions)
    under_way: list[list[Submission]] = []
    taken: list[Submission] = []
    while waiting.activities or under_way:
        busy = {key for group in under_way for one in group for key in one.keys}
        group = waiting.take(limit, busy)
        assert not any(busy & one.keys for one in group)
        assert len(group) <= 1 or sum(len(one.batch) for one in group) <= limit
        taken += group
        if group:
            under_way.append(group)
        if len(under_way) > 2 or not group:
            assert under_way, "something waits, nothing is under way, and nothing is taken"
            under_way.pop(0)
    assert sorted(map(id, taken)) == sorted(map(id, submissions))
    for caller in "xyz":
        for member in "abcdef":
            about = [one for one in submissions if one.caller == caller and member in one.keys]
            assert [one for one in taken if one in about] == about
