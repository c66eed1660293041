"""GraphQL over server-sent events, in distinct connections: one operation a request. Source: the protocol's
description, https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md.

Streams end with the caller's token and count among their sockets. Lines end with a bare line feed: some clients cut
events at two of them.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
from graphql import GraphQLError, OperationType
from starlette.types import Receive, Scope, Send

from api.callers.budgets import Budgets
from api.graphql.errors import presentable
from api.graphql.live.limits import Connections
from api.graphql.live.operations import ANY_TYPE, LiveOperations, failed, over_limit, refusal
from api.settings import Settings
from community.services import Services
from gamification.kit.actors import Actor
from gamification.kit.errors import Unauthenticated
from resolvers.live.hub import hub_of
from resolvers.live.seats import Payload, Seat, Watch
from resolvers.operations import Operations, Ready, Refused, Request, WrongType

EVENT_STREAM = "text/event-stream"
_JSON_TYPES = ("application/json", "application/graphql-response+json", "application/graphql+json")
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # or some proxies keep events until they have many
]


def wants_event_stream(accept: str | None) -> bool:
    """Whether an Accept header's best type is an event stream; one that merely lists it gets JSON."""
    best, is_stream = 0.0, False
    for part in (accept or "").lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = _quality(parameters)
        if quality > best and (
            name == EVENT_STREAM or name in _JSON_TYPES or name in ("*/*", "application/*")
        ):
            best, is_stream = quality, name == EVENT_STREAM
    return is_stream


def _quality(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


class EventStreams:
    """Answers requests whose caller and body were read already."""

    def __init__(
        self, operations: Operations, budgets: Budgets, connections: Connections, settings: Settings
    ) -> None:
        self._live = LiveOperations(operations, budgets)
        self._connections = connections
        self._heartbeat_s = settings.socket_ping_seconds
        self._stall_s = settings.socket_stall_seconds

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send, request: Request, actor: Actor | None
    ) -> None:
        """Stream the operation's results. Raises: WrongType before anything is sent; a GET request never mutates."""
        request_id = scope["state"]["request_id"]
        ready: Ready | None = None
        errors: list[GraphQLError] = []
        try:
            allowed = ANY_TYPE - {OperationType.MUTATION} if scope["method"] == "GET" else ANY_TYPE
            ready = self._live.prepare(request, actor, allowed)
        except WrongType:
            raise
        except Refused as error:
            errors = presentable(error.errors, request_id)  # told in the stream, as the protocol asks
        if ready is not None and (denied := await self._live.charged(ready, actor)):
            await _refuse(send, denied)
            return
        if actor is not None and not self._connections.open(actor):
            await _refuse(
                send, over_limit("Too many sockets and event streams.", self._connections.per_caller)
            )
            return
        services: Services = scope["app"].state.backend.services
        stream = EventStream(send, request_id, self._stall_s)

        async def work() -> None:
            if ready is None:
                await stream.error(errors)
                return
            try:
                await self._live.run(services, actor, request_id, ready, request, stream)
            except Refused as error:
                await stream.error(presentable(error.errors, request_id))

        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await self._serve(stream, receive, work(), actor.expires_at if actor else None)
        except OSError:
            pass  # the client went away, or does not read
        finally:
            if stream.is_seated:
                hub_of(services).leave(stream)
            if actor is not None:
                self._connections.close(actor)

    async def _serve(
        self,
        stream: "EventStream",
        receive: Receive,
        work: Coroutine[Any, Any, None],
        expires_at: datetime | None,
    ) -> None:
        tasks = [asyncio.create_task(stream.run(work)), asyncio.create_task(stream.until_gone(receive))]
        try:
            while not stream.is_over:
                left_s = (expires_at - datetime.now(UTC)).total_seconds() if expires_at else self._heartbeat_s
                if left_s <= 0:
                    await stream.error(refusal(Unauthenticated("Token expired"), stream.request_id))
                else:
                    await stream.turn(min(self._heartbeat_s, left_s))
            await stream.finish()
        finally:
            for task in tasks:
                task.cancel()
                await asyncio.wait([task])


class EventStream(Seat):
    """The operation of one stream, running or seated."""

    __slots__ = (
        "_is_gone",
        "_pending",
        "_refused",
        "_send",
        "_stall_s",
        "_wake",
        "is_over",
        "is_seated",
        "request_id",
    )

    def __init__(self, send: Send, request_id: str, stall_s: float) -> None:
        self.request_id = request_id
        self.is_seated = False
        self.is_over = False
        self._send = send
        self._stall_s = stall_s
        self._is_gone = False
        self._pending: Payload | None = None
        self._refused: Exception | None = None
        self._wake = asyncio.Event()

    # -- as a sink

    async def next(self, payload: bytes) -> None:
        await self._write(b"event: next\ndata: " + payload + b"\n\n")

    async def error(self, errors: list[GraphQLError]) -> None:
        if not self.is_over:
            await self.next(orjson.dumps({"errors": [error.formatted for error in errors]}))
            await self.complete()

    async def complete(self) -> None:
        if not self.is_over:
            self.is_over = True
            await self._write(b"event: complete\ndata:\n\n")
            self._wake.set()

    def seated(self, watch: Watch) -> Seat:
        super().__init__(watch)
        self.is_seated = True
        return self

    # -- as a seat

    def offer(self, payload: Payload) -> None:
        self._pending = payload
        self._wake.set()

    def refuse(self, error: Exception) -> None:
        self._refused = error
        self._wake.set()

    # -- its life

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run the operation; what breaks it ends the stream."""
        try:
            await work
        except OSError:
            self._leave()
        except Exception as error:  # noqa: BLE001 - the client must be told that it is over
            await self.error(failed(error, self.request_id))

    async def until_gone(self, receive: Receive) -> None:
        """Wait until the client leaves."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._leave()

    async def turn(self, timeout_s: float) -> None:
        """Send what is newest; a comment where nothing was to be sent for so long, which keeps the way open."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        except TimeoutError:
            await self._write(b":\n\n")
            return
        self._wake.clear()
        pending, self._pending = self._pending, None
        if self._refused is not None:
            await self.error(refusal(self._refused, self.request_id))
        elif pending is not None and not self.is_over:
            await self.next(pending.body)

    async def finish(self) -> None:
        """End the response, where somebody is there to see it."""
        if not self._is_gone:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _leave(self) -> None:
        self._is_gone = self.is_over = True
        self._wake.set()

    async def _write(self, event: bytes) -> None:
        """Raises: TimeoutError where the client does not read."""
        async with asyncio.timeout(self._stall_s):
            await self._send({"type": "http.response.body", "body": event, "more_body": True})


async def _refuse(send: Send, errors: list[GraphQLError]) -> None:
    body = orjson.dumps({"errors": [error.formatted for error in errors]})
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"1")]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body})
