"""Watching goals: one reading for all sockets of a process that watch the same goal, or the same team of it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from weakref import WeakKeyDictionary

from community.services import Services
from gamification.goals.model import GoalPeriod, Run
from gamification.kit.actors import Actor
from gamification.kit.errors import NotFound
from gamification.programmes.definitions import Goal

COALESCED_S = 0.2
_RECHECK_S = 5.0
Seen = tuple[Goal, GoalPeriod, Run]


class _Watcher:
    """Holds the newest state that it has not been given yet; older ones are passed over."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.newest: Seen | None = None
        self.error: Exception | None = None


class GoalFeed:
    """Reads while somebody watches; whoever comes later is given the state that is at hand."""

    def __init__(
        self, services: Services, actor: Actor, goal: str, team: str | None, on_quiet: Callable[[], None]
    ) -> None:
        self._services = services
        self._actor = actor
        self._goal = goal
        self._team = team
        self._on_quiet = on_quiet
        self._watchers: set[_Watcher] = set()
        self._latest: Seen | None = None
        self._task: asyncio.Task[None] | None = None

    async def states(self) -> AsyncGenerator[Seen, None]:
        """The present state, then each newer one. Raises: NotFound once there is no such goal."""
        watcher = _Watcher()
        self._watchers.add(watcher)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="goal-feed")
        elif self._latest is not None:
            self._give(watcher, self._latest)
        try:
            while True:
                await watcher.event.wait()
                watcher.event.clear()
                newest, watcher.newest = watcher.newest, None
                if newest is not None:
                    yield newest
                if watcher.error is not None:
                    raise watcher.error
        finally:
            self._watchers.discard(watcher)
            if not self._watchers and self._task is not None:
                self._task.cancel()
                self._on_quiet()

    async def _run(self) -> None:
        try:
            await self._watch()
        except Exception as error:  # noqa: BLE001 - it is theirs who watch
            for watcher in self._watchers:
                watcher.error = error
                watcher.event.set()
            self._on_quiet()

    async def _watch(self) -> None:
        bell_of = GoalPeriod(self._actor.programme_id, self._goal, "", self._team, None, None).doorbell
        with self._services.doorbells.listening(bell_of) as bell:
            while True:
                seen = await self._read()
                if seen != self._latest:
                    self._latest = seen
                    for watcher in self._watchers:
                        self._give(watcher, seen)
                # Rung while sleeping, it is there at once; without a ring a period may have ended.
                await asyncio.sleep(COALESCED_S)
                await bell.wait(_RECHECK_S)

    async def _read(self) -> Seen:
        services = self._services
        goal = await services.goals.goal(self._actor, self._goal)
        if goal is None:
            raise NotFound(f"There is no goal {self._goal[:100]!r}.", path=["goal"])
        period = await services.goals.period(self._actor, goal, None, self._team, services.now())
        return goal, period, await services.goals.run(period)

    @staticmethod
    def _give(watcher: _Watcher, seen: Seen) -> None:
        watcher.newest = seen
        watcher.event.set()


class GoalFeeds:
    """The feeds that run, by programme, goal, team, and whether who watches sees drafts."""

    def __init__(self) -> None:
        self._feeds: dict[object, GoalFeed] = {}

    async def states(
        self, services: Services, actor: Actor, goal: str, team: str | None, *, drafts: bool
    ) -> AsyncGenerator[Seen, None]:
        """As `GoalFeed.states`, of the feed that all like this caller share."""
        key = (actor.programme_id, goal, team, drafts)
        feed = self._feeds.get(key)
        if feed is None:
            feed = GoalFeed(services, actor, goal, team, lambda: self._drop(key, feed))
            self._feeds[key] = feed
        async with aclosing(feed.states()) as states:
            async for seen in states:
                yield seen

    def _drop(self, key: object, feed: GoalFeed | None) -> None:
        if self._feeds.get(key) is feed:
            del self._feeds[key]

    @property
    def feeds(self) -> int:
        """How many goals are watched."""
        return len(self._feeds)


_ALL: WeakKeyDictionary[object, GoalFeeds] = WeakKeyDictionary()


def goal_feeds_of(services: Services) -> GoalFeeds:
    """The one set of feeds over these services."""
    found = _ALL.get(services.doorbells)
    if found is None:
        found = _ALL[services.doorbells] = GoalFeeds()
    return found
