"""The application in the test's own process, over the servers of `tests/conftest.py`.

- `settings`: settings with a secret. `token(role, subject, programme, ...)`: a token signed with it.
- `make_client(schema)`: an HTTP client of an application with that schema; the real one when left out.
- `make_server(schema)`: the same behind a real uvicorn, for sockets; its `ws://` address. `ws="websockets-sansio"`
  is uvicorn's own protocol, which frames can't be handed to.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, Protocol

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from strawberry import Schema

from api.app import create_app
from api.bootstrap import Backend
from api.callers.auth import issue_token
from api.graphql.live.protocol import FrameProtocol
from api.settings import Settings, load_settings
from community import services as wiring
from community.services import Services
from gamification.kit.actors import Role
from resolvers.schema import schema as real_schema
from storage.mongo import Mongo
from storage.redis import RedisStore

SECRET = "a-secret-for-tests-of-32-bytes-or-more"
NO_BUDGETS = dict.fromkeys(
    (
        "requests_per_second",
        "cost_per_minute",
        "granting_per_minute",
        "trusted_requests_per_second",
        "trusted_cost_per_minute",
        "trusted_granting_per_minute",
        "wrong_tokens_per_minute",
    ),
    0,
)


class MakeToken(Protocol):
    """What the `token` fixture is."""

    def __call__(
        self, role: Role, subject: str = "someone", programme: str = "p", ttl: float = 60
    ) -> str: ...


MakeClient = Callable[..., Awaitable[httpx.AsyncClient]]
MakeServer = Callable[..., Awaitable[str]]


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings of an installation with a secret, and without budgets: a test has one address for all its calls."""
    return load_settings(jwt_secret=SECRET, **NO_BUDGETS)


@pytest.fixture
def token() -> MakeToken:
    """Makes tokens; `ttl` in seconds."""

    def make(role: Role, subject: str = "someone", programme: str = "p", ttl: float = 60) -> str:
        lifetime = timedelta(seconds=ttl)
        return issue_token(SECRET, role=role, subject=subject, programme=programme, lifetime=lifetime)

    return make


@pytest.fixture(scope="session")
def backend(mongo: Mongo, redis_store: RedisStore, services: Services) -> Backend:
    """What an application is built over."""
    return Backend(mongo, redis_store, services)


@pytest.fixture
async def make_client(settings: Settings, backend: Backend) -> AsyncIterator[MakeClient]:
    """Makes clients; `**changed` settings and another backend where stated."""
    async with AsyncExitStack() as stack:

        async def make(
            schema: Schema = real_schema, over: Backend | None = None, **changed: Any
        ) -> httpx.AsyncClient:
            app = create_app(settings.model_copy(update=changed), schema, over or backend)
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            return await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url="http://test")
            )

        yield make


@pytest.fixture
async def client(make_client: MakeClient) -> httpx.AsyncClient:
    """A client of the application with the real schema."""
    return await make_client()


@pytest.fixture(scope="session")
async def make_server(settings: Settings, backend: Backend) -> AsyncIterator[MakeServer]:
    """Makes servers, which run until the end of the session; `**changed` settings where stated."""
    running: list[tuple[uvicorn.Server, asyncio.Task[None]]] = []

    async def make(schema: Schema = real_schema, ws: Any = FrameProtocol, **changed: Any) -> str:
        # Services of its own: a server starts and stops the doorbells of those that it is given.
        own = Backend(backend.mongo, backend.redis, wiring.build(backend.mongo, backend.redis))
        app = create_app(settings.model_copy(update=changed), schema, own, with_worker=False)
        return f"ws://{await serve(app, running, ws)}/graphql"

    yield make
    for server, _ in running:
        server.should_exit = True
    for _, task in running:
        await task


async def serve(
    app: Starlette, running: list[tuple[uvicorn.Server, asyncio.Task[None]]], ws: Any = FrameProtocol
) -> str:
    """Start uvicorn on a free port; its address. Whoever calls stops what is added to `running`."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws=ws,
        ws_max_size=256 * 1024,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve([listener]))
    running.append((server, task))
    for _ in range(500):
        if server.started or task.done():
            break
        await asyncio.sleep(0.01)
    assert server.started
    return f"127.0.0.1:{listener.getsockname()[1]}"
