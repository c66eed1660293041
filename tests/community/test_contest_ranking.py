"""Who wins a contest, and where it stands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from community.contests.model import (
    ContestState,
    Disqualification,
    Entry,
    Run,
    RunState,
    state_of,
    takes_entries,
    takes_votes,
)
from community.contests.ranking import prize_of, ranked
from gamification.programmes.definitions import Contest

BEGINS = datetime(2026, 3, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return BEGINS + timedelta(days=number)


def contest(**more: Any) -> Contest:
    """Stories for five days, votes from the third to the tenth; the first two ranks win, and the third to fifth."""
    points = [{"points": {"unit": "points", "amount": 5}}]
    stated = {
        "key": "spring",
        "space": "tales",
        "entries_from": day(0),
        "entries_until": day(5),
        "votes_from": day(3),
        "votes_until": day(10),
        "prizes": [{"ranks": (1, 2), "reward": points}, {"ranks": (3, 5), "reward": points}],
    }
    return Contest(**{**stated, **more})


def entry(name: str, votes: int, by: str | None = None) -> Entry:
    author = (by or name).encode()
    return Entry(name.encode(), "club", "spring", name.encode(), author, BEGINS, seen=True, votes=votes)


def ranks(*entries: Entry, absent: tuple[str, ...] = (), **more: Any) -> dict[str, int]:
    found = ranked(contest(**more), entries, {name.encode() for name in absent})
    return {key.decode(): rank for key, rank in found.items()}


def test_the_most_votes_win_and_as_many_share_a_rank() -> None:
    assert ranks(entry("a", 3), entry("b", 7), entry("c", 3), entry("d", 1)) == {
        "b": 1,
        "a": 2,
        "c": 2,
        "d": 4,
    }


def test_only_what_takes_part_and_has_votes_enough_is_ranked() -> None:
    out = Disqualification(BEGINS, "m", "r")
    entries = (
        entry("a", 5),
        replace(entry("b", 6), withdrawn=True),
        replace(entry("c", 7), seen=False),
        replace(entry("d", 8), disqualified=out),
        entry("e", 9),
        entry("f", 1),
    )
    assert ranks(*entries, absent=("e",), least=2) == {"a": 1}


@given(st.lists(st.integers(0, 6), max_size=12))
def test_a_rank_is_one_more_than_how_many_have_more_votes(votes: list[int]) -> None:
    entries = [entry(str(place), count) for place, count in enumerate(votes)]
    found = ranks(*entries)
    counted = [count for count in votes if count >= 1]
    expected = {
        str(place): 1 + sum(other > count for other in counted)
        for place, count in enumerate(votes)
        if count >= 1
    }
    assert found == expected


def test_prizes_go_by_rank() -> None:
    one = contest()
    assert [prize_of(one, rank) for rank in (1, 2, 3, 5, 6, None)] == [
        one.prizes[0],
        one.prizes[0],
        one.prizes[1],
        one.prizes[1],
        None,
        None,
    ]


def test_windows_begin_with_their_first_instant_and_end_before_their_last() -> None:
    one, tick = contest(), timedelta(microseconds=1)
    assert [takes_entries(one, at) for at in (day(0) - tick, day(0), day(5) - tick, day(5))] == [
        False,
        True,
        True,
        False,
    ]
    assert [takes_votes(one, at) for at in (day(3) - tick, day(3), day(10) - tick, day(10))] == [
        False,
        True,
        True,
        False,
    ]
    assert not takes_votes(contest(status="archived"), day(4))


def test_a_contest_stands_where_its_times_and_its_results_put_it() -> None:
    one, run = contest(), Run(b"r", "club", "spring", day(10))
    assert state_of(one, None, day(-1)) is ContestState.COMING
    assert state_of(one, run, day(9)) is ContestState.OPEN
    assert state_of(one, run, day(10)) is ContestState.COUNTING
    assert state_of(one, None, day(10)) is ContestState.FINISHED
    assert state_of(one, replace(run, state=RunState.GIVING), day(11)) is ContestState.COUNTING
    assert state_of(one, replace(run, state=RunState.FINISHED), day(11)) is ContestState.FINISHED
    assert state_of(contest(status="archived"), run, day(9)) is ContestState.CANCELLED


@pytest.mark.parametrize(
    "wrong",
    [
        {"entries_until": day(0)},
        {"entries_until": day(11)},
        {"votes_from": day(-1)},
        {"votes_until": day(3)},
        {"votes": 0},
        {"entries": 0},
        {"prizes": [{"top_percent": 10, "reward": [{"points": {"unit": "points", "amount": 1}}]}]},
    ],
)
def test_a_contest_that_can_not_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        contest(**wrong)
