"""The backlog: work that follows a transaction at leisure. It is written within the transaction, and each consumer does it at
least once, in whichever process runs a worker, so that every consumer must be idempotent.

Unlike the outbox, which the committing process empties at once, the backlog is read in batches: what many transactions did to
one member is looked at together. One consumer that fails keeps nobody else waiting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from storage.mongo import ASCENDING, Collection, Index, Mongo, Tx, UpdateOne, insert, write

COLLECTION = "backlog"
INDEXES = {COLLECTION: [Index([("waiting.consumer", ASCENDING), ("waiting.due_at", ASCENDING)])]}
_BACKOFF_MAX = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Chore:
    """One transaction's part of the backlog. `attempts`: how often this consumer has failed at it."""

    id: bytes
    programme_id: str
    body: dict[str, Any]
    created_at: datetime
    attempts: int = 0


class Backlog:
    """What waits for `consumers`; with none of them nothing is kept."""

    def __init__(self, mongo: Mongo, consumers: Sequence[str]) -> None:
        self._chores: Collection = mongo.collection(COLLECTION)
        self.consumers = tuple(consumers)

    async def append(self, chore: Chore, tx: Tx) -> None:
        """Write it inside the transaction that causes it, for every consumer."""
        if not self.consumers:
            return
        waiting = [{"consumer": name, "due_at": chore.created_at, "attempts": 0} for name in self.consumers]
        document = {
            "_id": chore.id,
            "programme_id": chore.programme_id,
            "body": chore.body,
            "created_at": chore.created_at,
            "waiting": waiting,
        }
        await insert(self._chores, [document], tx)

    async def due(
        self, consumer: str, now: datetime, limit: int = 200, programme_id: str | None = None
    ) -> list[Chore]:
        """What waits for that consumer and is due, the longest due first; of one programme or of all."""
        query: dict[str, Any] = {"waiting": {"$elemMatch": {"consumer": consumer, "due_at": {"$lte": now}}}}
        if programme_id is not None:
            query["programme_id"] = programme_id
        cursor = self._chores.find(query).sort("waiting.due_at", ASCENDING).limit(limit)
        found = []
        for row in await cursor.to_list(None):
            attempts = next(one["attempts"] for one in row["waiting"] if one["consumer"] == consumer)
            found.append(Chore(row["_id"], row["programme_id"], row["body"], row["created_at"], attempts))
        return found

    async def done(self, consumer: str, chores: Sequence[Chore]) -> None:
        """That consumer is through with them; what nobody waits for any more is forgotten."""
        ids = [chore.id for chore in chores]
        if not ids:
            return
        await self._chores.update_many({"_id": {"$in": ids}}, {"$pull": {"waiting": {"consumer": consumer}}})
        await self._chores.delete_many({"_id": {"$in": ids}, "waiting": []})

    async def postpone(self, consumer: str, chores: Sequence[Chore], now: datetime) -> None:
        """That consumer failed at them, and tries again later: after a second, then twice as long each time, an hour at most."""
        models = []
        for chore in chores:
            pause = min(timedelta(seconds=2 ** min(chore.attempts, 12)), _BACKOFF_MAX)
            models.append(
                UpdateOne(
                    {"_id": chore.id, "waiting.consumer": consumer},
                    {"$set": {"waiting.$.due_at": now + pause}, "$inc": {"waiting.$.attempts": 1}},
                )
            )
        await write(self._chores, models)

    async def lag(self, consumer: str, now: datetime, programme_id: str | None = None) -> timedelta:
        """The age of the oldest that waits for that consumer, of one programme or of all; zero when none does."""
        query = {"waiting.consumer": consumer} | ({"programme_id": programme_id} if programme_id else {})
        row = await self._chores.find_one(query, ["created_at"], sort=[("waiting.due_at", ASCENDING)])
        return max(now - row["created_at"], timedelta()) if row else timedelta()
