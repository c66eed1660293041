"""States, changes and rounds as stored, and what history says of members without a state."""

from collections import defaultdict
from collections.abc import AsyncIterator, Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from gamification.kit.causes import cause_document, cause_from
from gamification.programmes.definitions import Ladder
from gamification.tiers.model import (
    Days,
    Held,
    Pin,
    Round,
    TierChange,
    TierChangeKind,
    TierState,
)
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, insert, write
from storage.paging import Page, Window, find_page

STATES = "tier_states"
CHANGES = "tier_changes"
ROUNDS = "tier_rounds"
PLACEMENTS = "tier_placements"
INDEXES = {
    STATES: [
        Index([("look_at", ASCENDING)], partial={"look_at": {"$type": "date"}}),
        Index([("programme_id", ASCENDING), ("ladder", ASCENDING), ("tier", ASCENDING)]),
    ],
    CHANGES: [
        Index(
            [
                ("member_id", ASCENDING),
                ("recorded_at", ASCENDING),
                ("number", ASCENDING),
                ("_id", ASCENDING),
            ]
        )
    ],
    ROUNDS: [Index([("programme_id", ASCENDING), ("ladder", ASCENDING), ("ended_at", ASCENDING)])],
    PLACEMENTS: [],
}
ROUNDS_READ = 36
"""The newest rounds of a ladder that members are assessed by."""


