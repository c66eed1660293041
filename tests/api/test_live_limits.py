"""What one socket and one caller may have and do; pure figures first, then over real sockets."""

import asyncio
import json
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from strawberry.types import Info
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from api.graphql.live import limits, protocol
from api.graphql.live.frames import frame_head, next_frame, text_frame
from api.graphql.live.limits import Allowance, Connections
from api.graphql.live.messages import next_prefix
from gamification.kit.actors import Actor, Role
from resolvers.live.seats import Payload

MakeServer = Callable[..., Any]
MakeToken = Callable[..., str]
PROTOCOL = Subprotocol("graphql-transport-ws")
BIG = "x" * 100_000


@strawberry.type
class Query:
    @strawberry.field
    def who(self, info: Info[Any, None]) -> str:
        return str(info.context.caller.subject)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def forever(self) -> AsyncIterator[int]:
        yield 0
        await asyncio.Event().wait()

    @strawberry.subscription
    async def torrent(self) -> AsyncIterator[str]:
        while True:
            yield BIG


SCHEMA = strawberry.Schema(Query, subscription=Subscription)


# -- figures


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_a_frame_is_what_the_websocket_library_would_write(length: int) -> None:
    text = b"x" * length
    written = Frame(Opcode.TEXT, text).serialize(mask=False)
    assert text_frame(text) == written
    assert frame_head(length) == written[: len(written) - length]


def test_shared_frames_differ_in_the_id_alone_and_their_heads_are_made_once() -> None:
    payload = Payload(b'{"data":{"a":1}}')
    for name in ("1", "2", 'a"é', "long" * 40):
        frame = next_frame(next_prefix(name), payload)
        text = json.dumps({"id": name, "type": "next", "payload": {"data": {"a": 1}}}, separators=(",", ":"), ensure_ascii=False)  # fmt: skip
        assert frame == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
    assert len(payload.heads) == 3


def test_an_allowance_gives_a_burst_and_then_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: now[0]))
    allowance = Allowance(rate=20, burst=100)
    assert [allowance.take() for _ in range(101)] == [True] * 100 + [False]
    now[0] += 0.5
    assert [allowance.take() for _ in range(11)] == [True] * 10 + [False]
    now[0] += 3600
    assert [allowance.take() for _ in range(101)] == [True] * 100 + [False]


def test_connections_are_counted_by_caller() -> None:
    connections = Connections(per_caller=2)
    ann, same, other = (
        Actor("p", "ann", Role.MEMBER),
        Actor("p", "ann", Role.MEMBER),
        Actor("q", "ann", Role.MEMBER),
    )
    assert [
        connections.open(ann),
        connections.open(same),
        connections.open(ann),
        connections.open(other),
    ] == [
        True,
        True,
        False,
        True,
    ]
    connections.close(ann)
    assert connections.open(same)
    for actor in (ann, same, other):
        connections.close(actor)
    assert connections.total == 0


def test_counting_never_loses_or_keeps_a_connection() -> None:
    dice, connections = random.Random(1), Connections(per_caller=3)
    actors = [Actor("p", str(number), Role.MEMBER) for number in range(3)]
    held: list[Actor] = []
    for _ in range(2000):
        actor = dice.choice(actors)
        if dice.random() < 0.5:
            may = held.count(actor) < 3
            assert connections.open(actor) is may
            held += [actor] * may
        elif held:
            connections.close(held.pop(dice.randrange(len(held))))
        assert connections.total == len(held)


# -- over sockets


async def send(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def receive(socket: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 5))
    return message


async def closed(socket: ClientConnection) -> tuple[int, str]:
    try:
        while True:
            await asyncio.wait_for(socket.recv(), 10)
    except ConnectionClosed as error:
        return (error.rcvd.code, error.rcvd.reason) if error.rcvd else (1006, "")


async def initialise(socket: ClientConnection, made: str) -> None:
    await send(socket, type="connection_init", payload={"token": made})
    assert await receive(socket) == {"type": "connection_ack"}


async def subscribe(socket: ClientConnection, query: str, name: str) -> None:
    await send(socket, type="subscribe", id=name, payload={"query": query})


async def test_operations_beyond_the_limit_are_refused_and_the_others_go_on(
    make_server: MakeServer, token: MakeToken
) -> None:
    address = await make_server(SCHEMA, socket_operations_max=3)
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await initialise(socket, token(Role.MEMBER))
        for number in range(4):
            await subscribe(socket, "subscription { forever }", str(number))
        messages = [await receive(socket) for _ in range(4)]
        (refused,) = [message for message in messages if message["type"] == "error"]
        assert refused["id"] == "3"
        assert refused["payload"][0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 3}
        await send(socket, type="complete", id="0")
        await subscribe(socket, "subscription { forever }", "3")
        assert (await receive(socket))["type"] == "next"


