"""Clients that state their headers slowly, without end or not at all, against a real server."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvicorn
import websockets

from api.graphql.live.protocol import FrameProtocol
from api.http_protocol import HEAD_BYTES_MAX, HEADERS_MAX, patient_protocol

TIMEOUT_S = 0.3
PATIENCE_S = 20.0
"""Far more than a test needs, so that a slow machine fails none."""
HEAD = b"POST /%s HTTP/1.1\r\nhost: x\r\n"
REQUEST = HEAD % b"" + b"content-length: 0\r\n\r\n"


class Application:
    """Answers with what it was sent. `/slow` takes its time, `/unread` does not look at the body."""

    def __init__(self) -> None:
        self.requests = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] != "websocket.disconnect":
                await send({"type": "websocket.send", "text": message["text"]})
            return
        self.requests += 1
        body = b""
        while scope["path"] != "/unread":
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"] == "/slow":
            await asyncio.sleep(TIMEOUT_S * 3)
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Server:
    """A running server, and connections to it."""

    def __init__(self, port: int, application: Application) -> None:
        self.port = port
        self.application = application
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(self, first: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        writer.write(first)
        return reader, writer

    async def status(self, sent: bytes) -> int:
        reader, _ = await self.connect(sent)
        return await status(reader)


MakeServer = Callable[..., Awaitable[Server]]


@pytest.fixture
async def make_server() -> AsyncIterator[MakeServer]:
    running: list[tuple[uvicorn.Server, asyncio.Task[None], Server]] = []

    async def make(timeout_s: float = TIMEOUT_S, **more: Any) -> Server:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        application = Application()
        config = uvicorn.Config(
            application,
            log_config=None,
            lifespan="off",
            http=patient_protocol(timeout_s),
            ws=FrameProtocol,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
            **more,
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server._serve([listener]))
        made = Server(listener.getsockname()[1], application)
        running.append((server, task, made))
        for _ in range(1000):
            if server.started:
                break
            await asyncio.sleep(0.01)
        assert server.started
        return made

    yield make
    for server, task, made in running:
        for writer in made.writers:
            writer.close()
        server.should_exit = True
        await task


@pytest.fixture
async def server(make_server: MakeServer) -> Server:
    return await make_server()


async def status(reader: asyncio.StreamReader) -> int:
    """Of the next response, whose headers are read to their end."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
    return int(head.split(b" ", 2)[1])


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Whether the server closes the connection without another word."""
    try:
        return await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
    except ConnectionResetError:
        return True


async def is_closed_while_sent(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, byte: bytes
) -> bool:
    """Whether the server closes the connection although a byte comes again and again, sooner than any time-out."""
    ended = asyncio.ensure_future(is_closed(reader))
    while not ended.done():
        try:
            writer.write(byte)
            await writer.drain()
        except ConnectionError:
            break
        await asyncio.sleep(TIMEOUT_S / 10)
    return await ended


async def test_a_silent_connection_is_closed(server: Server) -> None:
    reader, _ = await server.connect()
    assert await is_closed(reader)


async def test_half_a_head_is_closed(server: Server) -> None:
    reader, _ = await server.connect(HEAD % b"")
    assert await is_closed(reader)


@pytest.mark.parametrize(
    "first",
    [b"", HEAD % b"" + b"x-slow: ", REQUEST + HEAD % b"" + b"x: "],
    ids=["line ends", "a header", "after another request"],
)
async def test_headers_byte_by_byte_are_closed(server: Server, first: bytes) -> None:
    reader, writer = await server.connect(first)
    if first.startswith(REQUEST):
        assert await status(reader) == 200
    assert await is_closed_while_sent(reader, writer, b"\n" if not first else b"y")
    assert server.application.requests == first.count(REQUEST)


async def test_the_rest_of_a_body_that_nobody_reads_is_closed(server: Server) -> None:
    reader, writer = await server.connect(HEAD % b"unread" + b"content-length: 100000\r\n\r\nx")
    assert await status(reader) == 200
    assert await is_closed_while_sent(reader, writer, b"y")


async def test_a_request_under_way_is_left_alone(server: Server) -> None:
    reader, writer = await server.connect(HEAD % b"slow" + b"content-length: 2\r\n\r\na")
    await asyncio.sleep(TIMEOUT_S * 2)
    writer.write(b"b")
    assert await status(reader) == 200
    assert await asyncio.wait_for(reader.readexactly(2), PATIENCE_S) == b"ab"


async def test_a_kept_connection_may_be_quiet_between_requests(server: Server) -> None:
    reader, writer = await server.connect(REQUEST)
    assert await status(reader) == 200
    await asyncio.sleep(TIMEOUT_S * 3)
    writer.write(REQUEST)
    assert await status(reader) == 200


async def test_a_socket_may_be_quiet(server: Server) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{server.port}/") as ours:
        await asyncio.sleep(TIMEOUT_S * 3)
        await ours.send("still here")
        assert await asyncio.wait_for(ours.recv(), PATIENCE_S) == "still here"


async def test_without_a_time_it_waits(make_server: MakeServer) -> None:
    server = await make_server(timeout_s=0)
    reader, writer = await server.connect(REQUEST[:10])
    await asyncio.sleep(TIMEOUT_S * 3)
    writer.write(REQUEST[10:])
    assert await status(reader) == 200


async def test_headers_without_end_are_refused(make_server: MakeServer) -> None:
    server = await make_server(timeout_s=60)
    reader, writer = await server.connect(HEAD % b"" + b"x-long: ")
    for _ in range(HEAD_BYTES_MAX // 1000 + 2):
        writer.write(b"y" * 1000)
        await asyncio.sleep(0)
    assert await status(reader) == 431
    assert server.application.requests == 0


async def test_large_headers_below_the_limit_are_taken(server: Server) -> None:
    assert await server.status(REQUEST[:-2] + b"x: " + b"y" * 16_000 + b"\r\n\r\n") == 200


@pytest.mark.parametrize(("count", "expected"), [(HEADERS_MAX - 2, 200), (HEADERS_MAX - 1, 400)])
async def test_so_many_headers_are_taken(server: Server, count: int, expected: int) -> None:
    assert await server.status(REQUEST[:-2] + b"x: y\r\n" * count + b"\r\n") == expected
    assert server.application.requests == (expected == 200)


async def test_what_is_no_http_is_a_400(server: Server) -> None:
    for sent in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n"):
        assert await server.status(sent) == 400


@pytest.mark.parametrize(
    "sent",
    [
        REQUEST[:-2] + b"content-length: 5\r\n\r\nhello",
        REQUEST[:-2] + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD % b"" + b"transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
    ],
    ids=["two lengths", "a length and chunks", "chunks and a length"],
)
async def test_a_body_of_two_lengths_is_refused(server: Server, sent: bytes) -> None:
    assert await server.status(sent) == 400


async def test_beyond_the_most_connections_nothing_is_let_in(make_server: MakeServer) -> None:
    server = await make_server(timeout_s=60, limit_concurrency=3)
    async with websockets.connect(f"ws://127.0.0.1:{server.port}/"):
        assert await server.status(REQUEST) == 200
        assert await server.status(REQUEST) == 503
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(f"ws://127.0.0.1:{server.port}/")
        assert refused.value.response.status_code == 503
