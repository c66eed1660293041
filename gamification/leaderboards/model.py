"""Records, entries, standings. Scores are whole numbers within ±(2^53 − 1)."""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from gamification.kit.identifiers import IDS_CACHED, derived_id
from gamification.kit.records import record


@record(frozen=True, slots=True)
class BoardPeriod:
    """One run of a board; None bounds an all-time one. With a `group`, the ranking of those members alone;
    with `teams`, that of the groups themselves."""

    programme_id: str
    board: str
    key: str
    starts_at: datetime | None
    ends_at: datetime | None
    group: str | None = None
    teams: bool = False

    @property
    def id(self) -> bytes:
        if self.teams:
            return derived_id("board_teams", self.programme_id, self.board, self.key)
        return _period_id(self.programme_id, self.board, self.key, self.group)

    @property
    def doorbell(self) -> str:
        """What rings when it changes."""
        name = f"{self.programme_id}|{self.board}|{self.key}"
        if self.teams:
            return f"{name}||teams"  # no group is named by nothing
        return name if self.group is None else f"{name}|{self.group}"


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


class Refusal(StrEnum):
    """Why a score did not count. CLOSED: it came after the period's standings were final. NO_ATTEMPT_LEFT: the member
    had used all attempts of the period."""

    CLOSED = "closed"
    NO_ATTEMPT_LEFT = "no_attempt_left"


@record(frozen=True, slots=True)
class Unscored:
    """A score that did not count, and why."""

    board: str
    period: str
    reason: Refusal


@record(frozen=True, slots=True)
class Score:
    """What a member has on a board: the pair counts as one tuple; `achieved_at` is to the millisecond."""

    score: int
    subscore: int
    achieved_at: datetime


@record(frozen=True, slots=True)
class Attempts:
    """How many scores of a member count in a period: `used` so far, and in all, of which some were `granted`."""

    used: int
    granted: int
    allowed: int

    @property
    def left(self) -> int:
        return max(0, self.allowed - self.used)


@record(frozen=True, slots=True)
class Final:
    """A member's standing as the period was frozen, among `size`, and the ids of the transfers and awards that their
    rank won them."""

    rank: int
    size: int
    frozen_at: datetime
    transfers: tuple[bytes, ...] = ()
    awards: tuple[bytes, ...] = ()


@record(frozen=True, slots=True)
class Record:
    """A member's score in one period. `standing` None: all that made it was reversed. `listed`: boards show the
    member, as `alias` where they have one. `version` grows with every change, and no projection goes back to an older
    one."""

    id: bytes
    programme_id: str
    board: str
    period: str
    member_id: bytes
    standing: Score | None
    version: int
    listed: bool = True
    alias: bytes | None = None
    frozen: Score | None = None
    """The standing at which the period closed, where it has changed since: boards go on to rank by it."""
    final: Final | None = None
    attempts: int = 0
    """How many scores counted, where the board limits them; those granted come on top of the board's limit."""
    granted: int = 0
    group: str | None = None
    """Where the board has groups, the one of the member's first score in the period."""
    group_final: Final | None = None

    @property
    def ranked(self) -> Score | None:
        """The standing that boards rank by."""
        return self.frozen or self.standing

    @property
    def shown_id(self) -> bytes:
        """The id by which boards show the member."""
        return self.alias or self.member_id


@record(frozen=True, slots=True)
class Entry:
    """A place on a board; rank 1 is the best. `member_id` is the id of a pseudonym where the member has one."""

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
def _period_id(programme_id: str, board: str, key: str, group: str | None) -> bytes:
    parts = ("board_period", programme_id, board, key)
    return derived_id(*parts) if group is None else derived_id(*parts, group)


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
