"""`segment_members`: {_id, programme_id, segment, member_id, in, since, passages, day, today}; `segment_runs`: {_id: the
programme's id, day, begun_at, done_at, cuts}. Which segments a member is in stands with the member too, for rules to read.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gamification.segments.model import Cuts, Overlap, Run, SegmentMember, segment_member_id
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, UpdateOne, find_by_ids, write
from storage.paging import Page, Window, find_page

COLLECTION = "segment_members"
RUNS = "segment_runs"
INDEXES = {
    COLLECTION: [
        Index(
            [
                ("programme_id", ASCENDING),
                ("segment", ASCENDING),
                ("in", ASCENDING),
                ("since", ASCENDING),
                ("member_id", ASCENDING),
            ]
        ),
        Index([("member_id", ASCENDING)]),
    ],
    RUNS: [],
}
_LEASE = timedelta(minutes=30)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class SegmentRepository:
    """Who is in which segment, and when programmes were swept."""

    def __init__(self, mongo: Mongo) -> None:
        self._members = mongo.collection(COLLECTION)
        self._profiles = mongo.collection("members")
        self._runs = mongo.collection(RUNS)

    async def of_members(
        self, programme_id: str, segments: Sequence[str], member_ids: Sequence[bytes], tx: Tx
    ) -> dict[tuple[str, bytes], SegmentMember]:
        """What is stored of these members and segments, by (segment, member id)."""
        ids = [segment_member_id(programme_id, key, member) for key in segments for member in member_ids]
        rows = await find_by_ids(self._members, ids, tx)
        return {(row["segment"], row["member_id"]): _from(row) for row in rows.values()}

    async def of_member(self, programme_id: str, member_id: bytes) -> list[SegmentMember]:
        """All that a member is in, or was."""
        rows = self._members.find({"member_id": member_id, "programme_id": programme_id})
        return [_from(row) for row in await rows.to_list(None)]

    async def save(self, found: Sequence[SegmentMember], tx: Tx) -> None:
        """Keep them as they are now."""
        await write(self._members, [ReplaceOne({"_id": one.id}, _to(one), upsert=True) for one in found], tx)

    async def show(self, segments: Mapping[bytes, Sequence[str]], tx: Tx) -> None:
        """Keep with each member which segments they are in."""
        models = [
            UpdateOne(
                {"_id": member_id},
                {"$set": {"segments": list(keys)}} if keys else {"$unset": {"segments": ""}},
            )
            for member_id, keys in segments.items()
        ]
        await write(self._profiles, models, tx)

    async def page(self, programme_id: str, segment: str, window: Window) -> Page[SegmentMember]:
        """Who is in a segment, the last to come first."""
        query = {"programme_id": programme_id, "segment": segment, "in": True}
        page = await find_page(self._members, query, [("since", -1), ("member_id", -1)], window)
        return Page([_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def size(self, programme_id: str, segment: str) -> int:
        """How many are in a segment."""
        query = {"programme_id": programme_id, "segment": segment, "in": True}
        return int(await self._members.count_documents(query))

    async def overlap(self, programme_id: str, first: str, second: str) -> Overlap:
        """How many are in both, and in one alone; read from the index."""
        rows = self._members.aggregate(
            [
                {"$match": {"programme_id": programme_id, "segment": {"$in": [first, second]}, "in": True}},
                {
                    "$group": {
                        "_id": "$member_id",
                        "count": {"$sum": 1},
                        "first": {"$max": {"$eq": ["$segment", first]}},
                    }
                },
                {"$group": {"_id": {"count": "$count", "first": "$first"}, "members": {"$sum": 1}}},
            ],
            allowDiskUse=True,
        )
        found = {
            (int(row["_id"]["count"]), bool(row["_id"]["first"])): int(row["members"])
            for row in await rows.to_list(None)
        }
        return Overlap(found.get((2, True), 0), found.get((1, True), 0), found.get((1, False), 0))

    async def stream(self, programme_id: str) -> AsyncIterator[SegmentMember]:
        """All of a programme, in no order."""
        async for row in self._members.find({"programme_id": programme_id}, batch_size=5000):
            yield _from(row)

    async def run(self, programme_id: str) -> Run:
        """A programme's last sweep."""
        row = await self._runs.find_one({"_id": programme_id})
        if row is None or row["day"] is None:
            return Run(programme_id, None, None, None)
        return Run(programme_id, date.fromisoformat(row["day"]), row["done_at"], _cuts(row.get("cuts")))

    async def begin_run(self, programme_id: str, day: date, now: datetime) -> bool:
        """Whether it is this caller's turn to sweep a programme for that day: nobody did, nor began to in the last half hour."""
        fresh = {"day": None, "begun_at": _NEVER, "done_at": None}
        await self._runs.update_one({"_id": programme_id}, {"$setOnInsert": fresh}, upsert=True)
        due: dict[str, Any] = {
            "_id": programme_id,
            "$or": [{"day": None}, {"day": {"$lt": day.isoformat()}}],
            "begun_at": {"$lte": now - _LEASE},
        }
        begun = await self._runs.update_one(due, {"$set": {"begun_at": now}})
        return bool(begun.modified_count)

    async def keep_cuts(self, programme_id: str, cuts: Cuts) -> None:
        """From now on members are scored by these."""
        stated = asdict(cuts) | {"day": cuts.day.isoformat()}
        await self._runs.update_one({"_id": programme_id}, {"$set": {"cuts": stated}})

    async def end_run(self, programme_id: str, day: date, now: datetime) -> None:
        """It was swept for that day; the next may begin."""
        done = {"day": day.isoformat(), "done_at": now, "begun_at": _NEVER}
        await self._runs.update_one({"_id": programme_id}, {"$set": done})


def _cuts(row: Document | None) -> Cuts | None:
    if row is None:
        return None
    bounds = (tuple(int(one) for one in row[name]) for name in ("recency", "frequency", "money"))
    return Cuts(date.fromisoformat(row["day"]), int(row["size"]), *bounds)


def _to(one: SegmentMember) -> Document:
    return {
        "_id": one.id,
        "programme_id": one.programme_id,
        "segment": one.segment,
        "member_id": one.member_id,
        "in": one.is_in,
        "since": one.since,
        "passages": one.passages,
        "day": one.day.isoformat() if one.day else None,
        "today": one.today,
    }


def _from(row: Document) -> SegmentMember:
    return SegmentMember(
        row["_id"],
        row["programme_id"],
        row["segment"],
        row["member_id"],
        row["in"],
        row["since"],
        int(row["passages"]),
        date.fromisoformat(row["day"]) if row["day"] else None,
        int(row["today"]),
    )
