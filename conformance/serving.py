"""A `starguild serve` process with servers of its own, or given ones, and made-up data."""

import asyncio
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx

from api.settings import load_settings
from conformance.target import Target
from storage.embedded import EmbeddedServers

ROOT = Path(__file__).resolve().parents[1]
_STARTED_WITHIN_S = 60.0
_STOPPED_WITHIN_S = 20.0
_MADE_UP_SECONDS = "2"


class Server:
    """A process of `starguild serve`; it can be ended and begun anew on the same port and data."""

    def __init__(self, variables: Mapping[str, str], log: Path) -> None:
        self.port = free_port()
        self._variables = {**variables, "PORT": str(self.port)}
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start, and wait until it is ready. Raises: RuntimeError where it does not start."""
        self._process = await _process(self._variables, self._log, "serve")
        await _until_ready(self.port, self._process, self._log)

    async def stop(self) -> None:
        """End it; at once where it does not end by itself."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOPPED_WITHIN_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def renew(self) -> None:
        """Replace a process that no longer serves."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        await self.start()


@asynccontextmanager
async def serving(environment: Mapping[str, str] | None = None) -> AsyncIterator[Target]:
    """Start, fill and finally stop a server. `environment` names the servers behind it and other settings; without
    `MONGODB_URL` and `REDIS_URL` they are embedded ones in a temporary folder, which outlive a renewed process."""
    with (
        tempfile.TemporaryDirectory(prefix="starguild-conformance-") as folder,
        _behind(folder, environment) as addresses,
    ):
        secret = secrets.token_hex(32)
        variables = {
            **addresses,
            "STARGUILD_DATA_DIR": str(Path(folder, "data")),
            "STARGUILD_JWT_SECRET": secret,
            "STARGUILD_LOG_FORMAT": "json",
            **(environment or {}),
        }
        log = Path(folder, "serve.log")
        server = Server(variables, log)
        try:
            await server.start()
            await _fill(variables, log)
            settings = load_settings(port=server.port, jwt_secret=secret, **_stated(environment or {}))
            yield Target("127.0.0.1", server.port, secret, settings, server)
        finally:
            await server.stop()


def _stated(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings that an environment states, by their names."""
    prefix = "STARGUILD_"
    return {
        name[len(prefix) :].lower(): value for name, value in environment.items() if name.startswith(prefix)
    }


@contextmanager
def _behind(folder: str, environment: Mapping[str, str] | None) -> Iterator[dict[str, str]]:
    """The addresses of the servers behind it, where they are not given. They are this process's own, so that they
    outlive a renewed one."""
    if environment and "MONGODB_URL" in environment:
        yield {}
        return
    with EmbeddedServers.start(Path(folder, "servers"), ephemeral=True) as servers:
        yield {"MONGODB_URL": servers.endpoints.mongodb_url, "REDIS_URL": servers.endpoints.redis_url}


def free_port() -> int:
    """A port of the loopback address that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _process(variables: Mapping[str, str], log: Path, *arguments: str) -> asyncio.subprocess.Process:
    with log.open("ab") as sink:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "api.cli", *arguments),
            cwd=ROOT,
            env={**os.environ, **variables},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )


async def _until_ready(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(_STARTED_WITHIN_S):
        while True:
            if process.returncode is not None:
                raise RuntimeError(f"the server did not start:\n{_tail(log)}")
            try:
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def _fill(variables: Mapping[str, str], log: Path) -> None:
    """Let the demo's members do something, so that boards, ledgers and feeds are not empty."""
    simulate = ("simulate", "--rate", "200", "--seconds", _MADE_UP_SECONDS)
    process = await _process(variables, log, *simulate)
    if await process.wait() != 0:
        raise RuntimeError(f"no data could be made up:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])
