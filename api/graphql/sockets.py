"""GraphQL over WebSocket: which pages may connect, and by which protocol. What follows is `api.graphql.live.socket`'s."""

import structlog
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send
from strawberry.http.websocket_origin import is_same_origin, normalize_allowed_origins, normalize_origin

from api.callers.auth import Authenticator
from api.callers.budgets import Budgets
from api.graphql.live.limits import Connections, socket_limits
from api.graphql.live.messages import PROTOCOL
from api.graphql.live.operations import LiveOperations
from api.graphql.live.protocol import EXTENSION
from api.graphql.live.socket import Socket
from api.settings import Settings
from resolvers.operations import Operations

log = structlog.get_logger()
_NOT_ACCEPTABLE = 4406


class GraphQLSockets:
    """The ASGI application of `/graphql` for sockets. Callers are counted in `connections`."""

    def __init__(
        self,
        operations: Operations,
        authenticator: Authenticator,
        budgets: Budgets,
        connections: Connections,
        settings: Settings,
    ) -> None:
        self.live = LiveOperations(operations, budgets)
        self.budgets = budgets
        self.authenticator = authenticator
        self.connections = connections
        self.limits = socket_limits(settings)
        self._origins = normalize_allowed_origins(settings.cors_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        await receive()  # websocket.connect
        if not self._may_connect(headers):
            log.info("socket.refused", reason="origin")
            await send({"type": "websocket.close", "code": 1008})
            return
        if PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            await send(
                {"type": "websocket.close", "code": _NOT_ACCEPTABLE, "reason": "Subprotocol not acceptable"}
            )
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        socket = Socket(
            self,
            scope["app"].state.backend.services,
            scope["state"]["request_id"],
            headers.get("authorization"),
            scope["client"][0] if scope.get("client") else None,
            receive,
            send,
            (scope.get("extensions") or {}).get(EXTENSION),
        )
        await socket.run()

    def _may_connect(self, headers: Headers) -> bool:
        """A page may where it is of this host or of an allowed origin; what is no page states no origin."""
        origin = headers.get("origin")
        if origin is None or "*" in self._origins or is_same_origin(origin, headers.get("host")):
            return True
        return normalize_origin(origin) in self._origins
