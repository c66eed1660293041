"""The floor of an HTTP benchmark: a Starlette route that answers the bytes of the file in BENCH_BYTES."""

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_BYTES = Path(os.environ["BENCH_BYTES"]).read_bytes()


async def _answer(_: Request) -> Response:
    return Response(_BYTES, media_type="application/json")


app = Starlette(routes=[Route("/", _answer)])
