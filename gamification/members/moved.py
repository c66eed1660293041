"""New ids of what was stored under ids that name a merged account: for those who ask for the old ones, as where an
idempotency key is used again."""

from collections.abc import Mapping
from typing import Any

from storage.mongo import Index, Mongo, Tx, find_by_ids, insert

COLLECTION = "moved_ids"
INDEXES: dict[str, list[Index]] = {COLLECTION: []}


class MovedIds:
    """`moved_ids`: {_id, programme_id, to}. Kept as long as idempotency keys are. A programme in which nobody was merged
    has none."""

    def __init__(self, mongo: Mongo) -> None:
        self._moved = mongo.collection(COLLECTION)

    async def add(self, programme_id: str, moved: Mapping[bytes, bytes], tx: Tx) -> None:
        """Note new ids by the old ones."""
        # One merged account's referral may take the place that another's had before.
        await self._moved.delete_many({"_id": {"$in": list(moved)}}, session=tx.session)
        await insert(
            self._moved,
            [{"_id": old, "programme_id": programme_id, "to": new} for old, new in moved.items()],
            tx,
        )

    async def follow(self, result: dict[str, Any], tx: Tx) -> dict[str, Any]:
        """A result with its ids as they are now; those that never moved stay."""
        asked = {value for value in result.values() if isinstance(value, bytes)}
        newest: dict[bytes, bytes] = {}
        steps = await find_by_ids(self._moved, sorted(asked), tx)
        while steps:
            found = {old: row["to"] for old, row in steps.items()}
            newest = {old: found.get(new, new) for old, new in newest.items()} | {
                old: new for old, new in found.items() if old in asked
            }
            steps = await find_by_ids(self._moved, sorted(set(found.values()) - newest.keys()), tx)
        return {
            name: newest.get(value, value) if isinstance(value, bytes) else value
            for name, value in result.items()
        }
