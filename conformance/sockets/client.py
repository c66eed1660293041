"""A socket as a client of graphql-transport-ws holds it, and frames by hand."""

import asyncio
import base64
import json
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from conformance.checks import Failure, expect
from conformance.target import Target
from gamification.kit.actors import Role

PROTOCOL = "graphql-transport-ws"
INTERNAL_TEXTS = ("Traceback", 'File "', "pymongo", "strawberry", "KeyError", "TypeError", "has no attribute")
_WAIT_S = 8.0


class Socket:
    """One connection; everything it is sent must be a text frame with a JSON object."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, kind: str, **members: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, **members}))

    async def send_text(self, text: str | bytes) -> None:
        await self.connection.send(text)

    async def subscribe(self, identifier: str, query: object, **payload: Any) -> None:
        await self.send("subscribe", id=identifier, payload={"query": query, **payload})

    async def receive(self, seconds: float = _WAIT_S) -> dict[str, Any]:
        """The next message. Raises: Failure where none comes or the socket is closed."""
        try:
            text = await asyncio.wait_for(self.connection.recv(), seconds)
        except TimeoutError:
            raise Failure(f"no message within {seconds:g} s") from None
        except ConnectionClosed as error:
            raise Failure(f"closed with {_close(error)} where a message was due") from None
        expect(isinstance(text, str), "a binary frame")
        leaked = [internal for internal in INTERNAL_TEXTS if internal in str(text)]
        expect(not leaked, f"internal text {leaked}: {str(text)[:160]}")
        message = json.loads(text)
        expect(isinstance(message, dict), f"not an object: {str(text)[:100]}")
        found: dict[str, Any] = message
        return found

    async def expect_type(self, kind: str, identifier: str | None = None) -> dict[str, Any]:
        """The next message, which must be of this type and operation."""
        message = await self.receive()
        expect(message.get("type") == kind, f"{str(message)[:160]} where {kind} was due")
        expect(message.get("id") == identifier, f"id {message.get('id')!r} where {identifier!r} was due")
        return message

    async def result(self, identifier: str) -> dict[str, Any]:
        """`next` and `complete` of a single-result operation; the payload."""
        message = await self.expect_type("next", identifier)
        await self.expect_type("complete", identifier)
        payload: dict[str, Any] = message["payload"]
        return payload

    async def error(self, identifier: str) -> list[dict[str, Any]]:
        """The errors of an operation that was refused before it ran."""
        message = await self.expect_type("error", identifier)
        errors: list[dict[str, Any]] = message["payload"]
        expect(bool(errors), "an `error` without errors")
        expect(all(isinstance(error.get("message"), str) for error in errors), "an error without a message")
        return errors

    async def closed(self, *codes: int, seconds: float = _WAIT_S) -> str:
        """Wait for the server to close with one of these codes; the reason."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.connection.recv()
        except TimeoutError:
            raise Failure(f"still open after {seconds:g} s where {codes} was due") from None
        except ConnectionClosed as error:
            code, reason = _close(error)
        else:
            raise Failure("a socket that neither receives nor closes")
        expect(code in codes, f"closed with {code} {reason!r} where {codes} was due")
        expect(len(reason.encode()) <= 123, "a reason of more than 123 bytes")
        leaked = [internal for internal in INTERNAL_TEXTS if internal in reason]
        expect(not leaked, f"internal text in the reason: {reason!r}")
        return reason

    async def silent(self, seconds: float = 0.3) -> None:
        """Nothing comes for so long."""
        try:
            text = await asyncio.wait_for(self.connection.recv(), seconds)
        except TimeoutError:
            return
        except ConnectionClosed as error:
            raise Failure(f"closed with {_close(error)}") from None
        raise Failure(f"an unexpected message: {str(text)[:160]}")

    async def alive(self) -> None:
        """The socket still serves."""
        await self.subscribe("alive", "{ __typename }")
        payload = await self.result("alive")
        expect(payload.get("data") == {"__typename": "Query"}, f"not served: {payload}")


def _close(error: ConnectionClosed) -> tuple[int, str]:
    return (error.rcvd.code, error.rcvd.reason) if error.rcvd else (1006, "")


