"""Pings, operations side by side, ids, and errors that leave the socket open."""

import asyncio
import hashlib
from typing import Any

from conformance.checks import Check, Level, expect
from conformance.sockets.client import Socket, initialised
from conformance.sockets.opening import WATCH, after
from conformance.target import Target
from gamification.kit.actors import Role

_TWO = "query A { __typename } query B { programme { key } }"
_KEYED = "query($k: String!) { leaderboard(key: $k) { key } }"


# ---------------------------------------------------------------- ping and pong


def _ping(name: str, payload: Any) -> Check:
    async def run(socket: Socket) -> None:
        await socket.send("ping", **({} if payload is ... else {"payload": payload}))
        message = await socket.expect_type("pong")
        if payload is ... or not payload:
            expect(not message.get("payload"), f"a payload from nowhere: {message}")
        else:
            expect(message.get("payload") == payload, f"not mirrored: {message}")

    return after(name, run, Level.SHOULD if payload not in (..., None) else Level.MUST)


async def _pong_alone(socket: Socket) -> None:
    await socket.send("pong")
    await socket.send("pong", payload={"a": 1})
    await socket.alive()


async def _many_pings(socket: Socket) -> None:
    for number in range(20):
        await socket.send("ping", payload={"n": number})
    for number in range(20):
        message = await socket.expect_type("pong")
        expect(message.get("payload") == {"n": number}, f"out of order: {message}")


async def _ping_beside(socket: Socket) -> None:
    await socket.subscribe("w", WATCH)
    await socket.expect_type("next", "w")
    await socket.send("ping")
    while (message := await socket.receive())["type"] == "next":
        pass
    expect(message["type"] == "pong", f"{message}")


_PINGS = [
    _ping("ping", ...),
    _ping("ping with a payload of null", None),
    _ping("ping with an empty payload", {}),
    _ping("ping with a payload", {"at": 1.5, "积分": [True, None, {"a": "\0"}]}),
    _ping("ping with a payload of 10 KB", {"a": "x" * 10_000}),
    after("pongs that nobody asked for", _pong_alone),
    after("20 pings, 20 pongs, in order", _many_pings),
    after("ping while a subscription runs", _ping_beside),
]


# ---------------------------------------------------------------- operations


def _query(name: str, query: str, identifier: str = "1", level: Level = Level.MUST, **payload: Any) -> Check:
    async def run(socket: Socket) -> None:
        await socket.subscribe(identifier, query, **payload)
        result = await socket.result(identifier)
        expect("errors" not in result and result.get("data"), f"{result}")
        await socket.alive()

    return after(name, run, level)


async def _mutation(target: Target) -> None:
    async with initialised(target, subject="mutating") as socket:
        await socket.subscribe("1", "mutation { joinProgramme(input: {}) { __typename } }")
        result = await socket.result("1")
        expect(result.get("data"), f"{result}")


async def _watching(socket: Socket) -> None:
    await socket.subscribe("1", WATCH)
    message = await socket.expect_type("next", "1")
    expect(message["payload"].get("data"), f"{message}")
    await socket.send("complete", id="1")
    await asyncio.sleep(0.2)
    await socket.alive()


async def _reuse_after_complete(socket: Socket) -> None:
    for _ in range(3):
        await socket.subscribe("same", "{ __typename }")
        await socket.result("same")


async def _reuse_after_stopping(socket: Socket) -> None:
    for _ in range(5):
        await socket.subscribe("same", WATCH)
        await socket.expect_type("next", "same")
        await socket.send("complete", id="same")
    await asyncio.sleep(0.2)
    await socket.alive()


async def _reuse_after_error(socket: Socket) -> None:
    await socket.subscribe("same", "{ nope }")
    await socket.error("same")
    await socket.subscribe("same", "{ __typename }")
    await socket.result("same")


async def _duplicate(socket: Socket) -> None:
    for _ in range(2):
        await socket.subscribe("same", WATCH)
    reason = await socket.closed(4409)
    expect("same" in reason, f"the reason names no id: {reason!r}")


async def _duplicate_of_a_long_id(socket: Socket) -> None:
    for _ in range(2):
        await socket.subscribe("x" * 128, WATCH)
    await socket.closed(4409)


