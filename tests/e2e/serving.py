"""A `serve` process against the tests' servers, and clients for it."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.callers.auth import issue_token
from gamification.kit.actors import Role
from tests.e2e.conftest import ROOT, SECRET

_STARTED_WITHIN_S = 30.0


def token(role: Role, subject: str, programme: str) -> str:
    """A token that the server takes."""
    return issue_token(SECRET, role=role, subject=subject, programme=programme, lifetime=timedelta(hours=1))


class Server:
    """A process of `starguild serve`; `kill` ends it as a power cut would."""

    def __init__(self, environment: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._environment = {**environment, "PORT": str(self.port)}
        self._process: asyncio.subprocess.Process | None = None

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
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with httpx.AsyncClient() as client, asyncio.timeout(_STARTED_WITHIN_S):
            while True:
                try:
                    if (await client.get(f"http://127.0.0.1:{self.port}/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)

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


@asynccontextmanager
async def serving(environment: dict[str, str]) -> AsyncIterator[Server]:
    server = Server(environment)
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
