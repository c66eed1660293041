"""What surrounds every request: its id, its line in the log, the limit of its body, its unexpected errors."""

import time

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.logs.access import ACCESS_LOG
from api.logs.configuring import REQUEST_ID_HEADER, request_id
from api.problems import on_crash, problem

log = structlog.get_logger()
CALENDARS = "/calendars/"
UNSUBSCRIBE = "/unsubscribe/"
ANNUAL_REPORTS = "/annual-reports/"
"""What is below is secret: such a path is never logged."""
_UNLOGGED = frozenset({"/healthz", "/readyz"})
_REQUEST_ID = REQUEST_ID_HEADER.encode()
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    # Nothing here is a file: answers are a caller's own, and of this moment.
    (b"cache-control", b"no-store"),
)
"""On every answer: data for programs, never a page."""


class RequestEnvelope:
    """Gives requests and sockets an id, and the log one line for each; a crash becomes a 500 without details.

    With `hsts_seconds` browsers are told to come by HTTPS only, for so long.
    """

    def __init__(self, app: ASGIApp, hsts_seconds: int = 0) -> None:
        self._app = app
        hsts = (b"strict-transport-security", b"max-age=%d" % hsts_seconds)
        self._headers = (*_HEADERS, hsts) if hsts_seconds else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        own_id = request_id(_stated_id(scope))
        scope.setdefault("state", {})["request_id"] = own_id
        tokens = structlog.contextvars.bind_contextvars(request_id=own_id)
        try:
            if scope["type"] == "http":
                await self._http(scope, receive, send, own_id)
            else:
                await self._socket(scope, receive, send)
        finally:
            structlog.contextvars.reset_contextvars(**tokens)

    async def _http(self, scope: Scope, receive: Receive, send: Send, own_id: str) -> None:
        began = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (_REQUEST_ID, own_id.encode()),
                    *self._headers,
                ]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            log.info("request.abandoned", method=scope["method"], path=_logged(scope["path"]))
            return
        except Exception:
            log.exception("request.failed", method=scope["method"], path=_logged(scope["path"]))
            if status:
                raise  # too late for another answer: the server must break the connection off
            await on_crash()(scope, receive, send_with_id)
        if scope["path"] not in _UNLOGGED or status >= 500:
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            fields = {
                "method": scope["method"],
                "path": _logged(scope["path"]),
                "status": status,
                "duration_ms": milliseconds,
                **scope["state"].get("operation", {}),
            }
            ACCESS_LOG.write(own_id, fields)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        try:
            await self._app(scope, receive, send)
        except Exception:
            log.exception("socket.failed", path=scope["path"])
            raise
        log.info("socket.closed", path=scope["path"], duration_s=round(time.perf_counter() - began, 1))


def _logged(path: str) -> str:
    """A path as it may stand in a log: the addresses of calendars and annual reports, and links to unsubscribe, are secrets."""
    secret = next((one for one in (CALENDARS, UNSUBSCRIBE, ANNUAL_REPORTS) if path.startswith(one)), None)
    return f"{secret}…" if secret is not None else path


def _stated_id(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == _REQUEST_ID), "")


class Direct:
    """Hands HTTP requests of one path to their endpoint, past the router: it is where nearly all of them go."""

    def __init__(self, app: ASGIApp, path: str, endpoint: ASGIApp) -> None:
        self._app = app
        self._path = path
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == self._path:
            await self._endpoint(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class BodyLimit:
    """Refuses bodies over the limit with 413: at once where the length is stated, else as soon as it is passed."""

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stated = Headers(scope=scope).get("content-length", "")
        if stated.isdecimal() and int(stated[:20]) > self._limit_bytes:
            refusal = problem(413, self._detail, headers={"Connection": "close"}, limit=self._limit_bytes)
            await refusal(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit_bytes:
                raise HTTPException(413, self._detail, headers={"Connection": "close"})
            return message

        await self._app(scope, receive_counted, send)

    @property
    def _detail(self) -> str:
        return f"A request body has at most {self._limit_bytes} bytes."
