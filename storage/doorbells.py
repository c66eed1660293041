"""Doorbells: who waits for a change of something is woken, told nothing but that it changed, and reads it anew.

A message on a channel is one or more lines of `key|number`; a key says what changed. Ringing twice before the sleeper woke is
ringing once, so a slow reader gets the newest state and never a queue. After a lost connection all bells ring.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

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
        self._bells: dict[bytes, set[Bell]] = defaultdict(set)
        self._listener = Listener(store, channels, self._on_message, self._ring_all)

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
        bell, name = Bell(), key.encode()
        self._bells[name].add(bell)
        try:
            yield bell
        finally:
            self._bells[name].discard(bell)
            if not self._bells[name]:
                del self._bells[name]

    def _on_message(self, _channel: bytes, data: bytes) -> None:
        for line in data.split(b"\n"):
            key, _, _ = line.rpartition(b"|")
            for bell in self._bells.get(key, ()):
                bell.ring()

    def _ring_all(self) -> None:
        for bells in self._bells.values():
            for bell in bells:
                bell.ring()
