"""A board's operator: pure. Rebuilding a score is folding its contributions in the order they were recorded."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from gamification.kit.numbers import exact_long
from gamification.kit.periods import ALL_TIME, Cycle, Period, period_at, period_of_key
from gamification.leaderboards.model import Attempts, BoardPeriod, Contribution, Record, Score
from gamification.programmes.definitions import BoardCycle, Leaderboard, Operator, Order


def contribute(board: Leaderboard, score: Score | None, new: Contribution) -> Score:
    """The score after one more contribution. Raises: InvalidInput (NOT_EXACT) beyond ±(2^53 − 1)."""
    fresh = Score(exact_long(new.value, "score"), exact_long(new.subscore, "subscore"), new.at)
    if score is None or board.operator is Operator.SET:
        return fresh
    if board.operator is Operator.INCREMENT:
        if new.value == 0 and new.subscore == 0:
            return score
        return Score(
            exact_long(score.score + new.value, "score"),
            exact_long(score.subscore + new.subscore, "subscore"),
            max(score.achieved_at, new.at),
        )
    if board.operator is Operator.LATEST:
        return fresh if new.at >= score.achieved_at else score
    return fresh if _better(board, fresh, score) else score


def fold(board: Leaderboard, contributions: Iterable[Contribution]) -> Score | None:
    """The score that contributions, in recorded order, add up to; None without any."""
    score: Score | None = None
    for contribution in contributions:
        score = contribute(board, score, contribution)
    return score


def _better(board: Leaderboard, new: Score, old: Score) -> bool:
    """Whether the (score, subscore) tuple is better; the same tuple is better where it was reached earlier."""
    mine, theirs = (new.score, new.subscore), (old.score, old.subscore)
    if mine == theirs:
        return new.achieved_at < old.achieved_at
    return mine > theirs if board.order is Order.DESCENDING else mine < theirs


def zone_of(board: Leaderboard, programme_zone: str) -> str:
    """The zone by whose calendar the board's periods begin."""
    return board.time_zone or programme_zone


def period_for(
    programme_id: str, board: Leaderboard, at: datetime, programme_zone: str
) -> BoardPeriod | None:
    """The board's period that holds `at`; None between seasons."""
    if board.cycle is BoardCycle.SEASON:
        season = board.season_at(at)
        if season is None:
            return None
        return BoardPeriod(programme_id, board.key, season.key, season.starts_at, season.ends_at)
    if board.cycle is BoardCycle.ALL_TIME:
        return _board_period(programme_id, board.key, ALL_TIME)
    return _board_period(
        programme_id, board.key, period_at(Cycle(board.cycle.value), at, zone_of(board, programme_zone))
    )


def period_named(programme_id: str, board: Leaderboard, key: str, programme_zone: str) -> BoardPeriod | None:
    """The board's period of that key; None where the board has no such period. Raises: InvalidInput."""
    if board.cycle is BoardCycle.SEASON:
        found = next((season for season in board.seasons if season.key == key), None)
        if found is None:
            return None
        return BoardPeriod(programme_id, board.key, key, found.starts_at, found.ends_at)
    return _board_period(
        programme_id, board.key, period_of_key(Cycle(board.cycle.value), key, zone_of(board, programme_zone))
    )


def attempts_of(board: Leaderboard, record: Record | None) -> Attempts:
    """A member's attempts in a period of a board that counts them; without a record none is used yet."""
    used, granted = (record.attempts, record.granted) if record else (0, 0)
    return Attempts(used, granted, (board.attempts or 0) + granted)


def season_periods(programme_id: str, board: Leaderboard) -> list[BoardPeriod]:
    """The board's seasons as periods, by time."""
    ordered = sorted(board.seasons, key=lambda season: season.starts_at)
    return [
        BoardPeriod(programme_id, board.key, season.key, season.starts_at, season.ends_at)
        for season in ordered
    ]


def closes_at(board: Leaderboard, period: BoardPeriod) -> datetime | None:
    """When the period's standings are final; None where they never are."""
    if board.settles_after is None or period.ends_at is None:
        return None
    return period.ends_at + board.settles_after


def is_closed(board: Leaderboard, period: BoardPeriod, at: datetime) -> bool:
    """Whether nothing that is settled at that instant counts in the period any more."""
    closing = closes_at(board, period)
    return closing is not None and at >= closing


@lru_cache(maxsize=4096)
def _board_period(programme_id: str, board: str, period: Period) -> BoardPeriod:
    return BoardPeriod(programme_id, board, period.key, period.starts_at, period.ends_at)
