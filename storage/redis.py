"""Redis or Valkey through redis-py: scripts by digest, a publish/subscribe listener that heals itself.

What is kept there can be rebuilt from MongoDB, so callers treat `RedisUnavailable` as "ask the truth instead".
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import (
    ClusterError,
    ConnectionError,  # noqa: A004 - the driver's name
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    TimeoutError,  # noqa: A004 - the driver's name
)

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


class RedisStore:
    """One server, or the front of a cluster. Keys that must share a slot carry the same `{hash tag}`."""

    def __init__(self, url: str, *, connections_max: int = 64) -> None:
        self._pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=connections_max,
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 2),
            timeout=_TIMEOUT_S,
        )
        self.client: redis.Redis = redis.Redis(connection_pool=self._pool)

    def script(self, source: str) -> AsyncScript:
        """A Lua script, loaded by digest at its first call and again after the server forgot it."""
        return self.client.register_script(source)

    async def is_alive(self) -> bool:
        """Whether the server answers a ping now."""
        try:
            return bool(await asyncio.wait_for(_awaited(self.client.ping()), timeout=2.0))
        except RedisUnavailable:
            return False

    async def publish(self, channel: str, messages: Sequence[bytes]) -> None:
        """Publish to all listeners of the channel; nobody listening is fine."""
        pipeline = self.client.pipeline(transaction=False)
        for message in messages:
            pipeline.publish(channel, message)
        await pipeline.execute()

    async def close(self) -> None:
        """Close every connection."""
        await self.client.aclose()
        await self._pool.aclose()


class Listener:
    """Hears channels on a connection of its own.

    A message lost while the connection is away can't be had again, so after each reconnection `on_gap` runs:
    whoever listens reads the present state anew and misses nothing.
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
        """Begin to listen; returns at once."""
        self._stopped = False
        self._task = asyncio.create_task(self._run(), name="redis-listener")

    async def stop(self) -> None:
        """Stop listening and drop the connection."""
        # The client may turn a cancellation into a lost connection, after which `_run` would begin again.
        self._stopped = True
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        delay_s = 0.05
        while not self._stopped:
            pubsub = self._store.client.pubsub()
            try:
                await pubsub.subscribe(*self._channels)
                while not self._stopped:
                    message = await pubsub.get_message(timeout=1.0)
                    if message is None:
                        continue
                    if message["type"] == "message":
                        self._on_message(message["channel"], message["data"])
                    elif message["type"] == "subscribe" and message["data"] == len(self._channels):
                        # Also comes when the driver has reconnected by itself, and is the only sign of that.
                        self._on_gap()
                        self.connected.set()
                        delay_s = 0.05
            except RedisUnavailable:
                self.connected.clear()
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, 2.0)
            finally:
                with contextlib.suppress(*RedisUnavailable):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]


async def _awaited(value: Awaitable[Any] | Any) -> Any:
    """redis-py types its answers as maybe awaitable; on an asyncio client they always are."""
    return await value if isinstance(value, Awaitable) else value
