"""GraphQL over server-sent events, one operation a request."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import strawberry
from strawberry.types import Info

from api.graphql.sse import wants_event_stream
from gamification.kit.actors import Role

MakeServer = Callable[..., Any]
MakeToken = Callable[..., str]
RUNNING: set[str] = set()


@strawberry.type
class Query:
    @strawberry.field
    def who(self, info: Info[Any, None]) -> str:
        return str(info.context.caller.subject)


@strawberry.type
class Mutation:
    @strawberry.mutation
    def act(self) -> str:
        return "done"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, count: int) -> AsyncIterator[int]:
        for number in range(count):
            yield number

    @strawberry.subscription
    async def forever(self, info: Info[Any, None]) -> AsyncIterator[int]:
        subject = info.context.caller.subject
        RUNNING.add(subject)
        try:
            yield 0
            await asyncio.Event().wait()
        finally:
            RUNNING.discard(subject)

    @strawberry.subscription
    async def failing(self) -> AsyncIterator[int]:
        yield 1
        raise RuntimeError("mongodb://root:hunter2@db")


SCHEMA = strawberry.Schema(Query, Mutation, Subscription)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("text/event-stream", True),
        ("TEXT/Event-Stream; charset=utf-8", True),
        ("text/event-stream, application/json;q=0.9", True),
        ("text/event-stream, */*;q=0.1", True),
        ("text/event-stream, multipart/mixed", True),
        ("application/json;q=0.5, text/event-stream", True),
        # urql lists it last with every query.
        (
            "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, "
            "multipart/mixed",
            False,
        ),
        ("application/json, text/event-stream", False),
        ("*/*, text/event-stream", False),
        ("text/event-stream;q=0", False),
        ("text/event-stream;q=0.5, application/json", False),
        ("text/event-stream;q=nonsense", False),
        ("*/*", False),
        ("", False),
        (None, False),
    ],
)
def test_only_who_likes_it_best_gets_an_event_stream(accept: str | None, wanted: bool) -> None:
    assert wants_event_stream(accept) is wanted


@pytest.fixture(scope="module")
async def address(make_server: MakeServer) -> str:
    """A server's http address."""
    found: str = await make_server(SCHEMA)
    return found.replace("ws://", "http://")


