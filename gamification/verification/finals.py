"""Final standings against the order they were given in, and the prizes they name against the ledger."""

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import pairwise

from gamification.leaderboards.model import BoardPeriod, Final, Record
from gamification.leaderboards.ordering import equal_bytes, sort_key, tie_of
from gamification.programmes.definitions import Leaderboard, Ties
from gamification.verification.report import Report


def check_finals(
    board: Leaderboard, period: BoardPeriod, finals: Iterable[tuple[Record, Final]], report: Report
) -> None:
    """Of one period, or group of it: better scores must have better ranks, and no rank may have two holders unless
    they tie."""
    ranked = sorted((final.rank, *_order(board, record)) for record, final in finals)
    report.count("final standings", len(ranked))
    name = " ".join(filter(None, ("final standings", board.key, period.key, period.group)))
    places = [(key, tie) for _, key, tie in ranked]
    if places != sorted(places):
        report.differs(f"{name}: ranks are not in the order of scores")
    for (rank, *place), (after, *following) in pairwise(ranked):
        if (rank == after) != (board.ties is Ties.SHARED and place == following):
            report.differs(f"{name}: rank {after} follows rank {rank}")


def check_prizes(named: Iterable[bytes], known: Collection[bytes], report: Report) -> None:
    """Each transfer that final standings name must be in the ledger, and be named once."""
    counted = Counter(named)
    report.count("prize transfers", counted.total())
    for transfer_id, times in counted.items():
        if transfer_id not in known:
            report.differs(f"prize {transfer_id.hex()} is not in the ledger")
        report.compare(f"times that prize {transfer_id.hex()} was won", times, 1)


def _order(board: Leaderboard, record: Record) -> tuple[int, bytes]:
    """What must grow with the rank: all of the order but the id, which a pseudonym may have changed since."""
    assert record.ranked is not None  # noqa: S101 - a final standing had a score, which was frozen with it
    tie = tie_of(board, record.ranked, bytes(12))
    shown = tie[: equal_bytes(board)] if board.ties is Ties.SHARED else tie
    return sort_key(board, record.ranked.score), shown
