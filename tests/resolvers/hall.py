"""Seats on the hub of live boards, and people who take them."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import orjson

from community.services import Services
from gamification.kit.actors import Actor
from resolvers.context import Context
from resolvers.errors import coded
from resolvers.live.groups import Live
from resolvers.live.hub import Handed, Hub, LiveContext, hub_of
from resolvers.live.seats import Payload, Seat, Watch
from resolvers.operations import SUBSCRIPTIONS, Request
from resolvers.schema import schema
from tests.resolvers.harness import OPERATIONS


class Chair(Seat):
    """A seat that keeps what it is offered."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(watch)
        self.offered: list[Payload] = []
        self.refused: Exception | None = None
        self._event = asyncio.Event()

    def offer(self, payload: Payload) -> None:
        self.offered.append(payload)
        self._event.set()

    def refuse(self, error: Exception) -> None:
        self.refused = error
        self._event.set()

    async def until(self, found: Callable[[Any], bool]) -> Any:
        """The first update, now or later, of which that is true."""
        async with asyncio.timeout(30):
            while True:
                for payload in self.offered:
                    data = orjson.loads(payload.body)["data"] or {"none": None}
                    (update,) = data.values()
                    if found(update):
                        return update
                self._event.clear()
                await self._event.wait()

    async def until_refused(self) -> Exception:
        async with asyncio.timeout(30):
            while self.refused is None:
                self._event.clear()
                await self._event.wait()
        return self.refused


class Hall:
    """Seats people on the hub of some services."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.hub: Hub = hub_of(services)
        self.chairs: list[Chair] = []

    async def seat(self, actor: Actor, selection: str, *, compiled: bool = True, **variables: Any) -> Chair:
        """A seat for `subscription` and that text."""
        handed = await self.hand_over(actor, selection, compiled=compiled, **variables)
        assert handed is not None
        chair = Chair(handed.watch)
        self.chairs.append(chair)
        self.hub.sit(Live(self.services, encode, handed.identity, handed.plan), chair)
        return chair

    async def hand_over(
        self, actor: Actor, selection: str, *, compiled: bool = True, **variables: Any
    ) -> Handed | None:
        """What the subscription leaves to be seated; None where it executes alone, which is not awaited."""
        context = LiveContext(self.services, actor, "test")
        context.variables, context.compiled = variables, compiled
        request = Request(f"subscription {selection}", variables)
        ready = OPERATIONS.prepare(request, actor, SUBSCRIPTIONS)
        async with aclosing(OPERATIONS.subscribe(ready, request, context)) as answers:
            async for _ in answers:
                assert context.handed is None
                return None
        return context.handed

    def leave(self, chair: Chair) -> None:
        self.hub.leave(chair)

    async def alone(self, actor: Actor, selection: str, **variables: Any) -> bytes:
        """What graphql-core gives to that caller alone."""
        context = Context(self.services, actor, "test")
        source = await schema.subscribe(f"subscription {selection}", variables, context_value=context)
        async with aclosing(source) as results:
            return encode(await anext(results))


def encode(result: Any) -> bytes:
    payload = {"data": result.data}
    if result.errors:
        payload["errors"] = [coded(error).formatted for error in result.errors]
    return orjson.dumps(payload)


async def emptied(hub: Hub) -> None:
    """Until nobody watches anything."""
    for _ in range(500):
        if not hub.feeds:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("somebody still watches")
