"""WebSocket itself (RFC 6455): frames that fit, frames that don't, closing."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from conformance.checks import Check, Level, expect
from conformance.sockets.client import RawSocket, Socket, initialised, raw
from conformance.sockets.opening import after
from conformance.target import Target

_PING = b'{"type":"ping"}'


def _framed(name: str, run: Callable[[RawSocket], Awaitable[object]], level: Level = Level.MUST) -> Check:
    async def made(target: Target) -> None:
        async with raw(target) as socket:
            await run(socket)

    return Check(name, made, level)


async def _pong(socket: RawSocket) -> None:
    opcode, payload = await socket.frame()
    expect(opcode == 1, f"opcode {opcode} where text was due: {payload[:60]!r}")
    expect(json.loads(payload)["type"] == "pong", f"{payload[:100]!r}")


def _closing(name: str, *codes: int, level: Level = Level.MUST, **frame: object) -> Check:
    async def run(socket: RawSocket) -> None:
        await socket.send(**frame)  # type: ignore[arg-type]  # a row's own arguments
        code = await socket.close_code()
        expect(code in codes, f"closed with {code} where {codes} was due")

    return _framed(name, run, level)


async def _binary(socket: Socket) -> None:
    await socket.send_text(_PING)
    await socket.closed(4400, 1003)


async def _fragments(socket: RawSocket) -> None:
    await socket.send(_PING[:5], 1, final=False)
    await socket.send(_PING[5:9], 0, final=False)
    await socket.send(_PING[9:], 0)
    await _pong(socket)


async def _ping_between(socket: RawSocket) -> None:
    await socket.send(_PING[:5], 1, final=False)
    await socket.send(b"hello", 9)
    opcode, payload = await socket.frame()
    expect((opcode, payload) == (10, b"hello"), f"opcode {opcode}, {payload!r} where a pong was due")
    await socket.send(_PING[5:], 0)
    await _pong(socket)


async def _bytewise(socket: RawSocket) -> None:
    for number, byte in enumerate(_PING):
        await socket.send(bytes([byte]), 0 if number else 1, final=number == len(_PING) - 1)
    await _pong(socket)


async def _split_character(socket: RawSocket) -> None:
    text = '{"type":"ping","payload":{"a":"积"}}'.encode()
    cut = text.index("积".encode()) + 1
    await socket.send(text[:cut], 1, final=False)
    await socket.send(text[cut:], 0)
    await _pong(socket)


async def _frame_ping(socket: RawSocket) -> None:
    for payload in (b"", b"x" * 125):
        await socket.send(payload, 9)
        answer = await socket.frame()
        expect(answer == (10, payload), f"{answer} where a pong was due")


async def _frame_pong(socket: RawSocket) -> None:
    await socket.send(b"unasked", 10)
    await socket.send(_PING)
    await _pong(socket)


async def _close_echo(socket: RawSocket) -> None:
    await socket.send(b"\x03\xe8bye", 8)
    expect(await socket.close_code() == 1000, "the close was not answered with 1000")


async def _close_empty(socket: RawSocket) -> None:
    await socket.send(b"", 8)
    expect(await socket.close_code() in (1000, 1005), "the close was not answered")


async def _huge(target: Target) -> None:
    limit = target.settings.socket_message_limit_bytes
    async with initialised(target, subject="huge") as socket:
        await socket.send_text('{"type":"ping","payload":{"a":"' + "x" * limit + '"}}')
        await socket.closed(1009)


async def _huge_fragments(target: Target) -> None:
    limit = target.settings.socket_message_limit_bytes
    async with raw(target) as socket:
        try:
            for number in range(limit // 16_384 + 2):
                await socket.send(b" " * 16_384, 0 if number else 1, final=False)
        except ConnectionError:
            return
        expect(await socket.close_code() == 1009, "not closed with 1009")


async def _below_the_limit(target: Target) -> None:
    limit = min(target.settings.socket_message_limit_bytes, 1_000_000)
    async with initialised(target, subject="large") as socket:
        payload = {"a": "x" * (limit - 200)}
        await socket.send("ping", payload=payload)
        message = await socket.expect_type("pong")
        expect(message.get("payload") == payload, "not mirrored")


async def _no_deflate(target: Target) -> None:
    """A few bytes could unpack to gigabytes."""
    async with initialised(target, subject="deflate") as socket:
        extensions = socket.connection.response.headers.get("sec-websocket-extensions", "")  # type: ignore[union-attr]
        expect("deflate" not in extensions, f"{extensions} was agreed to")


async def _vanishing(target: Target) -> None:
    """Clients that vanish without closing leave a server that serves."""
    for _ in range(20):
        async with raw(target) as socket:
            message = {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}
            await socket.send(json.dumps(message).encode())
    await asyncio.sleep(0.2)
    async with initialised(target, subject="after the vanished") as one:
        await one.alive()


CHECKS = (
    after("a binary frame", _binary),
    _framed("a message in three frames", _fragments),
    _framed("a message in frames of one byte", _bytewise),
    _framed("a ping frame between fragments", _ping_between),
    _framed("a character cut in two by frames", _split_character),
    _framed("ping frames", _frame_ping),
    _framed("a pong frame that nobody asked for", _frame_pong),
    _framed("the client closes with 1000", _close_echo),
    _framed("the client closes without a code", _close_empty),
    _closing("invalid UTF-8", 1007, 1006, level=Level.SHOULD, payload=b'{"type":"\xff"}'),
    _closing("an unknown opcode", 1002, payload=b"x", opcode=3),
    _closing("a frame without a mask", 1002, payload=_PING, masked=False),
    _closing("a reserved bit", 1002, payload=_PING, reserved=0x40),
    _closing("a continuation of nothing", 1002, payload=b"x", opcode=0),
    _closing("a ping frame of 126 bytes", 1002, payload=b"x" * 126, opcode=9),
    _closing("a fragmented ping frame", 1002, payload=b"x", opcode=9, final=False),
    _closing("a close code that is none", 1002, payload=b"\x00\x01", opcode=8),
    _closing("a close frame of one byte", 1002, payload=b"\x03", opcode=8),
    Check("a message over the limit", _huge),
    Check("fragments over the limit", _huge_fragments),
    Check("a message just below the limit", _below_the_limit),
    Check("no compression", _no_deflate, Level.SHOULD),
    Check("clients that vanish", _vanishing),
)
