"""`community_trust`: {_id: the member's id, programme_id, level, since, pinned, layer, written}, and in `community_trust_runs`
when each programme was assessed. `written` has the texts of the last 24 hours, while the programme limits them: {id, at}."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from community.trust.model import Layer, Trust
from storage.mongo import ASCENDING, Document, Index, Mongo, Tx, UpdateOne, find_by_ids, write

COLLECTION = "community_trust"
RUNS = "community_trust_runs"
_LEASE = timedelta(minutes=10)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
INDEXES = {
    RUNS: [],
    COLLECTION: [Index([("programme_id", ASCENDING), ("layer", ASCENDING), ("level", ASCENDING)])],
}


class TrustRepository:
    """Members' trust; who has no document has level 0."""

    def __init__(self, mongo: Mongo) -> None:
        self._trust = mongo.collection(COLLECTION)
        self._runs = mongo.collection(RUNS)

    async def by_ids(self, member_ids: Sequence[bytes], tx: Tx | None = None) -> dict[bytes, Trust]:
        """Those that are known, by the member's id."""
        return {key: _from(row) for key, row in (await find_by_ids(self._trust, member_ids, tx)).items()}

    async def level(self, member_id: bytes, tx: Tx) -> int:
        """One member's level."""
        found = (await self.by_ids([member_id], tx)).get(member_id)
        return found.level if found is not None else 0

    async def save(self, trusts: Sequence[Trust], tx: Tx) -> None:
        """Keep them as they are now."""
        models = [UpdateOne({"_id": one.member_id}, {"$set": _to(one)}, upsert=True) for one in trusts]
        await write(self._trust, models, tx)

    async def written(self, member_id: bytes, tx: Tx) -> list[Document]:
        """The texts of a member that `keep_written` was told of."""
        row = await self._trust.find_one({"_id": member_id}, ["written"], session=tx.session)
        return list(row.get("written", ())) if row is not None else []

    async def keep_written(self, trust: Trust, written: Sequence[Document], tx: Tx) -> None:
        """Keep that these are a member's texts; who had no document is as `trust` says. Of two who do so at the same time,
        one conflicts and counts again."""
        new = {name: value for name, value in _to(trust).items() if name != "_id"}
        update = {"$set": {"written": list(written)}, "$setOnInsert": new}
        await write(self._trust, [UpdateOne({"_id": trust.member_id}, update, upsert=True)], tx)

    async def layers(self, programme_id: str) -> dict[Layer, int]:
        """How many of a programme are in each layer."""
        rows = self._trust.aggregate(
            [
                {"$match": {"programme_id": programme_id}},
                {"$group": {"_id": "$layer", "count": {"$sum": 1}}},
            ]
        )
        return {Layer(row["_id"]): int(row["count"]) for row in await rows.to_list(None)}

    async def begin_run(self, programme_id: str, now: datetime, done_before: datetime) -> bool:
        """Whether it is this caller's turn to assess a programme: the last time was before that instant, and nobody began
        in the last minutes."""
        due = {
            "_id": programme_id,
            "done_at": {"$lte": done_before},
            "begun_at": {"$lte": now - _LEASE},
        }
        fresh = {"programme_id": programme_id, "begun_at": _NEVER, "done_at": _NEVER}
        await self._runs.update_one({"_id": programme_id}, {"$setOnInsert": fresh}, upsert=True)
        begun = await self._runs.update_one(due, {"$set": {"begun_at": now}})
        return bool(begun.modified_count)

    async def end_run(self, programme_id: str, now: datetime) -> None:
        """It was assessed."""
        await self._runs.update_one({"_id": programme_id}, {"$set": {"done_at": now}})

    async def stream(self, programme_id: str) -> AsyncIterator[Trust]:
        """Every one of a programme, in no order."""
        async for row in self._trust.find({"programme_id": programme_id}, batch_size=5000):
            yield _from(row)


def _to(one: Trust) -> Document:
    return {
        "_id": one.member_id,
        "programme_id": one.programme_id,
        "level": one.level,
        "since": one.since,
        "pinned": one.pinned,
        "layer": one.layer.value,
    }


def _from(row: Document) -> Trust:
    return Trust(
        row["_id"], row["programme_id"], int(row["level"]), row["since"], row["pinned"], Layer(row["layer"])
    )
