"""Records, entries, standings. Scores are whole numbers within ±(2^53 − 1)."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from gamification.kit.identifiers import IDS_CACHED, derived_id
from gamification.kit.records import record


@record(frozen=True, slots=True)
class BoardPeriod:
    """One run of a board; None bounds an all-time one."""

    programme_id: str
    board: str
    key: str
    starts_at: datetime | None
    ends_at: datetime | None

    @property
    def id(self) -> bytes:
        return _period_id(self.programme_id, self.board, self.key)


@record(frozen=True, slots=True)
class Contribution:
    """A score written by one activity or task reward, at the instant when it happened. `place` orders what one
    operation wrote: an activity and the reward that it earned may write to the same board."""

    board: str
    period: str
    value: int
    subscore: int
    at: datetime
    place: int = 0


@record(frozen=True, slots=True)
class Score:
    """What a member has on a board: the pair counts as one tuple; `achieved_at` is to the millisecond."""

    score: int
    subscore: int
    achieved_at: datetime


@record(frozen=True, slots=True)
class Record:
    """A member's score in one period. `standing` None: all that made it was reversed. `listed`: boards show the
    member. `version` grows with every change, and no projection goes back to an older one."""

    id: bytes
    programme_id: str
    board: str
    period: str
    member_id: bytes
    standing: Score | None
    version: int
    listed: bool = True


@record(frozen=True, slots=True)
class Entry:
    """A place on a board; rank 1 is the best."""

    rank: int
    score: int
    subscore: int
    achieved_at: datetime
    member_id: bytes


@record(frozen=True, slots=True)
class BoardPage:
    """Some entries in rank order from zero-based `offset`, of `size` in all, as of `revision`.

    `revision` grows with each change of the period; it is not dense. `viewer` and `around` are filled where a
    member was asked for.
    """

    entries: list[Entry]
    offset: int
    size: int
    revision: int
    viewer: Entry | None = None
    around: tuple[Entry, ...] = ()


@lru_cache(maxsize=IDS_CACHED)
def _period_id(programme_id: str, board: str, key: str) -> bytes:
    return derived_id("board_period", programme_id, board, key)


@lru_cache(maxsize=IDS_CACHED)
def record_id(programme_id: str, board: str, period: str, member_id: bytes) -> bytes:
    """The id of that member's record on that board in that period."""
    return derived_id("record", programme_id, board, period, member_id)


def contribution_document(contribution: Contribution) -> dict[str, Any]:
    return {
        "board": contribution.board,
        "period": contribution.period,
        "value": contribution.value,
        "subscore": contribution.subscore,
        "at": contribution.at,
        "place": contribution.place,
    }


def contribution_from(row: dict[str, Any]) -> Contribution:
    return Contribution(
        row["board"], row["period"], row["value"], row["subscore"], row["at"], row.get("place", 0)
    )