@asynccontextmanager
async def opened(
    target: Target,
    *protocols: str,
    headers: dict[str, str] | None = None,
    origin: str | None = None,
    max_queue: int = 4096,
) -> AsyncIterator[Socket]:
    """A socket on which nothing has been sent; without `protocols` the right one is asked for."""
    async with connect(
        target.ws,
        subprotocols=[Subprotocol(name) for name in protocols or (PROTOCOL,) if name] or None,
        additional_headers=headers,
        origin=Origin(origin) if origin else None,
        max_size=None,
        max_queue=max_queue,
        compression=None,
        close_timeout=2,
        open_timeout=20,
    ) as connection:
        yield Socket(connection)


@asynccontextmanager
async def initialised(
    target: Target, role: Role = Role.MEMBER, subject: str = "demo", **more: Any
) -> AsyncIterator[Socket]:
    """A socket that was acknowledged."""
    async with opened(target, **more) as socket:
        await socket.send(
            "connection_init", payload={"authorization": f"Bearer {target.token(role, subject)}"}
        )
        await socket.expect_type("connection_ack")
        yield socket


class RawSocket:
    """A WebSocket without a library, to send what libraries refuse to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(
        self, payload: bytes, opcode: int = 1, *, final: bool = True, masked: bool = True, reserved: int = 0
    ) -> None:
        length = len(payload)
        head = bytes([(0x80 if final else 0) | reserved | opcode])
        mark = 0x80 if masked else 0
        if length < 126:
            head += bytes([mark | length])
        elif length < 65_536:
            head += bytes([mark | 126]) + struct.pack(">H", length)
        else:
            head += bytes([mark | 127]) + struct.pack(">Q", length)
        mask = os.urandom(4)
        key = (mask * (length // 4 + 1))[:length]
        body = bytes(a ^ b for a, b in zip(payload, key, strict=True)) if masked else payload
        self._writer.write(head + (mask if masked else b"") + body)
        await self._writer.drain()

    async def frame(self, seconds: float = _WAIT_S) -> tuple[int, bytes]:
        """The next frame's opcode and payload; (-1, b"") where the connection ends without one."""
        try:
            async with asyncio.timeout(seconds):
                first, second = await self._reader.readexactly(2)
                length = second & 0x7F
                if length == 126:
                    (length,) = struct.unpack(">H", await self._reader.readexactly(2))
                elif length == 127:
                    (length,) = struct.unpack(">Q", await self._reader.readexactly(8))
                return first & 0x0F, await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return -1, b""
        except TimeoutError:
            raise Failure(f"no frame within {seconds:g} s") from None

    def abandon(self) -> None:
        """Let the connection go without a close frame."""
        self._writer.close()

    async def close_code(self) -> int:
        """The code of the close frame, other frames passed over; 1006 where none comes before the end."""
        while True:
            opcode, payload = await self.frame()
            if opcode == 8:
                return struct.unpack(">H", payload[:2])[0] if payload else 1005
            if opcode == -1:
                return 1006


async def handshake(target: Target, **changed: str | None) -> tuple[RawSocket, int]:
    """Upgrade by hand; the socket and the status. `changed` headers by name with `_` for `-`."""
    headers: dict[str, str | None] = {
        "host": f"{target.host}:{target.port}",
        "upgrade": "websocket",
        "connection": "Upgrade",
        "sec-websocket-key": base64.b64encode(os.urandom(16)).decode(),
        "sec-websocket-version": "13",
        "sec-websocket-protocol": PROTOCOL,
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    reader, writer = await asyncio.open_connection(target.host, target.port)
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    writer.write("\r\n".join(["GET /graphql HTTP/1.1", *lines, "", ""]).encode())
    async with asyncio.timeout(_WAIT_S):
        head = await reader.readuntil(b"\r\n\r\n")
    return RawSocket(reader, writer), int(head.split()[1])


@asynccontextmanager
async def raw(target: Target, *, initialise: bool = True) -> AsyncIterator[RawSocket]:
    """A socket of raw frames that was acknowledged."""
    socket, status = await handshake(target)
    expect(status == 101, f"the upgrade was answered with {status}")
    try:
        if initialise:
            message = {"type": "connection_init", "payload": {"authorization": f"Bearer {target.token()}"}}
            await socket.send(json.dumps(message).encode())
            opcode, payload = await socket.frame()
            expect(opcode == 1 and b"connection_ack" in payload, f"no acknowledgement: {payload[:100]!r}")
        yield socket
    finally:
        socket.abandon()