async def test_operations_beyond_the_rate_are_refused_and_the_socket_stays(
    make_server: MakeServer, token: MakeToken
) -> None:
    address = await make_server(SCHEMA, socket_operations_per_second=0.001, socket_operations_burst=5)
    async with connect(address, subprotocols=[PROTOCOL]) as socket:
        await initialise(socket, token(Role.MEMBER))
        told = []
        message: dict[str, Any] = {}
        for number in range(8):
            await subscribe(socket, "{ who }", str(number))
            message = await receive(socket)
            told.append(message["type"])
            if message["type"] == "next":
                assert (await receive(socket))["type"] == "complete"
        assert told == ["next"] * 5 + ["error"] * 3
        assert message["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        await send(socket, type="ping")
        assert await receive(socket) == {"type": "pong"}


async def test_a_caller_has_so_many_sockets_and_gets_them_back(
    make_server: MakeServer, token: MakeToken
) -> None:
    address = await make_server(SCHEMA, sockets_per_caller=3)
    async with AsyncExitStack() as stack:
        mine = [await stack.enter_async_context(connect(address, subprotocols=[PROTOCOL])) for _ in range(4)]
        for one in mine[:3]:
            await initialise(one, token(Role.MEMBER, "ann"))
        await send(mine[3], type="connection_init", payload={"token": token(Role.MEMBER, "ann")})
        assert await closed(mine[3]) == (1013, "Too many sockets")
        async with connect(address, subprotocols=[PROTOCOL]) as other:
            await initialise(other, token(Role.MEMBER, "bob"))
        await mine[0].close()
        await (await _opened(address, token(Role.MEMBER, "ann"))).close()


async def test_a_client_that_does_not_read_is_closed_and_costs_no_more_than_its_buffer(
    make_server: MakeServer, token: MakeToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "_GIVE_UP_S", 0.2)
    lost = asyncio.Event()
    largest = [0]
    before = protocol.FrameProtocol.connection_lost

    def losing(self: protocol.FrameProtocol, exc: Exception | None) -> None:
        before(self, exc)
        lost.set()

    pushing = protocol.FrameProtocol.push

    def push(self: protocol.FrameProtocol, frame: bytes) -> bool:
        written = pushing(self, frame)
        largest[0] = max(largest[0], self.transport.get_write_buffer_size())
        return written

    monkeypatch.setattr(protocol.FrameProtocol, "connection_lost", losing)
    monkeypatch.setattr(protocol.FrameProtocol, "push", push)
    address = await make_server(SCHEMA, socket_stall_seconds=0.3)
    raw = await connect(address, subprotocols=[PROTOCOL], max_queue=1)
    await initialise(raw, token(Role.MEMBER))
    raw.transport.pause_reading()
    await subscribe(raw, "subscription { torrent }", "1")
    await asyncio.wait_for(lost.wait(), 10)
    assert largest[0] < 3 * len(BIG) + 65_536
    raw.transport.abort()


async def test_a_message_over_the_limit_closes_the_socket(make_server: MakeServer, token: MakeToken) -> None:
    address = await make_server(SCHEMA)
    async with connect(address, subprotocols=[PROTOCOL]) as one:
        await initialise(one, token(Role.MEMBER))
        await one.send("x" * (300 * 1024))
        assert (await closed(one))[0] == 1009


async def test_a_reset_connection_leaves_nothing_behind(make_server: MakeServer, token: MakeToken) -> None:
    address = await make_server(SCHEMA, sockets_per_caller=1)
    for _ in range(3):
        one = await _opened(address, token(Role.MEMBER, "ann"))
        await subscribe(one, "subscription { forever }", "1")
        await receive(one)
        handle = one.transport.get_extra_info("socket")
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        one.transport.abort()


async def _opened(address: str, made: str) -> ClientConnection:
    """A socket, as soon as the caller may have one more."""
    for _ in range(100):
        one = await connect(address, subprotocols=[PROTOCOL])
        await send(one, type="connection_init", payload={"token": made})
        try:
            assert await receive(one) == {"type": "connection_ack"}
        except ConnectionClosed:
            await one.close()
            await asyncio.sleep(0.05)
            continue
        return one
    raise AssertionError("the place was not given back")
