"""`annual_shares`: {_id, programme_id, member_id, year, digest, name, language, made_at, expires_at}; gone once they expire."""

from datetime import datetime
from typing import Any

from gamification.insights.cards.model import CardName, Share
from gamification.insights.charts.figures import Language
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, write

COLLECTION = "annual_shares"
INDEXES = {
    COLLECTION: [
        Index([("digest", ASCENDING)], unique=True),
        Index([("member_id", ASCENDING), ("year", ASCENDING)]),
        Index([("programme_id", ASCENDING)]),
        Index([("expires_at", ASCENDING)], expire_after_s=0),
    ]
}


class ShareRepository:
    """Links to members' years."""

    def __init__(self, mongo: Mongo) -> None:
        self._shares = mongo.collection(COLLECTION)

    async def save(self, share: Share, tx: Tx) -> None:
        """Keep it, in the place of the one to the same year."""
        await write(self._shares, [ReplaceOne({"_id": share.id}, _to(share), upsert=True)], tx)

    async def delete(self, member_id: bytes, year: int | None, tx: Tx) -> int:
        """Delete a member's, of a year or all; how many."""
        query: dict[str, Any] = {"member_id": member_id} | ({} if year is None else {"year": year})
        return int((await self._shares.delete_many(query, session=tx.session)).deleted_count)

    async def by_digest(self, digest: bytes) -> Share | None:
        """The one whose token has that digest."""
        row = await self._shares.find_one({"digest": digest})
        return _from(row) if row else None

    async def of(self, programme_id: str, member_id: bytes, now: datetime) -> list[Share]:
        """A member's that are good, the latest year first."""
        query = {"member_id": member_id, "programme_id": programme_id, "expires_at": {"$gt": now}}
        rows = self._shares.find(query).sort("year", -1).limit(100)
        return [_from(row) for row in await rows.to_list(None)]


def _to(share: Share) -> Document:
    return {
        "_id": share.id,
        "programme_id": share.programme_id,
        "member_id": share.member_id,
        "year": share.year,
        "digest": share.digest,
        "name": share.name.value,
        "language": share.language.value,
        "made_at": share.made_at,
        "expires_at": share.expires_at,
    }


def _from(row: Document) -> Share:
    return Share(
        row["_id"],
        row["programme_id"],
        row["member_id"],
        int(row["year"]),
        row["digest"],
        CardName(row["name"]),
        Language(row["language"]),
        row["made_at"],
        row["expires_at"],
    )