class Events:
    """A stream's events as (event, data), comments as ("", text)."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_text()
        self._rest = ""

    async def next(self) -> tuple[str, Any] | None:
        """None at the end."""
        while "\n\n" not in self._rest:
            try:
                self._rest += await asyncio.wait_for(anext(self._lines), 5)
            except StopAsyncIteration:
                assert self._rest == ""
                return None
        block, _, self._rest = self._rest.partition("\n\n")
        assert "\r" not in block
        if block.startswith(":"):
            return "", block
        event, data = block.split("\n")
        text = data.removeprefix("data:").strip()
        return event.removeprefix("event: "), json.loads(text) if text else None

    async def all(self) -> list[tuple[str, Any]]:
        found = []
        while (event := await self.next()) is not None:
            found.append(event)
        return found


@asynccontextmanager
async def asked(address: str, made: str | None, query: str, **more: Any) -> AsyncIterator[httpx.Response]:
    """The response to a request for a stream."""
    headers = {"accept": "text/event-stream"} | ({"authorization": f"Bearer {made}"} if made else {})
    async with (
        httpx.AsyncClient(timeout=10) as client,
        client.stream("POST", address, json={"query": query, **more}, headers=headers) as response,
    ):
        yield response


async def events(address: str, made: str | None, query: str, **more: Any) -> list[tuple[str, Any]]:
    async with asked(address, made, query, **more) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        return await Events(response).all()


async def test_a_subscription_is_streamed_to_its_end(address: str, token: MakeToken) -> None:
    query = "subscription ($n: Int!) { ticks(count: $n) }"
    assert await events(address, token(Role.MEMBER), query, variables={"n": 2}) == [
        ("next", {"data": {"ticks": 0}}),
        ("next", {"data": {"ticks": 1}}),
        ("complete", None),
    ]


async def test_queries_and_mutations_are_one_event(address: str, token: MakeToken) -> None:
    ann = token(Role.MEMBER, "ann")
    assert await events(address, ann, "{ who }") == [("next", {"data": {"who": "ann"}}), ("complete", None)]
    assert await events(address, ann, "mutation { act }") == [
        ("next", {"data": {"act": "done"}}),
        ("complete", None),
    ]


async def test_by_get_too_but_no_mutation(address: str, token: MakeToken) -> None:
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {token(Role.MEMBER)}"}
    async with httpx.AsyncClient() as client:
        url = httpx.URL(address, params={"query": "subscription { ticks(count: 1) }"})
        async with client.stream("GET", url, headers=headers) as response:
            assert [event for event, _ in await Events(response).all()] == ["next", "complete"]
        refused = await client.get(address, params={"query": "mutation { act }"}, headers=headers)
    assert refused.status_code == 405


@pytest.mark.parametrize("query", ["subscription { nope }", "subscription {", "{ ticks }"])
async def test_a_wrong_document_is_told_in_the_stream(address: str, token: MakeToken, query: str) -> None:
    (first, told), end = await events(address, token(Role.MEMBER), query)
    assert (first, end) == ("next", ("complete", None))
    assert "data" not in told
    assert told["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_an_unforeseen_error_says_nothing(address: str, token: MakeToken) -> None:
    told = await events(address, token(Role.MEMBER), "subscription { failing }")
    assert [event for event, _ in told] == ["next", "next", "complete"]
    assert "hunter2" not in json.dumps(told)
    assert told[1][1]["errors"][0]["message"] == "Internal error."


async def test_a_bad_token_is_refused_before_the_stream(address: str) -> None:
    async with asked(address, "forged", "{ who }") as response:
        assert response.status_code == 401


async def test_a_quiet_stream_is_kept_open_by_comments(make_server: MakeServer, token: MakeToken) -> None:
    address = (await make_server(SCHEMA, socket_ping_seconds=0.1)).replace("ws://", "http://")
    async with asked(address, token(Role.MEMBER, "quiet"), "subscription { forever }") as response:
        stream = Events(response)
        assert await stream.next() == ("next", {"data": {"forever": 0}})
        assert await stream.next() == ("", ":")
        assert await stream.next() == ("", ":")


async def test_a_stream_ends_with_its_token(address: str, token: MakeToken) -> None:
    made = token(Role.MEMBER, "lapsing", ttl=2)
    told = await events(address, made, "subscription { forever }")
    assert told[0] == ("next", {"data": {"forever": 0}})
    assert told[-2][1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert told[-1] == ("complete", None)
    assert "lapsing" not in RUNNING


async def test_a_client_that_leaves_ends_its_subscription(address: str, token: MakeToken) -> None:
    async with asked(address, token(Role.MEMBER, "leaver"), "subscription { forever }") as response:
        await Events(response).next()
        assert "leaver" in RUNNING
    for _ in range(200):
        if "leaver" not in RUNNING:
            return
        await asyncio.sleep(0.01)
    pytest.fail("it still runs")


async def test_streams_count_among_the_callers_sockets(make_server: MakeServer, token: MakeToken) -> None:
    address = (await make_server(SCHEMA, sockets_per_caller=1)).replace("ws://", "http://")
    made = token(Role.MEMBER, "many")
    async with asked(address, made, "subscription { forever }") as response:
        await Events(response).next()
        async with asked(address, made, "{ who }") as second:
            assert second.status_code == 429
            body = json.loads(await second.aread())
    assert body["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 1}
    for _ in range(100):
        async with asked(address, made, "{ who }") as third:
            if third.status_code == 200:
                return
        await asyncio.sleep(0.05)
    pytest.fail("the place was not given back")
