"""After the commit: rankings and live listeners learn what was settled.

The committing process delivers at once; `sweep` finds what a crash or an absent Redis left behind.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from gamification.leaderboards.model import Record
from gamification.leaderboards.projection import Projection
from gamification.members import feed
from gamification.programmes.service import ProgrammeService
from storage.mongo import MongoUnavailable, TookTooLong
from storage.outbox import Message, Outbox
from storage.redis import RedisStore, RedisUnavailable

log = structlog.get_logger()
_SWEEP_AFTER = timedelta(seconds=2)


class Delivery:
    """Hands outbox messages to their handlers; all of them are idempotent."""

    def __init__(
        self,
        outbox: Outbox,
        projection: Projection,
        redis: RedisStore,
        programmes: ProgrammeService,
        now: Callable[[], datetime],
    ) -> None:
        self._outbox = outbox
        self._projection = projection
        self._redis = redis
        self._programmes = programmes
        self._now = now

    async def deliver(
        self, messages: Sequence[Message], records: Mapping[bytes, Record] | None = None
    ) -> bool:
        """Handle messages and forget them; False, and they stay in the outbox, where a server is away.

        `records`: those that the messages name, where the caller has just written them; else they are read.
        """
        try:
            for message in messages:
                await self._handle(message, records)
        except (*RedisUnavailable, MongoUnavailable, TookTooLong) as error:
            log.warning("outbox.deferred", messages=len(messages), error=str(error) or type(error).__name__)
            return False
        try:
            await self._outbox.delivered(list(messages))
        except (MongoUnavailable, TookTooLong) as error:
            log.warning("outbox.not_forgotten", messages=len(messages), error=str(error))
        return True

    async def sweep(self) -> int:
        """Deliver what was left behind; how many. Stops at the first failure, to be called again later."""
        handled = 0
        while True:
            waiting = await self._outbox.undelivered(self._now(), _SWEEP_AFTER)
            if not waiting or not await self.deliver(waiting):
                return handled
            handled += len(waiting)
            await asyncio.sleep(0)

    async def lag(self) -> timedelta:
        """The age of the oldest message still waiting."""
        return await self._outbox.lag(self._now())

    async def _handle(self, message: Message, records: Mapping[bytes, Record] | None) -> None:
        catalogue = await self._programmes.catalogue(message.programme_id, fresh=True)
        await self._projection.apply(catalogue, message.body["records"], records)
        doorbells = "\n".join(
            f"{message.programme_id}|{member_id.hex()}|{number}"
            for member_id, number in message.body["feeds"]
        )
        if doorbells:
            await self._redis.publish(feed.CHANNEL, [doorbells.encode()])
