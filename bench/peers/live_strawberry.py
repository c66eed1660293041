"""Strawberry's own ASGI application: a board of ten, sent to everyone who watches BENCH_RATE times a second.

It begins once no socket has come for 1.5 s. Its JSON is written without spaces, as the clients of the benchmark read it.
"""

import asyncio
import base64
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import strawberry
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from resolvers.scalars import SCALARS, Long


@strawberry.type
class Member:
    id: strawberry.ID
    display_name: str


@strawberry.type
class Entry:
    rank: int
    score: float
    member: Member


@strawberry.type
class LeaderboardUpdate:
    revision: Long
    entries: list[Entry]


@strawberry.type
class Query:
    ok: bool = True


_MEMBERS = [
    Member(
        id=strawberry.ID(base64.urlsafe_b64encode(f"Member:{n:024}".encode()).decode()),
        display_name=f"Member {n}",
    )
    for n in range(10)
]
_changed = asyncio.Condition()
_opened_at = [time.monotonic(), 0.0]


def _board() -> LeaderboardUpdate:
    now = time.time_ns() // 1_000_000
    entries = [Entry(rank=n + 1, score=float(now - n), member=member) for n, member in enumerate(_MEMBERS)]
    return LeaderboardUpdate(revision=Long(now), entries=entries)


_state = [_board()]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def leaderboard_updated(self, key: str, first: int = 10) -> AsyncIterator[LeaderboardUpdate]:
        _opened_at[:] = [time.monotonic(), 1.0]
        while True:
            yield _state[0]
            async with _changed:
                await _changed.wait()


async def _publish() -> None:
    while not _opened_at[1] or time.monotonic() - _opened_at[0] < 1.5:  # noqa: ASYNC110 - no event says it
        await asyncio.sleep(0.1)
    due = time.monotonic()
    while True:
        due += 1 / float(os.environ["BENCH_RATE"])
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        async with _changed:
            _state[0] = _board()
            _changed.notify_all()


class _Compact(GraphQL[None, None]):
    def encode_json(self, data: object) -> str:
        return json.dumps(data, separators=(",", ":"))


@asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncIterator[None]:
    publishing = asyncio.create_task(_publish())
    yield
    publishing.cancel()


_caches: list[SchemaExtension] = [ParserCache(), ValidationCache()]
_schema = strawberry.Schema(
    query=Query,
    subscription=Subscription,
    extensions=[lambda: _caches[0], lambda: _caches[1]],
    config=StrawberryConfig(scalar_map=SCALARS),
)
_graphql = _Compact(_schema, subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL])
app = Starlette(routes=[WebSocketRoute("/graphql", _graphql)], lifespan=_lifespan)