async def _side_by_side(socket: Socket) -> None:
    names = [f"op{number}" for number in range(15)]
    for name in names:
        await socket.subscribe(name, "{ programme { key } }")
    seen: dict[str, list[str]] = {name: [] for name in names}
    for _ in range(30):
        message = await socket.receive()
        seen[message["id"]].append(message["type"])
    expect(all(kinds == ["next", "complete"] for kinds in seen.values()), f"{seen}")


async def _subscriptions_side_by_side(socket: Socket) -> None:
    names = {f"w{number}" for number in range(10)}
    for name in names:
        await socket.subscribe(name, WATCH)
    first: set[str] = set()
    while first != names:
        message = await socket.receive()
        expect(message["type"] == "next", f"{message}")
        first.add(message["id"])


async def _complete_unknown(socket: Socket) -> None:
    await socket.send("complete", id="never used")
    await socket.alive()


async def _complete_late(socket: Socket) -> None:
    await socket.subscribe("1", "{ __typename }")
    await socket.result("1")
    await socket.send("complete", id="1")
    await socket.send("complete", id="1")
    await socket.alive()


async def _complete_at_once(socket: Socket) -> None:
    for number in range(10):
        await socket.subscribe(f"c{number}", WATCH)
        await socket.send("complete", id=f"c{number}")
    await asyncio.sleep(0.3)
    await socket.subscribe("last", "{ __typename }")
    while (message := await socket.receive()).get("id") != "last":
        expect(message["type"] in ("next", "complete"), f"{message}")
    expect(message["type"] == "next", f"{message}")


async def _unknown_members(socket: Socket) -> None:
    await socket.send("subscribe", id="1", extra=1, payload={"query": "{ __typename }", "more": [1]})
    await socket.result("1")


_OPERATIONS = [
    _query("a query", "{ __typename }"),
    _query("a query that reads", "{ programme { key } }"),
    _query("variables", "query($k: String!) { leaderboard(key: $k) { key } }", variables={"k": "points"}),
    _query("null members", "{ __typename }", variables=None, operationName=None, extensions=None),
    _query("empty variables and extensions", "{ __typename }", variables={}, extensions={}),
    _query("the named one of two", _TWO, operationName="B"),
    _query("an id of 128 characters", "{ __typename }", "x" * 128),
    _query("an id in Chinese", "{ __typename }", "积分"),
    _query("an id with quotes and a NUL", "{ __typename }", 'a"\\\0b'),
    _query("an id of __proto__", "{ __typename }", "__proto__"),
    Check("a mutation", _mutation),
    after("a subscription, stopped by the client", _watching),
    after("an id again after complete", _reuse_after_complete),
    after("an id again after the client's complete", _reuse_after_stopping),
    after("an id again after an error", _reuse_after_error),
    after("an id in use", _duplicate),
    after("a long id in use", _duplicate_of_a_long_id),
    after("15 queries at once", _side_by_side),
    after("10 subscriptions at once", _subscriptions_side_by_side),
    after("complete of an unknown id", _complete_unknown),
    after("complete after the server's complete", _complete_late),
    after("subscribe and complete at once", _complete_at_once),
    after("unknown members", _unknown_members, Level.SHOULD),
]


# ---------------------------------------------------------------- errors

_REFUSED: dict[str, dict[str, Any]] = {
    "a syntax error": {"query": "subscription {"},
    "a comment alone": {"query": "# nothing"},
    "an unknown field": {"query": "{ nope }"},
    "an unknown subscription": {"query": "subscription { nope }"},
    "an unknown argument of a subscription": {"query": "subscription { myProgress(nope: 1) { __typename } }"},
    "a missing variable": {"query": _KEYED},
    "a variable of the wrong type": {"query": _KEYED, "variables": {"k": {}}},
    "null for a variable that takes none": {"query": _KEYED, "variables": {"k": None}},
    "a missing variable of a subscription": {
        "query": "subscription($k: String!) { leaderboardUpdated(key: $k) { revision } }"
    },
    "an unknown operationName": {"query": _TWO, "operationName": "C"},
    "two operations and no name": {"query": _TWO},
    "fragments only": {"query": "fragment F on Query { __typename }"},
    "a fragment cycle": {"query": "{ ...A } fragment A on Query { ...A }"},
    "an unknown fragment": {"query": "{ ...Nope }"},
    "two fields in a subscription": {
        "query": "subscription { a: myProgress { __typename } b: myProgress { __typename } }"
    },
    "an unknown operationName of a subscription": {"query": WATCH, "operationName": "Nope"},
    "a hash of another text": {
        "query": "{ __typename }",
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}},
    },
    "300 deep": {"query": "{ programme " * 1 + "{ key " * 300 + "}" * 301},
    "2,000 aliases": {"query": "{" + " ".join(f"a{n}: __typename" for n in range(2000)) + "}"},
    "200 operations": {
        "query": " ".join(f"query Q{n} {{ __typename }}" for n in range(200)),
        "operationName": "Q0",
    },
}


