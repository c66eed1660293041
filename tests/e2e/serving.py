"""A `serve` process against the tests' servers, and clients for it."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import IO, Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.callers.auth import issue_token
from gamification.kit.actors import Role
from tests.e2e.conftest import ROOT, SECRET

_STARTED_WITHIN_S = 120.0
_PORTS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections: while a server is killed and started again, nobody gets its
port meanwhile."""


def token(role: Role, subject: str, programme: str) -> str:
    """A token that the server takes."""
    return issue_token(SECRET, role=role, subject=subject, programme=programme, lifetime=timedelta(hours=1))


class Server:
    """A process of `starguild serve`; `kill` ends it as a power cut would."""

    def __init__(self, environment: dict[str, str], log: IO[bytes]) -> None:
        self.port = _free_port()
        self._environment = {**environment, "PORT": str(self.port)}
        self._process: asyncio.subprocess.Process | None = None
        self._log = log

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "api.cli", "serve", "--no-demo"),
            cwd=ROOT,
            env=self._environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=self._log,
        )
        answer = "nothing"
        async with httpx.AsyncClient() as client:
            give_up_at = time.monotonic() + _STARTED_WITHIN_S
            while self._process.returncode is None and time.monotonic() < give_up_at:
                try:
                    ready = await client.get(f"http://127.0.0.1:{self.port}/readyz")
                except httpx.TransportError as error:
                    answer = repr(error)
                else:
                    if ready.status_code == 200:
                        return
                    answer = ready.text
                await asyncio.sleep(0.1)
        self._log.seek(0)
        pytest.fail(
            f"not ready (exit code {self._process.returncode}): {answer}\n{self._log.read().decode()}"
        )

    async def kill(self) -> None:
        """End it at once, whatever it is doing."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    async def stop(self) -> None:
        """End it properly."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
            await asyncio.wait_for(self._process.wait(), 20)


def _free_port() -> int:
    for port in random.sample(_PORTS, 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port found")


@asynccontextmanager
async def serving(environment: dict[str, str]) -> AsyncIterator[Server]:
    with tempfile.TemporaryFile() as log:
        server = Server(environment, log)
        await server.start()
        try:
            yield server
        finally:
            await server.stop()


async def ask(
    client: httpx.AsyncClient, server: Server, bearer: str, query: str, **variables: Any
) -> dict[str, Any]:
    """The data of an operation that must succeed."""
    answer = await client.post(
        server.url,
        json={"query": query, "variables": variables},
        headers={"authorization": f"Bearer {bearer}"},
    )
    body: dict[str, Any] = answer.json()
    assert "errors" not in body, body
    data: dict[str, Any] = body["data"]
    return data


@asynccontextmanager
async def watching(server: Server, bearer: str, query: str, **variables: Any) -> AsyncIterator["Watch"]:
    """A subscription over a real WebSocket."""
    protocols = [Subprotocol("graphql-transport-ws")]
    async with connect(f"ws://127.0.0.1:{server.port}/graphql", subprotocols=protocols) as socket:
        await socket.send(
            json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {bearer}"}})
        )
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        payload = {"query": query, "variables": variables}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        yield Watch(socket)


class Watch:
    """What a subscription is sent."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def next(self) -> dict[str, Any]:
        """The data of the next message."""
        async with asyncio.timeout(10):
            message = json.loads(await self._socket.recv())
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        (data,) = message["payload"]["data"].values()
        found: dict[str, Any] = data
        return found

    async def until(self, holds: Any) -> dict[str, Any]:
        """The first message for which a condition holds."""
        while True:
            found = await self.next()
            if holds(found):
                return found
