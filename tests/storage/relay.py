"""A relay before a real server, that can delay, split, hold back and cut what goes through it; stores that use it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from storage.embedded import Endpoints
from storage.redis import RedisStore


class Relay:
    """Forwards connections. `answering` and `taking` can be cleared to hold back answers and commands."""

    def __init__(self, target: str, *, split: bool = False) -> None:
        address = urlsplit(target)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 6379
        self._split = split
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.answering = asyncio.Event()
        self.taking = asyncio.Event()
        self.answering.set()
        self.taking.set()
        self.url = ""
        self.connections = 0

    def cut(self) -> None:
        """Drop every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    @asynccontextmanager
    async def running(
        self, *, path: Path | None = None, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator["Relay"]:
        """Listen on a free port, or on a unix socket at `path`; `url` says where."""
        if path is not None:
            server = await asyncio.start_unix_server(self._accept, str(path))
            self.url = f"unix://{path}"
        else:
            server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=tls)
            port = server.sockets[0].getsockname()[1]
            self.url = f"rediss://localhost:{port}" if tls else f"redis://127.0.0.1:{port}"
        try:
            yield self
        finally:
            server.close()
            self.cut()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        upstream, onward = await asyncio.open_connection(self._host, self._port)
        self._writers |= {writer, onward}
        for source, sink, gate, split in (
            (reader, onward, self.taking, False),
            (upstream, writer, self.answering, self._split),
        ):
            task = asyncio.create_task(self._pump(source, sink, gate, split=split))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, gate: asyncio.Event, *, split: bool
    ) -> None:
        try:
            while True:
                await gate.wait()
                chunk = await source.read(65536)
                await gate.wait()
                if not chunk:
                    break
                for piece in (chunk[i : i + 1] for i in range(len(chunk))) if split else (chunk,):
                    sink.write(piece)
                    await sink.drain()
                    if split:
                        await asyncio.sleep(0)
        except OSError:
            pass
        finally:
            sink.close()


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[RedisStore]:
    store = RedisStore(url, **options)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def relayed(
    endpoints: Endpoints, *, split: bool = False, timeout_s: float = 30.0, **options: Any
) -> AsyncIterator[tuple[RedisStore, Relay]]:
    """A store that reaches the server through a relay."""
    async with (
        Relay(endpoints.redis_url, split=split).running() as relay,
        opened(relay.url, timeout_s=timeout_s, **options) as store,
    ):
        yield store, relay


async def turns(count: int = 20) -> None:
    """Let everything else run for a while."""
    for _ in range(count):
        await asyncio.sleep(0.002)


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for what is sure to come."""
    async with asyncio.timeout(30):
        while True:
            met = condition()
            if met if isinstance(met, bool) else await met:
                return
            await asyncio.sleep(0.002)


async def says(store: RedisStore, expected: object, *command: str) -> bool:
    return bool(await store.execute(*command) == expected)
