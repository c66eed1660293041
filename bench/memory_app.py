"""Our server without its stores: `python -m bench.memory_app WHAT PORT`.

`objects`: the page's own small schema over objects in memory, as the peers have it; `services`: the whole schema, whose
services answer the second time what they answered the first. The endpoint, its limits and its executor are the
product's own; MongoDB and Redis are connected to, and hardly asked.
"""

import asyncio
import inspect
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import uvicorn
import uvloop

from api.app import create_app
from api.bootstrap import Backend, open_backend
from api.http_protocol import patient_protocol
from api.logs.configuring import configure_logging
from api.runtime import tune_garbage_collection
from api.settings import load_settings
from bench.memory_schema import schema_of
from resolvers.schema import schema

_PLAIN = (int, str, bytes)
_REMEMBERED = ("programmes", "members", "ledger", "leaderboards", "activity")


class Remembered:
    """A service whose reads are done once for each method and plain arguments, whoever asks."""

    def __init__(self, service: Any) -> None:
        self._service = service
        self._answers: dict[tuple[Any, ...], Any] = {}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._service, name)
        if not inspect.iscoroutinefunction(method):
            setattr(self, name, method)
            return method

        async def remembered(*arguments: Any, **named: Any) -> Any:
            key = (name, *(argument for argument in arguments if type(argument) in _PLAIN))
            found = self._answers.get(key)
            if found is None:
                found = self._answers[key] = await method(*arguments, **named)
            return found

        setattr(self, name, remembered)
        return remembered


async def _serve(what: str, port: int) -> None:
    settings = load_settings()
    configure_logging(settings)
    data = orjson.loads(Path(os.environ["BENCH_PAGE"]).read_bytes())["data"]  # noqa: ASYNC240
    async with open_backend(str(settings.mongodb_url), str(settings.redis_url), settings.database) as backend:
        if what == "services":
            app = create_app(settings, schema, _remembering(backend), with_worker=False)
        else:
            app = create_app(settings, schema_of(data), backend, with_worker=False)
        tune_garbage_collection()
        config = uvicorn.Config(
            app,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="on",
            server_header=False,
            http=patient_protocol(settings.header_timeout_seconds),
        )
        await uvicorn.Server(config).serve()


def _remembering(backend: Backend) -> Backend:
    services = backend.services
    stood_in: dict[str, Any] = {name: Remembered(getattr(services, name)) for name in _REMEMBERED}
    return replace(backend, services=replace(services, **stood_in))


if __name__ == "__main__":
    asyncio.Runner(loop_factory=uvloop.new_event_loop).run(_serve(sys.argv[1], int(sys.argv[2])))
