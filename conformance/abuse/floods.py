"""Too many of something: requests, wrong tokens, sockets, operations, messages, connections that say nothing."""

import asyncio
import json
import uuid
from collections import Counter
from contextlib import AsyncExitStack, suppress

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from conformance.abuse.process import MEBIBYTE, usage
from conformance.abuse.table import ask, bounded
from conformance.checks import Check, Failure, Level, expect
from conformance.requests.table import ACCEPT, asking
from conformance.sockets.client import Socket, handshake, initialised, opened, raw
from conformance.sockets.opening import WATCH
from conformance.target import Target
from conformance.wire import exchange, request_head
from gamification.kit.actors import Role

_SOCKETS_MAX = 100
"""Of one caller, generously: 20 to 50 is the figure."""
_COSTLY = "{ badges(first: 100) { nodes { id awards(first: 20) { nodes { id awardedAt } } } } }"


async def _many(target: Target, count: int, query: str, subject: str) -> Counter[object]:
    """How requests of one caller at once were answered: status, or the code of a refusal."""
    gate = asyncio.Semaphore(32)

    async def one() -> object:
        async with gate:
            answer = await ask(target, asking(query), subject=subject)
        if answer.status == 429:
            expect("retry-after" in answer.headers, "429 without `retry-after`")
            return 429
        return "LIMIT" if any("LIMIT" in code for code in answer.codes) else answer.status

    return Counter(await asyncio.gather(*(one() for _ in range(count))))


async def _requests(target: Target) -> None:
    found = await _many(target, 600, "{ __typename }", uuid.uuid4().hex)
    expect(found[429], f"600 requests at once were all served: {dict(found)}")
    expect(found[200] >= 100, f"an ordinary burst was refused: {dict(found)}")


async def _others_unharmed(target: Target) -> None:
    await _many(target, 300, "{ __typename }", uuid.uuid4().hex)
    answer = await ask(target, asking("{ __typename }"))
    expect(answer.status == 200, f"another caller got {answer.status}")


async def _cost(target: Target) -> None:
    found = await _many(target, 60, _COSTLY, uuid.uuid4().hex)
    expect(found[429] or found["LIMIT"], f"60 costly operations were all served: {dict(found)}")


async def _wrong_tokens(target: Target) -> None:
    """Guessing of tokens by one address is slowed down; who has a right one is still served."""
    statuses: Counter[int] = Counter()
    for number in range(60):
        body = asking().encode()
        head = request_head(
            "POST",
            "/graphql",
            {
                "host": "h", "connection": "close", "accept": ACCEPT, "content-type": "application/json",
                "authorization": f"Bearer wrong{number}", "content-length": str(len(body)),
            },
        )  # fmt: skip
        statuses[(await exchange(target, head + body)).status] += 1
    expect(statuses[401] + statuses[429] == 60, f"{dict(statuses)}")
    expect(statuses[429], f"60 wrong tokens in a row: {dict(statuses)}")
    answer = await ask(target, asking("{ __typename }"))
    expect(answer.status == 200, f"a right token then got {answer.status}")


async def _grants(target: Target) -> None:
    """Spending is limited per caller more strictly than reading."""
    query = 'mutation { claimTask(input: {task: "regular", idempotencyKey: "x"}) { __typename } }'
    found = await _many(target, 150, query, uuid.uuid4().hex)
    expect(found[429] or found["LIMIT"], f"150 granting mutations in a row were all served: {dict(found)}")


async def _slow_connections(target: Target) -> None:
    """200 clients that send half a request don't keep others from being served."""
    async with AsyncExitStack() as stack:
        for _ in range(200):
            _, writer = await asyncio.open_connection(target.host, target.port)
            stack.callback(writer.close)
            writer.write(b"POST /graphql HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n")
        answer = await ask(target, asking("{ __typename }"), seconds=3)
        expect(answer.status == 200, f"{answer.status}")


