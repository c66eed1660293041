"""`/healthz`: the process is alive. `/readyz`: it can do its work."""

import asyncio
from datetime import timedelta
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.bootstrap import Backend
from storage.mongo import MongoUnavailable, TookTooLong

LAG_MAX = timedelta(seconds=30)
"""A message that waited longer in the outbox means that no worker runs, or none keeps up."""

_CHECK_SECONDS = 3.0


async def healthz(_: Request) -> Response:
    """Always 200: whoever answers is alive."""
    return _json(200, {"status": "alive"})


async def readyz(request: Request) -> Response:
    """200 when every check passes, else 503; each check says how it went."""
    backend: Backend = request.app.state.backend
    has_primary, redis_answers = await asyncio.gather(backend.mongo.is_primary(), backend.redis.is_alive())
    lag = await _lag(backend) if has_primary else None
    checks: dict[str, dict[str, Any]] = {
        "mongodb": {"ok": has_primary},
        "redis": {"ok": redis_answers},
        "worker": {
            "ok": lag is not None and lag <= LAG_MAX,
            "lagSeconds": None if lag is None else round(lag.total_seconds(), 3),
        },
    }
    ready = all(check["ok"] for check in checks.values())
    return _json(200 if ready else 503, {"status": "ready" if ready else "not ready", "checks": checks})


async def _lag(backend: Backend) -> timedelta | None:
    try:
        return await asyncio.wait_for(backend.services.delivery.lag(), _CHECK_SECONDS)
    except (TimeoutError, MongoUnavailable, TookTooLong):
        return None


def _json(status: int, document: dict[str, Any]) -> Response:
    return Response(
        orjson.dumps(document),
        status_code=status,
        media_type="application/json",
    )
