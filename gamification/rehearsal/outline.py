"""The order in which history is played: activity, and between it what others did to the same accounts. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime

from gamification.kit.records import record
from gamification.ledger.model import TransferKind
from gamification.rehearsal.model import RehearsalOrder

_LAST = 1 << 62


@record(frozen=True, slots=True)
class Line:
    """An activity that stands; `counts`: it happened in the time that is rehearsed, and is judged by the draft."""

    id: bytes
    member_id: bytes
    occurred_at: datetime
    recorded_at: datetime
    sequence: int
    counts: bool


@record(frozen=True, slots=True)
class Movement:
    """Points that came or went otherwise than by activity: they do as they did. `caps`: what they count in."""

    member_id: bytes
    occurred_at: datetime
    recorded_at: datetime
    sequence: int
    unit: str
    kind: TransferKind
    amount: int
    caps: tuple[bytes, ...]
    expires_at: datetime | None


@record(frozen=True, slots=True)
class Claim:
    """A member claimed the reward of a completed task."""

    member_id: bytes
    task: str
    period: str
    at: datetime


@record(frozen=True, slots=True)
class Honour:
    """A person awarded a badge, or with `barred` revoked it for good."""

    member_id: bytes
    badge: str
    occurrence: str
    level: int
    at: datetime
    sequence: int
    barred: bool


@record(frozen=True, slots=True)
class Piece:
    """A reward was redeemed or given otherwise than by activity: a piece of its stock is gone."""

    reward: str
    at: datetime
    sequence: int


Other = Movement | Claim | Honour | Piece


def ordered(lines: Iterable[Line], order: RehearsalOrder) -> list[Line]:
    """The activities as they are played."""
    if order is RehearsalOrder.RECORDED:
        return sorted(lines, key=lambda line: line.sequence)
    return sorted(lines, key=lambda line: (line.occurred_at, line.sequence))


def instant(line: Line, order: RehearsalOrder) -> datetime:
    """The time that it is as an activity is played."""
    return line.recorded_at if order is RehearsalOrder.RECORDED else line.occurred_at


_Key = tuple[float, int, int]


class Others:
    """What others did, to be taken as far as an activity that comes next."""

    def __init__(self, found: Iterable[Other], lines: Iterable[Line], order: RehearsalOrder) -> None:
        self._order = order
        found = list(found)
        self._recorded: list[tuple[datetime, int]] = []
        if order is RehearsalOrder.RECORDED and any(isinstance(one, Claim) for one in found):
            # A claim has no place of its own in the programme's order: it comes after what was recorded before it.
            self._recorded = sorted((line.recorded_at, line.sequence) for line in lines)
        self._waiting = sorted(((self._key(one), one) for one in found), key=lambda pair: pair[0])
        self._next = 0

    def until(self, line: Line | None) -> Iterator[Other]:
        """What comes before that activity; before none, all that is left."""
        while self._next < len(self._waiting):
            key, found = self._waiting[self._next]
            if line is not None and key > self._place(line):
                return
            self._next += 1
            yield found

    def _place(self, line: Line) -> _Key:
        by_place = self._order is RehearsalOrder.RECORDED
        return (0.0 if by_place else line.occurred_at.timestamp(), line.sequence, 0)

    def _key(self, found: Other) -> _Key:
        at = found.occurred_at if isinstance(found, Movement) else found.at
        sequence = 0 if isinstance(found, Claim) else found.sequence
        if self._order is RehearsalOrder.HAPPENED:
            return (at.timestamp(), sequence or _LAST, 1)
        if isinstance(found, Claim):
            before = bisect_right(self._recorded, (found.at, _LAST))
            sequence = self._recorded[before - 1][1] if before else 0
        return (0.0, sequence, 1)
