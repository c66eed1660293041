"""`blocks`: {_id, programme_id, blocker, blocked, at}."""

from collections.abc import AsyncIterator
from datetime import datetime

from gamification.kit.identifiers import derived_id
from storage.mongo import ASCENDING, DESCENDING, Index, Mongo, ReplaceOne, Tx, write
from storage.paging import Page, Window, find_page

COLLECTION = "blocks"
INDEXES = {
    COLLECTION: [
        Index([("blocker", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        Index([("blocked", ASCENDING)]),
        Index([("programme_id", ASCENDING)]),
    ]
}


class BlockRepository:
    """Who blocks whom."""

    def __init__(self, mongo: Mongo) -> None:
        self._blocks = mongo.collection(COLLECTION)

    async def add(self, programme_id: str, blocker: bytes, blocked: bytes, at: datetime, tx: Tx) -> None:
        """From now on; again changes nothing but the time."""
        found = _id(blocker, blocked)
        row = {"_id": found, "programme_id": programme_id, "blocker": blocker, "blocked": blocked, "at": at}
        await write(self._blocks, [ReplaceOne({"_id": found}, row, upsert=True)], tx)

    async def remove(self, blocker: bytes, blocked: bytes, tx: Tx) -> None:
        """No more."""
        await self._blocks.delete_one({"_id": _id(blocker, blocked)}, session=tx.session)

    async def count(self, blocker: bytes, tx: Tx) -> int:
        """How many a member blocks."""
        return await self._blocks.count_documents({"blocker": blocker}, session=tx.session)

    async def page(self, blocker: bytes, window: Window) -> Page[tuple[bytes, datetime]]:
        """Whom a member blocks and since when, latest first."""
        page = await find_page(self._blocks, {"blocker": blocker}, [("at", -1), ("_id", -1)], window)
        rows = [(row["blocked"], row["at"]) for row in page.rows]
        return Page(rows, page.positions, page.has_next, page.has_previous)

    async def stream(self, programme_id: str) -> AsyncIterator[tuple[bytes, bytes]]:
        """Every blocker and whom they block, of a programme, in no order."""
        async for row in self._blocks.find({"programme_id": programme_id}, batch_size=5000):
            yield row["blocker"], row["blocked"]


def _id(blocker: bytes, blocked: bytes) -> bytes:
    return derived_id("block", blocker, blocked)