def _error(name: str, payload: dict[str, Any]) -> Check:
    # Even the protocol's own reference answers variables that don't fit with `next`.
    level = Level.SHOULD if "variable" in name or "null for" in name else Level.MUST

    async def run(socket: Socket) -> None:
        await socket.subscribe("beside", WATCH)
        await socket.expect_type("next", "beside")
        await socket.send("subscribe", id="1", payload=payload)
        while (message := await socket.receive()).get("id") == "beside":
            pass
        expect(message["type"] == "error", f"{str(message)[:160]} where an error was due")
        errors = message["payload"]
        expect(isinstance(errors, list) and errors, "an `error` whose payload is no list of errors")
        await socket.send("complete", id="beside")
        await asyncio.sleep(0.05)
        await socket.subscribe("2", "{ __typename }")
        while (message := await socket.receive()).get("id") == "beside":
            pass
        expect(message["type"] == "next", f"the socket no longer serves: {message}")

    return after(f"`error` for {name}, and the socket lives", run, level)


async def _syntax_twice(socket: Socket) -> None:
    """A refusal from a cache is still a refusal."""
    for number in range(3):
        await socket.subscribe(str(number), "subscription { oops")
        await socket.error(str(number))


async def _forbidden_field(target: Target) -> None:
    async with initialised(target, Role.OPERATOR, "ops") as socket:
        await socket.subscribe("1", "{ programme { key } activity(source: 7, sourceId: 8) { id } }")
        await socket.error("1")


def _refused_stream(name: str, query: str) -> Check:
    """A subscription that the domain refuses says so: `error`, or `next` with errors, never a bare `complete`."""

    async def run(target: Target) -> None:
        async with initialised(target, Role.OPERATOR, "ops") as socket:
            await socket.subscribe("1", query)
            message = await socket.receive()
            if message["type"] == "next":
                expect(message["payload"].get("errors"), f"no errors: {message}")
                errors = message["payload"]["errors"]
                await socket.expect_type("complete", "1")
            else:
                expect(message["type"] == "error", f"{str(message)[:160]} where an error was due")
                errors = message["payload"]
            codes = {(error.get("extensions") or {}).get("code") for error in errors}
            expect(codes - {None, "INTERNAL"}, f"no typed error: {errors}")
            await socket.alive()

    return Check(name, run)


async def _field_error(target: Target) -> None:
    async with initialised(target, subject="field-errors") as socket:
        await socket.subscribe("1", "{ programme { key } members(first: 101) { totalCount } }")
        message = await socket.receive()
        expect(message["type"] in ("next", "error"), f"{message}")
        if message["type"] == "next":
            expect(message["payload"].get("errors"), f"no errors: {message}")
            await socket.expect_type("complete", "1")
        await socket.alive()


async def _persisted(target: Target) -> None:
    query = "query ByHashOverASocket { __typename }"
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(query.encode()).hexdigest()}}
    async with initialised(target, subject="hashing") as socket:
        await socket.send("subscribe", id="1", payload={"query": query, "extensions": extensions})
        await socket.result("1")
        await socket.send("subscribe", id="2", payload={"query": query, "extensions": extensions})
        await socket.result("2")


_ERRORS = [
    *(_error(name, payload) for name, payload in _REFUSED.items()),
    after("a syntax error three times", _syntax_twice),
    Check("`error` for arguments of the wrong type", _forbidden_field),
    _refused_stream("an unknown board", 'subscription { leaderboardUpdated(key: "nope") { revision } }'),
    _refused_stream("too many places", 'subscription { leaderboardUpdated(key: "points", first: 1000) { revision } }'),
    _refused_stream("progress of no member", "subscription { myProgress { __typename } }"),
    Check("a field error is `next` with errors", _field_error),
    Check("a text with its hash", _persisted, Level.SHOULD),
]  # fmt: skip

CHECKS = (*_PINGS, *_OPERATIONS, *_ERRORS)
