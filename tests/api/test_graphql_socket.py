import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.types import Info
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from gamification.kit.actors import Role

MakeServer = Callable[..., Any]
MakeToken = Callable[..., str]
PROTOCOL = Subprotocol("graphql-transport-ws")
RUNNING: set[str] = set()
"""Who has a `forever` subscription at present."""


@strawberry.type
class Query:
    @strawberry.field
    def who(self, info: Info[Any, None]) -> str:
        return str(info.context.caller.subject)

    @strawberry.field
    def crash(self) -> str | None:
        raise RuntimeError("mongodb://root:hunter2@db")


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

    @strawberry.subscription
    async def refused(self) -> AsyncIterator[int]:
        if not RUNNING.issuperset({"nobody"}):
            raise GraphQLError("Not so.", extensions={"code": "FORBIDDEN"})
        yield 1


SCHEMA = strawberry.Schema(Query, subscription=Subscription)


@pytest.fixture(scope="module", params=["frames", "plain"])
async def address(make_server: MakeServer, request: pytest.FixtureRequest) -> str:
    """A server with the schema above, that frames can be handed to, and one that only sends messages."""
    own = {} if request.param == "frames" else {"ws": "websockets-sansio"}
    found: str = await make_server(SCHEMA, **own)
    return found


async def send(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def receive(socket: ClientConnection) -> dict[str, Any]:
    text = await asyncio.wait_for(socket.recv(), 5)
    assert isinstance(text, str), "messages are text frames"
    message: dict[str, Any] = json.loads(text)
    return message


async def closed(socket: ClientConnection) -> tuple[int, str]:
    """The code and reason by which the server closes; messages before it are passed over."""
    try:
        while True:
            await asyncio.wait_for(socket.recv(), 5)
    except ConnectionClosed as error:
        return (error.rcvd.code, error.rcvd.reason) if error.rcvd else (1006, "")


async def initialise(socket: ClientConnection, made: str) -> None:
    await send(socket, type="connection_init", payload={"authorization": f"Bearer {made}"})
    assert await receive(socket) == {"type": "connection_ack"}


async def subscribe(socket: ClientConnection, query: str, name: str = "1", **more: Any) -> None:
    await send(socket, type="subscribe", id=name, payload={"query": query, **more})


@pytest.mark.parametrize(
    "payload",
    [{"authorization": "Bearer {}"}, {"Authorization": "Bearer {}"}, {"token": "{}"}],
    ids=lambda payload: next(iter(payload)),
)
async def test_the_first_message_carries_the_token(
    address: str, token: MakeToken, payload: dict[str, str]
) -> None:
    made = token(Role.MEMBER, "ada")
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await send(socket, type="connection_init", payload={n: v.format(made) for n, v in payload.items()})
        assert await receive(socket) == {"type": "connection_ack"}
        await subscribe(socket, "{ who }")
        assert await receive(socket) == {"type": "next", "id": "1", "payload": {"data": {"who": "ada"}}}
        assert await receive(socket) == {"type": "complete", "id": "1"}


@pytest.mark.parametrize("payload", [None, {}, {"other": 1}])
async def test_the_upgrade_request_may_carry_it_instead(address: str, token: MakeToken, payload: Any) -> None:
    headers = {"authorization": f"Bearer {token(Role.MEMBER)}"}
    async with connect(address, subprotocols=[PROTOCOL], additional_headers=headers) as socket:
        await send(socket, type="connection_init", payload=payload)
        assert await receive(socket) == {"type": "connection_ack"}


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"authorization": "Bearer forged"}, {"authorization": "Basic x"}, {"token": ""}, {"token": 7}],
)
async def test_a_missing_or_bad_token_is_forbidden(address: str, payload: Any) -> None:
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await send(socket, type="connection_init", payload=payload)
        assert await closed(socket) == (4403, "Forbidden")


async def test_a_socket_ends_with_its_token(address: str, token: MakeToken) -> None:
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await initialise(socket, token(Role.MEMBER, "short-lived", ttl=2))
        await subscribe(socket, "subscription { forever }")
        assert (await receive(socket))["payload"] == {"data": {"forever": 0}}
        assert "short-lived" in RUNNING
        assert await closed(socket) == (4403, "Token expired")
    for _ in range(200):
        if "short-lived" not in RUNNING:
            break
        await asyncio.sleep(0.01)
    assert "short-lived" not in RUNNING


async def test_a_client_that_leaves_ends_its_subscriptions(address: str, token: MakeToken) -> None:
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await initialise(socket, token(Role.MEMBER, "leaver"))
        await subscribe(socket, "subscription { forever }")
        await receive(socket)
    for _ in range(200):
        if "leaver" not in RUNNING:
            break
        await asyncio.sleep(0.01)
    assert "leaver" not in RUNNING


async def test_a_socket_that_says_nothing_is_closed(make_server: MakeServer) -> None:
    address = await make_server(SCHEMA, socket_init_timeout_seconds=0.2)
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        assert await closed(socket) == (4408, "Connection initialisation timeout")


async def test_nothing_runs_before_the_token(address: str) -> None:
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await subscribe(socket, "{ who }")
        assert await closed(socket) == (4401, "Unauthorized")


