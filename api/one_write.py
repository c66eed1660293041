"""A response's head and body in one call of the system, where uvicorn makes two."""

import asyncio
from typing import Any

_HEAD = b"HTTP/1.1 "


class OneWrite(asyncio.Transport):
    """A transport that keeps a response's head until its body comes, or until this turn of the loop is over: an
    event stream's head goes out at once all the same."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._under = transport
        self._loop = loop
        self._head = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """In order, as ever."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data[: len(_HEAD)] == _HEAD:
            self._head = bytes(data)
            self._loop.call_soon(self._flush)
            return
        self._under.write(data)

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._under.write(head)

    def close(self) -> None:
        """After what was written."""
        self._flush()
        self._under.close()

    def abort(self) -> None:
        """At once."""
        self._head = b""
        self._under.abort()

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self._under.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """About the connection."""
        return self._under.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Take nothing in for now."""
        self._under.pause_reading()

    def resume_reading(self) -> None:
        """Go on taking in."""
        self._under.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Who is told of what comes in."""
        self._under.set_protocol(protocol)
