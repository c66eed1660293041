"""Redis or Valkey: commands and scripts over one shared connection, a publish/subscribe listener that heals itself.

What is kept there can be rebuilt from MongoDB, so callers treat `RedisUnavailable` as "ask the truth instead".
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import redis.asyncio as redis
import structlog
from redis.asyncio.client import PubSub
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import (
    ClusterError,
    ConnectionError,  # noqa: A004 - the driver's name
    MasterDownError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    TimeoutError,  # noqa: A004 - the driver's name
)
from redis.maint_notifications import MaintNotificationsConfig

from storage.multiplexer import IN_FLIGHT_MAX, Argument, Multiplexer

RedisUnavailable = (
    ConnectionError,
    TimeoutError,
    ReadOnlyError,
    MasterDownError,
    ClusterError,
    OutOfMemoryError,
    OSError,
    asyncio.TimeoutError,
)
"""What a command may raise when the server is away, slow, still loading, full, or no primary. A command or script
that is wrong raises something else, and is a defect."""

_TIMEOUT_S = 5.0
_QUIET_S = 1.0
"""A listener that hears nothing for so long asks whether its connection stands."""
_DEAF_S = 3.0
"""It has so long to answer."""
_AGAIN_S = 0.1
"""Until it begins again, where it ended by what it should not have."""
log = structlog.get_logger()


class RedisStore:
    """One server, or the front of a cluster. Keys that must share a slot carry the same `{hash tag}`.

    `execute` and scripts share one connection (`storage.multiplexer`); `client` is redis-py with a pool of its own, for
    subscriptions, transactions and long pipelines.
    """

    def __init__(
        self,
        url: str,
        *,
        connections_max: int = 64,
        timeout_s: float = _TIMEOUT_S,
        in_flight_max: int = IN_FLIGHT_MAX,
    ) -> None:
        retry = Retry(ExponentialBackoff(cap=0.2, base=0.02), 2)
        self._pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=connections_max,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=retry,
            timeout=timeout_s,
        )
        self.client: redis.Redis = redis.Redis(connection_pool=self._pool)
        self._overhearing: list[Callable[[str, Sequence[bytes]], None]] = []
        self._multiplexer = Multiplexer(self._connection, silence_s=timeout_s, in_flight_max=in_flight_max)

    def _connection(self) -> AbstractConnection:
        """A connection like those of the pool, that only answers what it is asked."""
        stated = {
            **self._pool.connection_kwargs,
            "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        }
        return self._pool.connection_class(**stated)

    async def execute(self, *command: Argument, repeatable: bool = False) -> Any:
        """The server's answer to a command; one that is `repeatable` is sent again, once, where its connection was lost.
        Raises: RedisUnavailable kinds."""
        return await self._multiplexer.execute(*command, repeatable=repeatable)

    async def execute_all(
        self, commands: Iterable[tuple[Argument, ...]], *, repeatable: bool = False
    ) -> list[Any]:
        """The answers to many commands, sent together: one round trip. Raises: the first error there is."""
        return await self._multiplexer.execute_all(commands, repeatable=repeatable)

    def script(self, source: str, *, repeatable: bool = False) -> "Script":
        """A Lua script; `repeatable` as in `execute`."""
        return Script(self._multiplexer, source, repeatable=repeatable)

    async def is_alive(self) -> bool:
        """Whether the server answers a ping now."""
        try:
            return bool(await asyncio.wait_for(self.execute("PING", repeatable=True), timeout=2.0))
        except RedisUnavailable:
            return False

    async def publish(self, channel: str, messages: Sequence[bytes]) -> None:
        """Publish to all listeners of the channel; nobody listening is fine. A message may arrive twice. Who
        overhears in this process is told first."""
        for told in self._overhearing:
            told(channel, messages)
        await self.execute_all([("PUBLISH", channel, message) for message in messages], repeatable=True)

    def overhear(self, told: Callable[[str, Sequence[bytes]], None]) -> None:
        """Call `told` with what this process publishes, at once."""
        self._overhearing.append(told)

    async def close(self) -> None:
        """Close every connection."""
        await self._multiplexer.close()
        await self.client.aclose()
        await self._pool.aclose()


class Script:
    """A Lua script, sent by its digest; in full where the server doesn't know it, from when on it does."""

    def __init__(self, multiplexer: Multiplexer, source: str, *, repeatable: bool) -> None:
        self._multiplexer = multiplexer
        self._source = source
        self._digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
        self._repeatable = repeatable

    async def __call__(self, keys: Sequence[Argument], args: Sequence[Argument] = ()) -> Any:
        """What the script returns. Raises: RedisUnavailable kinds, and what the script raises."""
        execute, repeatable = self._multiplexer.execute, self._repeatable
        try:
            return await execute("EVALSHA", self._digest, len(keys), *keys, *args, repeatable=repeatable)
        except NoScriptError:
            return await execute("EVAL", self._source, len(keys), *keys, *args, repeatable=repeatable)


