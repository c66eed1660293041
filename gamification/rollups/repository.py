"""`member_months`: {_id: the member's id and the month, programme_id, member_id, month, days}, of which a day is [its number,
purchases, spend, [type, count]…]. What is here can be added up from activity again: `verify` does. `rollup_runs`: {_id: the
programme's id, terms, begun_at}: by which terms everything was last added up.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from gamification.rollups.model import MemberDay, MemberMonth, month_id
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, write

COLLECTION = "member_months"
RUNS = "rollup_runs"
INDEXES = {
    COLLECTION: [
        Index([("programme_id", ASCENDING), ("_id", ASCENDING)]),
        Index([("programme_id", ASCENDING), ("month", ASCENDING)]),
    ],
    RUNS: [],
}
_LEASE = timedelta(minutes=30)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH = 5000


class MonthRepository:
    """Members' months; one in which nothing was done has no document."""

    def __init__(self, mongo: Mongo) -> None:
        self._months = mongo.collection(COLLECTION)
        self._runs = mongo.collection(RUNS)

    async def of_members(
        self, member_ids: Sequence[bytes], tx: Tx | None = None, since: int = 0
    ) -> dict[bytes, list[MemberMonth]]:
        """The months of each of these members from that one on, in order."""
        found: dict[bytes, list[MemberMonth]] = {member_id: [] for member_id in member_ids}
        if not found:
            return found
        ranges = [
            {"_id": {"$gte": month_id(member_id, since), "$lte": month_id(member_id, 999_999)}}
            for member_id in found
        ]
        cursor = self._months.find({"$or": ranges}, session=tx.session if tx else None)
        for row in await cursor.to_list(None):
            found[row["member_id"]].append(_from(row))
        for months in found.values():
            months.sort(key=lambda one: one.month)
        return found

    async def stream(self, programme_id: str) -> AsyncIterator[MemberMonth]:
        """Every month of a programme, in the order of members and then of time."""
        rows = self._months.find({"programme_id": programme_id}, batch_size=_BATCH).sort("_id", ASCENDING)
        async for row in rows:
            yield _from(row)

    async def in_months(self, programme_id: str, months: Sequence[int]) -> AsyncIterator[MemberMonth]:
        """Every member's one of these months, in no order."""
        query = {"programme_id": programme_id, "month": {"$in": list(months)}}
        async for row in self._months.find(query, batch_size=_BATCH):
            yield _from(row)

    async def save(self, months: Iterable[MemberMonth], tx: Tx | None = None) -> None:
        """Keep each as it is now; those without days go."""
        kept = [one for one in months if one.days]
        gone = [month_id(one.member_id, one.month) for one in months if not one.days]
        await write(
            self._months,
            [ReplaceOne({"_id": (row := _to(one))["_id"]}, row, upsert=True) for one in kept],
            tx,
        )
        if gone:
            await self._months.delete_many({"_id": {"$in": gone}}, session=tx.session if tx else None)

    async def terms_of(self, programme_id: str) -> str | None:
        """By which terms a programme's months are added up; None where that was never done for all."""
        row = await self._runs.find_one({"_id": programme_id}, ["terms"])
        return row["terms"] if row else None

    async def begin_run(self, programme_id: str, terms: str, now: datetime) -> bool:
        """Whether it is this caller's turn to add up a programme by other terms than so far, and nobody began to lately."""
        fresh = {"terms": None, "begun_at": _NEVER}
        await self._runs.update_one({"_id": programme_id}, {"$setOnInsert": fresh}, upsert=True)
        due = {"_id": programme_id, "terms": {"$ne": terms}, "begun_at": {"$lte": now - _LEASE}}
        return bool((await self._runs.update_one(due, {"$set": {"begun_at": now}})).modified_count)

    async def end_run(self, programme_id: str, terms: str) -> None:
        """Everything is added up by these terms."""
        done = {"terms": terms, "begun_at": _NEVER}
        await self._runs.update_one({"_id": programme_id}, {"$set": done})

    async def forget(self, member_id: bytes, tx: Tx) -> None:
        """Delete all of a member's."""
        span = {"$gte": month_id(member_id, 0), "$lte": month_id(member_id, 999_999)}
        await self._months.delete_many({"_id": span}, session=tx.session)


def _to(one: MemberMonth) -> Document:
    return {
        "_id": month_id(one.member_id, one.month),
        "programme_id": one.programme_id,
        "member_id": one.member_id,
        "month": one.month,
        "days": [
            [day.day.day, day.purchases, day.spend, *([key, count] for key, count in day.counts.items())]
            for day in one.days
        ],
    }


def _from(row: Document) -> MemberMonth:
    year, month = divmod(int(row["month"]), 100)
    return MemberMonth(
        row["programme_id"],
        row["member_id"],
        int(row["month"]),
        tuple(
            MemberDay(date(year, month, number), dict(counts), int(purchases), int(spend))
            for number, purchases, spend, *counts in row["days"]
        ),
    )
