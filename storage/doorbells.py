"""Doorbells: who waits for a change of something is woken, told nothing but that it changed, and reads it anew.

A message on a channel is one or more lines of `key|number`; a key says what changed. Ringing twice before the sleeper woke is
ringing once, so a slow reader gets the newest state and never a queue. After a lost connection all bells ring.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from storage.redis import Listener, RedisStore


class Bell:
    """One sleeper's bell."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake the sleeper, now or when it next waits."""
        self._event.set()

    async def wait(self, timeout_s: float) -> bool:
        """Sleep until rung; False after `timeout_s` without."""
        try:
            await asyncio.wait_for(self._event.wait(), timeout_s)
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Doorbells:
    """The bells of one process, on one connection."""

    def __init__(self, store: RedisStore, channels: Sequence[str]) -> None:
        self._bells: dict[bytes, dict[object, Callable[[], None]]] = defaultdict(dict)
        self._overhearing: list[tuple[Callable[[str], None], Callable[[], None]]] = []
        self._channels = frozenset(channels)
        self._listener = Listener(store, channels, self._on_message, self._ring_all)
        store.overhear(self._on_published)

    async def start(self) -> None:
        """Begin to listen."""
        await self._listener.start()

    async def stop(self) -> None:
        """Stop listening."""
        await self._listener.stop()

    @property
    def connected(self) -> asyncio.Event:
        """Set while the connection stands."""
        return self._listener.connected

    @contextlib.contextmanager
    def listening(self, key: str) -> Iterator[Bell]:
        """A bell for changes of `key`, for as long as the context lasts."""
        bell = Bell()
        with self.hearing(key, bell.ring):
            yield bell

    @contextlib.contextmanager
    def hearing(self, key: str, on_ring: Callable[[], None]) -> Iterator[None]:
        """Call `on_ring` at changes of `key`, for as long as the context lasts."""
        name, token = key.encode(), object()
        self._bells[name][token] = on_ring
        try:
            yield
        finally:
            del self._bells[name][token]
            if not self._bells[name]:
                del self._bells[name]

    def overhear(self, on_ring: Callable[[str], None], on_gap: Callable[[], None]) -> None:
        """Call `on_ring` with the key of every change, for good; those of this process before it tells others.
        `on_gap` when some may have been missed."""
        self._overhearing.append((on_ring, on_gap))

    def _on_published(self, channel: str, messages: Sequence[bytes]) -> None:
        if channel in self._channels:
            for message in messages:
                for line in message.split(b"\n"):
                    self._overheard(line.rpartition(b"|")[0])

    def _overheard(self, key: bytes) -> None:
        for on_ring, _ in self._overhearing:
            on_ring(key.decode())

    def _on_message(self, _channel: bytes, data: bytes) -> None:
        for line in data.split(b"\n"):
            key, _, _ = line.rpartition(b"|")
            self._overheard(key)
            for ring in list(self._bells.get(key, {}).values()):
                ring()

    def _ring_all(self) -> None:
        for _, on_gap in self._overhearing:
            on_gap()
        for bells in list(self._bells.values()):
            for ring in list(bells.values()):
                ring()
