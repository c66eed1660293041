"""A watcher who executes alone: it is given each event, and executes its own selection."""

import asyncio
from collections.abc import AsyncGenerator, Iterable

from resolvers.live.seats import Flush, Place, Watch, Watcher
from resolvers.types.leaderboard_updates import LeaderboardUpdate, build_update


class Follower(Watcher):
    """Holds the newest flush that it has not been given yet; older ones are passed over."""

    __slots__ = ("_error", "_event", "_newest", "_sent", "around", "first", "fresh")

    def __init__(self, watch: Watch) -> None:
        super().__init__(watch)
        self.first = watch.first
        self.around = watch.around
        self.fresh = True
        self._event = asyncio.Event()
        self._newest: tuple[Flush, Place] | None = None
        self._sent: object = None
        self._error: Exception | None = None

    def refuse(self, error: Exception) -> None:
        self._error = error
        self._event.set()

    async def updates(self) -> AsyncGenerator[LeaderboardUpdate, None]:
        """Each newer than the one before and other than it. Raises: what it was refused with."""
        while True:
            await self._event.wait()
            self._event.clear()
            newest, self._newest = self._newest, None
            if newest is not None:
                flush, place = newest
                yield build_update(flush.board, flush.period, flush.page, flush.revision, self.first, place)
            if self._error is not None:
                raise self._error

    # -- as a listener of a feed

    @property
    def is_empty(self) -> bool:
        return self._error is not None

    @property
    def has_newcomers(self) -> bool:
        return self.fresh

    def watchers(self) -> Iterable[Watcher]:
        return [self]

    def viewers(self, *, everyone: bool) -> Iterable[bytes]:
        member = self.watch.member
        return [member.id] if member is not None and (everyone or self.fresh) else []

    async def receive(self, flush: Flush, *, everyone: bool) -> None:
        place = flush.place(self.watch)
        if place is None or not (everyone or self.fresh):
            return
        self.fresh = False
        state = (flush.period, flush.page.size, flush.page.entries[: self.first], place)
        if state != self._sent:
            self._sent = state
            self._newest = (flush, place)
            self._event.set()
