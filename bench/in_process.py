"""The page in one process, without HTTP: `python -m bench.in_process PAGE.json CORE`, which prints µs of processor time.

Three ways from the same objects to the same bytes: ours as an endpoint uses it, Strawberry's executor with its two
caches, and by hand: a dictionary written out for this very page, then orjson.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache

from api.graphql.answers import encode
from api.graphql.requests import parse_body
from api.runtime import tune_garbage_collection
from bench.memory_schema import Leaderboard, LeaderboardEntry, Member, Transfer, board_of, me_of, schema_of
from gamification.kit.actors import Actor, Role
from resolvers.operations import Operations
from resolvers.policy import Policy
from resolvers.scalars import format_instant

_ROUNDS = 9
_ROUND_S = 0.15
_DOCUMENT = Path(__file__).parent / "peers" / "page.graphql"

Way = Callable[[], Awaitable[bytes]]


def by_hand(board: Leaderboard, viewer: Member) -> bytes:
    """The floor."""
    period, transfers = board.current, viewer.transfers
    assert transfers is not None
    entries = {
        "edges": [{"node": _entry(edge.node)} for edge in period.page.edges],
        "pageInfo": {"hasNextPage": period.page.page_info.has_next_page},
    }
    return orjson.dumps(
        {
            "data": {
                "leaderboard": {
                    "name": board.name,
                    "period": {"key": period.key, "revision": period.revision, "entries": entries},
                },
                "me": {
                    "id": viewer.id,
                    "displayName": viewer.display_name,
                    "ledger": {"nodes": [_transfer(transfer) for transfer in transfers.nodes]},
                },
            }
        }
    )


def _entry(entry: LeaderboardEntry) -> dict[str, Any]:
    member = entry.member
    return {
        "rank": entry.rank,
        "score": entry.score,
        "achievedAt": format_instant(entry.achieved_at),
        "member": {"id": member.id, "displayName": member.display_name, "avatarUrl": member.avatar_url},
    }


def _transfer(transfer: Transfer) -> dict[str, Any]:
    unit, activity, rule = transfer.unit, transfer.cause.activity, transfer.cause.rule
    return {
        "id": transfer.id,
        "amount": transfer.amount,
        "balanceAfter": transfer.balance_after,
        "kind": transfer.kind.name,
        "occurredAt": format_instant(transfer.occurred_at),
        "unit": {"id": unit.id, "key": unit.key, "name": unit.name},
        "cause": {
            "activity": {"id": activity.id, "type": activity.type, "subject": activity.subject}
            if activity
            else None,
            "rule": {"key": rule.key, "version": rule.version} if rule else None,
            "reason": transfer.cause.reason,
        },
    }


async def _measure(data: dict[str, Any]) -> dict[str, float]:
    query, variables = _DOCUMENT.read_text(), {"key": "score", "places": 50}
    body = orjson.dumps({"query": query, "variables": variables})
    operations = Operations(schema_of(data), Policy())
    caches: list[SchemaExtension] = [ParserCache(), ValidationCache()]
    stock = schema_of(data, [lambda: caches[0], lambda: caches[1]])
    actor = Actor("bench", "m0", Role.MEMBER)
    board, viewer = board_of(data), me_of(data)
    context: Any = object()

    async def hand() -> bytes:
        return by_hand(board, viewer)

    async def ours() -> bytes:
        request = parse_body(body)
        ready = operations.prepare(request, actor)
        return encode(await operations.run(ready, request, context), ready.cost)

    async def strawberrys() -> bytes:
        result = await stock.execute(query, variable_values=variables)
        return orjson.dumps({"data": result.data})

    for way in (hand, ours, strawberrys):
        if orjson.loads(await way())["data"] != data:
            raise RuntimeError(f"{way.__name__} gives another answer")
    return await _interleaved({"hand": hand, "ours": ours, "strawberry": strawberrys})


async def _interleaved(ways: dict[str, Way]) -> dict[str, float]:
    """The least processor time of each, in µs, over rounds in turn."""
    least: dict[str, float] = {}
    for _ in range(_ROUNDS):
        for name, way in ways.items():
            count, began = 0, time.process_time()
            while (took := time.process_time() - began) < _ROUND_S:
                for _ in range(10):
                    await way()
                count += 10
            least[name] = min(least.get(name, 1e9), took / count * 1e6)
    return least


def main() -> None:
    """Measure, print."""
    os.sched_setaffinity(0, {int(sys.argv[2])})
    tune_garbage_collection()
    data = orjson.loads(Path(sys.argv[1]).read_bytes())["data"]
    print(json.dumps(asyncio.run(_measure(data))))


if __name__ == "__main__":
    main()
