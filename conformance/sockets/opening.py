"""Upgrade, `connection_init`, tokens, and messages that break the protocol."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from websockets.exceptions import InvalidStatus

from conformance.checks import Check, Failure, Level, expect
from conformance.sockets.client import PROTOCOL, Socket, handshake, initialised, opened
from conformance.target import Target

WATCH = 'subscription { leaderboardUpdated(key: "points", first: 3) { revision } }'


def after(name: str, run: Callable[[Socket], Awaitable[object]], level: Level = Level.MUST) -> Check:
    """A check on an acknowledged socket."""

    async def made(target: Target) -> None:
        async with initialised(target, subject=f"socket {name}"[:60]) as socket:
            await run(socket)

    return Check(name, made, level)


def before(name: str, run: Callable[[Socket, Target], Awaitable[object]]) -> Check:
    """A check on a socket that has said nothing yet."""

    async def made(target: Target) -> None:
        async with opened(target) as socket:
            await run(socket, target)

    return Check(name, made)


# ---------------------------------------------------------------- upgrade


async def _other_protocol(protocol: str, target: Target) -> None:
    try:
        async with opened(target, protocol) as socket:
            await socket.closed(4406)
    except InvalidStatus as error:
        expect(error.response.status_code in (400, 403), f"refused with {error.response.status_code}")


async def _chosen(target: Target) -> None:
    async with opened(target, "graphql-ws", PROTOCOL) as socket:
        expect(socket.connection.subprotocol == PROTOCOL, f"{socket.connection.subprotocol} was chosen")


async def _foreign_origin(target: Target) -> None:
    if target.settings.cors_origins:
        return
    try:
        async with opened(target, origin="https://evil.example") as socket:
            await socket.send("connection_init", payload={"authorization": f"Bearer {target.token()}"})
            await socket.closed(4403)
    except InvalidStatus as error:
        expect(error.response.status_code == 403, f"refused with {error.response.status_code}")


def _upgrade(name: str, statuses: tuple[int, ...], **changed: str | None) -> Check:
    async def made(target: Target) -> None:
        socket, status = await handshake(target, **changed)
        socket.abandon()
        expect(status in statuses, f"{status} where {statuses} was due")

    return Check(name, made)


_UPGRADE = [
    Check("no subprotocol", partial(_other_protocol, "")),
    Check("the legacy subprotocol", partial(_other_protocol, "graphql-ws")),
    Check("an unknown subprotocol", partial(_other_protocol, "made-up")),
    Check("the right one of two subprotocols", _chosen),
    Check("a foreign origin", _foreign_origin, Level.SHOULD),
    _upgrade("an upgrade without a key", (400, 426), sec_websocket_key=None),
    _upgrade("an upgrade with a short key", (400, 426), sec_websocket_key="c2hvcnQ="),
    _upgrade("an upgrade of version 8", (400, 426), sec_websocket_version="8"),
    _upgrade("an upgrade without connection", (200, 400, 404, 405, 426), connection=None),
]  # fmt: skip


# ---------------------------------------------------------------- connection_init


def _init(name: str, payload: Callable[[Target], Any], *, header: bool = False) -> Check:
    async def made(target: Target) -> None:
        headers = {"authorization": f"Bearer {target.token()}"} if header else None
        async with opened(target, headers=headers) as socket:
            message = payload(target)
            await socket.send("connection_init", **({} if message is ... else {"payload": message}))
            answer = await socket.expect_type("connection_ack")
            expect(isinstance(answer.get("payload", {}), dict | None), "the payload of the acknowledgement")
            await socket.silent(0.1)
            await socket.alive()

    return Check(name, made)


def _forbidden(name: str, payload: Callable[[Target], Any]) -> Check:
    async def run(socket: Socket, target: Target) -> None:
        message = payload(target)
        await socket.send("connection_init", **({} if message is ... else {"payload": message}))
        await socket.closed(4403, 4401)

    return before(name, run)


async def _second_init(socket: Socket) -> None:
    await socket.send("connection_init")
    await socket.closed(4429)


async def _two_inits_at_once(socket: Socket, target: Target) -> None:
    for _ in range(2):
        await socket.send("connection_init", payload={"authorization": f"Bearer {target.token()}"})
    await socket.closed(4429)


async def _never(socket: Socket, target: Target) -> None:
    allowed = min(target.settings.socket_init_timeout_seconds, 10.0)
    await socket.closed(4408, seconds=allowed + 3)


async def _pings_are_no_init(socket: Socket, target: Target) -> None:
    async def ping() -> None:
        while True:
            await socket.send("ping")
            await asyncio.sleep(0.3)

    pinging = asyncio.create_task(ping())
    try:
        await _never(socket, target)
    finally:
        pinging.cancel()


async def _too_early(socket: Socket, _: Target) -> None:
    await socket.subscribe("1", "{ __typename }")
    await socket.closed(4401)


async def _right_behind(socket: Socket, target: Target) -> None:
    """Not waiting for the acknowledgement is refused, or served after it; never lost."""
    await socket.send("connection_init", payload={"authorization": f"Bearer {target.token()}"})
    await socket.subscribe("1", "{ __typename }")
    await socket.expect_type("connection_ack")
    try:
        message = await socket.receive()
    except Failure as error:
        expect("4401" in str(error), str(error))
        return
    expect(message["type"] == "next", f"{message}")


async def _ping_before(socket: Socket, _: Target) -> None:
    await socket.send("ping", payload={"early": True})
    message = await socket.expect_type("pong")
    expect(message.get("payload") == {"early": True}, f"{message}")


async def _pong_before(socket: Socket, target: Target) -> None:
    await socket.send("pong")
    await socket.send("connection_init", payload={"authorization": f"Bearer {target.token()}"})
    await socket.expect_type("connection_ack")


async def _expires(target: Target) -> None:
    async with opened(target) as socket:
        bearer = f"Bearer {target.token(subject='short-lived', seconds=3)}"
        await socket.send("connection_init", payload={"authorization": bearer})
        await socket.expect_type("connection_ack")
        await socket.subscribe("1", WATCH)
        await socket.closed(4403, 4401, seconds=60)


_INITS = [
    _init("a token as authorization", lambda t: {"authorization": f"Bearer {t.token()}"}),
    _init("a token as Authorization", lambda t: {"Authorization": f"Bearer {t.token()}"}),
    _init("a token as token", lambda t: {"token": t.token()}),
    _init("other members beside the token", lambda t: {"token": t.token(), "x": {"y": [1]}}),
    _init("the header's token, no payload", lambda _: ..., header=True),
    _init("the header's token, payload null", lambda _: None, header=True),
    _init("the header's token, payload empty", lambda _: {}, header=True),
    _forbidden("no token", lambda _: ...),
    _forbidden("no token, payload null", lambda _: None),
    _forbidden("a forged token", lambda _: {"authorization": "Bearer forged"}),
    _forbidden("a token of another secret", lambda t: {"authorization": f"Bearer {t.token(secret='x' * 64)}"}),
    _forbidden("an expired token", lambda t: {"authorization": f"Bearer {t.token(seconds=-3600)}"}),
    _forbidden("a token that is a number", lambda _: {"token": 7}),
    _forbidden("a token that is an object", lambda _: {"authorization": {"$ne": None}}),
    _forbidden("a token of 100 KB", lambda _: {"authorization": "Bearer " + "a" * 100_000}),
    before("never initialised", _never),
    before("only pings, never initialised", _pings_are_no_init),
    before("two initialisations at once", _two_inits_at_once),
    after("a second initialisation", _second_init),
    before("subscribe before the initialisation", _too_early),
    before("subscribe right behind the initialisation", _right_behind),
    before("ping before the initialisation", _ping_before),
    before("pong before the initialisation", _pong_before),
    Check("the token expires", _expires, seconds_max=70),
]  # fmt: skip


# ---------------------------------------------------------------- messages out of the protocol

_LONG = "x" * 200
_INVALID = (
    *("null", "7", "true", '"text"', "[]", '[{"type":"ping"}]', "", " ", "{", "{}", "nonsense"),
    *('{"type":null}', '{"type":7}', '{"type":["ping"]}', '{"type":"made_up"}', '{"type":"PING"}'),
    *('{"type":"start","id":"1","payload":{"query":"{ __typename }"}}', '{"type":"connection_ack"}'),
    *('{"type":"next","id":"1","payload":{}}', '{"type":"error","id":"1","payload":[]}'),
    *('{"type":"subscribe"}', '{"type":"subscribe","id":"1"}', '{"type":"subscribe","payload":{"query":"{ a }"}}'),
    *('{"type":"subscribe","id":7,"payload":{"query":"{ a }"}}', '{"type":"subscribe","id":null,"payload":{"query":"{ a }"}}'),
    *('{"type":"subscribe","id":{},"payload":{"query":"{ a }"}}', '{"type":"subscribe","id":"","payload":{"query":"{ a }"}}'),
    *('{"type":"subscribe","id":"1","payload":null}', '{"type":"subscribe","id":"1","payload":[]}', '{"type":"subscribe","id":"1","payload":"{ a }"}'),
    *('{"type":"subscribe","id":"1","payload":{}}', '{"type":"subscribe","id":"1","payload":{"query":7}}', '{"type":"subscribe","id":"1","payload":{"query":["{ a }"]}}'),
    *('{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":[]}}', '{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":"x"}}'),
    *('{"type":"subscribe","id":"1","payload":{"query":"{ a }","operationName":7}}', '{"type":"subscribe","id":"1","payload":{"query":"{ a }","extensions":[]}}'),
    *('{"type":"complete"}', '{"type":"complete","id":7}', '{"type":"complete","id":null}', '{"type":"complete","id":{}}'),
    *('{"type":"ping","payload":7}', '{"type":"ping","payload":[]}', '{"type":"pong","payload":"x"}', '{"type":"ping","payload":{"a":NaN}}'),
    *('{"type":"ping","payload":{"a":"\\ud800"}}', '{"type":"ping","payload":{"a":' + "9" * 5000 + "}}"),
    *("[" * 50_000, '{"a":' * 20_000 + "1" + "}" * 20_000, "9" * 5000, '{"type":"ping"} {}', "\ufeff{}"),
    *('{"type":"' + _LONG + '"}', '{"type":"subscribe","id":"' + _LONG + '","payload":{"query":"{ a }"}}'),
    *('{"type":"' + "积" * 200 + '"}', '{"type":"subscribe","id":"\\ud800","payload":{"query":"{ a }"}}'),
    *('{"type":"subscribe","id":"1","payload":{"query":"{ a } # \\udfff"}}', '{"type":"connection_init","payload":7}'),
)  # fmt: skip


def _invalid(text: str) -> Check:
    async def run(socket: Socket) -> None:
        await socket.send_text(text)
        # A second connection_init is wrong in two ways.
        await socket.closed(*((4400, 4429) if "connection_init" in text else (4400,)))

    return after(f"4400 for {_label(text)}", run)


def _invalid_first(text: str) -> Check:
    async def run(socket: Socket, _: Target) -> None:
        await socket.send_text(text)
        await socket.closed(4400)

    return before(f"4400 before the initialisation for {_label(text)}", run)


def _label(text: str) -> str:
    shown = json.dumps(text[:90])[1:-1].replace('\\"', '"')
    return shown if len(text) <= 90 else f"{shown}… of {len(text):,}"


_FIRST = (
    *("null", "7", "[]", "{", "{}", '{"type":"made_up"}', '{"type":7}'),
    *('{"type":"connection_init","payload":7}', '{"type":"connection_init","payload":"x"}'),
    *('{"type":"connection_init","payload":[]}', '{"type":"connection_init","payload":true}'),
)
_MALFORMED = [*map(_invalid, _INVALID), *map(_invalid_first, _FIRST)]

CHECKS = (*_UPGRADE, *_INITS, *_MALFORMED)
