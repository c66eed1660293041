"""One graphql-transport-ws socket: who calls and until when, its operations, its messages.

It names its token first, in `connection_init` or in the upgrade request's header, and ends with it. A subscription
that has a seat is a record without a task; everything else runs in a task of its own.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from starlette.types import Message, Receive, Send

from api.callers.auth import Authenticator, bearer
from api.callers.budgets import Budgets
from api.callers.keysets import KeysUnavailable
from api.graphql.live import messages
from api.graphql.live.frames import next_frame, text_frame
from api.graphql.live.limits import Allowance, Connections, SocketLimits
from api.graphql.live.operations import LiveOperations, failed, over_limit
from api.graphql.live.protocol import FrameProtocol
from api.graphql.live.socket_operation import SocketOperation
from community.services import Services
from gamification.kit.actors import Actor
from gamification.kit.errors import Unauthenticated
from resolvers.live.hub import hub_of
from resolvers.live.seats import Payload, Seat
from resolvers.operations import Request

log = structlog.get_logger()

INVALID_MESSAGE = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
INIT_TIMEOUT = 4408
SUBSCRIBER_EXISTS = 4409
TOO_MANY_INITS = 4429
TRY_AGAIN_LATER = 1013
INTERNAL_ERROR = 4500


class Gone(OSError):
    """The client went away, or was sent away, while it was to be sent something."""


class Serving(Protocol):
    """What sockets are made with."""

    live: LiveOperations
    budgets: Budgets
    authenticator: Authenticator
    connections: Connections
    limits: SocketLimits


class Socket:
    """An accepted socket; `run` ends with it."""

    __slots__ = (
        "_actor",
        "_address",
        "_allowance",
        "_authorization",
        "_expiry_timer",
        "_frames",
        "_has_acknowledged",
        "_has_ended",
        "_has_initialised",
        "_init_timer",
        "_operations",
        "_receive",
        "_request_id",
        "_send",
        "_services",
        "_serving",
        "_stall_timer",
        "_tasks",
        "_writer",
    )

    def __init__(
        self,
        serving: Serving,
        services: Services,
        request_id: str,
        authorization: str | None,
        address: str | None,
        receive: Receive,
        send: Send,
        frames: FrameProtocol | None,
    ) -> None:
        self._serving = serving
        self._services = services
        self._request_id = request_id
        self._authorization = authorization
        self._address = address
        self._receive = receive
        self._send = send
        self._frames = frames
        self._actor: Actor | None = None
        self._operations: dict[str, SocketOperation] = {}
        self._allowance = Allowance(serving.limits.operations_a_second, serving.limits.operations_burst)
        self._tasks: set[asyncio.Task[None]] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._init_timer: asyncio.TimerHandle | None = None
        self._expiry_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._has_initialised = self._has_acknowledged = self._has_ended = False

    async def run(self) -> None:
        """Take messages until the socket is closed."""
        if self._frames is not None:
            self._frames.on_pause, self._frames.on_resume = self._on_pause, self._on_resume
        loop = asyncio.get_running_loop()
        self._init_timer = loop.call_later(self._serving.limits.init_s, self._on_silence)
        try:
            while (message := await self._receive())["type"] != "websocket.disconnect":
                if not self._has_ended:
                    await self._take(message)
        except OSError:
            pass  # the client went away
        finally:
            await self._leave()

    # -- messages

    async def _take(self, received: Message) -> None:
        text = received.get("text")
        if text is None:
            await self.end(INVALID_MESSAGE, "WebSocket message type must be text")
            return
        try:
            message = messages.parsed(text)
        except ValueError:
            await self.end(INVALID_MESSAGE, "WebSocket message must be valid JSON")
            return
        fault = messages.fault_of(message)
        if fault is not None:
            await self.end(INVALID_MESSAGE, fault)
            return
        match message["type"]:
            case "subscribe":
                await self._subscribe(message["id"], message["payload"])
            case "complete":
                operation = self._operations.pop(message["id"], None)
                if operation is not None:
                    operation.stop()
            case "ping":
                await self.write(messages.pong(message.get("payload")))
            case "connection_init":
                await self._initialise(message.get("payload") or {})

    async def _initialise(self, payload: Mapping[str, Any]) -> None:
        if self._has_initialised:
            await self.end(TOO_MANY_INITS, "Too many initialisation requests")
            return
        self._has_initialised = True
        if self._init_timer is not None:
            self._init_timer.cancel()
        try:
            token = bearer(self._stated(payload))
            actor = None if token is None else await self._serving.authenticator.authenticate(token)
        except KeysUnavailable as error:
            await self.end(TRY_AGAIN_LATER, str(error))
            return
        except Unauthenticated as error:
            log.info("socket.refused", reason=error.message)
            await self._serving.budgets.wrong_token(self._address)
            actor = None
        if actor is None:
            await self.end(FORBIDDEN, "Forbidden")
            return
        if not self._serving.connections.open(actor):
            log.info("socket.refused", reason="too many of one caller")
            await self.end(TRY_AGAIN_LATER, "Too many sockets")
            return
        self._actor, self._authorization = actor, None
        if actor.expires_at is not None:
            left = (actor.expires_at - datetime.now(UTC)).total_seconds()
            self._expiry_timer = asyncio.get_running_loop().call_later(max(0.0, left), self._on_expiry)
        await self.write(messages.ACK)
        self._has_acknowledged = True

    def _stated(self, payload: Mapping[str, Any]) -> str | None:
        """As a header's value: from `authorization` or `token` of the payload, else from the upgrade request."""
        stated = payload.get("authorization", payload.get("Authorization"))
        if isinstance(stated, str):
            return stated
        token = payload.get("token")
        return f"Bearer {token}" if isinstance(token, str) else self._authorization

    async def _subscribe(self, name: str, payload: Mapping[str, Any]) -> None:
        if not self._has_acknowledged or self._actor is None:
            await self.end(UNAUTHORIZED, "Unauthorized")
            return
        if name in self._operations:
            await self.end(SUBSCRIBER_EXISTS, f"Subscriber for {name} already exists")
            return
        limits = self._serving.limits
        if len(self._operations) >= limits.operations_max:
            errors = over_limit("Too many operations on this socket.", limits.operations_max)
            await self.write(messages.error(name, errors))
            return
        if not self._allowance.take():
            errors = over_limit("Too many operations a second.", limits.operations_a_second)
            await self.write(messages.error(name, errors))
            return
        request = Request(
            payload.get("query"),
            payload.get("variables"),
            payload.get("operationName"),
            payload.get("extensions"),
        )
        operation = self._operations[name] = SocketOperation(self, name)
        operation.task = self.spawn(self._run(operation, request, self._actor))

    async def _run(self, operation: SocketOperation, request: Request, actor: Actor) -> None:
        try:
            await self._serving.live.operate(self._services, actor, self._request_id, request, operation)
        except OSError:
            pass  # the client went away
        except Exception as error:  # noqa: BLE001 - one operation must not take the others along
            await operation.error(failed(error, self._request_id))
        finally:
            operation.task = None

    # -- writing

    async def write(self, text: bytes) -> None:
        """Send a message once the client has room for it. Raises: OSError when it went away."""
        if self._frames is None:
            await self._send({"type": "websocket.send", "text": text.decode()})
            return
        if not self._frames.is_writable:
            await self._frames.writable.wait()
        if not self._frames.push(text_frame(text)):
            raise Gone

    def offer(self, operation: SocketOperation, payload: Payload) -> None:
        """Send a state now; or keep it until the client has room, in place of what is kept already."""
        frames = self._frames
        if frames is not None and frames.is_writable:
            operation.pending = None
            frames.push(next_frame(operation.prefix, payload))
            return
        operation.pending = payload
        if frames is None and self._writer is None:
            self._writer = self.spawn(self._write_pending())

    async def _write_pending(self) -> None:
        """Write what is kept, on servers that only take one message after the other."""
        try:
            while waiting := [o for o in self._operations.values() if o.pending is not None]:
                for operation in waiting:
                    payload, operation.pending = operation.pending, None
                    if payload is not None:
                        await self.write(operation.prefix + payload.tail)
        except OSError:
            pass  # the client went away
        finally:
            self._writer = None

    def _on_pause(self) -> None:
        if self._stall_timer is None:
            loop = asyncio.get_running_loop()
            self._stall_timer = loop.call_later(self._serving.limits.stall_s, self._on_stall)

    def _on_resume(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None
        for operation in list(self._operations.values()):
            if operation.pending is not None:
                self.offer(operation, operation.pending)

    # -- the end

    async def end(self, code: int, reason: str) -> None:
        """Close, and stop what still runs: a client that never answers the close must not go on reading."""
        if self._has_ended:
            return
        self._has_ended = True
        self._stop_operations()
        if self._frames is not None and not self._frames.is_writable:
            self._frames.give_up(code, messages.reason_of(reason))
            return
        await self._send({"type": "websocket.close", "code": code, "reason": messages.reason_of(reason)})

    def _on_silence(self) -> None:
        self.spawn(self._quietly(self.end(INIT_TIMEOUT, "Connection initialisation timeout")))

    def _on_expiry(self) -> None:
        self.spawn(self._quietly(self.end(FORBIDDEN, "Token expired")))

    def _on_stall(self) -> None:
        self._stall_timer = None
        log.info("socket.stalled")
        self.spawn(self._quietly(self.end(TRY_AGAIN_LATER, "Too slow")))

    async def _quietly(self, ending: Coroutine[Any, Any, None]) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # closed meanwhile
            await ending

    def _stop_operations(self) -> None:
        operations, self._operations = self._operations, {}
        for operation in operations.values():
            operation.stop()

    async def _leave(self) -> None:
        """Give back everything that the socket held."""
        self._has_ended = True
        for timer in (self._init_timer, self._expiry_timer, self._stall_timer):
            if timer is not None:
                timer.cancel()
        if self._frames is not None:
            self._frames.on_pause = self._frames.on_resume = None
        if self._actor is not None:
            self._serving.connections.close(self._actor)
            self._actor = None
        self._stop_operations()
        for task in list(self._tasks or ()):
            task.cancel()
            await asyncio.wait([task])

    # -- for operations

    def spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run beside the socket, and end with it."""
        if self._tasks is None:
            self._tasks = set()
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def forget(self, operation: SocketOperation) -> bool:
        """The operation is over and its id free again; False where it was over before."""
        if self._operations.get(operation.name) is not operation:
            return False
        del self._operations[operation.name]
        return True

    def unseat(self, seat: Seat) -> None:
        """Give a seat up."""
        hub_of(self._services).leave(seat)

    @property
    def request_id(self) -> str:
        """Of the upgrade request; errors that nobody foresaw are logged under it."""
        return self._request_id
