"""GraphQL over HTTP: who calls, strict JSON, errors that say no more than they should."""

import json
from datetime import timedelta

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import MissingQueryError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.schema.base import BaseSchema
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from api.auth import Authenticator, bearer
from api.bootstrap import Backend
from api.graphql_errors import presentable
from api.graphql_socket import SocketHandler, TextAdapter
from api.keysets import KeysUnavailable
from api.settings import Settings
from gamification.kit.actors import Actor
from gamification.kit.errors import Unauthenticated
from resolvers.context import Context

JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
_FIELDS: dict[str, tuple[type, str]] = {
    "query": (str, "a string"),
    "operationName": (str, "a string"),
    "variables": (dict, "an object"),
    "extensions": (dict, "an object"),
}
_READS = {OperationType.QUERY}
_WRITES = {OperationType.QUERY, OperationType.MUTATION}


class GraphQLView(GraphQL[Context, None]):
    """`/graphql`, POST and GET, and graphql-transport-ws sockets. Without a token every field decides for itself."""

    graphql_transport_ws_handler_class = SocketHandler
    websocket_adapter_class = TextAdapter

    def __init__(self, schema: BaseSchema, authenticator: Authenticator, settings: Settings) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=timedelta(seconds=settings.socket_init_timeout_seconds),
            allowed_origins=settings.cors_origins,
        )
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self.run(request)
            _negotiate(request, response)
        except Unauthenticated as error:
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            response = _refusal(401, error.message, error.code.value, headers)
        except KeysUnavailable as error:
            response = _refusal(503, str(error), "UNAVAILABLE", {"Retry-After": "1"})
        except HTTPException as error:
            headers = {"Allow": "GET, POST"} if error.status_code == 405 else {}
            response = _refusal(error.status_code, error.reason, "BAD_REQUEST", headers)
        await response(scope, receive, send)

    async def authenticate(self, authorization: str | None) -> Actor | None:
        """Whom an `Authorization` header speaks for. Raises: Unauthenticated, KeysUnavailable."""
        token = bearer(authorization)
        return None if token is None else await self._authenticator.authenticate(token)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        is_socket = request.scope["type"] == "websocket"
        backend: Backend = request.app.state.backend
        # A socket's token comes with its first message; the handler makes the context anew then.
        actor = None if is_socket else await self.authenticate(request.headers.get("authorization"))
        return Context(backend.services, actor, request.state.request_id, is_socket=is_socket)

    def decode_json(self, data: str | bytes) -> object:
        """Strict: no NaN, no lone surrogates, no endless nesting. Raises: json.JSONDecodeError."""
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            raise
        except (ValueError, RecursionError) as error:
            raise json.JSONDecodeError("not acceptable as JSON", "", 0) from error

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        if request.method == "GET":
            return _request_data(self.parse_query_params(request.query_params))
        kind, _, parameters = (request.content_type or "").lower().partition(";")
        charset = parameters.partition("charset=")[2].strip(' "') or "utf-8"
        if kind.strip() != JSON or charset not in ("utf-8", "utf8"):
            raise HTTPException(415, "Send application/json in UTF-8.")
        return _request_data(self.parse_json(await request.get_body()))

    async def execute_single(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,
        context: Context,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        try:
            return await self.schema.execute(
                request_data.query,
                root_value=root_value,
                variable_values=request_data.variables,
                context_value=context,
                operation_name=request_data.operation_name,
                allowed_operation_types=_READS if request_adapter.method == "GET" else _WRITES,
                operation_extensions=request_data.extensions,
            )
        except CannotGetOperationTypeError as error:
            raise HTTPException(400, error.as_http_error_reason()) from error
        except MissingQueryError as error:
            raise HTTPException(400, "No GraphQL query found in the request.") from error
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise HTTPException(
                    400, f"Subscribe over WebSocket ({GRAPHQL_TRANSPORT_WS_PROTOCOL})."
                ) from error
            raise HTTPException(405, "Send mutations by POST.") from error

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        if result.errors:
            result.errors = presentable(result.errors, request.state.request_id)
            # Without a path the request itself is at fault: nothing ran, and there are no data to speak of.
            request.state.is_refused = result.data is None and not any(error.path for error in result.errors)
        response = await super().process_result(request, result)
        if getattr(request.state, "is_refused", False):
            del response["data"]
        return response


def _request_data(stated: object) -> GraphQLRequestData:
    """What a request asks for. Raises: HTTPException for what is of the wrong kind."""
    if isinstance(stated, list):
        raise HTTPException(400, "Batching is not enabled.")
    if not isinstance(stated, dict):
        raise HTTPException(400, "The body must be a JSON object.")
    for name, (kind, called) in _FIELDS.items():
        if not isinstance(stated.get(name), kind | None):
            raise HTTPException(400, f"`{name}` must be {called} or null, if provided.")
    return GraphQLRequestData(
        query=stated.get("query"),
        variables=stated.get("variables"),
        operation_name=stated.get("operationName"),
        extensions=stated.get("extensions"),
    )


def _negotiate(request: Request, response: Response) -> None:
    """Answer in the media type of GraphQL over HTTP where it is asked for; only there a refusal is a 400."""
    if not _accepts(request.headers.get("accept", ""), RESPONSE_JSON):
        return
    response.headers["content-type"] = f"{RESPONSE_JSON}; charset=utf-8"
    if getattr(request.state, "is_refused", False):
        response.status_code = 400


def _accepts(accept: str, media_type: str) -> bool:
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name == media_type:
            return not any(parameter in ("q=0", "q=0.0", "q=0.00", "q=0.000") for parameter in parameters)
    return False


def _refusal(status: int, message: str | None, code: str, headers: dict[str, str]) -> Response:
    document = {"errors": [{"message": message or "The request was refused.", "extensions": {"code": code}}]}
    return Response(orjson.dumps(document), status_code=status, headers=headers, media_type=JSON)
