"""One board's present period, read for all who watch it: at most once in its coalescing time, a process."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import structlog

from community.services import Services
from gamification.kit.actors import Actor, Permission, Role
from gamification.kit.errors import DomainError, Forbidden, NotFound
from gamification.leaderboards.model import BoardPage, BoardPeriod
from gamification.leaderboards.service import Around
from gamification.members.model import Member
from gamification.programmes.definitions import Leaderboard, Status
from resolvers.live.groups import Group, Live, group_key
from resolvers.live.seats import Flush, Place, Seat, Watch, Watcher

log = structlog.get_logger()

RECHECK_S = 30.0
"""How often a board is looked at without a change being told, and whether its viewers may still watch."""
_SEASONS_S = 1.0
"""How often the next season is looked for, where there is none now."""
_RETRY_S = 1.0
_WELCOME_S = 0.02
"""Newcomers who have to wait for a reading of their places wait for each other as long, at most."""
_AT_ONCE = 64
"""So many listeners execute side by side."""
_MEMBERS_AT_ONCE = 1000


class Listener(Protocol):
    """Whom a feed tells: a group of seats, or a follower."""

    first: int
    around: int

    @property
    def is_empty(self) -> bool:
        """Whether nobody is left in it."""

    @property
    def has_newcomers(self) -> bool:
        """Whether somebody in it was sent nothing yet."""

    def watchers(self) -> Iterable[Watcher]:
        """Everyone in it."""

    def viewers(self, *, everyone: bool) -> Iterable[bytes]:
        """The members whose places must be read."""

    async def receive(self, flush: Flush, *, everyone: bool) -> None:
        """Take a flush."""


class BoardFeed:
    """Runs while somebody listens; then calls `on_quiet`, at which nobody does."""

    def __init__(
        self,
        services: Services,
        programme_id: str,
        key: str,
        group: str | None,
        on_quiet: Callable[[], None],
    ) -> None:
        self._services = services
        self._programme_id = programme_id
        self._key = key
        self._group = group
        self._on_quiet = on_quiet
        self._reader = Actor(programme_id, "live", Role.OPERATOR)
        self._listeners: dict[Listener, None] = {}
        self._groups: dict[Hashable, Group] = {}
        self._group_of: dict[Seat, Hashable] = {}
        self._wake = asyncio.Event()
        self._rung = True
        self._last: Flush | None = None
        self._read_entries = 0
        self._due_at = 0.0
        self._welcome_at = 0.0
        self._checked_at = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    # -- who listens

    def add(self, listener: Listener) -> None:
        """Begin to tell them, newcomers first."""
        self._listeners[listener] = None
        if listener.has_newcomers:
            self._wake.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="board-feed")

    def remove(self, listener: Listener) -> None:
        """Tell them no more."""
        self._listeners.pop(listener, None)
        if not self._listeners:
            self._wake.set()

    def sit(self, live: Live, seat: Seat) -> None:
        """Take a seat among those who see the same."""
        key = group_key(live, seat.watch)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(live, seat.watch)
        self._group_of[seat] = key
        group.join(seat, at_once=self._last is not None and self._services.doorbells.connected.is_set())
        self.add(group)

    def leave(self, seat: Seat) -> None:
        """Give the seat up; safe to repeat."""
        key = self._group_of.pop(seat, None)
        if key is None:
            return
        group = self._groups[key]
        group.leave(seat)
        if group.is_empty:
            del self._groups[key]
            self.remove(group)

    # -- the loop

    async def _run(self) -> None:
        try:
            while self._listeners:
                try:
                    await self._follow_a_period()
                except Exception as error:  # noqa: BLE001 - whatever it is, those who watch must be told
                    await self._fail(error)
        finally:
            self._on_quiet()

    async def _follow_a_period(self) -> None:
        """Tell what happens until the period ends, or nobody listens."""
        board, period = await self._present()
        self._rung = True
        if self._last is not None and self._last.period != period:
            self._last = None
        if period is None:
            await self._sleep(_SEASONS_S)
            return
        with self._services.doorbells.hearing(period.doorbell, self._ring):
            while self._listeners and not _is_over(period, self._services.now()):
                if time.monotonic() - self._checked_at >= RECHECK_S:
                    await self._recheck(board)
                    if await self._present() != (board, period):
                        return
                    self._rung = True
                await self._turn(board, period)
                await self._sleep(self._rest_s(period))

    async def _turn(self, board: Leaderboard, period: BoardPeriod) -> None:
        """Do what is due now: a reading for all, or the last one for newcomers."""
        now = time.monotonic()
        newcomers = any(listener.has_newcomers for listener in self._listeners)
        if newcomers and not self._can_serve():
            self._rung = True
            if self._first() > self._read_entries:
                self._due_at = now  # at most a hundred times: it never reads fewer again
        if self._rung and now >= self._due_at:
            self._rung = False
            self._due_at = now + board.coalesce_ms / 1000
            await self._read(board, period)
        elif newcomers and self._last is not None and now >= self._welcome_at:
            self._welcome_at = now + _WELCOME_S
            await self._tell(self._last, everyone=False)

    def _can_serve(self) -> bool:
        """Whether newcomers may be given the last reading: it is long enough, and no change of it went unheard."""
        return (
            self._last is not None
            and self._first() <= self._read_entries
            and self._services.doorbells.connected.is_set()
        )

    async def _read(self, board: Leaderboard, period: BoardPeriod) -> None:
        self._read_entries = max(self._read_entries, self._first())
        page: BoardPage = await self._services.leaderboards.page(board, period, 0, self._read_entries)
        # Redis and MongoDB go by different clocks; what anyone is sent never goes back.
        revision = max(page.revision, self._last.revision + 1 if self._last else 0)
        self._last = Flush(board, period, page, revision, {})
        await self._tell(self._last, everyone=True)

    async def _tell(self, flush: Flush, *, everyone: bool) -> None:
        listeners = [li for li in self._listeners if everyone or li.has_newcomers]
        flush = replace(flush, places=await self._places(flush, listeners, everyone=everyone))
        for start in range(0, len(listeners), _AT_ONCE):
            told = [li for li in listeners[start : start + _AT_ONCE] if li in self._listeners]
            outcomes = await asyncio.gather(
                *(li.receive(flush, everyone=everyone) for li in told), return_exceptions=True
            )
            for listener, outcome in zip(told, outcomes, strict=True):
                if isinstance(outcome, Exception):
                    log.error("board.telling_failed", board=self._key, exc_info=outcome)
                    self._refuse(listener, outcome)

    async def _places(
        self, flush: Flush, listeners: Iterable[Listener], *, everyone: bool
    ) -> dict[int, dict[bytes, Place]]:
        """The places of all viewers, in as few round trips as there are widths of windows. They may be a moment
        newer than the page; then the change between the two is told next."""
        wanted: dict[int, set[bytes]] = defaultdict(set)
        for listener in listeners:
            wanted[listener.around].update(listener.viewers(everyone=everyone))
        found: dict[int, dict[bytes, Place]] = {}
        for around, members in wanted.items():
            if members:
                window = Around(around, around) if around else None
                read = await self._services.leaderboards.viewers(flush.board, flush.period, members, window)
                found[around] = dict(read)
        return found

    # -- who may listen

    async def _recheck(self, board: Leaderboard) -> None:
        """Refuse those who may not watch any more; see members as they are now."""
        self._checked_at = time.monotonic()
        for listener in list(self._listeners):
            watchers = list(listener.watchers())
            for start in range(0, len(watchers), _MEMBERS_AT_ONCE):
                some = watchers[start : start + _MEMBERS_AT_ONCE]
                members = await self._members([watcher.watch for watcher in some])
                for watcher, member in zip(some, members, strict=True):
                    fault = self._fault(watcher.watch, member, board)
                    if fault is not None:
                        watcher.refuse(fault)
                        self._forget(listener, watcher)
                    elif member != watcher.watch.member:
                        self._see(listener, watcher, member)

    async def _members(self, watches: Sequence[Watch]) -> list[Member | None]:
        """Who they are now; None for who is no member."""
        ids = {watch.member.id for watch in watches if watch.member is not None}
        found = await self._services.members.ranked_by_ids(self._reader, list(ids)) if ids else {}
        return [
            found.get(watch.member.id) if watch.member else await self._services.members.me(watch.actor)
            for watch in watches
        ]

    def _fault(self, watch: Watch, member: Member | None, board: Leaderboard) -> Exception | None:
        """Why somebody may not watch; None where they may."""
        if watch.member is not None and member is None:
            return NotFound("The member is gone.")
        if board.status is Status.DRAFT and not watch.actor.can(Permission.PROGRAMME_READ_DRAFTS):
            return _unknown(self._key)
        try:
            if member is not None:
                self._services.members.refuse_banned(member)
        except Forbidden as error:
            return error
        return None

    def _see(self, listener: Listener, watcher: Watcher, member: Member | None) -> None:
        """Go on with a member who changed; in another locale they may belong to another group."""
        before = watcher.watch.member
        if isinstance(listener, Group) and isinstance(watcher, Seat):
            if watcher not in listener.seats:
                return  # left meanwhile
            if before is None or member is None or before.locale != member.locale:
                self.leave(watcher)
                watcher.watch = replace(watcher.watch, member=member)
                self.sit(listener.live, watcher)
                return
        watcher.watch = replace(watcher.watch, member=member)

    def _forget(self, listener: Listener, watcher: Watcher) -> None:
        if isinstance(watcher, Seat):
            self.leave(watcher)
        else:
            self.remove(listener)

    async def _fail(self, error: Exception) -> None:
        """Nothing could be read: those who wait for their first message are told, the others wait on."""
        lasting = isinstance(error, NotFound)
        if not isinstance(error, DomainError):
            log.warning("board.unreadable", board=self._key, error=str(error) or type(error).__name__)
        for listener in list(self._listeners):
            if lasting or listener.has_newcomers:
                self._refuse(listener, error)
        await self._sleep(_RETRY_S)

    def _refuse(self, listener: Listener, error: Exception) -> None:
        for watcher in list(listener.watchers()):
            watcher.refuse(error)
            self._forget(listener, watcher)

    # -- small things

    def _ring(self) -> None:
        self._rung = True
        self._wake.set()

    def _first(self) -> int:
        return max((listener.first for listener in self._listeners), default=0)

    async def _present(self) -> tuple[Leaderboard, BoardPeriod | None]:
        """The board as it is defined now, and its period. Raises: NotFound."""
        catalogue = await self._services.programmes.catalogue(self._programme_id)
        board = await self._services.leaderboards.board(self._reader, self._key, catalogue)
        if board is None:
            raise _unknown(self._key)
        boards, now = self._services.leaderboards, self._services.now()
        period = await boards.period(self._reader, board, None, now, catalogue)
        if period is None or self._group is None:
            return board, period
        return board, boards.group(board, period, self._group)

    def _rest_s(self, period: BoardPeriod) -> float:
        """How long nothing is due, unless something happens."""
        now = time.monotonic()
        rest = self._checked_at + RECHECK_S - now
        if self._rung:
            rest = min(rest, self._due_at - now)
        if any(listener.has_newcomers for listener in self._listeners):
            rest = min(rest, self._welcome_at - now)
        if period.ends_at is not None:
            rest = min(rest, (period.ends_at - self._services.now()).total_seconds())
        return max(0.001, rest)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()


def _is_over(period: BoardPeriod, now: datetime) -> bool:
    return period.ends_at is not None and now >= period.ends_at


def _unknown(key: str) -> NotFound:
    return NotFound(f"There is no leaderboard {key[:100]!r}.", path=["key"])
