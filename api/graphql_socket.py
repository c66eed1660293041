"""GraphQL over WebSocket (graphql-transport-ws): who calls, until when, and messages that fit the protocol."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import structlog
from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.types.execution import PreExecutionError
from strawberry.utils.aio import aclosing

from api.graphql_errors import presentable
from api.keysets import KeysUnavailable
from gamification.kit.actors import Actor
from gamification.kit.errors import Unauthenticated
from resolvers.context import Context

if TYPE_CHECKING:
    from api.graphql_view import GraphQLView

log = structlog.get_logger()

FORBIDDEN = 4403
INVALID_MESSAGE = 4400
TRY_AGAIN_LATER = 1013
_REASON_BYTES_MAX = 123
_ID_LENGTH_MAX = 128
_SUBSCRIBE_FIELDS = {"variables": dict, "extensions": dict, "operationName": str}


class TextAdapter(ASGIWebSocketAdapter):
    """Sends JSON as text frames, as the protocol asks, and closes once."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        if self.ws.application_state is not WebSocketState.CONNECTED:
            raise WebSocketDisconnected
        encoded = self.view.encode_json(message)
        try:
            await self.ws.send_text(encoded.decode() if isinstance(encoded, bytes) else encoded)
        except WebSocketDisconnect as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        if self.ws.application_state is WebSocketState.CONNECTED:
            with contextlib.suppress(WebSocketDisconnect):
                # A longer reason does not fit the frame and would tear the connection down instead.
                await self.ws.close(code, reason.encode()[:_REASON_BYTES_MAX].decode(errors="ignore"))


class SocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """One socket: it must name its token first, in `connection_init` or in the request's header, and ends with it."""

    view: "GraphQLView"
    websocket: TextAdapter

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._expiry: asyncio.Task[None] | None = None
        self._ended = False

    async def handle_message(self, message: object) -> None:
        if self._ended:
            return
        fault = _fault(message)
        if fault is not None:
            await self.handle_invalid_message(fault)
            return
        await super().handle_message(cast("Any", message))

    async def handle_connection_init(self, message: Any) -> None:
        if self.connection_timed_out:
            return
        if self.connection_init_timeout_task:
            self.connection_init_timeout_task.cancel()
        if self.connection_init_received:
            await self._end(4429, "Too many initialisation requests")
            return
        self.connection_init_received = True
        try:
            actor = await self.view.authenticate(self._authorization(message.get("payload") or {}))
        except KeysUnavailable as error:
            await self._end(TRY_AGAIN_LATER, str(error))
            return
        except Unauthenticated as error:
            log.info("socket.refused", reason=error.message)
            actor = None
        if actor is None:
            await self._end(FORBIDDEN, "Forbidden")
            return
        before = self.context
        self.context = Context(before.services, actor, before.request_id, is_socket=True)
        self._expiry = asyncio.create_task(self._expire(actor), name="socket-expiry")
        await self.send_message({"type": "connection_ack"})
        self.connection_acknowledged = True

    async def handle_ping(self, message: Any) -> None:
        payload = message.get("payload")
        await self.send_message({"type": "pong", "payload": payload} if payload else {"type": "pong"})

    async def handle_invalid_message(self, error_message: str) -> None:
        await self._end(INVALID_MESSAGE, error_message)

    async def handle_task_exception(self, error: Exception) -> None:
        if not isinstance(error, WebSocketDisconnected):  # the client went away in the middle of a message
            log.error("socket.operation_failed", exc_info=error)

    async def shutdown(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._expiry
        await super().shutdown()

    def _authorization(self, payload: Mapping[str, Any]) -> str | None:
        """As a header's value: from `authorization` or `token` of the payload, else from the upgrade request."""
        stated = payload.get("authorization", payload.get("Authorization"))
        if isinstance(stated, str):
            return stated
        token = payload.get("token")
        if isinstance(token, str):
            return f"Bearer {token}"
        return self.websocket.ws.headers.get("authorization")

    async def _expire(self, actor: Actor) -> None:
        if actor.expires_at is not None:
            await asyncio.sleep((actor.expires_at - datetime.now(UTC)).total_seconds())
            await self._end(FORBIDDEN, "Token expired")

    async def _end(self, code: int, reason: str) -> None:
        """Close, and stop what still runs: a client that never answers the close must not go on reading."""
        self._ended = True
        await self.websocket.close(code, reason)
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)

    async def _send_result_stream(self, operation: Operation[Context, None], result_source: Any) -> None:
        async with aclosing(self._presentable(result_source)) as results:
            await super()._send_result_stream(operation, results)

    async def _presentable(self, results: Any) -> AsyncGenerator[Any, None]:
        async for result in results:
            if getattr(result, "errors", None):
                result.errors = presentable(result.errors, self.context.request_id)
            yield result

    async def _handle_pre_execution_error(
        self, operation: Operation[Context, None], result: PreExecutionError
    ) -> None:
        # An error message is enough: the other operations of the socket live on.
        await operation.send_initial_errors(list(result.errors or ()))


def _fault(message: object) -> str | None:
    """What is wrong with a message's shape; None when nothing is."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message must be an object with a type"
    kind, payload = message["type"], message.get("payload")
    if kind in ("connection_init", "ping", "pong"):
        return None if isinstance(payload, dict | None) else f"The payload of {kind} must be an object"
    if kind not in ("subscribe", "complete"):
        return "Unknown message type"
    if not isinstance(message.get("id"), str) or not 0 < len(message["id"]) <= _ID_LENGTH_MAX:
        return f"The id must be a string of 1 to {_ID_LENGTH_MAX} characters"
    if kind == "subscribe":
        if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
            return "The payload of subscribe must have a query"
        for name, wanted in _SUBSCRIBE_FIELDS.items():
            if payload.get(name) is not None and not isinstance(payload[name], wanted):
                return f"The {name} of subscribe must be {'an object' if wanted is dict else 'a string'}"
    return None
