"""The floors of an HTTP benchmark: the bytes of the file in BENCH_BYTES, by a Starlette route and by bare ASGI."""

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

_BYTES = Path(os.environ["BENCH_BYTES"]).read_bytes()
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(_BYTES)).encode())]


async def _answer(request: Request) -> Response:
    await request.body()
    return Response(_BYTES, media_type="application/json")


app = Starlette(routes=[Route("/graphql", _answer, methods=["POST"])])


async def asgi(_: Scope, receive: Receive, send: Send) -> None:
    """No framework at all."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _BYTES})
