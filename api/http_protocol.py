"""uvicorn's HTTP protocol, with an end to patience: a client has so long, and so much room, to state its headers.

uvicorn itself waits for ever for the first byte of a connection and for headers that come byte by byte, and takes any
number of them. It also writes a response's head and body apart. Bodies have limits of their own, and so have quiet connections between two requests.
"""

import asyncio
from asyncio.events import TimerHandle

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from api.one_write import OneWrite

HEAD_BYTES_MAX = 64 * 1024
"""Of a request's first line and headers while they come in parts; what comes as one part is bounded by the loop."""
HEADERS_MAX = 100

_REFUSAL = b"content-length: 0\r\nconnection: close\r\n\r\n"


class TooManyHeaders(Exception):
    """For the parser, which stops at it: a 400."""


class PatientProtocol(HttpToolsProtocol):
    """Closes a connection whose next request has no complete headers `header_timeout_s` after the connection was
    opened, or after its first byte on one that is kept alive; nothing is answered, for nothing was asked."""

    header_timeout_s = 10.0
    """0 waits for ever."""
    _waiting: TimerHandle | None = None
    _head_bytes = 0
    _has_left = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        self._connection = transport
        super().connection_made(OneWrite(transport, self.loop))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn has none before the first request
        if cycle is not None and not cycle.response_complete:
            return  # a request is under way: where nearly every call ends
        # What follows a request that was answered is the next one, or the rest of a body that nobody wants.
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(431)
        elif self._waiting is None:
            self._wait()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        if len(self.headers) > HEADERS_MAX:
            raise TooManyHeaders
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        # uvicorn refuses requests beyond the limit; sockets, which stay, count there but are let in.
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            self._refuse(503)
            return
        self._has_left = True
        self.transport = self._connection  # a socket's frames are written as they come
        super().handle_websocket_upgrade()

    def _wait(self) -> None:
        if self.header_timeout_s and not self._has_left and not self.transport.is_closing():
            self._waiting = self.loop.call_later(self.header_timeout_s, self.transport.close)

    def _stop_waiting(self) -> None:
        self._head_bytes = 0
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _refuse(self, status: int) -> None:
        if not self.transport.is_closing() and not self._has_left:
            self.transport.write(STATUS_LINE[status] + _REFUSAL)
            self.transport.close()


def patient_protocol(header_timeout_s: float) -> type[PatientProtocol]:
    """The protocol with that time: uvicorn's configuration takes a class."""
    return type("PatientProtocol", (PatientProtocol,), {"header_timeout_s": header_timeout_s})
