"""How much a caller may take: token buckets and counts within a minute, in Redis for all processes together.

Two mechanics, for two uses:
- A **bucket** is drawn from ahead, in portions, by a script of ours. The library has no strategy that gives part of
  what is asked, or answers for two limits in one round trip.
- A **window** counts each attempt, exactly: never more than so many in any minute. The library's moving window.

While Redis is away each process goes by buckets of its own, of the same figures, for a bounded number of callers.
Redis is asked again after a second, by one caller at a time.
"""

import asyncio
import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from prometheus_client import Counter, Gauge

from storage.redis import RedisStore, RedisUnavailable

log = structlog.get_logger()

AWAY = Gauge("starguild_rates_away", "1 while rates are kept by this process alone, as Redis is away.")
LOCAL = Counter("starguild_rates_local", "Decisions on rates that were taken without Redis.")

CALLERS_MAX = 10_000
"""Whom a process remembers without Redis; beyond, it forgets who came longest ago."""
_TIMEOUT_S = 0.5
_RETRY_S = 1.0
_MINUTE_S = 60.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bucket:
    """Holds `burst` at most and fills up by `per_second`; a caller who is new finds it full."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Draw:
    """What is taken of the bucket `name`: `need`, and up to `portion` where there is as much."""

    name: str
    bucket: Bucket
    need: int
    portion: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """What each draw gave, in order; or nothing at all, as the one at `short` holds too little for so many seconds."""

    granted: tuple[int, ...] = ()
    short: int | None = None
    retry_after_s: float = 0.0


# KEYS: one for each draw. ARGV: for each draw its rate a millisecond, burst, need and portion.
# Gives {index of the one that is short, or 0; milliseconds until it is not; then what each gave}.
_DRAW = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local levels, given, short, wait = {}, {}, 0, 0
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[i * 4 - 3]), tonumber(ARGV[i * 4 - 2])
  local need, portion = tonumber(ARGV[i * 4 - 1]), tonumber(ARGV[i * 4])
  local held = redis.call('HMGET', key, 'level', 'at')
  local level = burst
  if held[1] then
    level = math.min(burst, tonumber(held[1]) + math.max(0, now - tonumber(held[2])) * rate)
  end
  if level < need and (need - level) / rate > wait then
    short, wait = i, (need - level) / rate
  end
  given[i] = math.max(need, math.min(portion, math.floor(level)))
  levels[i] = level - given[i]
end
if short > 0 then
  return {short, math.ceil(wait)}
end
for i, key in ipairs(KEYS) do
  local rate, burst = tonumber(ARGV[i * 4 - 3]), tonumber(ARGV[i * 4 - 2])
  redis.call('HSET', key, 'level', string.format('%.6f', levels[i]), 'at', now)
  redis.call('PEXPIRE', key, math.ceil((burst - levels[i]) / rate) + 1000)
end
return {0, 0, unpack(given)}
"""


