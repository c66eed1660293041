from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.numbers import LONG_MAX
from gamification.leaderboards.model import Score
from gamification.leaderboards.ordering import (
    SUBSCORE_BYTES,
    equal_bytes,
    member_of,
    milliseconds,
    sort_key,
    standing_of,
    tie_of,
)
from gamification.programmes.definitions import Leaderboard, Order, Ties

BOARDS = [
    Leaderboard(key="b", order=order, ties=ties, subscore=subscore)
    for order in Order
    for ties in Ties
    for subscore in (False, True)
]
scores = st.one_of(
    st.integers(-3, 3), st.integers(-LONG_MAX, LONG_MAX), st.sampled_from([LONG_MAX, -LONG_MAX, 0])
)
# Instants as they are stored: to the millisecond.
instants = st.integers(-(2**31), 2**42).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
rows = st.tuples(
    st.builds(Score, scores, scores, st.one_of(instants, st.just(datetime(2026, 1, 1, tzinfo=UTC)))),
    st.binary(min_size=12, max_size=12),
)


def by_definition(board: Leaderboard, row: tuple[Score, bytes]) -> tuple[object, ...]:
    score, member_id = row
    sign = -1 if board.order is Order.DESCENDING else 1
    subscore = (sign * score.subscore,) if board.subscore else ()
    return (sign * score.score, *subscore, score.achieved_at, member_id)


def by_store(board: Leaderboard, row: tuple[Score, bytes]) -> tuple[float, bytes]:
    score, member_id = row
    return float(sort_key(board, score.score)), tie_of(board, score, member_id)


@given(st.lists(rows, max_size=12))
@pytest.mark.parametrize("board", BOARDS, ids=lambda b: f"{b.order}-{b.ties}-{b.subscore}")
def test_what_the_stores_sort_by_is_the_order_of_the_definition(
    board: Leaderboard, given: list[tuple[Score, bytes]]
) -> None:
    assert sorted(given, key=lambda row: by_store(board, row)) == sorted(
        given, key=lambda row: by_definition(board, row)
    )


@given(rows)
@pytest.mark.parametrize("board", BOARDS, ids=lambda b: f"{b.order}-{b.ties}-{b.subscore}")
def test_score_and_member_are_read_back(board: Leaderboard, row: tuple[Score, bytes]) -> None:
    score, member_id = row
    key, tie = by_store(board, row)

    assert standing_of(
        int(key), tie, descending=board.order is Order.DESCENDING, equal=equal_bytes(board)
    ) == Score(score.score, score.subscore if board.subscore else 0, score.achieved_at)
    assert member_of(tie) == member_id


@given(rows, rows)
@pytest.mark.parametrize("board", BOARDS, ids=lambda b: f"{b.order}-{b.ties}-{b.subscore}")
def test_members_share_a_rank_by_score_and_subscore(
    board: Leaderboard, one: tuple[Score, bytes], other: tuple[Score, bytes]
) -> None:
    shared = equal_bytes(board)
    same = (one[0].score, one[0].subscore if board.subscore else 0) == (
        other[0].score,
        other[0].subscore if board.subscore else 0,
    )

    (key, tie), (other_key, other_tie) = by_store(board, one), by_store(board, other)

    assert ((key, tie[:shared]) == (other_key, other_tie[:shared])) == same
    assert shared in (0, SUBSCORE_BYTES)


def test_times_are_told_apart_to_the_millisecond() -> None:
    at = datetime(2026, 11, 20, 12, 0, 0, 1000, tzinfo=UTC)

    assert milliseconds(at) - milliseconds(at - timedelta(milliseconds=1)) == 1
    assert milliseconds(at) == milliseconds(at + timedelta(microseconds=999))
    assert milliseconds(datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)) == -1
