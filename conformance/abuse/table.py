"""How an abusive document is written down: what is sent, and within what bounds it must be answered."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from conformance.abuse.process import MEBIBYTE, usage
from conformance.checks import Check, Failure, Level, expect
from conformance.requests.table import INTERNAL_TEXTS, asking
from conformance.sockets.client import initialised
from conformance.target import Target
from conformance.wire import Answer, exchange, request_head
from gamification.kit.actors import Role

CPU_SECONDS_MAX = 1.0
"""Of the server, for one request."""
ANSWER_BYTES_MAX = 2 * MEBIBYTE
GROWTH_BYTES_MAX = 64 * MEBIBYTE
"""Of the server's resident memory, by one request."""
_SERVED_AFTERWARDS_S = 3.0


async def ask(
    target: Target,
    body: str | bytes,
    role: Role = Role.MEMBER,
    subject: str | None = None,
    seconds: float = 25,
) -> Answer:
    """One POST, by a caller of its own where none is named."""
    sent = body.encode() if isinstance(body, str) else body
    head = request_head(
        "POST",
        "/graphql",
        {
            "host": f"{target.host}:{target.port}",
            "connection": "close",
            "authorization": f"Bearer {target.token(role, subject or uuid.uuid4().hex)}",
            "accept": "application/graphql-response+json",
            "content-type": "application/json",
            "content-length": str(len(sent)),
        },
    )
    return await exchange(target, head + sent, seconds=seconds)


async def _still_serves(target: Target) -> bool:
    try:
        answer = await ask(target, asking("{ __typename }"), seconds=_SERVED_AFTERWARDS_S)
    except (Failure, OSError):
        return False
    return answer.status == 200


def bounded(
    run: Callable[[Target], Coroutine[Any, Any, object]],
    cpu_seconds: float = CPU_SECONDS_MAX,
    seconds: float = 8.0,
) -> Callable[[Target], Awaitable[None]]:
    """The same, and the server used no more than allowed and still serves."""

    async def within(target: Target) -> None:
        try:
            before = usage(target)
        except Failure:
            await target.server.renew()
            before = usage(target)
        try:
            await asyncio.wait_for(run(target), seconds)
        except TimeoutError:
            raise Failure(f"not done within {seconds:g} s") from None
        finally:
            still = await _still_serves(target)
            after = usage(target) if still else before
            if not still:
                await target.server.renew()
        expect(still, f"the server did not serve within {_SERVED_AFTERWARDS_S:g} s afterwards and was ended")
        spent = after.cpu_seconds - before.cpu_seconds
        expect(spent <= cpu_seconds, f"{spent:.1f} s of the server's processor time")
        grown = after.resident_bytes - before.resident_bytes
        expect(grown <= GROWTH_BYTES_MAX, f"{grown / MEBIBYTE:.0f} MiB more memory")

    return within


def refused(
    name: str, query: str, *codes: str, role: Role = Role.MEMBER, level: Level = Level.MUST, **members: Any
) -> Check:
    """A document that is refused with a code, before anything of it runs, and at little cost."""

    async def run(target: Target) -> None:
        answer = await ask(target, asking(query, **members), role)
        _judge(answer, codes)

    return Check(name, bounded(run), level)


def _judge(answer: Answer, codes: tuple[str, ...]) -> None:
    expect(answer.status < 500, f"{answer.status}: {answer.text[:160]}")
    if answer.status == 413:
        return
    expect(answer.errors, f"served: {len(answer.body):,} bytes, {answer.text[:100]}")
    expect(not any(text in answer.text for text in INTERNAL_TEXTS), f"internal text: {answer.text[:160]}")
    data = answer.json.get("data")
    expect(not data, f"refused in part only: {answer.text[:160]}")
    expect(answer.codes, f"a refusal without a code: {answer.text[:200]}")
    if codes:
        expect(answer.codes & set(codes), f"{sorted(answer.codes)} where {' or '.join(codes)} was due")
    expect(len(answer.errors) <= 10, f"{len(answer.errors)} errors")


def harmless(
    name: str, body: str | bytes, role: Role = Role.MEMBER, cpu_seconds: float = CPU_SECONDS_MAX
) -> Check:
    """Served or refused, whichever, but within the bounds."""

    async def run(target: Target) -> None:
        answer = await ask(target, body, role)
        expect(answer.status < 500, f"{answer.status}: {answer.text[:160]}")
        expect(not any(text in answer.text for text in INTERNAL_TEXTS), f"internal text: {answer.text[:160]}")
        expect(len(answer.body) <= ANSWER_BYTES_MAX, f"an answer of {len(answer.body):,} bytes")

    return Check(name, bounded(run, cpu_seconds))


def served(name: str, query: str, role: Role = Role.MEMBER, **members: Any) -> Check:
    """What a well-behaved client asks is not refused."""

    async def run(target: Target) -> None:
        answer = await ask(target, asking(query, **members), role)
        expect(answer.status == 200 and not answer.errors, f"{answer.status}: {answer.text[:200]}")

    return Check(name, bounded(run))


def refused_on_socket(name: str, query: str, **members: Any) -> Check:
    """The same document over a socket: `error`, and the socket lives."""

    async def run(target: Target) -> None:
        async with initialised(target, subject=uuid.uuid4().hex) as socket:
            await socket.subscribe("1", query, **members)
            message = await socket.receive(20)
            told = json.dumps(message)[:160]
            expect(message["type"] == "error", f"{told} where an error was due")
            expect(message["payload"][0].get("extensions", {}).get("code"), f"without a code: {told}")
            await socket.alive()

    return Check(f"over a socket: {name}", bounded(run))