async def _half_requests_end(target: Target) -> None:
    """40 half-sent bodies are given up after the time for a body."""
    readers = []
    async with AsyncExitStack() as stack:
        for _ in range(40):
            reader, writer = await asyncio.open_connection(target.host, target.port)
            stack.callback(writer.close)
            token = target.token(subject="half")
            head = {"host": "h", "content-length": "100", "content-type": "application/json"}
            writer.write(
                request_head("POST", "/graphql", {**head, "authorization": f"Bearer {token}"}) + b"{"
            )
            readers.append(reader)
        allowed = target.settings.body_timeout_seconds + 6
        done, waiting = await asyncio.wait(
            [asyncio.ensure_future(r.read(12)) for r in readers], timeout=allowed
        )
        for task in waiting:
            task.cancel()
        expect(not waiting, f"{len(waiting)} of 40 still held after {allowed:g} s")
        starts = {task.result()[9:12] for task in done}
        expect(starts == {b"408"}, f"answered with {starts}")


# ---------------------------------------------------------------- sockets


async def _sockets(target: Target) -> None:
    subject, kept = uuid.uuid4().hex, 0
    async with AsyncExitStack() as stack:

        async def one() -> None:
            nonlocal kept
            with suppress(Failure, InvalidHandshake, ConnectionClosed, OSError):
                await stack.enter_async_context(initialised(target, subject=subject))
                kept += 1

        for _ in range(10):
            await asyncio.gather(*(one() for _ in range(50)))
        expect(10 <= kept <= _SOCKETS_MAX, f"{kept} of 500 sockets of one caller were kept")
        async with initialised(target, subject=uuid.uuid4().hex) as other:
            await other.alive()


async def _silent_sockets(target: Target) -> None:
    """Sockets that never initialise are closed in time, many at once too."""
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(opened(target)) for _ in range(100)]
        allowed = target.settings.socket_init_timeout_seconds + 5
        ends = await asyncio.gather(*(_ended(socket, allowed) for socket in sockets))
        expect(all(code in (4408, 4429, 1013) for code in ends), f"{Counter(ends)}")


async def _ended(socket: Socket, seconds: float) -> int | None:
    try:
        async with asyncio.timeout(seconds):
            while True:
                await socket.connection.recv()
    except TimeoutError:
        return None
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else 1006


async def _drain(socket: Socket, messages: int, seconds: float) -> Counter[str]:
    """How messages ended: by type, or `closed CODE`."""
    found: Counter[str] = Counter()
    try:
        async with asyncio.timeout(seconds):
            for _ in range(messages):
                found[json.loads(await socket.connection.recv())["type"]] += 1
    except TimeoutError:
        pass
    except ConnectionClosed as error:
        found[f"closed {error.rcvd.code if error.rcvd else 1006}"] += 1
    return found


async def _operations(target: Target) -> None:
    """1,000 queries in a row on one socket: some are refused, or the socket is closed with a code."""
    async with initialised(target, subject=uuid.uuid4().hex) as socket:
        with suppress(ConnectionClosed):
            for number in range(1000):
                await socket.subscribe(str(number), "{ __typename }")
        found = await _drain(socket, 2000, 10)
        closed = [kind for kind in found if kind.startswith("closed")]
        expect(found["error"] or closed, f"all 1,000 were served: {dict(found)}")
        expect("closed 1006" not in closed, "torn without a close frame")


async def _subscriptions(target: Target) -> None:
    """300 subscriptions on one socket: at most about a hundred run."""
    async with initialised(target, subject=uuid.uuid4().hex) as socket:
        with suppress(ConnectionClosed):
            for number in range(300):
                await socket.subscribe(str(number), WATCH)
                await asyncio.sleep(0.02)
        found = await _drain(socket, 300, 5)
        expect(found["next"] <= 150, f"{dict(found)}")
        expect(found["next"] >= 20, f"hardly any ran: {dict(found)}")


async def _starting_and_stopping(target: Target) -> None:
    """2,000 subscriptions started and stopped leave nothing behind."""
    async with initialised(target, subject=uuid.uuid4().hex) as socket:
        with suppress(ConnectionClosed):
            for number in range(2000):
                await socket.subscribe(f"s{number}", WATCH)
                await socket.send("complete", id=f"s{number}")
        await _drain(socket, 5000, 2)


async def _unread_pongs(target: Target) -> None:
    """A client that sends 100 MB of pings and reads nothing makes the server keep little of it."""
    before = usage(target).resident_bytes
    text = json.dumps({"type": "ping", "payload": {"a": "x" * 100_000}}).encode()
    async with raw(target) as socket:
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(8):
                for _ in range(1000):
                    await socket.send(text)
        grown = usage(target).resident_bytes - before
        expect(grown <= 64 * MEBIBYTE, f"{grown / MEBIBYTE:.0f} MiB for pongs that nobody reads")


