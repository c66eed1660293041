"""Redis commands of 32 callers at once: over the shared connection, beside redis-py's pool."""

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.report import Line
from bench.world import World
from gamification.kit.identifiers import new_id
from gamification.leaderboards.model import BoardPeriod, Record, Score, record_id
from gamification.leaderboards.service import Around
from gamification.programmes.definitions import Leaderboard

MEMBERS = 100_000
CHUNK = 5_000
CALLERS = 32
LOOKUPS = 4_000
_REPEATS = 5

Ask = Callable[[], Awaitable[Any]]


async def measure(world: World) -> list[Line]:
    """Fill a ranking, then look up ranks, pages and windows, a caller each waiting for its own before the next."""
    board = Leaderboard(key="ranks")
    period = BoardPeriod("bench", "ranks", "all", None, None)
    members = await _fill(world, board, period)
    key = "sg:{bench:ranks:all}"
    versions = await world.redis.execute_all([("HGET", f"{key}:v", member) for member in members])
    ties = [version.split(b"|", 1)[1] for version in versions]
    pool: Any = world.redis.client
    boards, execute = world.services.leaderboards, world.redis.execute
    draw = random.Random(7)

    def anyone() -> int:
        return draw.randrange(len(members))

    async def pooled_page_and_rank() -> None:
        async with pool.pipeline(transaction=False) as pipeline:
            pipeline.zrange(f"{key}:z", 0, 49, withscores=True)
            pipeline.zcard(f"{key}:z")
            pipeline.zrank(f"{key}:z", ties[anyone()])
            await pipeline.execute()

    async def pooled_around() -> None:
        place = await pool.zrank(f"{key}:z", ties[anyone()])
        await pool.zrange(f"{key}:z", max(0, place - 5), place + 5, withscores=True)

    return [
        await _line(
            "rank look-ups (ZRANK)",
            lambda: execute("ZRANK", f"{key}:z", ties[anyone()], repeatable=True),
            lambda: pool.zrank(f"{key}:z", ties[anyone()]),
            "redis-py's pool",
            "≥ 6",
        ),
        await _line(
            "a member's rank on a board, as the service gives it",
            lambda: boards.page(board, period, 0, 0, members[anyone()]),
            lambda: pool.zrank(f"{key}:z", ties[anyone()]),
            "redis-py's pool, bare ZRANK",
            "stated",
        ),
        await _line(
            "page of 50, size and a member's rank, as the service gives them",
            lambda: boards.page(board, period, 0, 50, members[anyone()]),
            pooled_page_and_rank,
            "redis-py's pool, pipeline of ZRANGE, ZCARD, ZRANK",
            "stated",
        ),
        await _line(
            "5 above and below a member, as the service gives them",
            lambda: boards.page(board, period, 0, 0, members[anyone()], Around(5, 5)),
            pooled_around,
            "redis-py's pool, ZRANK, then ZRANGE",
            "stated",
        ),
    ]


async def _fill(world: World, board: Leaderboard, period: BoardPeriod) -> list[bytes]:
    """A ready ranking of MEMBERS; some of their ids."""
    rankings, draw = world.services.rankings, random.Random(11)
    start, members = datetime(2026, 1, 1, tzinfo=UTC), []
    token = await rankings.begin(period)
    for _ in range(MEMBERS // CHUNK):
        records = [
            Record(
                record_id("bench", board.key, period.key, member),
                "bench",
                board.key,
                period.key,
                member,
                Score(draw.randrange(10_000_000), 0, start + timedelta(milliseconds=draw.randrange(10**10))),
                1,
            )
            for member in (new_id() for _ in range(CHUNK))
        ]
        members += [record.member_id for record in records[:200]]
        await rankings.apply(board, period, records)
    await rankings.finish(period, token)
    return members


async def _line(name: str, ours: Ask, pooled: Ask, of_what: str, aim: str) -> Line:
    """Both in turn, several times over; the median of the rates and of our own CPU time, the worst of the p99s."""
    mine, theirs = [], []
    for _ in range(_REPEATS):
        theirs.append(await _load(pooled))
        mine.append(await _load(ours))
    rate, floor = (statistics.median(each[0] for each in found) for found in (mine, theirs))
    late, floor_late = (max(each[1] for each in found) for found in (mine, theirs))
    cpu, floor_cpu = (statistics.median(each[2] for each in found) for found in (mine, theirs))
    return Line(
        f"{name}, {CALLERS} at once",
        f"{rate:,.0f} /s, p99 {late:.1f} ms, CPU {cpu:.0f} µs each",
        f"{floor:,.0f} /s, p99 {floor_late:.1f} ms, CPU {floor_cpu:.0f} µs each  {of_what}",
        rate / floor,
        aim,
    )


async def _load(ask: Ask) -> tuple[float, float, float]:
    """(a second, p99 ms, CPU µs of this process each) of CALLERS who each ask again once they were answered."""
    times: list[float] = []

    async def caller() -> None:
        for _ in range(LOOKUPS // CALLERS):
            began = time.perf_counter()
            await ask()
            times.append(time.perf_counter() - began)

    began, began_cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    elapsed, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    p99 = statistics.quantiles(times, n=100)[98]
    return len(times) / elapsed, p99 * 1000, cpu / len(times) * 1e6
