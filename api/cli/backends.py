"""The servers that a command works with: one's own, those of a `serve` beside it, or embedded ones of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from api.bootstrap import Backend, open_backend
from api.cli.report import Report, Unavailable
from api.logs.configuring import configure_logging
from api.runtime import tune_garbage_collection
from api.settings import Settings, load_settings
from storage.embedded import EmbeddedServers, Endpoints, running

T = TypeVar("T")


def with_backend(report: Report, work: Callable[[Backend], Awaitable[T]]) -> T:
    """Run a command's work on the installation that the environment names."""
    settings = load_settings()
    configure_logging(settings, level="warning")

    async def run(endpoints: Endpoints) -> T:
        async with open_backend(endpoints.mongodb_url, endpoints.redis_url, settings.database) as backend:
            tune_garbage_collection()
            return await work(backend)

    with found_or_own_servers(settings, report.say) as endpoints:
        return asyncio.run(run(endpoints))


@contextmanager
def found_or_own_servers(settings: Settings, say: Callable[[str], None]) -> Iterator[Endpoints]:
    """Where the servers are: those of another process of this data directory, else embedded ones meanwhile.

    Raises: EmbeddedServerError, Unavailable.
    """
    found = running(settings.data_dir) if settings.is_embedded and settings.data_dir.exists() else None
    if found is None:
        with own_servers(settings, say) as endpoints:
            yield endpoints
        return
    endpoints = _stated(settings, found)
    for name, url in (("MongoDB", endpoints.mongodb_url), ("Redis", endpoints.redis_url)):
        if not url:
            raise Unavailable(
                f"The process that uses {settings.data_dir} runs no embedded {name}: "
                "set MONGODB_URL and REDIS_URL here as they are set there"
            )
    yield endpoints


@contextmanager
def own_servers(settings: Settings, say: Callable[[str], None]) -> Iterator[Endpoints]:
    """Where the servers are; the embedded ones among them are started, and stopped at the end.

    Call it from the main thread: the servers end with the thread that started them. Raises: EmbeddedServerError.
    """
    if not settings.is_embedded:
        yield _stated(settings, Endpoints("", ""))
        return
    servers = EmbeddedServers.start(
        settings.data_dir,
        mongo=settings.mongodb_url is None,
        redis=settings.redis_url is None,
        on_progress=say,
    )
    try:
        yield _stated(settings, servers.endpoints)
    finally:
        say("Stopping the embedded servers")
        servers.stop()


def _stated(settings: Settings, endpoints: Endpoints) -> Endpoints:
    """The endpoints with the settings' own URLs put first."""
    return replace(
        endpoints,
        mongodb_url=settings.mongodb_url or endpoints.mongodb_url,
        redis_url=settings.redis_url or endpoints.redis_url,
    )
