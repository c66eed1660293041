"""`webhook_endpoints`, and in `webhook_heads` how many of them a programme has and the number of its newest event."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from community.webhooks.model import DisabledBecause, Endpoint, Secret
from storage.mongo import ASCENDING, Document, Index, Mongo, Tx, find_by_ids, insert

COLLECTION = "webhook_endpoints"
HEADS = "webhook_heads"
INDEXES = {
    COLLECTION: [
        Index([("programme_id", ASCENDING), ("url", ASCENDING)], unique=True),
        Index([("work_at", ASCENDING)], partial={"work_at": {"$exists": True}}),
    ],
    HEADS: [],
}
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class EndpointRepository:
    """Endpoints of all programmes. Whoever sends holds a lease on an endpoint, so that one process at a time does."""

    def __init__(self, mongo: Mongo) -> None:
        self._endpoints = mongo.collection(COLLECTION)
        self._heads = mongo.collection(HEADS)

    # -- reading

    async def by_ids(
        self, programme_id: str, ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, Endpoint]:
        """Endpoints by id; those of other programmes are absent."""
        rows = await find_by_ids(self._endpoints, ids, tx)
        return {key: _from(row) for key, row in rows.items() if row["programme_id"] == programme_id}

    async def of_programme(self, programme_id: str, tx: Tx | None = None) -> list[Endpoint]:
        """All of a programme, the oldest first."""
        rows = self._endpoints.find({"programme_id": programme_id}, session=tx.session if tx else None)
        return [_from(row) for row in await rows.sort("_id", ASCENDING).to_list(None)]

    async def listening(self, programme_ids: Sequence[str]) -> set[str]:
        """Those of these programmes that have an endpoint, enabled or not."""
        rows = self._heads.find({"_id": {"$in": list(programme_ids)}, "endpoints": {"$gt": 0}}, ["_id"])
        return {row["_id"] for row in await rows.to_list(None)}

    async def head(self, programme_id: str, tx: Tx | None = None) -> tuple[int, int]:
        """The number of the programme's newest event, and how many endpoints it has."""
        row = await self._heads.find_one({"_id": programme_id}, session=tx.session if tx else None)
        return (row.get("last", 0), row.get("endpoints", 0)) if row else (0, 0)

    # -- changing

    async def count(self, programme_id: str, by: int, tx: Tx) -> None:
        """Count endpoints; of two that do so at once, one conflicts."""
        await self._move_head(programme_id, {"endpoints": by}, tx)

    async def take_numbers(self, programme_id: str, count: int, tx: Tx) -> None:
        """Let the newest event be that many later; of two that do so at once, one conflicts."""
        await self._move_head(programme_id, {"last": count}, tx)

    async def add(self, endpoint: Endpoint, tx: Tx) -> None:
        """Keep a new one."""
        await insert(self._endpoints, [_to(endpoint)], tx)

    async def change(
        self, endpoint_id: bytes, stated: Mapping[str, Any], tx: Tx | None = None, **condition: Any
    ) -> bool:
        """Set these fields, where None removes one; whether there is such an endpoint, as conditioned."""
        changes: Document = {}
        for name, value in stated.items():
            operator = "$set" if value is not None else "$unset"
            changes.setdefault(operator, {})[name] = value if value is not None else ""
        result = await self._endpoints.update_one(
            {"_id": endpoint_id, **condition}, changes, session=tx.session if tx else None
        )
        return bool(result.matched_count)

    async def delete(self, endpoint_id: bytes, tx: Tx) -> None:
        """Forget it."""
        await self._endpoints.delete_one({"_id": endpoint_id}, session=tx.session)

    # -- who sends

    async def wake(self, programme_id: str, at: datetime, endpoint_id: bytes | None = None) -> None:
        """There is something to send: to one, or to all that are enabled."""
        which = {"_id": endpoint_id} if endpoint_id is not None else {"enabled": True}
        await self._endpoints.update_many(
            {"programme_id": programme_id, **which}, {"$min": {"work_at": at}, "$inc": {"marks": 1}}
        )

    async def claim(
        self, sender: str, now: datetime, until: datetime, programme_id: str | None = None
    ) -> Endpoint | None:
        """An endpoint that has something to be sent and that nobody sends to, of one programme or of all: the sender's own until
        then."""
        of = {"programme_id": programme_id} if programme_id is not None else {}
        row = await self._endpoints.find_one_and_update(
            {**of, "work_at": {"$lte": now}, "lease_until": {"$lte": now}},
            {"$set": {"lease_until": until, "lease_by": sender}},
            sort=[("work_at", ASCENDING)],
            return_document=True,
        )
        return _from(row) if row else None

    async def release(self, endpoint_id: bytes, sender: str, marks: int, work_at: datetime | None) -> None:
        """Give up a lease; the next work is then, unless the endpoint was woken since `marks` were counted."""
        mine = {"_id": endpoint_id, "lease_by": sender}
        free = {"lease_until": _NEVER}
        planned: Document = (
            {"$set": {**free, "work_at": work_at}}
            if work_at is not None
            else {"$set": free, "$unset": {"work_at": ""}}
        )
        result = await self._endpoints.update_one({**mine, "marks": marks}, planned)
        if not result.matched_count:
            await self._endpoints.update_one(mine, {"$set": free})

    async def _move_head(self, programme_id: str, by: Mapping[str, int], tx: Tx) -> None:
        await self._heads.update_one(
            {"_id": programme_id},
            {"$inc": dict(by), "$setOnInsert": {"programme_id": programme_id}},
            upsert=True,
            session=tx.session,
        )


def secrets_document(secrets: Sequence[Secret]) -> list[Document]:
    """As they are kept."""
    return [
        {"sealed": one.sealed, "made_at": one.made_at}
        | ({"expires_at": one.expires_at} if one.expires_at is not None else {})
        for one in secrets
    ]


def _to(one: Endpoint) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "url": one.url,
        "description": one.description,
        "enabled": one.enabled,
        "parallel": one.parallel,
        "made_at": one.made_at,
        "cursor": one.cursor,
        "secrets": secrets_document(one.secrets),
        "failures": one.failures,
        "marks": one.marks,
        "lease_until": _NEVER,
    }
    for name in ("disabled_at", "failing_since", "paused_until"):
        if (value := getattr(one, name)) is not None:
            document[name] = value
    if one.types is not None:
        document["types"] = list(one.types)
    if one.disabled_because is not None:
        document["disabled_because"] = one.disabled_because.value
    return document


def _from(row: Document) -> Endpoint:
    because, types = row.get("disabled_because"), row.get("types")
    return Endpoint(
        id=row["_id"],
        programme_id=row["programme_id"],
        url=row["url"],
        description=row["description"],
        types=tuple(types) if types is not None else None,
        enabled=row["enabled"],
        parallel=row["parallel"],
        made_at=row["made_at"],
        cursor=row["cursor"],
        secrets=tuple(Secret(one["sealed"], one["made_at"], one.get("expires_at")) for one in row["secrets"]),
        disabled_at=row.get("disabled_at"),
        disabled_because=DisabledBecause(because) if because else None,
        failing_since=row.get("failing_since"),
        failures=row["failures"],
        paused_until=row.get("paused_until"),
        marks=row["marks"],
    )
