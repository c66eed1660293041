"""A board's sorted set in Redis: written by one script that refuses older versions, read in one round trip.

Keys of one period share a slot: `sg:{programme:board:period}:z` the sorted set (member: the tie, score: the
key, see `ordering`), `:v` a hash from member id to "version|tie" ("version|" when not shown), `:m` a hash with
`revision` and, once everything was written from MongoDB, `ready`. Without `ready` a read says so, and the
caller asks MongoDB instead.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from gamification.leaderboards.model import BoardPeriod, Record
from gamification.leaderboards.ordering import equal_bytes, sort_key, tie_of
from gamification.programmes.definitions import Leaderboard, Ties
from storage.redis import RedisStore

_APPLY = """
local applied = 0
for i = 1, #ARGV, 4 do
  local id, version, key, tie = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local old = redis.call('HGET', KEYS[2], id)
  local bar = old and string.find(old, '|', 1, true)
  if not old or tonumber(string.sub(old, 1, bar - 1)) < tonumber(version) then
    local before = old and string.sub(old, bar + 1) or ''
    if before ~= '' and before ~= tie then redis.call('ZREM', KEYS[1], before) end
    if tie ~= '' then redis.call('ZADD', KEYS[1], key, tie) end
    redis.call('HSET', KEYS[2], id, version .. '|' .. tie)
    applied = applied + 1
  end
end
local revision = tonumber(redis.call('HGET', KEYS[3], 'revision') or '0')
if applied > 0 then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  revision = math.max(revision + 1, now)
  redis.call('HSET', KEYS[3], 'revision', string.format('%.0f', revision))
end
return {applied, string.format('%.0f', revision)}
"""

_FINISH = """
if redis.call('HGET', KEYS[1], 'building') ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local revision = math.max(tonumber(redis.call('HGET', KEYS[1], 'revision') or '0') + 1, now)
redis.call('HSET', KEYS[1], 'ready', '1', 'revision', string.format('%.0f', revision))
return revision
"""

_READ = """
local meta = redis.call('HMGET', KEYS[3], 'ready', 'revision')
if not meta[1] then return false end
local shared, prefix = ARGV[1] == '1', tonumber(ARGV[2])

local function rank_at(place, tie, key)
  if not shared then return place + 1 end
  local better = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. key)
  if prefix > 0 then
    local low, high, mine = better, place, string.sub(tie, 1, prefix)
    while low < high do
      local middle = math.floor((low + high) / 2)
      local there = redis.call('ZRANGE', KEYS[1], middle, middle)[1]
      if string.sub(there, 1, prefix) == mine then high = middle else low = middle + 1 end
    end
    return low + 1
  end
  return better + 1
end

local function rows(from, to)
  if to < from then return {0, 0, {}} end
  local found = redis.call('ZRANGE', KEYS[1], from, to, 'WITHSCORES')
  local rank = #found > 0 and rank_at(from, found[1], found[2]) or 0
  return {from, rank, found}
end

local size = redis.call('ZCARD', KEYS[1])
local page = rows(tonumber(ARGV[3]), tonumber(ARGV[4]))
local own, around = {0, 0, {}}, {0, 0, {}}
if ARGV[5] ~= '' then
  local entry = redis.call('HGET', KEYS[2], ARGV[5])
  local tie = entry and string.sub(entry, string.find(entry, '|', 1, true) + 1) or ''
  if tie ~= '' then
    local place = redis.call('ZRANK', KEYS[1], tie)
    own = rows(place, place)
    local above, below = tonumber(ARGV[6]), tonumber(ARGV[7])
    if above >= 0 then around = rows(math.max(0, place - above), math.min(size - 1, place + below)) end
  end
end
return {size, meta[2] or '0', page, own, around}
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the sorted set: zero-based place, rank, sort key and tie."""

    place: int
    rank: int
    key: int
    tie: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What one read gives; see `BoardPage`."""

    size: int
    revision: int
    page: list[Place]
    own: Place | None
    around: list[Place]


class Rankings:
    """The sorted sets of all boards."""

    def __init__(self, redis: RedisStore) -> None:
        self._redis = redis
        self._apply = redis.script(_APPLY)
        self._read = redis.script(_READ)
        self._finish = redis.script(_FINISH)

    async def apply(self, board: Leaderboard, period: BoardPeriod, records: Sequence[Record]) -> int:
        """Set absolute scores; older versions than stored are refused. The period's revision afterwards."""
        arguments: list[bytes | str | int] = []
        for record in records:
            standing = record.standing if record.listed else None
            key = sort_key(board, standing.score) if standing else 0
            tie = tie_of(board, standing, record.member_id) if standing else b""
            arguments += [record.member_id, record.version, key, tie]
        _, revision = await self._apply(keys=_keys(period), args=arguments)
        return int(revision)

    async def read(
        self,
        board: Leaderboard,
        period: BoardPeriod,
        offset: int,
        limit: int,
        member_id: bytes | None = None,
        around: tuple[int, int] | None = None,
    ) -> Reading | None:
        """A page, a member's place and the window around it at one instant; None when not ready."""
        above, below = around if around is not None else (-1, -1)
        answer = await self._read(
            keys=_keys(period),
            args=[
                "1" if board.ties is Ties.SHARED else "0",
                equal_bytes(board),
                offset,
                offset + limit - 1,
                member_id or b"",
                above,
                below,
            ],
        )
        if not answer:
            return None
        size, revision, page, own, window = answer
        places = _places(board, own)
        return Reading(
            size, int(revision), _places(board, page), places[0] if places else None, _places(board, window)
        )

    async def is_ready(self, period: BoardPeriod) -> bool:
        """Whether everything was written from MongoDB."""
        return bool(await self._redis.client.hexists(_keys(period)[2], "ready"))

    async def begin(self, period: BoardPeriod) -> str:
        """Start writing everything; the token to finish with."""
        token = os.urandom(8).hex()
        await self._redis.client.hset(_keys(period)[2], "building", token)
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


def _places(board: Leaderboard, rows: list[int | list[bytes]]) -> list[Place]:
    start, first_rank, flat = rows
    places: list[Place] = []
    shared, prefix = board.ties is Ties.SHARED, equal_bytes(board)
    assert isinstance(start, int) and isinstance(first_rank, int) and isinstance(flat, list)  # noqa: S101, PT018
    for index in range(0, len(flat), 2):
        tie, key = flat[index], int(float(flat[index + 1]))
        place = start + index // 2
        rank = first_rank + index // 2
        if shared and places:
            last = places[-1]
            same = last.key == key and last.tie[:prefix] == tie[:prefix]
            rank = last.rank if same else place + 1
        places.append(Place(place, rank, key, tie))
    return places


def _keys(period: BoardPeriod) -> list[str]:
    tag = f"sg:{{{period.programme_id}:{period.board}:{period.key}}}"
    return [f"{tag}:z", f"{tag}:v", f"{tag}:m"]
