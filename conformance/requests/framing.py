"""Below GraphQL: oversized, slow, smuggled and broken requests."""

import asyncio
from collections.abc import AsyncIterator, Callable

from conformance.checks import Check, Failure, Level, expect
from conformance.requests.table import ACCEPT, asking, judge
from conformance.target import Target
from conformance.wire import Answer, exchange, request_head
from gamification.kit.actors import Role

_MARGIN_SECONDS = 6.0
Pairs = list[tuple[str, str]]


def _pairs(target: Target, *more: tuple[str, str], path: str = "/graphql") -> Pairs:
    """The usual headers: a member's for GraphQL, a service's for /events, whose limits differ."""
    is_graphql = path == "/graphql"
    role = Role.MEMBER if is_graphql else Role.SERVICE
    return [
        ("host", f"{target.host}:{target.port}"),
        ("connection", "close"),
        ("authorization", f"Bearer {target.token(role, 'framing')}"),
        ("accept", ACCEPT),
        ("content-type", "application/json" if is_graphql else "application/cloudevents+json"),
        *more,
    ]


def _sized(text: str = "") -> tuple[str, str]:
    return ("content-length", str(len(text or asking())))


async def _raw(target: Target, body: bytes, *more: tuple[str, str], path: str = "/graphql") -> Answer:
    return await exchange(target, request_head("POST", path, _pairs(target, *more, path=path)) + body)


def _refused(name: str, body: bytes | str, *more: tuple[str, str], status: tuple[int, ...] = (400,)) -> Check:
    """A request that the HTTP parser or the view refuses."""

    async def run(target: Target) -> None:
        sent = body.encode() if isinstance(body, str) else body
        judge(await _raw(target, sent, *more), status, below_http=True)

    return Check(name, run)


def _limit(target: Target, path: str) -> int:
    """The limit of a body in bytes: a member's to GraphQL, a service's elsewhere."""
    settings = target.settings
    return settings.public_body_limit_bytes if path == "/graphql" else settings.body_limit_bytes


