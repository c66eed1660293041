"""Who watches a board, and what they are sent."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from gamification.kit.actors import Actor
from gamification.leaderboards.model import BoardPage, BoardPeriod, Entry
from gamification.members.model import Member
from gamification.programmes.definitions import Leaderboard
from resolvers.types.leaderboard_updates import NOWHERE

Place = tuple[Entry | None, Sequence[Entry]]
"""A member's own entry, and the window around it."""


class Payload:
    """A result as JSON, shared by all who are sent it; `heads` is for whoever frames it."""

    __slots__ = ("body", "heads", "tail")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.tail = body + b"}"
        """With the bracket that ends the message around it."""
        self.heads: dict[int, bytes] = {}


@dataclass(frozen=True, slots=True)
class Watch:
    """What one caller asked to watch: `member` is who they are, None for staff and services; `group` is that of the
    board, None for all of it."""

    actor: Actor
    member: Member | None
    board: str
    first: int
    around: int
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Flush:
    """One reading of a board's period: at least as many entries as any of those it is for asked for, and the places
    of the members among them, by the width of their window."""

    board: Leaderboard
    period: BoardPeriod
    page: BoardPage
    revision: int
    places: dict[int, dict[bytes, Place]]

    def place(self, watch: Watch) -> Place | None:
        """The viewer's own place; None where it was not asked, as for one who came after that."""
        if watch.member is None:
            return NOWHERE
        return self.places.get(watch.around, {}).get(watch.member.id)


class Watcher(ABC):
    """One who watches. How they are reached is for those who make them."""

    __slots__ = ("watch",)

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    @abstractmethod
    def refuse(self, error: Exception) -> None:
        """End it with an error."""


class Seat(Watcher):
    """A watcher who shares executions with others: a plain record, without a task of its own."""

    __slots__ = ("fresh", "sent")

    def __init__(self, watch: Watch) -> None:
        super().__init__(watch)
        self.fresh = True
        """Whether nothing was offered yet."""
        self.sent: Place = NOWHERE
        """The viewer's own place as last offered."""

    @abstractmethod
    def offer(self, payload: Payload) -> None:
        """Send it now, or as soon as may be; a newer one takes the place of what was not sent yet."""
