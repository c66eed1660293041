"""A million members on one board: page, rank and around-me beside the bare Redis commands they need; bytes a member."""

import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from bench.report import Line
from bench.world import World
from gamification.kit.identifiers import new_id
from gamification.leaderboards.model import BoardPeriod, Record, Score, record_id
from gamification.leaderboards.service import Around
from gamification.programmes.definitions import Leaderboard

MEMBERS = 1_000_000
CHUNK = 5_000
LOOKUPS = 1_500
_REPEATS = 5


async def measure(world: World) -> list[Line]:
    """Fill the ranking through the same script as live changes, then look things up."""
    board = Leaderboard(key="million")
    period = BoardPeriod("bench", "million", "all", None, None)
    rankings = world.services.rankings
    draw = random.Random(11)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    members: list[bytes] = []
    token = await rankings.begin(period)
    for first in range(0, MEMBERS, CHUNK):
        chunk = [new_id() for _ in range(CHUNK)]
        members += chunk[:20]
        await rankings.apply(
            board,
            period,
            [
                Record(
                    record_id("bench", "million", "all", member),
                    "bench",
                    "million",
                    "all",
                    member,
                    Score(
                        draw.randrange(10_000_000), 0, start + timedelta(milliseconds=draw.randrange(10**10))
                    ),
                    first + number + 1,
                )
                for number, member in enumerate(chunk)
            ],
        )
    await rankings.finish(period, token)
    tag = "sg:{bench:million:all}"
    client: Any = world.redis.client
    ties = [(await client.hget(f"{tag}:v", member)).split(b"|", 1)[1] for member in members]
    boards = world.services.leaderboards

    def anyone() -> int:
        return draw.randrange(len(members))

    async def bare_page() -> None:
        await client.zrevrange(f"{tag}:z", 500_000, 500_049, withscores=True)

    async def bare_rank() -> None:
        await client.zrank(f"{tag}:z", ties[anyone()])

    async def bare_around() -> None:
        place = await client.zrank(f"{tag}:z", ties[anyone()])
        await client.zrange(f"{tag}:z", max(0, place - 5), place + 5, withscores=True)

    async def page() -> None:
        await boards.page(board, period, 500_000, 50)

    async def rank() -> None:
        await boards.page(board, period, 0, 0, members[anyone()])

    async def around() -> None:
        await boards.page(board, period, 0, 0, members[anyone()], Around(5, 5))

    lines = [
        await _line("1M members: page of 50 from place 500,000", page, bare_page, "ZREVRANGE WITHSCORES"),
        await _line("1M members: a member's rank", rank, bare_rank, "ZRANK"),
        await _line(
            "1M members: 5 above and below a member", around, bare_around, "ZRANK, then ZRANGE WITHSCORES"
        ),
    ]
    zset = await client.memory_usage(f"{tag}:z", samples=2000)
    versions = await client.memory_usage(f"{tag}:v", samples=2000)
    bare = await _bare_bytes(client)
    total = (zset + versions) / MEMBERS
    lines.append(
        Line(
            "1M members: bytes a member",
            f"{total:.0f} B (sorted set {zset / MEMBERS:.0f}, version hash {versions / MEMBERS:.0f})",
            f"{bare:.0f} B  sorted set of bare 12-byte ids",
            total / bare,
            "stated",
        )
    )
    return lines


async def _bare_bytes(client: Any) -> float:
    """Bytes a member of a sorted set that knows ids and scores only, at 100,000 members."""
    count = 100_000
    pipeline = client.pipeline(transaction=False)
    for number in range(count):
        pipeline.zadd("bench:bare", {number.to_bytes(12, "big"): number * 37 % 10_000_019})
    await pipeline.execute()
    used = await client.memory_usage("bench:bare", samples=2000)
    return float(used) / count


async def _line(
    name: str, ours: Callable[[], Awaitable[None]], bare: Callable[[], Awaitable[None]], commands: str
) -> Line:
    """Both in turn, several times over; the median of each."""
    mine, floor = [], []
    for _ in range(_REPEATS):
        floor.append(await _each_us(bare))
        mine.append(await _each_us(ours))
    value, least = median(mine), median(floor)
    return Line(name, f"{value:.0f} µs", f"{least:.0f} µs  {commands}, redis-py", value / least, "≤ 3")


async def _each_us(act: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    for _ in range(LOOKUPS // _REPEATS):
        await act()
    return (time.perf_counter() - began) / (LOOKUPS // _REPEATS) * 1e6
