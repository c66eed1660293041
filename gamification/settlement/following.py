"""Those who follow what was settled: each goes through its part of the backlog, in whichever process has a worker."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog
from prometheus_client import Gauge

from storage.backlog import Backlog, Chore
from storage.mongo import MongoUnavailable, TookTooLong
from storage.redis import RedisUnavailable

AGE = Gauge(
    "starguild_backlog_age_seconds",
    "Age of the oldest transaction that is still to be followed.",
    ["consumer"],
)

log = structlog.get_logger()
AT_ONCE = 200
Handle = Callable[[Sequence[Chore]], Awaitable[None]]
"""Does what these ask for; again is the same as once."""


class Following:
    """One consumer's way through the backlog."""

    def __init__(self, backlog: Backlog, consumer: str, handle: Handle, now: Callable[[], datetime]) -> None:
        self._backlog = backlog
        self.consumer = consumer
        self._handle = handle
        self._now = now

    async def run_due(self, programme_id: str | None = None) -> int:
        """Do all that is due, of one programme or of all; how many transactions were followed."""
        done = 0
        while chores := await self._backlog.due(self.consumer, self._now(), AT_ONCE, programme_id):
            done += await self._do(chores)
        if programme_id is None:
            age = await self._backlog.lag(self.consumer, self._now())
            AGE.labels(self.consumer).set(age.total_seconds())
        return done

    async def _do(self, chores: Sequence[Chore]) -> int:
        try:
            await self._handle(chores)
        except (MongoUnavailable, TookTooLong, *RedisUnavailable):
            raise  # not the chores' fault: all of them wait for the server to come back
        except Exception as error:
            if len(chores) > 1:  # one that can't be done must not keep its neighbours waiting
                return sum([await self._do([chore]) for chore in chores])
            log.warning(
                "backlog.failed", consumer=self.consumer, attempts=chores[0].attempts + 1, exc_info=error
            )
            await self._backlog.postpone(self.consumer, chores, self._now())
            return 0
        await self._backlog.done(self.consumer, chores)
        return len(chores)
