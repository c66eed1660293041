"""`belonging_snapshots`: {_id, programme_id, period, scope, key, member_id, members, readings: {indicator: [value, observations,
error]}, weights, tiers, made_at}; `belonging_runs`: {_id: the programme's id, period, begun_at, done_at}."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from community.belonging.model import Reading, Scope, Snapshot, TierShare
from gamification.kit.identifiers import derived_id
from gamification.programmes.definitions import BelongingIndicator
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, write

COLLECTION = "belonging_snapshots"
RUNS = "belonging_runs"
INDEXES: dict[str, list[Index]] = {
    COLLECTION: [
        Index([("programme_id", ASCENDING), ("scope", ASCENDING), ("key", ASCENDING), ("period", ASCENDING)]),
        Index([("programme_id", ASCENDING), ("period", ASCENDING)]),
        Index([("member_id", ASCENDING)], partial={"member_id": {"$exists": True}}),
    ],
    RUNS: [],
}
_LEASE = timedelta(minutes=30)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def snapshot_id(programme_id: str, period: str, scope: Scope, key: str) -> bytes:
    """There is one of a month and whom it is of."""
    return derived_id("belonging", programme_id, period, scope.value, key)


class BelongingRepository:
    """Snapshots of all programmes; each query is of one."""

    def __init__(self, mongo: Mongo) -> None:
        self._snapshots = mongo.collection(COLLECTION)
        self._runs = mongo.collection(RUNS)

    async def save(self, snapshots: Sequence[Snapshot]) -> None:
        """Keep them in the place of what was there."""
        await write(
            self._snapshots, [ReplaceOne({"_id": one.id}, _to(one), upsert=True) for one in snapshots], None
        )

    async def forget(self, programme_id: str, member_ids: Sequence[bytes], tx: Tx | None = None) -> None:
        """Delete all of these members'."""
        query = {"programme_id": programme_id, "member_id": {"$in": list(member_ids)}}
        await self._snapshots.delete_many(query, session=tx.session if tx else None)

    async def drop(self, programme_id: str, before: str) -> None:
        """Delete members' months before that one."""
        query = {"programme_id": programme_id, "period": {"$lt": before}, "scope": Scope.MEMBER.value}
        await self._snapshots.delete_many(query)

    async def until(
        self, programme_id: str, scope: Scope, key: str, period: str | None, limit: int
    ) -> list[Snapshot]:
        """Up to so many months of one, up to that one or the last, the latest first."""
        query: Document = {"programme_id": programme_id, "scope": scope.value, "key": key}
        if period is not None:
            query["period"] = {"$lte": period}
        rows = self._snapshots.find(query).sort("period", -1).limit(limit)
        return [_from(row) for row in await rows.to_list(None)]

    async def begin(self, programme_id: str, period: str, now: datetime) -> bool:
        """Whether it is this caller's turn to add up that month: it is not done, and nobody began to in the last half hour."""
        fresh = {"programme_id": programme_id, "period": "", "begun_at": _NEVER, "done_at": None}
        await self._runs.update_one({"_id": programme_id}, {"$setOnInsert": fresh}, upsert=True)
        due: dict[str, Any] = {
            "_id": programme_id,
            "period": {"$lt": period},
            "begun_at": {"$lte": now - _LEASE},
        }
        return bool((await self._runs.update_one(due, {"$set": {"begun_at": now}})).modified_count)

    async def end(self, programme_id: str, period: str, now: datetime) -> None:
        """It is done; the next may begin."""
        done = {"period": period, "done_at": now, "begun_at": _NEVER}
        await self._runs.update_one({"_id": programme_id, "period": {"$lt": period}}, {"$set": done})


def _to(one: Snapshot) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "period": one.period,
        "scope": one.scope.value,
        "key": one.key,
        "members": one.members,
        "readings": {
            kind.value: [reading.value, reading.observations, reading.error]
            for kind, reading in one.readings.items()
        },
        "weights": {kind.value: weight for kind, weight in one.weights.items()},
        "tiers": [[tier.tier, tier.members, tier.active, tier.target] for tier in one.tiers],
        "made_at": one.made_at,
    }
    if one.member_id is not None:
        document["member_id"] = one.member_id
    return document


def _from(row: Document) -> Snapshot:
    readings = {kind: Reading(None) for kind in BelongingIndicator}
    for kind, (value, observations, error) in row["readings"].items():
        readings[BelongingIndicator(kind)] = Reading(value, int(observations), error)
    weights = {kind: int(row["weights"].get(kind.value, 0)) for kind in BelongingIndicator}
    return Snapshot(
        row["_id"],
        row["programme_id"],
        row["period"],
        Scope(row["scope"]),
        row["key"],
        int(row["members"]),
        readings,
        weights,
        row["made_at"],
        tuple(
            TierShare(tier, int(members), int(active), target)
            for tier, members, active, target in row["tiers"]
        ),
        row.get("member_id"),
    )
