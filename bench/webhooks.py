"""Webhooks in process: logging what happened, and sending it to one endpoint that answers at once, each beside the bare work.

Members' activity is recorded first; every activity is an event, and so are its points.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

from bench.report import Line
from bench.world import World
from community.outbound.client import GuardedClient
from community.outbound.urls import OutboundRules
from community.services import Services, build
from community.webhooks.model import PARALLEL_MAX
from community.webhooks.service import EndpointChanges
from gamification.activity.model import NewActivity
from gamification.kit.actors import Actor, Role
from gamification.members.model import NewMember
from gamification.services import utc_now
from storage.mongo import insert

KEY = "hooked"
MEMBERS = 500
ACTIVITIES = 5_000
EVENTS = 2 * ACTIVITIES
_BATCH = 500
_BODY = b"x" * 500
PROGRAMME: dict[str, Any] = {
    "programme": {"key": KEY},
    "units": [{"key": "points"}],
    "activity_types": [{"key": "visit", "properties": {"type": "object"}}],
    "rules": [
        {"key": "visits", "on": ["visit"], "effects": [{"points": {"unit": "points", "amount": 5}}]},
    ],
}


class _Receiver:
    """Answers 204 to whatever is posted, and counts."""

    def __init__(self) -> None:
        self.got = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.partition(b":")[2])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                )
                await reader.readexactly(length)
                self.got += 1
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"


@asynccontextmanager
async def _receiving() -> AsyncIterator[_Receiver]:
    receiver = _Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


async def measure(world: World) -> list[Line]:
    """Record, log, send."""
    rules = OutboundRules(networks=(ip_network("127.0.0.0/8"),), is_plain_allowed=True)
    outbound = GuardedClient(rules)
    services = build(world.mongo, world.redis, utc_now, outbound=outbound)
    operator = Actor(KEY, "op", Role.OPERATOR)
    try:
        async with _receiving() as receiver:
            await services.programmes.apply(operator, PROGRAMME)
            await services.webhooks.endpoints.create(
                operator, receiver.url, EndpointChanges(parallel=PARALLEL_MAX), enabled=True
            )
            await _record(services)
            return [await _logged(world, services), await _sent(services, outbound, receiver)]
    finally:
        await outbound.close()


async def _record(services: Services) -> None:
    service, now = Actor(KEY, "shop", Role.SERVICE), utc_now() - timedelta(minutes=1)
    await services.members.ensure(service, [NewMember(f"m{number}") for number in range(MEMBERS)])
    for first in range(0, ACTIVITIES, _BATCH):
        numbers = range(first, first + _BATCH)
        await services.recording.record(
            service, [NewActivity("visit", "bench", str(one), f"m{one % MEMBERS}", now) for one in numbers]
        )


async def _logged(world: World, services: Services) -> Line:
    """From the backlog to the numbered log."""
    (following,) = (one for one in services.followings if one.consumer == "webhooks")
    began = time.perf_counter()
    while await following.run_due(KEY):
        pass
    took = time.perf_counter() - began
    rows = await world.mongo.collection("webhook_events").find({"programme_id": KEY}).to_list(None)
    assert len(rows) >= EVENTS, len(rows)
    kept = world.mongo.collection("bench_events")
    began = time.perf_counter()
    for first in range(0, len(rows), _BATCH):
        await insert(kept, rows[first : first + _BATCH])
    floor = time.perf_counter() - began
    return Line(
        "webhooks: events logged",
        f"{len(rows) / took:,.0f} /s",
        f"{len(rows) / floor:,.0f} /s  the same documents inserted by {_BATCH}, by Motor",
        floor / took,
        "stated",
    )


async def _sent(services: Services, outbound: GuardedClient, receiver: _Receiver) -> Line:
    """Planned, signed, posted and noted, beside as many bare posts by the same client."""
    began = time.perf_counter()
    await services.webhooks.sender.run_due(KEY)
    took = time.perf_counter() - began
    sent = receiver.got
    assert sent >= EVENTS, sent
    places = asyncio.Semaphore(PARALLEL_MAX)

    async def post() -> None:
        async with places:
            await outbound.post(receiver.url, {"content-type": "application/json"}, _BODY)

    began = time.perf_counter()
    await asyncio.gather(*(post() for _ in range(sent)))
    floor = time.perf_counter() - began
    return Line(
        f"webhooks: events delivered to one endpoint, {PARALLEL_MAX} at once",
        f"{sent / took:,.0f} /s",
        f"{sent / floor:,.0f} /s  bare posts by the same client",
        floor / took,
        "stated",
    )
