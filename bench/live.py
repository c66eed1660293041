"""A board watched by thousands of sockets of one process, beside bare sockets that are sent the same bytes.

The server has one core, everything else (its clients, the databases, the writer) the other. Sockets, writes a second
and entries: `BENCH_LIVE="1000x10,5000x10,10000x10"`, `BENCH_LIVE_FIRST=10`.
"""

import asyncio
import json
import os
import resource
import socket
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from api.callers.auth import issue_token
from bench import boards, live_peers
from bench.processes import Cores, confined, python, serving
from bench.report import Line
from bench.watching import FIRST, QUERY, Outcome, Write, watched
from bench.world import DATABASE, World
from gamification.activity.model import NewActivity
from gamification.kit.actors import Actor, Role
from gamification.leaderboards.model import BoardPeriod
from gamification.members.model import NewMember

SECRET = "benchmark-secret-benchmark-secret-benchmark"
PROGRAMME = "live"
LOADS = [
    tuple(int(part) for part in load.split("x"))
    for load in os.environ.get("BENCH_LIVE", "1000x10,5000x10,10000x10").split(",")
]
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


async def measure(world: World) -> list[Line]:
    """Two servers a load, one after the other."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    cores = Cores.here()
    with confined(cores):
        await _fill(world)
        return await _all(world, cores)


async def _fill(world: World) -> None:
    await world.services.programmes.apply(Actor(PROGRAMME, "ops", Role.OPERATOR), DOCUMENT)
    service = Actor(PROGRAMME, "backend", Role.SERVICE)
    await world.services.members.ensure(
        service, [NewMember(f"m{n}", display_name=f"Member {n}") for n in range(MEMBERS)]
    )
    await world.services.recording.record(service, [_activity(f"w{n}", n) for n in range(MEMBERS)])


async def _all(world: World, cores: Cores) -> list[Line]:
    lines: list[Line] = []
    for sockets, rate in LOADS:
        ours, size = await _load(world, cores.server, sockets, rate)
        floor = await _floor(cores.server, sockets, rate, size)
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
        if len(lines) == 1:
            lines += await live_peers.beside(ours, cores)
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
    async with serving(boards.SERVE, environment, core) as server:
        await asyncio.sleep(0.5)
        size = await asyncio.to_thread(_size_of_a_state, server.port, token)
        return await watched(server, sockets, token, _writer(world, rate)), size


def _writer(world: World, rate: int) -> Write:
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
    command = python(
        *(
            "-m",
            "uvicorn",
            "bench.bare_socket:app",
            "--port",
            "{port}",
            "--log-level",
            "error",
            "--lifespan",
            "off",
        ),
        *("--ws", "api.graphql.live.protocol:FrameProtocol", "--ws-per-message-deflate", "false"),
    )
    async with serving(command, environment, core) as server:
        await asyncio.sleep(0.5)
        return await watched(server, sockets, "", None)


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


def _activity(source_id: str, member: int) -> NewActivity:
    return NewActivity("score", "bench", source_id, f"m{member}", datetime.now(UTC), None, {})
