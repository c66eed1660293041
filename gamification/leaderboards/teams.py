"""Groups of a board ranked against each other by the scores of their members: pure.

A team's score is computed from its members' records anew whenever one of them changes, never added to. Its version is the
sum of their versions, which any change makes greater, so that of two computations the later state wins.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from gamification.kit.numbers import LONG_MAX
from gamification.kit.records import evolve, record
from gamification.leaderboards.grouping import in_group
from gamification.leaderboards.model import BoardPeriod, Record, Score
from gamification.programmes.definitions import Leaderboard, Order, TeamScore, Ties

REMAINDER_PARTS = 1_000_000


@record(frozen=True, slots=True)
class Tally:
    """What the records of a group amount to. `members` have a score that boards show; the sums are of all of them, or
    of the best ones, where only those count; `achieved_at` is the latest of theirs. `version` is of all records."""

    group: str
    members: int
    score: int
    subscore: int
    achieved_at: datetime | None
    version: int


def team_standing(board: Leaderboard, tally: Tally) -> Score | None:
    """The team's score; None with fewer members than the board asks for. An average is the whole number below it, and
    in the subscore what is left, in millionths. Sums beyond ±(2^53 − 1) stay at that bound."""
    teams = board.teams
    if teams is None or tally.achieved_at is None or tally.members < teams.least:
        return None
    if teams.score is TeamScore.AVERAGE:
        whole, left = divmod(tally.score, tally.members)
        return Score(_bound(whole), left * REMAINDER_PARTS // tally.members, tally.achieved_at)
    return Score(_bound(tally.score), _bound(tally.subscore) if board.subscore else 0, tally.achieved_at)


def teams_of(period: BoardPeriod) -> BoardPeriod:
    """The ranking of a period's teams."""
    return evolve(period, group=None, teams=True)


def team_id(period: BoardPeriod, group: str) -> bytes:
    """The 12 bytes that stand for a team in the ranking of a period's teams."""
    return in_group(evolve(period, group=None, teams=False), group).id[:12]


def team_record(board: Leaderboard, period: BoardPeriod, tally: Tally) -> Record:
    """The team as rankings take it."""
    team = team_id(period, tally.group)
    standing = team_standing(board, tally)
    return Record(team, period.programme_id, period.board, period.key, team, standing, tally.version)


@lru_cache(maxsize=8)
def _ranking(order: Order, ties: Ties) -> Leaderboard:
    return Leaderboard(key="teams", order=order, ties=ties, subscore=True)


def ranking_of(board: Leaderboard, period: BoardPeriod) -> Leaderboard:
    """How a period, or the ranking of its teams, is ordered: teams always have a subscore."""
    return _ranking(board.order, board.ties) if period.teams else board


def tally_of(group: str, records: Iterable[Record], board: Leaderboard) -> Tally:
    """The tally of some records of one group, best first: what the database computes, for tests and for comparison."""
    rows = list(records)
    shown = [r.ranked for r in rows if r.ranked is not None and r.listed]
    top = board.teams.top if board.teams else None
    counted = shown if top is None else shown[:top]
    return Tally(
        group,
        len(shown),
        sum(score.score for score in counted),
        sum(score.subscore for score in counted),
        max((score.achieved_at for score in counted), default=None),
        sum(r.version for r in rows),
    )


def _bound(value: int) -> int:
    return max(-LONG_MAX, min(LONG_MAX, value))
