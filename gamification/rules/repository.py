"""Counters as stored: {_id, programme_id, key, value}."""

from collections.abc import Container, Mapping, Sequence

from storage.mongo import Index, Mongo, Tx, UpdateOne, find_by_ids, insert, write

COLLECTION = "counters"
INDEXES: dict[str, list[Index]] = {COLLECTION: []}


class CounterRepository:
    """Values of counters by their derived ids."""

    def __init__(self, mongo: Mongo) -> None:
        self._counters = mongo.collection(COLLECTION)

    async def values(self, ids: Sequence[bytes], tx: Tx | None = None) -> dict[bytes, int]:
        """Current values; a counter that was never fed is absent."""
        rows = await find_by_ids(self._counters, ids, tx, projection=["value"])
        return {counter_id: int(row["value"]) for counter_id, row in rows.items()}

    async def save(
        self, programme_id: str, values: Mapping[bytes, tuple[str, int]], known: Container[bytes], tx: Tx
    ) -> None:
        """Store (key, value) by id. A counter that was only read is written too: then a transaction that
        changes it at the same time conflicts with this one, and the order of the two is the order recorded."""
        await insert(
            self._counters,
            [
                {"_id": counter_id, "programme_id": programme_id, "key": key, "value": value, "writes": 1}
                for counter_id, (key, value) in values.items()
                if counter_id not in known
            ],
            tx,
        )
        await write(
            self._counters,
            [
                UpdateOne({"_id": counter_id}, {"$set": {"value": value}, "$inc": {"writes": 1}})
                for counter_id, (_, value) in values.items()
                if counter_id in known
            ],
            tx,
        )

    async def all_of(self, programme_id: str) -> dict[bytes, tuple[str, int]]:
        """Every counter of a programme, as (key, value): for verification."""
        cursor = self._counters.find({"programme_id": programme_id}, batch_size=10_000)
        return {row["_id"]: (row["key"], int(row["value"])) async for row in cursor}
