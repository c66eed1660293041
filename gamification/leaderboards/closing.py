"""Who gets which rank and prize when a period closes: pure. A period is gone through in parts, best first."""

from collections.abc import Sequence

from gamification.kit.records import evolve, record
from gamification.leaderboards.model import Record
from gamification.leaderboards.ordering import equal_bytes, sort_key, tie_of
from gamification.programmes.definitions import Leaderboard, Prize, Ties


@record(frozen=True, slots=True)
class Closing:
    """How far the closing of a period has come: `place` members of `size` have their rank. `rank` is that of the last
    one, `key` and `tie` where they stand in the order."""

    size: int
    place: int = 0
    rank: int = 0
    key: int | None = None
    tie: bytes = b""


def rank_next(board: Leaderboard, closing: Closing, records: Sequence[Record]) -> tuple[Closing, list[int]]:
    """The ranks of the next ones in order, and how far that brings the closing. A rank once given is not given again
    but to those who share it, whoever has left the board since."""
    ranks: list[int] = []
    shared = equal_bytes(board)
    for one in records:
        assert one.ranked is not None  # noqa: S101 - only those who are shown are ranked
        key, tie = sort_key(board, one.ranked.score), tie_of(board, one.ranked, one.shown_id)
        equal = board.ties is Ties.SHARED and (key, tie[:shared]) == (closing.key, closing.tie[:shared])
        rank = closing.rank if equal else closing.place + 1
        closing = evolve(closing, place=closing.place + 1, rank=rank, key=key, tie=tie)
        ranks.append(rank)
    return closing, ranks


def prize_for(prizes: Sequence[Prize], rank: int, size: int) -> Prize | None:
    """The first prize that is for the rank, among so many; None where there is none."""
    for prize in prizes:
        if prize.ranks is not None and prize.ranks[0] <= rank <= prize.ranks[1]:
            return prize
        # Rounded up, so that the best one of any number is among the best percent.
        if prize.top_percent is not None and rank <= -(-size * prize.top_percent // 100):
            return prize
    return None
