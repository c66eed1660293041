"""The floor of the live benchmark: bare uvicorn sockets, each sent the same frame, ready-made, at a steady rate.

`BENCH_RATE` a second, `BENCH_BYTES` of payload; the frame goes straight to the transport. Nothing else is done.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

from api.graphql.live.frames import text_frame
from api.graphql.live.protocol import EXTENSION, FrameProtocol

_RATE = float(os.environ["BENCH_RATE"])
_BYTES = int(os.environ["BENCH_BYTES"])
_ALL_OPEN_S = 1.5
"""Without another socket, it begins."""
_open: set[FrameProtocol] = set()
_opened_at = [time.monotonic()]
_tasks: list[asyncio.Task[None]] = []


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Answer the messages that open a subscription; then only the publisher writes."""
    if scope["type"] != "websocket":
        return
    if not _tasks:
        _tasks.append(asyncio.create_task(_publish()))
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
    frames: FrameProtocol = scope["extensions"][EXTENSION]
    try:
        while (message := await receive())["type"] != "websocket.disconnect":
            if "connection_init" in message["text"]:
                await send({"type": "websocket.send", "text": '{"type":"connection_ack"}'})
            else:
                frames.push(_frame())
                _open.add(frames)
                _opened_at[0] = time.monotonic()
    finally:
        _open.discard(frames)


def _frame() -> bytes:
    head = b'{"revision":' + str(time.time_ns() // 1_000_000).encode() + b',"padding":"'
    return text_frame(head + b"x" * (_BYTES - len(head) - 2) + b'"}')


async def _publish() -> None:
    while time.monotonic() - _opened_at[0] < _ALL_OPEN_S:  # noqa: ASYNC110 - no event says it
        await asyncio.sleep(0.1)
    due = time.monotonic()
    while True:
        due += 1 / _RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        frame = _frame()
        for number, frames in enumerate(list(_open), 1):
            if frames.is_writable:
                frames.push(frame)
            if number % 256 == 0:
                await asyncio.sleep(0)