class TierRepository:
    """A state is replaced as a whole, in the transaction that changed its figures."""

    def __init__(self, mongo: Mongo) -> None:
        self._states = mongo.collection(STATES)
        self._changes = mongo.collection(CHANGES)
        self._rounds = mongo.collection(ROUNDS)
        self._placements = mongo.collection(PLACEMENTS)
        self._transfers = mongo.collection("transfers")
        self._accounts = mongo.collection("accounts")
        self._activities = mongo.collection("activities")

    async def states(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, TierState]:
        """States by id; of members who were never measured there is none."""
        rows = await find_by_ids(self._states, list(ids), tx)
        return {found: state_from(row) for found, row in rows.items()}

    async def save(self, states: Sequence[TierState], known: Container[bytes], tx: Tx) -> None:
        """Store states, new ones and those that were read in this transaction."""
        await insert(self._states, [state_document(s) for s in states if s.id not in known], tx)
        await write(
            self._states, [ReplaceOne({"_id": s.id}, state_document(s)) for s in states if s.id in known], tx
        )

    async def add_changes(self, changes: Sequence[TierChange], tx: Tx) -> None:
        """Write history for good."""
        await insert(self._changes, [change_document(change) for change in changes], tx)

    async def changes(self, ids: Iterable[bytes]) -> dict[bytes, TierChange]:
        """Changes by id."""
        rows = await find_by_ids(self._changes, list(ids))
        return {found: change_from(row) for found, row in rows.items()}

    async def history(self, member_id: bytes, ladder: str | None, window: Window) -> Page[TierChange]:
        """A member's changes, newest first."""
        query: dict[str, Any] = {"member_id": member_id} | ({"ladder": ladder} if ladder else {})
        page = await find_page(
            self._changes, query, [("recorded_at", -1), ("number", -1), ("_id", -1)], window
        )
        return Page([change_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def changes_of(self, member_id: bytes) -> list[TierChange]:
        """All changes of a member, in the order of their numbers."""
        rows = await self._changes.find({"member_id": member_id}).to_list(None)
        return sorted((change_from(row) for row in rows), key=lambda change: change.number)

    async def due(
        self, now: datetime, limit: int, programmes: Sequence[str] | None = None
    ) -> list[TierState]:
        """States that must be looked at, of these programmes or of all, the longest overdue first."""
        query: Document = {"look_at": {"$lte": now}}
        if programmes is not None:
            query["programme_id"] = {"$in": list(programmes)}
        cursor = self._states.find(query).sort("look_at", ASCENDING).limit(limit)
        return [state_from(row) for row in await cursor.to_list(None)]

    async def stream(self, programme_id: str, ladder: str | None = None) -> AsyncIterator[TierState]:
        """Every state of a programme, or of one ladder, in no order."""
        query = {"programme_id": programme_id} | ({"ladder": ladder} if ladder else {})
        async for row in self._states.find(query, batch_size=2000):
            yield state_from(row)

    async def stream_changes(self, programme_id: str) -> AsyncIterator[TierChange]:
        """Every change of a programme, in no order."""
        async for row in self._changes.find({"programme_id": programme_id}, batch_size=2000):
            yield change_from(row)

    async def counts(self, programme_id: str, ladder: str) -> dict[str | None, int]:
        """How many states hold each tier of a ladder."""
        rows = self._states.aggregate(
            [
                {"$match": {"programme_id": programme_id, "ladder": ladder}},
                {"$group": {"_id": "$tier", "count": {"$sum": 1}}},
            ]
        )
        return {row["_id"]: int(row["count"]) async for row in rows}

    async def rounds(self, programme_id: str, ladder: str, tx: Tx | None = None) -> dict[datetime, Round]:
        """A ladder's newest rounds, by the instant at which their period ended."""
        cursor = (
            self._rounds.find(
                {"programme_id": programme_id, "ladder": ladder}, session=tx.session if tx else None
            )
            .sort("ended_at", -1)
            .limit(ROUNDS_READ)
        )
        return {row["ended_at"]: _round_from(row) for row in await cursor.to_list(None)}

    async def add_round(self, made: Round) -> None:
        """Keep a round; where another worker was faster, theirs stays."""
        document = {
            "programme_id": made.programme_id,
            "ladder": made.ladder,
            "ended_at": made.ended_at,
            "version": made.version,
            "population": made.population,
            "cutoffs": dict(made.cutoffs),
        }
        await self._rounds.update_one({"_id": made.id}, {"$setOnInsert": document}, upsert=True)

    async def placement(self, placement: bytes, tx: Tx | None = None) -> Document | None:
        """How far the members have been placed on a version of a ladder: `cursor`, and whether that is all: `done`."""
        return await self._placements.find_one({"_id": placement}, session=tx.session if tx else None)

    async def save_placement(
        self, placement: bytes, programme_id: str, cursor: bytes | None, *, done: bool, tx: Tx
    ) -> None:
        """Note how far."""
        await self._placements.replace_one(
            {"_id": placement},
            {"_id": placement, "programme_id": programme_id, "cursor": cursor, "done": done},
            upsert=True,
            session=tx.session,
        )

    async def measured(
        self,
        programme_id: str,
        ladder: Ladder,
        measures: Sequence[str],
        member_ids: Sequence[bytes],
        time_zone: str,
        tx: Tx | None = None,
    ) -> dict[bytes, dict[str, Days]]:
        """What these measures of members are by day, from all transfers and activity that stand. What accounts earned
        before they were merged into a member's is theirs."""
        found: dict[bytes, dict[str, Days]] = {
            member: {measure: {} for measure in measures} for member in member_ids
        }
        if not member_ids:
            return found
        heirs = await self._heirs(member_ids, tx) if any(measure.unit for measure in ladder.measures) else {}
        for measure in ladder.measures:
            if measure.key not in measures:
                continue
            if measure.unit is not None:
                pipeline = earned_by_day(programme_id, [*member_ids, *heirs], measure.unit, time_zone)
                collection = self._transfers
            else:
                assert measure.counter is not None  # noqa: S101 - a measure is of one of the two
                pipeline = counted_by_day(programme_id, member_ids, measure.counter, time_zone)
                collection = self._activities
            by_member: dict[bytes, dict[str, int]] = defaultdict(lambda: defaultdict(int))
            async for row in collection.aggregate(pipeline, session=tx.session if tx else None):
                member = row["_id"]["member"]
                by_member[heirs.get(member, member)][row["_id"]["day"]] += int(row["amount"])
            for member, days in by_member.items():
                found[member][measure.key] = {day: amount for day, amount in days.items() if amount}
        return found

    async def _heirs(self, member_ids: Sequence[bytes], tx: Tx | None) -> dict[bytes, bytes]:
        """Who was merged into one of these members."""
        rows = self._accounts.find(
            {"heir": {"$in": list(member_ids)}}, ["member_id", "heir"], session=tx.session if tx else None
        )
        return {row["member_id"]: row["heir"] for row in await rows.to_list(None)}


def earned_by_day(
    programme_id: str, member_ids: Sequence[bytes], unit: str, time_zone: str
) -> list[Document]:
    """What members earned of a unit by day. What was pending counts on the day it was earned, once it is active; what
    is taken back is taken off the day it had counted on, in full: whatever the floor, or what is owed, kept of it."""
    growing = ["earned", "deducted", "adjusted"]
    kept = {
        "$sum": {
            "$map": {
                "input": {"$ifNull": ["$limited_by", []]},
                "in": {
                    "$switch": {
                        "branches": [
                            {"case": {"$eq": ["$$this.kind", "owed"]}, "then": "$$this.shortfall"},
                            {
                                "case": {"$eq": ["$$this.kind", "floor"]},
                                "then": {"$multiply": ["$$this.shortfall", -1]},
                            },
                        ],
                        "default": 0,
                    }
                },
            }
        }
    }
    return [
        {
            "$match": {
                "member_id": {"$in": list(member_ids)},
                "programme_id": programme_id,
                "unit": unit,
                "kind": {"$in": [*growing, "reversed"]},
            }
        },
        {
            "$set": {
                "counted": {"$cond": [{"$eq": ["$kind", "reversed"]}, {"$add": ["$amount", kept]}, "$amount"]}
            }
        },
        {"$match": {"counted": {"$ne": 0}}},
        {"$set": {"about": {"$ifNull": ["$related", "$reverses"]}}},
        {
            "$lookup": {
                "from": "transfers",
                "localField": "about",
                "foreignField": "_id",
                "pipeline": [{"$project": {"occurred_at": 1, "kind": 1}}],
                "as": "original",
            }
        },
        {"$set": {"original": {"$first": "$original"}}},
        {
            "$match": {
                "$or": [{"kind": {"$ne": "reversed"}}, {"original.kind": {"$in": [*growing, "pending"]}}]
            }
        },
        _by_day({"$ifNull": ["$original.occurred_at", "$occurred_at"]}, "$counted", time_zone),
    ]


def counted_by_day(
    programme_id: str, member_ids: Sequence[bytes], counter: str, time_zone: str
) -> list[Document]:
    """What members' standing activity added to a counter by day."""
    return [
        {
            "$match": {
                "member_id": {"$in": list(member_ids)},
                "programme_id": programme_id,
                "reversal": None,
                "counters.key": counter,
            }
        },
        {"$unwind": "$counters"},
        {"$match": {"counters.key": counter}},
        _by_day("$occurred_at", "$counters.add", time_zone),
    ]


def _by_day(at: object, amount: str, time_zone: str) -> Document:
    day = {"$dateToString": {"date": at, "format": "%Y-%m-%d", "timezone": time_zone}}
    return {"$group": {"_id": {"member": "$member_id", "day": day}, "amount": {"$sum": amount}}}


def state_document(state: TierState) -> Document:
    return {
        "_id": state.id,
        "programme_id": state.programme_id,
        "member_id": state.member_id,
        "ladder": state.ladder,
        "tier": state.tier,
        "since": state.since,
        "measured_at": state.measured_at,
        "assessed_at": state.assessed_at,
        "version": state.version,
        "days": {measure: dict(days) for measure, days in state.days.items()},
        "until": state.until,
        "in_grace": state.in_grace,
        "pinned": state.pinned.value if state.pinned else None,
        "told_for": state.told_for,
        "before": {"tier": state.before.tier, "until": state.before.until} if state.before else None,
        "look_at": state.look_at,
        "changes": state.changes,
        "grown_at": state.grown_at,
    }


def state_from(row: Mapping[str, Any]) -> TierState:
    return TierState(
        id=row["_id"],
        programme_id=row["programme_id"],
        member_id=row["member_id"],
        ladder=row["ladder"],
        tier=row["tier"],
        since=row["since"],
        measured_at=row["measured_at"],
        assessed_at=row["assessed_at"],
        version=row["version"],
        days=row["days"],
        until=row["until"],
        in_grace=row["in_grace"],
        pinned=Pin(row["pinned"]) if row["pinned"] else None,
        told_for=row["told_for"],
        before=Held(**row["before"]) if row["before"] else None,
        look_at=row["look_at"],
        changes=row["changes"],
        grown_at=row.get("grown_at"),
    )


def change_document(change: TierChange) -> Document:
    return {
        "_id": change.id,
        "programme_id": change.programme_id,
        "member_id": change.member_id,
        "ladder": change.ladder,
        "number": change.number,
        "kind": change.kind.value,
        "before": change.before,
        "after": change.after,
        "at": change.at,
        "recorded_at": change.recorded_at,
        "occurred_at": change.occurred_at,
        "until": change.until,
        "version": change.version,
        "cause": cause_document(change.cause),
        "figures": dict(change.figures),
    }


def change_from(row: Mapping[str, Any]) -> TierChange:
    return TierChange(
        id=row["_id"],
        programme_id=row["programme_id"],
        member_id=row["member_id"],
        ladder=row["ladder"],
        number=row["number"],
        kind=TierChangeKind(row["kind"]),
        before=row["before"],
        after=row["after"],
        at=row["at"],
        recorded_at=row["recorded_at"],
        occurred_at=row.get("occurred_at") or row["at"],
        until=row["until"],
        version=row["version"],
        cause=cause_from(row["cause"]),
        figures=row["figures"],
    )


def _round_from(row: Mapping[str, Any]) -> Round:
    return Round(
        id=row["_id"],
        programme_id=row["programme_id"],
        ladder=row["ladder"],
        ended_at=row["ended_at"],
        version=row["version"],
        population=row["population"],
        cutoffs=row["cutoffs"],
    )