class LocalBuckets:
    """The same in this process alone, for callers without number but remembered to a bound."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, callers_max: int = CALLERS_MAX) -> None:
        self._clock = clock
        self._callers_max = callers_max
        self._levels: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def draw(self, caller: str, draws: Sequence[Draw]) -> Drawn:
        """All of what the draws need, or nothing."""
        now = self._clock()
        levels = [self._level(caller, draw, now) for draw in draws]
        waits = [
            (draw.need - level) / draw.bucket.per_second for draw, level in zip(draws, levels, strict=True)
        ]
        longest = max(waits, default=0.0)
        if longest > 0:
            return Drawn(short=waits.index(longest), retry_after_s=longest)
        granted = []
        for draw, level in zip(draws, levels, strict=True):
            given = max(draw.need, min(draw.portion, math.floor(level)))
            granted.append(given)
            self._levels[caller, draw.name] = (level - given, now)
            self._levels.move_to_end((caller, draw.name))
        while len(self._levels) > self._callers_max:
            self._levels.popitem(last=False)
        return Drawn(tuple(granted))

    def _level(self, caller: str, draw: Draw, now: float) -> float:
        level, at = self._levels.get((caller, draw.name), (float(draw.bucket.burst), now))
        return min(draw.bucket.burst, level + (now - at) * draw.bucket.per_second)


class Rates:
    """Buckets and windows of all processes. Whoever asks gets an answer within half a second, with Redis or without."""

    def __init__(
        self,
        redis: RedisStore,
        *,
        timeout_s: float = _TIMEOUT_S,
        retry_s: float = _RETRY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._script = redis.script(_DRAW)
        # The library asks for an address, but goes by the pool.
        pooled = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix="sg:window",
            connection_pool=redis.client.connection_pool,  # type: ignore[arg-type]
        )
        self._windows = MovingWindowRateLimiter(pooled)
        self._local = LocalBuckets(clock)
        self._full: OrderedDict[str, float] = OrderedDict()
        self._timeout_s, self._retry_s, self._clock = timeout_s, retry_s, clock
        self._away = False
        self._ask_again_at = 0.0

    @property
    def is_away(self) -> bool:
        """Whether this process goes by itself at present."""
        return self._away

    async def draw(self, caller: str, draws: Sequence[Draw]) -> Drawn:
        """All of what the draws need, or nothing: one round trip."""

        async def ask() -> Drawn:
            keys = [f"sg:rate:{{{_digest(caller)}}}:{draw.name}" for draw in draws]
            figures = (
                (draw.bucket.per_second / 1000, draw.bucket.burst, draw.need, draw.portion) for draw in draws
            )
            short, wait_ms, *given = await self._script(keys, [figure for four in figures for figure in four])
            return Drawn(short=short - 1, retry_after_s=wait_ms / 1000) if short else Drawn(tuple(given))

        return await self._decide(ask, lambda: self._local.draw(caller, draws))

    async def attempt(self, name: str, caller: str, most: int, times: int = 1) -> float:
        """Count so many attempts, of which any minute takes `most`: 0 where they are taken, else the seconds after
        which the next one may be. One round trip; a second where they are not taken, and none while that is known."""
        key, now = f"{name}:{caller}", self._clock()
        if (until := self._full.get(key, 0.0)) > now:
            return until - now
        digest = _digest(caller)

        async def ask() -> float:
            item = RateLimitItemPerMinute(most)
            if await self._windows.hit(item, name, digest, cost=times):
                return 0.0
            if times > most:
                return _MINUTE_S
            reset_at = (await self._windows.get_window_stats(item, name, digest)).reset_time
            return min(max(reset_at - time.time(), 0.001), _MINUTE_S)

        def alone() -> float:
            return self._local.draw(key, [Draw(name, Bucket(most / _MINUTE_S, most), times, 0)]).retry_after_s

        wait_s = await self._decide(ask, alone)
        if wait_s and times == 1:
            self._full[key] = now + wait_s
            self._full.move_to_end(key)
            if len(self._full) > CALLERS_MAX:
                self._full.popitem(last=False)
        return wait_s

    async def _decide(self, ask: Callable[[], Awaitable[T]], alone: Callable[[], T]) -> T:
        now = self._clock()
        if self._away:
            if now < self._ask_again_at:
                LOCAL.inc()
                return alone()
            self._ask_again_at = now + self._retry_s
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await ask()
        except RedisUnavailable as error:
            if not self._away:
                log.warning("rates.redis_away", error=str(error) or type(error).__name__)
            self._away, self._ask_again_at = True, self._clock() + self._retry_s
            AWAY.set(1)
            LOCAL.inc()
            return alone()
        if self._away:
            log.info("rates.redis_back")
            self._away = False
            AWAY.set(0)
        return answer


def _digest(caller: str) -> str:
    """A caller's name in Redis: short, and no person's."""
    return hashlib.blake2b(caller.encode(errors="surrogatepass"), digest_size=16).hexdigest()
