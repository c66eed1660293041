"""`sanctions`."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from community.sanctions.model import Sanction, SanctionKind, Sweep
from gamification.members.model import Standing
from storage.mongo import ASCENDING, DESCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, write
from storage.paging import Page, Window, find_page

COLLECTION = "sanctions"
INDEXES = {
    COLLECTION: [
        Index([("member_id", ASCENDING), ("began_at", DESCENDING), ("_id", DESCENDING)]),
        Index([("programme_id", ASCENDING), ("began_at", DESCENDING), ("_id", DESCENDING)]),
        Index([("until", ASCENDING)], partial={"open": True}),
        Index([("sweep", ASCENDING)], partial={"sweep": {"$exists": True}}),
    ]
}
NEWEST = [("began_at", -1), ("_id", -1)]


class SanctionRepository:
    """Sanctions of all programmes; each query is of one."""

    def __init__(self, mongo: Mongo) -> None:
        self._sanctions = mongo.collection(COLLECTION)

    async def by_ids(
        self, programme_id: str, ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, Sanction]:
        """Sanctions by id; those of other programmes are absent."""
        rows = await find_by_ids(self._sanctions, ids, tx)
        return {key: sanction_from(row) for key, row in rows.items() if row["programme_id"] == programme_id}

    async def save(self, sanctions: Sequence[Sanction], tx: Tx) -> None:
        """Keep them as they are now."""
        await write(
            self._sanctions, [ReplaceOne({"_id": one.id}, _to(one), upsert=True) for one in sanctions], tx
        )

    async def open_of(self, programme_id: str, member_id: bytes, tx: Tx) -> list[Sanction]:
        """A member's that were not ended yet."""
        query = {"member_id": member_id, "programme_id": programme_id, "open": True}
        rows = self._sanctions.find(query, session=tx.session)
        return [sanction_from(row) for row in await rows.to_list(None)]

    async def limits_of(self, programme_id: str, member_id: bytes, tx: Tx) -> list[Sanction]:
        """A member's shadow limits, ended or not."""
        query = {
            "member_id": member_id,
            "programme_id": programme_id,
            "kind": SanctionKind.SHADOW_LIMIT.value,
        }
        rows = self._sanctions.find(query, session=tx.session)
        return [sanction_from(row) for row in await rows.to_list(None)]

    async def limited_among(self, programme_id: str, member_ids: Sequence[bytes]) -> set[bytes]:
        """Which of these members are shadow-limited."""
        if not member_ids:
            return set()
        query = {
            "member_id": {"$in": list(member_ids)},
            "programme_id": programme_id,
            "open": True,
            "kind": SanctionKind.SHADOW_LIMIT.value,
        }
        return {row["member_id"] for row in await self._sanctions.find(query, ["member_id"]).to_list(None)}

    async def page(
        self, programme_id: str, member_id: bytes, kinds: Sequence[SanctionKind], window: Window
    ) -> Page[Sanction]:
        """A member's of these kinds, newest first."""
        query = {
            "member_id": member_id,
            "programme_id": programme_id,
            "kind": {"$in": [one.value for one in kinds]},
        }
        page = await find_page(self._sanctions, query, NEWEST, window)
        return Page(
            [sanction_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def due(self, now: datetime, limit: int) -> list[Sanction]:
        """Those of all programmes whose time is over and that were not ended yet, the earliest first."""
        rows = self._sanctions.find({"open": True, "until": {"$lte": now}}).sort("until", ASCENDING)
        return [sanction_from(row) for row in await rows.limit(limit).to_list(None)]

    async def to_sweep(self, limit: int) -> list[Sanction]:
        """Those of all programmes with something left to be hidden or shown."""
        rows = self._sanctions.find({"sweep": {"$exists": True}}).limit(limit)
        return [sanction_from(row) for row in await rows.to_list(None)]

    async def to_sweep_of(self, programme_id: str, member_id: bytes) -> list[Sanction]:
        """Those of a member with something left to be hidden or shown."""
        query = {"member_id": member_id, "programme_id": programme_id, "sweep": {"$exists": True}}
        return [sanction_from(row) for row in await self._sanctions.find(query).to_list(None)]

    async def stream(self, programme_id: str) -> AsyncIterator[Sanction]:
        """Every one of a programme, in no order."""
        async for row in self._sanctions.find({"programme_id": programme_id}, batch_size=2000):
            yield sanction_from(row)


def _to(one: Sanction) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "member_id": one.member_id,
        "kind": one.kind.value,
        "reason": one.reason,
        "by": one.by,
        "began_at": one.began_at,
        "until": one.until,
        "ended_at": one.ended_at,
        "ended_by": one.ended_by,
    }
    if one.kind.lasts and one.ended_at is None:
        document["open"] = True
    if one.sweep is not None:
        document["sweep"] = one.sweep.value
    if one.before is not Standing.ACTIVE:
        document["before"] = one.before.value
    return document


def sanction_from(row: Document) -> Sanction:
    """A sanction as it was stored."""
    return Sanction(
        row["_id"],
        row["programme_id"],
        row["member_id"],
        SanctionKind(row["kind"]),
        row["reason"],
        row["by"],
        row["began_at"],
        row["until"],
        row["ended_at"],
        row["ended_by"],
        Sweep(row["sweep"]) if "sweep" in row else None,
        Standing(row.get("before", Standing.ACTIVE)),
    )