async def test_a_second_initialisation_is_refused(address: str, token: MakeToken) -> None:
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await initialise(socket, token(Role.MEMBER))
        await send(socket, type="connection_init")
        assert (await closed(socket))[0] == 4429


async def test_subscriptions_go_on_side_by_side(address: str, token: MakeToken) -> None:
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await initialise(socket, token(Role.MEMBER))
        await subscribe(socket, "subscription { ticks(count: 3) }", "a")
        await subscribe(socket, "subscription { ticks(count: 2) }", "b")
        messages = [await receive(socket) for _ in range(7)]
    assert [m["type"] for m in messages if m["id"] == "a"] == ["next"] * 3 + ["complete"]
    assert [m["type"] for m in messages if m["id"] == "b"] == ["next"] * 2 + ["complete"]


@pytest.mark.parametrize("query", ["subscription { nope }", "subscription {", "fragment F on Query { who }"])
async def test_a_wrong_document_ends_its_operation_and_no_other(
    address: str, token: MakeToken, query: str
) -> None:
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await initialise(socket, token(Role.MEMBER))
        await subscribe(socket, query)
        message = await receive(socket)
        assert (message["type"], message["id"]) == ("error", "1")
        assert message["payload"][0]["message"] != "Internal error."
        await subscribe(socket, "{ who }", "2")
        assert (await receive(socket))["type"] == "next"


@pytest.mark.parametrize("query", ["{ crash }", "subscription { failing }"])
async def test_an_unforeseen_error_says_nothing(address: str, token: MakeToken, query: str) -> None:
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await initialise(socket, token(Role.MEMBER))
        await subscribe(socket, query)
        texts = []
        while (message := await receive(socket))["type"] not in ("complete", "error"):
            texts.append(json.dumps(message))
        texts.append(json.dumps(message))
    assert "hunter2" not in "".join(texts)
    assert any('"Internal error."' in text and '"INTERNAL"' in text for text in texts)


async def test_an_error_with_a_code_is_meant_for_the_caller(address: str, token: MakeToken) -> None:
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await initialise(socket, token(Role.MEMBER))
        await subscribe(socket, "subscription { refused }")
        assert '"FORBIDDEN"' in json.dumps(await receive(socket))


MALFORMED = [
    "null",
    "7",
    "[]",
    '"text"',
    "{",
    "{}",
    '{"type":7}',
    '{"type":"made_up"}',
    '{"type":"subscribe"}',
    '{"type":"subscribe","id":"1"}',
    '{"type":"subscribe","id":"","payload":{"query":"{ who }"}}',
    '{"type":"subscribe","id":{},"payload":{"query":"{ who }"}}',
    '{"type":"subscribe","id":"1","payload":null}',
    '{"type":"subscribe","id":"1","payload":{"query":null}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{ who }","variables":[]}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{ who }","operationName":7}}',
    '{"type":"complete"}',
    '{"type":"ping","payload":7}',
    '{"type":"' + "x" * 500 + '"}',
    '{"type":"subscribe","id":"' + "é" * 500 + '","payload":{"query":"{ who }"}}',
    "[" * 50_000,
    "1" * 5000,
    '{"type":"ping","payload":{"a":NaN}}',
]


@pytest.mark.parametrize("text", MALFORMED, ids=lambda text: text[:60])
async def test_a_malformed_message_closes_with_a_reason(address: str, token: MakeToken, text: str) -> None:
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await initialise(socket, token(Role.MEMBER))
        await socket.send(text)
        assert (await closed(socket))[0] == 4400


async def test_a_binary_frame_is_refused(address: str, token: MakeToken) -> None:
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await initialise(socket, token(Role.MEMBER))
        await socket.send(b'{"type":"ping"}')
        assert (await closed(socket))[0] == 4400


async def test_a_long_id_already_in_use_closes_with_a_short_reason(address: str, token: MakeToken) -> None:
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await initialise(socket, token(Role.MEMBER))
        for _ in range(2):
            await subscribe(socket, "subscription { forever }", "x" * 128)
        assert (await closed(socket))[0] == 4409


async def test_a_ping_gets_its_payload_back(address: str) -> None:
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await send(socket, type="ping", payload={"at": 1})
        assert await receive(socket) == {"type": "pong", "payload": {"at": 1}}
        await send(socket, type="ping")
        assert await receive(socket) == {"type": "pong"}


@pytest.mark.parametrize("protocols", [[Subprotocol("graphql-ws")], [Subprotocol("other")], None])
async def test_other_protocols_are_refused(address: str, protocols: list[Subprotocol] | None) -> None:
    async with connect(address, subprotocols=protocols) as socket:
        assert (await closed(socket))[0] == 4406


async def test_pages_of_other_origins_may_not_connect(make_server: MakeServer) -> None:
    address = await make_server(SCHEMA, cors_origins=("https://app.example",))
    with pytest.raises(InvalidStatus):
        async with connect(address, subprotocols=[PROTOCOL], origin="https://evil.example"):  # type: ignore[arg-type]  # a NewType of str
            pass
    async with connect(address, subprotocols=[PROTOCOL], origin="https://app.example"):  # type: ignore[arg-type]  # a NewType of str
        pass