class Listener:
    """Hears channels on a connection of its own.

    A message lost while the connection is away can't be had again, so after each reconnection `on_gap` runs:
    whoever listens reads the present state anew and misses nothing. A connection on which nothing is heard is asked
    whether it still stands, as one that was cut off without a word would stay silent for ever.
    """

    def __init__(
        self,
        store: RedisStore,
        channels: Sequence[str],
        on_message: Callable[[bytes, bytes], None],
        on_gap: Callable[[], None],
    ) -> None:
        self._store = store
        self._channels = channels
        self._on_message = on_message
        self._on_gap = on_gap
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self.connected = asyncio.Event()

    async def start(self) -> None:
        """Begin to listen; returns at once, and again is the same as once."""
        self._stopped = False
        if self._task is None or self._task.done():
            self._begin()

    async def stop(self) -> None:
        """Stop listening and drop the connection."""
        # The client may turn a cancellation into a lost connection, after which `_run` would begin again.
        self._stopped = True
        self.connected.clear()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._run(), name="redis-listener")
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Whatever ended it, a process that hears nothing any more must not go on as if it did."""
        if self._stopped or task is not self._task:
            return
        self.connected.clear()
        error = None if task.cancelled() else task.exception()
        log.error("redis.listener_ended", exc_info=error)
        asyncio.get_running_loop().call_later(_AGAIN_S, self._begin_again, task)

    def _begin_again(self, ended: asyncio.Task[None]) -> None:
        if not self._stopped and self._task is ended:
            self._begin()

    async def _run(self) -> None:
        delay_s = 0.05
        while not self._stopped:
            pubsub = self._store.client.pubsub()
            try:
                await pubsub.subscribe(*self._channels)
                asked_at: float | None = None
                while not self._stopped:
                    message = await pubsub.get_message(timeout=_QUIET_S)
                    if message is None:
                        asked_at = await self._ask(pubsub, asked_at)
                        continue
                    asked_at = None
                    if message["type"] == "message":
                        self._on_message(message["channel"], message["data"])
                    elif message["type"] == "subscribe" and message["data"] == len(self._channels):
                        # Also comes when the driver has reconnected by itself, and is the only sign of that.
                        self._on_gap()
                        self.connected.set()
                        delay_s = 0.05
            except RedisUnavailable as error:
                self.connected.clear()
                if not self._stopped:
                    log.warning("redis.listener_lost", error=str(error) or type(error).__name__)
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, 2.0)
            finally:
                with contextlib.suppress(*RedisUnavailable):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]

    @staticmethod
    async def _ask(pubsub: PubSub, asked_at: float | None) -> float:
        """Ask the connection for a word, once; from when on it owes one. Raises: ConnectionError where it owes it too long."""
        now = time.monotonic()
        if asked_at is None:
            await pubsub.ping()
            return now
        if now - asked_at > _DEAF_S:
            raise ConnectionError("The connection of the listener does not answer.")
        return asked_at
