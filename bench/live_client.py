"""Many graphql-transport-ws clients in one lean process: `python -m bench.live_client PORT SOCKETS SECONDS TOKEN QUERY`.

It opens the sockets, says when all of them watch, measures for so many seconds, and prints what it saw as JSON.
Latency is from the revision in a message, which is the millisecond of the write, to the reading of that message.
"""

import base64
import json
import os
import re
import select
import socket
import struct
import sys
import time
from dataclasses import dataclass, field

_OPENING_AT_ONCE = 100
_OPEN_WITHIN_S = 180.0
_READ_BYTES = 1 << 17
_PING = b"\x89\x04"
_MASK = b"\0\0\0\0"
_REVISION = re.compile(rb'"revision":(\d+)')


@dataclass(slots=True)
class Client:
    """One socket: how far it is, and the newest revision that it was sent."""

    connection: socket.socket
    number: int
    rest: bytes = b""
    is_open: bool = False
    revision: int = 0


@dataclass(slots=True)
class Seen:
    """What all sockets were sent while it was measured."""

    delivered: int = 0
    went_back: int = 0
    lost: int = 0
    by_millisecond: dict[int, int] = field(default_factory=dict)

    def quantile(self, share: float) -> int:
        """The latency in ms below which that share of messages lies."""
        wanted, passed = share * self.delivered, 0
        for milliseconds in sorted(self.by_millisecond):
            passed += self.by_millisecond[milliseconds]
            if passed >= wanted:
                return milliseconds
        return 0


def masked(text: bytes) -> bytes:
    """A client's frame; a mask of zeros leaves the text as it is."""
    length = len(text)
    if length <= 125:
        return bytes((0x81, 0x80 | length)) + _MASK + text
    return bytes((0x81, 0x80 | 126)) + struct.pack("!H", length) + _MASK + text


def main() -> None:
    """Open, wait, measure, print."""
    port, count, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    token, query = sys.argv[4], sys.argv[5]
    poll = select.epoll()
    clients = _open(poll, port, count, token, query)
    print(json.dumps({"watching": sum(c.is_open for c in clients.values())}), flush=True)
    sys.stdin.readline()
    _read(poll, clients, 0.5, Seen())
    seen = Seen()
    began = time.monotonic()
    print(json.dumps({"measuring": True}), flush=True)
    _read(poll, clients, seconds, seen)
    elapsed = time.monotonic() - began
    print(json.dumps({"measured": True}), flush=True)
    sys.stdin.readline()  # the writer has stopped: what is still under way must come
    last = Seen()
    _read(poll, clients, 2.0, last)
    newest = max(c.revision for c in clients.values())
    print(
        json.dumps(
            {
                "seconds": elapsed,
                "delivered": seen.delivered,
                "p50_ms": seen.quantile(0.5),
                "p99_ms": seen.quantile(0.99),
                "max_ms": max(seen.by_millisecond, default=0),
                "went_back": seen.went_back + last.went_back,
                "closed": seen.lost + last.lost,
                "behind": sum(c.revision != newest for c in clients.values()),
            }
        ),
        flush=True,
    )


def _open(poll: select.epoll, port: int, count: int, token: str, query: str) -> dict[int, Client]:
    clients: dict[int, Client] = {}
    waiting = 0
    deadline = time.monotonic() + _OPEN_WITHIN_S
    hello = masked(json.dumps({"type": "connection_init", "payload": {"token": token}}).encode())
    number = 0
    while number < count or waiting:
        while number < count and waiting < _OPENING_AT_ONCE:
            connection = socket.create_connection(("127.0.0.1", port))
            key = base64.b64encode(os.urandom(16)).decode()
            connection.sendall(
                f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
            )
            connection.settimeout(0)
            clients[connection.fileno()] = Client(connection, number)
            poll.register(connection.fileno(), select.EPOLLIN)
            number += 1
            waiting += 1
        for descriptor, _ in poll.poll(1.0, 1000):
            waiting -= _advance(clients[descriptor], hello, query)
        if time.monotonic() > deadline:
            raise SystemExit(f"only {count - waiting} of {count} sockets watch after {_OPEN_WITHIN_S:.0f} s")
    return clients


def _advance(client: Client, hello: bytes, query: str) -> int:
    """Go on with a handshake; 1 when the first state came."""
    data = client.connection.recv(_READ_BYTES)
    if not data:
        raise SystemExit(f"the server closed a socket that was to be opened: {client.rest[:500]!r}")
    if client.is_open:
        _answer_ping(client, data)
        return 0
    client.rest += data
    if client.rest.startswith(b"HTTP/1.1"):
        head, end, rest = client.rest.partition(b"\r\n\r\n")
        if not end:
            return 0
        if b" 101 " not in head:
            raise SystemExit(head.decode())
        client.connection.sendall(hello)
        client.rest = rest
    if b'"connection_ack"' in client.rest:
        client.rest = b""
        ask = {"id": f"{client.number:012x}", "type": "subscribe", "payload": {"query": query}}
        client.connection.sendall(masked(json.dumps(ask).encode()))
    if b'"type":"error"' in client.rest or client.rest[:1] == b"\x88":
        raise SystemExit(client.rest[:500].decode(errors="replace"))
    found = _REVISION.findall(client.rest)
    if found and not client.is_open:
        client.is_open, client.revision, client.rest = True, int(found[-1]), b""
        return 1
    return 0


def _answer_ping(client: Client, data: bytes) -> None:
    """A server closes sockets that do not answer. The texts are ASCII, so these bytes are a ping's head."""
    start = data.find(_PING)
    if start >= 0:
        client.connection.sendall(b"\x8a\x84" + _MASK + data[start + 2 : start + 6])


def _read(poll: select.epoll, clients: dict[int, Client], seconds: float, seen: Seen) -> None:
    """Read what comes. A chunk may hold several states or a part of one; only revisions are looked at."""
    until = time.monotonic() + seconds
    by_millisecond = seen.by_millisecond
    while (left := until - time.monotonic()) > 0:
        for descriptor, _ in poll.poll(left, 2000):
            client = clients[descriptor]
            data = client.connection.recv(_READ_BYTES)
            if not data:
                seen.lost += 1
                poll.unregister(descriptor)
                continue
            if _PING in data:
                _answer_ping(client, data)
            # A number that is cut in two is counted with the next chunk: its last digits have no name before them.
            now = time.time_ns() // 1_000_000
            start = 0
            while (start := data.find(b'"revision":', start)) >= 0:
                start += 11
                revision = int(data[start : start + 13])
                if revision < client.revision:
                    seen.went_back += 1
                client.revision = revision
                seen.delivered += 1
                took = now - revision
                by_millisecond[took] = by_millisecond.get(took, 0) + 1


if __name__ == "__main__":
    main()
