"""What one call of the reading script asks, and how its answer is told apart again."""

from gamification.leaderboards.model import Score
from gamification.leaderboards.ordering import tie_of
from gamification.leaderboards.readings import Call, Want, calls, entries_of
from gamification.programmes.definitions import Leaderboard, Ties
from gamification.services import utc_now

BOARD = Leaderboard(key="b")
SHARED = Leaderboard(key="b", ties=Ties.SHARED, subscore=True)
AT = utc_now()
ANN, BOB = b"a" * 12, b"b" * 12


def row(board: Leaderboard, member_id: bytes, score: int, subscore: int = 0) -> list[bytes]:
    return [tie_of(board, Score(score, subscore, AT), member_id), str(-score).encode()]


def call_of(*wants: Want) -> Call:
    (call,) = calls(wants)
    return call


def test_what_is_asked_twice_is_asked_once() -> None:
    call = call_of(
        Want(0, 10), Want(0, 10, ANN), Want(0, 10, ANN), Want(member_id=ANN), Want(5, 2, BOB, (1, 2))
    )

    assert call.arguments(BOARD) == ["0", 0, 2, 0, 9, 5, 6, ANN, -1, -1, BOB, 1, 2]
    assert len(call.wants) == 4


def test_each_want_gets_its_own_of_the_answer() -> None:
    page, viewer, both, nobody = (
        Want(0, 1),
        Want(member_id=ANN),
        Want(0, 1, BOB, (1, 0)),
        Want(member_id=b"c" * 12),
    )
    first, second = row(BOARD, ANN, 9), row(BOARD, BOB, 7)

    found = call_of(page, viewer, both, nobody).readings(
        BOARD, [2, b"17", [0, 1, first], [0, 1, first, 0], [0, 1, first + second, 1], []]
    )

    assert {(reading.size, reading.revision) for reading in found.values()} == {(2, 17)}
    assert [entry.member_id for entry in found[page].page] == [ANN]
    assert (found[viewer].page, found[viewer].around) == ([], ())
    assert found[viewer].own == found[page].page[0]
    own = found[both].own
    assert own is not None
    assert (own.rank, own.score, own.member_id) == (2, 7, BOB)
    assert [entry.rank for entry in found[both].around] == [1, 2]
    assert (found[nobody].own, found[nobody].around) == (None, ())


def test_a_heavy_load_is_split_and_nothing_is_left_out() -> None:
    wants = [Want(member_id=number.to_bytes(12, "big"), around=(50, 50)) for number in range(1000)]

    split = list(calls(wants))

    assert [want for call in split for want in call.wants] == wants
    assert len(split) > 10
    assert max(call.weight for call in split) < 2_200
    assert list(calls([])) == []


def test_ranks_go_on_from_the_first_and_ties_share_where_the_board_says_so() -> None:
    members = [bytes([n]) * 12 for n in range(5)]
    scores = [(9, 1), (9, 1), (9, 0), (7, 0), (7, 0)]

    def ranks(board: Leaderboard) -> list[int]:
        flat = [
            part
            for member, (score, sub) in zip(members, scores, strict=True)
            for part in row(board, member, score, sub)
        ]
        return [entry.rank for entry in entries_of(board, 10, 10 if board is SHARED else 11, flat)]

    assert ranks(SHARED) == [10, 10, 13, 14, 14]
    assert ranks(BOARD) == [11, 12, 13, 14, 15]


def test_the_greatest_scores_are_read_exactly_however_they_are_written() -> None:
    tie = tie_of(BOARD, Score(0, 0, AT), ANN)

    found = entries_of(BOARD, 0, 1, [tie, b"-9007199254740991", tie, b"-4.6e+15"])

    assert [entry.score for entry in found] == [2**53 - 1, 4_600_000_000_000_000]
