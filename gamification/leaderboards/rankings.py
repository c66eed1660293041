"""A board's sorted set in Redis: written by one script that refuses older versions, read in one round trip.

Keys of one period, and of its groups, share a slot: `sg:{programme:board:period}:z` the sorted set (member: the tie, score: the
key, see `ordering`), `:v` a hash from member id to "version|tie" ("version|" when not shown), `:m` a hash with
`revision` and, once everything was written from MongoDB, `ready`. Without `ready` a read says so, and the
caller asks MongoDB instead.
"""

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gamification.leaderboards.model import BoardPeriod, Record
from gamification.leaderboards.ordering import sort_key, tie_of
from gamification.leaderboards.readings import Reading, Want, calls
from gamification.leaderboards.scripts import APPLY, FINISH, READ
from gamification.programmes.definitions import Leaderboard
from storage.batching import Batcher
from storage.redis import RedisStore


@dataclass(frozen=True, slots=True)
class _Ranking:
    """A period and how its board ranks: definitions that differ in nothing else read the same."""

    identity: tuple[object, ...]
    board: Leaderboard = field(compare=False)
    period: BoardPeriod = field(compare=False)


class Rankings:
    """The sorted sets of all boards. Whatever is sent may be sent twice: reads, and writes that name a version or a
    token and change nothing the second time."""

    def __init__(self, redis: RedisStore) -> None:
        self._redis = redis
        self._apply = redis.script(APPLY, repeatable=True)
        self._read = redis.script(READ, repeatable=True)
        self._reads: Batcher[_Ranking, Want, dict[Want, Reading] | None] = Batcher(self._read_all)
        self._finish = redis.script(FINISH, repeatable=True)

    async def apply(self, board: Leaderboard, period: BoardPeriod, records: Sequence[Record]) -> int:
        """Set absolute scores; older versions than stored are refused. The period's revision afterwards."""
        arguments: list[bytes | str | int] = []
        for record in records:
            standing = record.ranked if record.listed else None
            key = sort_key(board, standing.score) if standing else 0
            tie = tie_of(board, standing, record.shown_id) if standing else b""
            arguments += [record.member_id, record.version, key, tie]
        _, revision = await self._apply(keys=_keys(period), args=arguments)
        return int(revision)

    async def read(
        self, board: Leaderboard, period: BoardPeriod, wants: Iterable[Want]
    ) -> Mapping[Want, Reading] | None:
        """Pages, members' places and the windows around them; None when not ready.

        What is asked of a period in one turn of the loop, by whomever, is read together. Each want is answered as of
        one instant; so are all of them, unless they are too much for one call.
        """
        return await self._reads.ask(
            _Ranking((period.id, board.ties, board.order, board.subscore), board, period), wants
        )

    async def _read_all(self, ranking: "_Ranking", wants: Iterable[Want]) -> dict[Want, Reading] | None:
        asked = list(calls(wants))
        keys = _keys(ranking.period)
        sent = [self._read(keys, call.arguments(ranking.board)) for call in asked]
        answers = await asyncio.gather(*sent) if len(sent) != 1 else [await sent[0]]
        found: dict[Want, Reading] = {}
        for call, answer in zip(asked, answers, strict=True):
            if not answer:
                return None
            found |= call.readings(ranking.board, answer)
        return found

    async def is_ready(self, period: BoardPeriod) -> bool:
        """Whether everything was written from MongoDB."""
        return bool(await self._redis.execute("HEXISTS", _keys(period)[2], "ready", repeatable=True))

    async def missing(self, periods: Sequence[BoardPeriod]) -> list[BoardPeriod]:
        """Those of the periods that are not ready, asked in one round trip."""
        questions = [("HEXISTS", _keys(period)[2], "ready") for period in periods]
        ready = await self._redis.execute_all(questions, repeatable=True)
        return [period for period, is_ready in zip(periods, ready, strict=True) if not is_ready]

    async def begin(self, period: BoardPeriod) -> str:
        """Start writing everything; the token to finish with."""
        token = os.urandom(8).hex()
        await self._redis.execute("HSET", _keys(period)[2], "building", token, repeatable=True)
        return token

    async def finish(self, period: BoardPeriod, token: str) -> bool:
        """Call the period ready, unless Redis lost it, or another began, since `begin`. The revision moves on, so
        that it never falls behind one that was shown from MongoDB meanwhile."""
        return bool(await self._finish(keys=[_keys(period)[2]], args=[token]))

    async def forget(self, period: BoardPeriod) -> None:
        """Drop a period's sorted set; the revision stays, so that it never goes back."""
        zset, versions, meta = _keys(period)
        pipeline = self._redis.client.pipeline(transaction=True)
        pipeline.hdel(meta, "ready")
        pipeline.unlink(zset, versions)
        await pipeline.execute()

    async def all_of(self, board: Leaderboard, period: BoardPeriod) -> dict[bytes, tuple[int, bytes]] | None:
        """Every member's (key, tie), for verification; None when not ready."""
        if not await self.is_ready(period):
            return None
        found: dict[bytes, tuple[int, bytes]] = {}
        async for tie, key in self._redis.client.zscan_iter(_keys(period)[0], count=2000):
            found[tie[-12:]] = (int(key), tie)
        return found


def _keys(period: BoardPeriod) -> list[str]:
    tag = f"sg:{{{period.programme_id}:{period.board}:{period.key}}}"
    if period.teams:
        tag = f"{tag}:t"
    elif period.group is not None:
        tag = f"{tag}:g:{period.group}"
    return [f"{tag}:z", f"{tag}:v", f"{tag}:m"]
