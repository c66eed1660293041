"""The outbox: a message is written in the transaction that causes it, so neither exists without the other.

After the commit the process delivers at once; what a crash leaves behind, a relay finds by `undelivered`.
Delivery is at least once, so every handler is idempotent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo.write_concern import WriteConcern

from storage.mongo import ASCENDING, Collection, Index, Mongo, Tx, insert

COLLECTION = "outbox"
INDEXES = {COLLECTION: [Index([("created_at", ASCENDING)])]}


@dataclass(frozen=True, slots=True)
class Message:
    """Something that happened, for `topic`'s handler. `id` is new at each attempt of the transaction."""

    id: bytes
    programme_id: str
    topic: str
    body: dict[str, Any]
    created_at: datetime


class Outbox:
    """Messages that still wait for their handler; a delivered one is deleted."""

    def __init__(self, mongo: Mongo) -> None:
        self._messages: Collection = mongo.collection(COLLECTION)
        # Forgetting waits for no disk: what a lost primary remembers after all is delivered once more.
        self._delivered: Collection = self._messages.with_options(write_concern=WriteConcern(1))

    async def append(self, messages: list[Message], tx: Tx) -> None:
        """Write messages inside the transaction that causes them."""
        await insert(
            self._messages,
            [
                {
                    "_id": message.id,
                    "programme_id": message.programme_id,
                    "topic": message.topic,
                    "body": message.body,
                    "created_at": message.created_at,
                }
                for message in messages
            ],
            tx,
        )

    async def delivered(self, messages: list[Message]) -> None:
        """Forget messages whose handlers have run."""
        if messages:
            await self._delivered.delete_many({"_id": {"$in": [message.id for message in messages]}})

    async def undelivered(self, now: datetime, older_than: timedelta, limit: int = 200) -> list[Message]:
        """The oldest messages that were not delivered within `older_than` of being written."""
        cursor = (
            self._messages.find({"created_at": {"$lte": now - older_than}})
            .sort("created_at", ASCENDING)
            .limit(limit)
        )
        return [
            Message(row["_id"], row["programme_id"], row["topic"], row["body"], row["created_at"])
            for row in await cursor.to_list(None)
        ]

    async def lag(self, now: datetime) -> timedelta:
        """The age of the oldest message still waiting; zero when none waits."""
        oldest = await self._messages.find_one(sort=[("created_at", ASCENDING)])
        return max(now - oldest["created_at"], timedelta()) if oldest else timedelta()