def _oversize(path: str, *, chunked: bool) -> Callable[[Target], object]:
    async def run(target: Target) -> None:
        size = _limit(target, path) + 1
        if not chunked:
            answer = await _raw(target, b"{" + b" " * (size - 1), ("content-length", str(size)), path=path)
        else:
            head = request_head("POST", path, _pairs(target, ("transfer-encoding", "chunked"), path=path))

            async def parts() -> AsyncIterator[bytes]:
                yield head
                for _ in range(size // 65_536 + 1):
                    yield b"10000\r\n" + b" " * 65_536 + b"\r\n"
                yield b"0\r\n\r\n"

            answer = await exchange(target, parts())
        judge(answer, (413,))

    return run


async def _stated_only(target: Target) -> None:
    """A length over the limit is refused before anything of the body has come."""
    answer = await _raw(target, b"", ("content-length", str(10**15)))
    judge(answer, (413,))


async def _limit_of_graphql(target: Target) -> None:
    """A member's request may have 256 KiB, or what a setting says; a service's may have more."""
    limit = _limit(target, "/graphql")
    expect(limit <= 1024 * 1024, f"a member's request may have {limit:,} bytes where 262,144 is the figure")
    padded = asking() + " " * limit
    keep = [pair for pair in _pairs(target, _sized(padded)) if pair[0] != "authorization"]
    keep.append(("authorization", f"Bearer {target.token(Role.SERVICE, 'framing')}"))
    answer = await exchange(target, request_head("POST", "/graphql", keep) + padded.encode())
    judge(answer, (200,))


def _slow(name: str, *, trickle: bool, head_only: bool = False) -> Check:
    """A body that does not arrive in time gets 408, and the connection is let go."""

    async def run(target: Target) -> None:
        allowed = target.settings.body_timeout_seconds

        async def parts() -> AsyncIterator[bytes]:
            head = request_head("POST", "/graphql", _pairs(target, ("content-length", "5000")))
            yield head if not head_only else head[:40]
            while True:
                await asyncio.sleep(0.5)
                if trickle:
                    yield b" "

        answer = await exchange(target, parts(), seconds=allowed + _MARGIN_SECONDS)
        judge(answer, (408,))

    return Check(name, run, seconds_max=40)


async def _abandoned(target: Target) -> None:
    """Clients that leave in the middle of a body do no harm."""
    for _ in range(50):
        _, writer = await asyncio.open_connection(target.host, target.port)
        writer.write(request_head("POST", "/graphql", _pairs(target, ("content-length", "5000"))) + b"{")
        await writer.drain()
        writer.close()
    judge(await _raw(target, asking().encode(), _sized()), (200,))


async def _pipelined(target: Target) -> None:
    """Two requests in one write are answered in order."""
    keep = [pair for pair in _pairs(target, _sized()) if pair[0] != "connection"]
    one = request_head("POST", "/graphql", keep) + asking().encode()
    two = request_head("POST", "/graphql", _pairs(target, _sized())) + asking().encode()
    reader, writer = await asyncio.open_connection(target.host, target.port)
    writer.write(one + two)
    received = await asyncio.wait_for(reader.read(-1), 20)
    writer.close()
    expect(received.count(b"HTTP/1.1 200") == 2, f"not two answers: {received[:200]!r}")


async def _continue(target: Target) -> None:
    """Expect: 100-continue is answered."""
    answer = await _raw(target, asking().encode(), _sized(), ("expect", "100-continue"))
    judge(answer, (100, 200), below_http=True)


async def _half_closed(target: Target) -> None:
    """A client that says it sends no more, in the middle of a body."""
    reader, writer = await asyncio.open_connection(target.host, target.port)
    writer.write(request_head("POST", "/graphql", _pairs(target, ("content-length", "5000"))) + b"{")
    writer.write_eof()
    received = await asyncio.wait_for(reader.read(-1), 20)
    writer.close()
    expect(not received.startswith(b"HTTP/1.1 5"), f"{received[:100]!r}")


async def _head_never_ends(target: Target) -> None:
    """A head of a megabyte is refused, or its connection closed."""
    filler = ("x-filler", "y" * 60_000)
    try:
        answer = await _raw(target, asking().encode(), *[filler] * 18, _sized())
    except Failure:
        return
    judge(answer, (400, 413, 431), below_http=True)


CHECKS = (
    Check("a GraphQL body limit", _limit_of_graphql),
    Check("oversize with a length", _oversize("/graphql", chunked=False)),  # type: ignore[arg-type]
    Check("oversize in chunks", _oversize("/graphql", chunked=True)),  # type: ignore[arg-type]
    Check("oversize with a length to /events", _oversize("/events", chunked=False)),  # type: ignore[arg-type]
    Check("oversize in chunks to /events", _oversize("/events", chunked=True)),  # type: ignore[arg-type]
    Check("a length of a petabyte, no body", _stated_only),
    _slow("a body that stops", trickle=False),
    _slow("a body that trickles", trickle=True),
    Check("fifty clients that leave", _abandoned),
    Check("a half-closed connection", _half_closed),
    Check("two requests in one write", _pipelined),
    Check("expect: 100-continue", _continue),
    Check("a head of a megabyte", _head_never_ends, Level.SHOULD),
    _refused("a length that is no number", asking(), ("content-length", "seven")),
    _refused("a negative length", asking(), ("content-length", "-1")),
    _refused("a length with a plus", asking(), ("content-length", "+7")),
    _refused("two lengths", asking(), _sized(), ("content-length", "7")),
    _refused("a length and chunks", "0\r\n\r\n", ("content-length", "5"), ("transfer-encoding", "chunked")),
    _refused("a chunk size that is no number", "zz\r\n\r\n", ("transfer-encoding", "chunked")),
    _refused("a huge chunk size", "f" * 20 + "\r\n\r\n", ("transfer-encoding", "chunked")),
    _refused("a header without a colon", asking(), ("x y", "z"), _sized()),
    _refused("a NUL in a header", asking(), ("x-a", "b\0c"), _sized()),
    _refused("a line break in a header", asking(), ("x-a", "b\rc"), _sized()),
)
