"""Wish lists as stored: one document a member and reward."""

from collections.abc import Sequence
from datetime import datetime

from gamification.kit.identifiers import derived_id
from storage.mongo import ASCENDING, Index, Mongo

COLLECTION = "reward_wishes"
INDEXES = {COLLECTION: [Index([("member_id", ASCENDING), ("added_at", ASCENDING), ("_id", ASCENDING)])]}
WISHES_MAX = 100


class WishRepository:
    """`reward_wishes`."""

    def __init__(self, mongo: Mongo) -> None:
        self._wishes = mongo.collection(COLLECTION)

    async def of_members(self, member_ids: Sequence[bytes]) -> dict[bytes, list[str]]:
        """The keys of the rewards that these members wish for, those wished for first at the front."""
        cursor = self._wishes.find({"member_id": {"$in": list(member_ids)}}).sort(
            [("added_at", ASCENDING), ("_id", ASCENDING)]
        )
        found: dict[bytes, list[str]] = {member_id: [] for member_id in member_ids}
        for row in await cursor.to_list(None):
            found[row["member_id"]].append(row["reward"])
        return found

    async def add(self, programme_id: str, member_id: bytes, reward: str, at: datetime) -> None:
        """Wish for a reward; twice is like once."""
        document = {"programme_id": programme_id, "member_id": member_id, "reward": reward, "added_at": at}
        await self._wishes.update_one(
            {"_id": derived_id("wish", member_id, reward)}, {"$setOnInsert": document}, upsert=True
        )

    async def remove(self, member_id: bytes, reward: str) -> None:
        """Wish for it no more; what was not wished for is no fault."""
        await self._wishes.delete_one({"_id": derived_id("wish", member_id, reward)})
