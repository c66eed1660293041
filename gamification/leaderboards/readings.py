"""What is asked of a ranking in one call of its script, and what the answer says: pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from gamification.leaderboards.model import Entry
from gamification.leaderboards.ordering import equal_bytes, member_of, standing_of
from gamification.programmes.definitions import Leaderboard, Order, Ties

_WEIGHT_MAX = 2_000
"""Of one call, in rows: a few milliseconds in which the server does nothing else."""
_ENTRIES_KEPT = 16_384
_PLACE_WEIGHT = 8
"""Looking a member's place up costs about as much as so many rows."""


@dataclass(frozen=True, slots=True)
class Want:
    """What one caller asks: `limit` places from zero-based `offset`, and a member's own place with so many above and
    below it."""

    offset: int = 0
    limit: int = 0
    member_id: bytes | None = None
    around: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one want gives; see `BoardPage`."""

    size: int
    revision: int
    page: list[Entry]
    own: Entry | None
    around: tuple[Entry, ...]


@dataclass(slots=True)
class Call:
    """Wants that one call answers. What several of them share is asked once."""

    wants: list[Want] = field(default_factory=list)
    _pages: dict[tuple[int, int], int] = field(default_factory=dict)
    _members: dict[tuple[bytes, tuple[int, int]], int] = field(default_factory=dict)
    weight: int = 0

    def add(self, want: Want) -> None:
        """One more."""
        self.wants.append(want)
        if want.limit > 0 and _page(want) not in self._pages:
            self._pages[_page(want)] = len(self._pages)
            self.weight += want.limit
        if want.member_id is not None and _member(want) not in self._members:
            self._members[_member(want)] = len(self._members)
            self.weight += _PLACE_WEIGHT + sum(want.around or (0, 0))

    def arguments(self, board: Leaderboard) -> list[bytes | str | int]:
        """The script's arguments."""
        stated: list[bytes | str | int] = [
            "1" if board.ties is Ties.SHARED else "0",
            equal_bytes(board),
            len(self._pages),
        ]
        for offset, limit in self._pages:
            stated += (offset, offset + limit - 1)
        for member_id, (above, below) in self._members:
            stated += (member_id, above, below)
        return stated

    def readings(self, board: Leaderboard, answer: Sequence[Any]) -> dict[Want, Reading]:
        """What the script answered, for each want."""
        size, revision = int(answer[0]), int(answer[1])
        split = 2 + len(self._pages)
        pages = [entries_of(board, rows[0], rows[1], rows[2]) for rows in answer[2:split]]
        places = [_place(board, rows) for rows in answer[split:]]
        found: dict[Want, Reading] = {}
        for want in self.wants:
            own: Entry | None = None
            around: tuple[Entry, ...] = ()
            if want.member_id is not None:
                own, around = places[self._members[_member(want)]]
            page = pages[self._pages[_page(want)]] if want.limit > 0 else []
            found[want] = Reading(size, revision, page, own, around if want.around else ())
        return found


def calls(wants: Iterable[Want]) -> Iterator[Call]:
    """As few calls as there may be, none of them heavy; what is asked twice is asked once."""
    call = Call()
    for want in dict.fromkeys(wants):
        call.add(want)
        if call.weight >= _WEIGHT_MAX:
            yield call
            call = Call()
    if call.wants:
        yield call


def entries_of(board: Leaderboard, start: int, first_rank: int, flat: Sequence[bytes]) -> list[Entry]:
    """Rows (tie, key, tie, key ...) from a place on as entries; `first_rank` is the first one's rank."""
    descending, prefix = board.order is Order.DESCENDING, equal_bytes(board)
    rows = zip(flat[::2], flat[1::2], strict=True)
    if board.ties is not Ties.SHARED:
        return [
            _entry(descending, prefix, tie, key, rank) for rank, (tie, key) in enumerate(rows, first_rank)
        ]
    entries: list[Entry] = []
    rank, last = first_rank, None
    for place, (tie, key) in enumerate(rows, start):
        equal = (key, tie[:prefix])
        if equal != last and entries:
            rank = place + 1
        last = equal
        entries.append(_entry(descending, prefix, tie, key, rank))
    return entries


@lru_cache(maxsize=_ENTRIES_KEPT)
def _entry(descending: bool, prefix: int, tie: bytes, key: bytes, rank: int) -> Entry:  # noqa: FBT001 - called by place
    """The same row mostly stands where it stood: at the next reading it is at hand."""
    standing = standing_of(int(float(key)), tie, descending=descending, equal=prefix)
    return Entry(rank, standing.score, standing.subscore, standing.achieved_at, member_of(tie))


def _place(board: Leaderboard, rows: Sequence[Any]) -> tuple[Entry | None, tuple[Entry, ...]]:
    if not rows:
        return None, ()
    start, first_rank, flat, place = rows
    around = entries_of(board, start, first_rank, flat)
    return around[place - start], tuple(around)


def _page(want: Want) -> tuple[int, int]:
    return want.offset, want.limit


def _member(want: Want) -> tuple[bytes, tuple[int, int]]:
    return want.member_id or b"", want.around or (-1, -1)
