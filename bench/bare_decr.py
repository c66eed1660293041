"""The floor of a flash sale: a Starlette route that does one Redis `DECR` and answers what is left."""

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from storage.redis import RedisStore

KEY = "bench:decr"
_redis = RedisStore(os.environ["REDIS_URL"])


async def _answer(request: Request) -> Response:
    await request.json()
    left = int(await _redis.execute("DECR", KEY))
    return JSONResponse({"data": {"left": max(left, 0), "reserved": left >= 0}})


app = Starlette(routes=[Route("/graphql", _answer, methods=["POST"])])
