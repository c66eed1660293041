"""Ranks among some members of a board alone: pure."""

from collections.abc import Iterable

from gamification.leaderboards.model import Entry, Record
from gamification.leaderboards.ordering import equal_bytes, sort_key, tie_of
from gamification.programmes.definitions import Leaderboard, Ties


def ranked_among(board: Leaderboard, records: Iterable[Record]) -> list[Entry]:
    """The entries of those records that boards show, best first, by the board's own order and ties."""
    shared = equal_bytes(board)
    order = [
        (sort_key(board, record.ranked.score), tie_of(board, record.ranked, record.shown_id), record.ranked)
        for record in records
        if record.ranked is not None and record.listed
    ]
    order.sort(key=lambda one: one[:2])
    entries: list[Entry] = []
    last: tuple[int, bytes] | None = None
    for place, (key, tie, score) in enumerate(order):
        equal = (key, tie[:shared])
        rank = entries[-1].rank if board.ties is Ties.SHARED and equal == last else place + 1
        last = equal
        subscore = score.subscore if board.subscore else 0
        entries.append(Entry(rank, score.score, subscore, score.achieved_at, tie[-12:]))
    return entries