async def _unread_states(target: Target) -> None:
    """A subscriber that never reads gets neither a growing queue nor holds others up."""
    before = usage(target).resident_bytes
    query = 'subscription { leaderboardUpdated(key: "points", first: 100) { entries { rank score achievedAt member { id displayName avatarUrl locale timeZone joinedAt } } } }'
    async with raw(target) as slow:
        for number in range(10):
            message = {"type": "subscribe", "id": str(number), "payload": {"query": query}}
            await slow.send(json.dumps(message).encode())
        async with initialised(target, subject="reader-ada") as quick:
            own = 'subscription { leaderboardUpdated(key: "points", first: 3) { revision viewer { score } } }'
            await quick.subscribe("1", own)
            await quick.expect_type("next", "1")
            for number in range(20):
                await _record(target, number)
            await quick.expect_type("next", "1")
        grown = usage(target).resident_bytes - before
        expect(grown <= 64 * MEBIBYTE, f"{grown / MEBIBYTE:.0f} MiB for states that nobody reads")


async def _record(target: Target, number: int) -> None:
    activity = (
        f'{{type: "quiz.finished", source: "flood", sourceId: "{uuid.uuid4().hex}", memberExternalId: "reader-ada",'
        f' occurredAt: "2026-11-21T00:00:0{number % 10}Z", properties: {{seconds: 50, correct: 8}}}}'
    )
    query = f"mutation {{ recordActivities(input: {{activities: [{activity}]}}) {{ recorded }} }}"
    answer = await ask(target, asking(query), Role.SERVICE)
    expect(answer.json["data"]["recordActivities"]["recorded"] == 1, f"not recorded: {answer.text[:160]}")


async def _small_messages(target: Target) -> None:
    """20,000 completes of unknown ids are taken or cut off, and others are served meanwhile."""
    async with initialised(target, subject=uuid.uuid4().hex) as socket:
        text = json.dumps({"type": "complete", "id": "x"})
        with suppress(ConnectionClosed):
            for number in range(20_000):
                await socket.send_text(text)
                if number % 5000 == 0:
                    answer = await ask(target, asking("{ __typename }"), seconds=5)
                    expect(answer.status == 200, f"{answer.status}")


async def _upgrades(target: Target) -> None:
    """300 upgrades left alone do no harm."""
    made = [await handshake(target) for _ in range(300)]
    expect(all(status in (101, 429, 503) for _, status in made), f"{Counter(s for _, s in made)}")
    answer = await ask(target, asking("{ __typename }"), seconds=5)
    expect(answer.status == 200, f"{answer.status}")
    for socket, _ in made:
        socket.abandon()


CHECKS = (
    Check("600 requests at once by one caller", bounded(_requests, 6, 20), seconds_max=50),
    Check("a flood of one caller leaves others unharmed", bounded(_others_unharmed, 4, 20), seconds_max=50),
    Check("60 costly operations by one caller", bounded(_cost, 30, 60), seconds_max=90),
    Check("60 wrong tokens by one address", bounded(_wrong_tokens, 3, 20), Level.SHOULD, seconds_max=50),
    Check("150 granting mutations by one caller", bounded(_grants, 8, 20), seconds_max=50),
    Check("200 heads that never end", bounded(_slow_connections, 2, 20), seconds_max=50),
    Check("40 bodies that never end", bounded(_half_requests_end, 2, 40), seconds_max=70),
    Check("500 sockets of one caller", bounded(_sockets, 6, 60), seconds_max=90),
    Check("100 sockets that say nothing", bounded(_silent_sockets, 3, 60), seconds_max=90),
    Check("300 upgrades left alone", bounded(_upgrades, 4, 20), seconds_max=50),
    Check("1,000 operations on one socket", bounded(_operations, 4, 20), seconds_max=50),
    Check("300 subscriptions on one socket", bounded(_subscriptions, 4, 20), seconds_max=50),
    Check("2,000 subscriptions started and stopped", bounded(_starting_and_stopping, 10, 60), seconds_max=90),
    Check("pings without reading", bounded(_unread_pongs, 4, 20), seconds_max=50),
    Check("subscriptions without reading", bounded(_unread_states, 4, 20), seconds_max=50),
    Check("20,000 small messages", bounded(_small_messages, 6, 60), seconds_max=90),
)
