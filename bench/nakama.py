"""Boards over HTTP in the units in which Nakama was measured: a list of 50, the places around a member, durable scores.

Nakama can't be built from package registries: its figures are of an earlier day on such a machine, with its PostgreSQL
on one core and its client on the other. So here the server and both databases share one core, 32 connections ask, and
a write, acknowledged by the majority, goes through a rule and the ledger and updates four boards, Nakama's one.
"""

import os
import random
from dataclasses import dataclass
from typing import Any

import orjson

from bench import boards
from bench.loads import Ask, Rate, best, load
from bench.page import answer
from bench.peers.install import FOLDER
from bench.processes import Cores, Running, children, confine, confined, python, serving
from bench.report import Line
from bench.world import World
from gamification.kit.actors import Actor, Role
from resolvers.relay import encode_id

CONNECTIONS = 32
ROUNDS = 3
ROUND_S = 3.0
_AROUND = """query Around($key: String!, $member: ID!) {
  leaderboard(key: $key) { period { around(memberId: $member, above: 10, below: 10) {
    rank score achievedAt member { id displayName avatarUrl } } } }
}"""
_RECORD = """mutation Record($input: RecordActivitiesInput!) {
  recordActivities(input: $input) { recorded outcomes { status } }
}"""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A figure of another day."""

    per_second: float
    p50_ms: float
    p99_ms: float

    def __str__(self) -> str:
        return (
            f"{self.per_second:,.0f} /s, p50 {self.p50_ms:g} ms, p99 {self.p99_ms:g} ms  Nakama 3.40 on PostgreSQL, "
            "measured earlier, not in this run"
        )


LIST = Earlier(1421, 20.9, 48)
AROUND = Earlier(1311, 22.6, 49)
WRITE = Earlier(2692, 10.8, 25)
"""2026-11-21, built from source at git 73ad9c15d, 20,000 owners, 32 connections, the server and PostgreSQL on one core."""

_Measured = list[tuple[str, Rate, Earlier, str]]


async def measure(world: World) -> list[Line]:
    """Reads first; then writes by one connection each, and by many more."""
    await boards.fill(world)
    cores = Cores.here()
    serve = python("-m", "api.cli", "serve", "--no-demo", "--port", "{port}")
    found: _Measured = []
    databases = children()
    with confined(cores):
        confine([os.getpid()], {cores.server})
        for page_cache, what in ((False, "executed each time"), (True, "as served while nothing changes")):
            environment = boards.environment(world, page_cache=page_cache)
            async with serving(serve, environment, cores.server) as server:
                rate = await _best(server, _list_of_50(), cores, databases)
                found.append((f"list of the first 50, {what}", rate, LIST, "≥ 2"))
                if not page_cache:
                    around = await _best(server, await _around(world), cores, databases)
                    found.append(("21 places around any member", around, AROUND, "≥ 2"))
                    found += await _writes(world, server, cores, databases)
    return [_line(*each) for each in found]


async def _best(server: Running, ask: Ask, cores: Cores, databases: list[int], salt: str = "") -> Rate:
    if orjson.loads(await answer(server, ask)).get("errors"):
        raise RuntimeError("the benchmark's own query has errors")
    await load(server, ask, 1, cores.others, f"{salt}w")
    rounds = range(ROUNDS)
    return best([await load(server, ask, ROUND_S, cores.others, f"{salt}{n}-", databases) for n in rounds])


def _list_of_50() -> Ask:
    body = {"query": (FOLDER / "board.graphql").read_text(), "variables": {"key": "score", "places": 50}}
    return Ask(bodies=[orjson.dumps(body)], headers=boards.headers(), connections=CONNECTIONS)


async def _around(world: World) -> Ask:
    service = Actor(boards.PROGRAMME, "bench", Role.SERVICE)
    draw = random.Random(3)
    bodies = []
    for number in draw.sample(range(boards.MEMBERS), 500):
        member = await world.services.members.by_external_id(service, f"m{number}")
        assert member is not None
        bodies.append(_body(_AROUND, {"key": "score", "member": encode_id("Member", member.id)}))
    return Ask(bodies=bodies, headers=boards.headers(), connections=CONNECTIONS)


async def _writes(world: World, server: Running, cores: Cores, databases: list[int]) -> _Measured:
    found: _Measured = []
    for connections in (CONNECTIONS, 4 * CONNECTIONS):
        ask = _scores(world, connections)
        before = await _recorded(world)
        rate = await _best(server, ask, cores, databases, f"{connections}:")
        if await _recorded(world) - before < rate.requests:
            raise RuntimeError("writes were acknowledged and are not there")
        found.append((f"durable write of one score, {connections} at once", rate, WRITE, "≥ 1"))
    return found


def _scores(world: World, connections: int) -> Ask:
    draw = random.Random(connections)
    when = world.services.now().isoformat()
    bodies = [
        _body(
            _RECORD,
            {
                "input": {
                    "activities": [
                        {
                            "type": "answer.upvoted",
                            "source": "bench-http",
                            "sourceId": "@N@",
                            "memberExternalId": f"m{draw.randrange(boards.MEMBERS)}",
                            "occurredAt": when,
                        }
                    ]
                }
            },
        )
        for _ in range(2_000)
    ]
    return Ask(bodies=bodies, headers=boards.headers(Role.SERVICE), connections=connections)


async def _recorded(world: World) -> int:
    return int(await world.mongo.collection("activities").count_documents({"source": "bench-http"}))


def _body(query: str, variables: dict[str, Any]) -> bytes:
    return orjson.dumps({"query": query, "variables": variables})


def _line(what: str, ours: Rate, theirs: Earlier, aim: str) -> Line:
    # All on one core, so that a request's whole processor time says how many there can be.
    possible = 1e6 / (ours.cpu_us + ours.beside_us)
    return Line(
        what,
        str(ours),
        str(theirs),
        ours.per_second / theirs.per_second,
        aim,
        possible / theirs.per_second,
    )
