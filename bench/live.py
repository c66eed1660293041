"""A board watched by thousands of sockets of one process, beside bare sockets that are sent the same bytes.

The server has one core, everything else (its clients, the databases, the writer) the other. Sockets, writes a second
and entries: `BENCH_LIVE="1000x10,5000x10,10000x10"`, `BENCH_LIVE_FIRST=10`.
"""

import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from api.auth import issue_token
from bench.report import Line
from bench.world import DATABASE, World
from gamification.activity.model import NewActivity
from gamification.kit.actors import Actor, Role
from gamification.leaderboards.model import BoardPeriod
from gamification.members.model import NewMember

SECRET = "benchmark-secret-benchmark-secret-benchmark"
PROGRAMME = "live"
FIRST = int(os.environ.get("BENCH_LIVE_FIRST", "10"))
QUERY = (
    f'subscription {{ leaderboardUpdated(key: "score", first: {FIRST}) {{ revision '
    "entries { rank score member { id displayName } } } }"
)
LOADS = [
    tuple(int(part) for part in load.split("x"))
    for load in os.environ.get("BENCH_LIVE", "1000x10,5000x10,10000x10").split(",")
]
SECONDS = float(os.environ.get("BENCH_LIVE_SECONDS", "10"))
MEMBERS = 200
DOCUMENT: dict[str, Any] = {
    "programme": {"key": PROGRAMME},
    "units": [{"key": "points"}],
    "activity_types": [{"key": "score"}],
    "rules": [
        {
            "key": "score",
            "on": ["score"],
            "effects": [{"points": {"unit": "points", "amount": 5, "boards": ["score"]}}],
        }
    ],
    "leaderboards": [{"key": "score", "coalesce_ms": 20}],
}
_OFF = {
    f"STARGUILD_{name}": "0"
    for name in (
        "TRUSTED_REQUESTS_PER_SECOND",
        "TRUSTED_COST_PER_MINUTE",
        "REQUESTS_PER_SECOND",
        "COST_PER_MINUTE",
    )
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one load gave. `seconds` of processor time are the server's while it was measured."""

    sockets: int
    cpu_s: float
    bytes_per_socket: float
    seen: dict[str, Any]

    @property
    def cpu_us(self) -> float:
        """The server's processor time for a delivered message."""
        return self.cpu_s * 1e6 / max(1, int(self.seen["delivered"]))

    @property
    def told(self) -> str:
        """In a line."""
        seen = self.seen
        return (
            f"{seen['delivered'] / seen['seconds']:,.0f} /s, {self.cpu_us:.1f} µs a message "
            f"({100 * self.cpu_s / seen['seconds']:.0f} % of the core), p50 {seen['p50_ms']} ms, p99 {seen['p99_ms']} ms, "
            f"{self.bytes_per_socket / 1024:.0f} KiB a socket"
        )


async def measure(world: World) -> list[Line]:
    """Two servers a load, one after the other."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    server_core, *others = sorted(os.sched_getaffinity(0))
    _confine(set(others) or {server_core})
    await world.services.programmes.apply(Actor(PROGRAMME, "ops", Role.OPERATOR), DOCUMENT)
    service = Actor(PROGRAMME, "backend", Role.SERVICE)
    await world.services.members.ensure(
        service, [NewMember(f"m{n}", display_name=f"Member {n}") for n in range(MEMBERS)]
    )
    await world.services.recording.record(service, [_activity(f"w{n}", n) for n in range(MEMBERS)])
    lines = []
    for sockets, rate in LOADS:
        ours, size = await _load(world, server_core, sockets, rate)
        floor = await _floor(server_core, sockets, rate, size)
        lines.append(
            Line(
                f"live: {sockets:,} sockets x {rate} /s, first {FIRST} ({size / 1024:.1f} KiB)",
                f"{ours.told}; {ours.seen['behind']} without the last state, {ours.seen['closed']} closed, "
                f"{ours.seen['went_back']} states went back",
                f"{floor.told}  bare sockets, same bytes",
                ours.cpu_us / floor.cpu_us,
                "≤ 2",
            )
        )
        print(f"{lines[-1].name}\n  ours  {lines[-1].value}\n  floor {floor.told}", file=sys.stderr)
    return lines


async def _load(world: World, core: int, sockets: int, rate: int) -> tuple[Outcome, int]:
    environment = {
        **os.environ,
        **_OFF,
        "MONGODB_URL": world.endpoints.mongodb_url,
        "REDIS_URL": world.endpoints.redis_url,
        "STARGUILD_DATABASE": DATABASE,
        "STARGUILD_JWT_SECRET": SECRET,
        "STARGUILD_SOCKETS_PER_CALLER": "1000000",
        "STARGUILD_LOG_LEVEL": "error",
    }
    token = issue_token(
        SECRET, subject="backend", role=Role.SERVICE, programme=PROGRAMME, lifetime=timedelta(hours=1)
    )
    arguments = ["-m", "api.cli", "serve", "--no-worker", "--no-demo"]
    async with _server(core, arguments, environment) as (pid, port):
        size = await asyncio.to_thread(_size_of_a_state, port, token)

        return await _watched(pid, port, sockets, token, _writer(world, rate)), size


def _writer(world: World, rate: int) -> Callable[[], Awaitable[None]]:
    """Brings a new score to the board so many times a second, as the delivery of a batch does."""

    async def write() -> None:
        catalogue = await world.services.programmes.catalogue(PROGRAMME)
        stored = [record async for record in world.services.stores.records.stream(await _period(world))]
        due, number = time.monotonic(), 0
        while True:
            due += 1 / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            number += 1
            record = stored[number % MEMBERS]
            assert record.standing is not None
            # Greater than any before, so that each write changes the first places.
            points = replace(record.standing, score=time.time_ns() // 1_000_000)
            changed = replace(record, standing=points, version=time.time_ns() // 1000)
            await world.services.projection.apply(catalogue, [record.id], {record.id: changed})

    return write


async def _period(world: World) -> BoardPeriod:
    catalogue = await world.services.programmes.catalogue(PROGRAMME)
    found = await world.services.leaderboards.period(
        Actor(PROGRAMME, "ops", Role.OPERATOR), catalogue.leaderboards["score"], None, world.services.now()
    )
    assert found is not None
    return found


async def _floor(core: int, sockets: int, rate: int, size: int) -> Outcome:
    environment = {**os.environ, "BENCH_RATE": str(rate), "BENCH_BYTES": str(size)}
    arguments = [
        *("-m", "uvicorn", "bench.bare_socket:app", "--log-level", "error", "--lifespan", "off"),
        *("--ws", "api.live.protocol:FrameProtocol", "--ws-per-message-deflate", "false"),
    ]
    async with _server(core, arguments, environment) as (pid, port):
        return await _watched(pid, port, sockets, "", None)


async def _watched(pid: int, port: int, sockets: int, token: str, write: Any) -> Outcome:
    """Let the clients watch while somebody writes."""
    before = _resident_bytes(pid)
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.live_client", str(port), str(sockets), str(SECONDS), token, QUERY),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert client.stdin is not None
    assert client.stdout is not None

    async def told() -> dict[str, Any]:
        line = await asyncio.wait_for(client.stdout.readline(), 240)  # type: ignore[union-attr]
        if not line:
            raise RuntimeError("the clients ended early; see above")
        found: dict[str, Any] = json.loads(line)
        return found

    try:
        await told()
        after = _resident_bytes(pid)
        writing = asyncio.create_task(write()) if write else None
        await asyncio.sleep(3)
        client.stdin.write(b"\n")
        await told()
        cpu = _cpu_s(pid)
        await told()
        cpu = _cpu_s(pid) - cpu
        if writing:
            if writing.done():
                writing.result()  # raises what ended it
            writing.cancel()
            await asyncio.wait([writing])
        client.stdin.write(b"\n")
        return Outcome(sockets, cpu, (after - before) / sockets, await told())
    finally:
        if client.returncode is None:
            client.kill()
        await client.wait()


def _size_of_a_state(port: int, token: str) -> int:
    """The bytes of one message, as a client gets it."""
    from bench.live_client import Client, masked

    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(
            b"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        )
        client = Client(connection, 0)
        connection.recv(4096)
        connection.sendall(
            masked(json.dumps({"type": "connection_init", "payload": {"token": token}}).encode())
        )
        connection.recv(4096)
        ask = {"id": f"{client.number:012x}", "type": "subscribe", "payload": {"query": QUERY}}
        connection.sendall(masked(json.dumps(ask).encode()))
        time.sleep(1)
        return len(connection.recv(1 << 17)) - 4


@asynccontextmanager
async def _server(
    core: int, arguments: list[str], environment: dict[str, str]
) -> AsyncIterator[tuple[int, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs meanwhile
        [sys.executable, *arguments, "--port", str(port)], env=environment, stdout=subprocess.DEVNULL
    )
    os.sched_setaffinity(process.pid, {core})
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                await asyncio.sleep(0.1)
                continue
            break
        await asyncio.sleep(0.5)
        yield process.pid, port
    finally:
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, 30)
        except subprocess.TimeoutExpired:
            process.kill()


def _activity(source_id: str, member: int) -> NewActivity:
    return NewActivity("score", "bench", source_id, f"m{member}", datetime.now(UTC), None, {})


def _confine(cores: set[int]) -> None:
    """Keep this process and what it started so far on these cores."""
    mine = os.getpid()
    family = [mine, *(int(p) for p in Path(f"/proc/{mine}/task/{mine}/children").read_text().split())]
    for pid in family:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
