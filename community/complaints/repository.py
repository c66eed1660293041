"""`complaints`, and in `complaint_messages` what was written about each."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from community.complaints.model import About, Complaint, ComplaintState, Message, MessageKind, Rating
from community.complaints.statistics import MEDIAN, MOST, Statistics, place_of, sums
from storage.mongo import (
    ASCENDING,
    DESCENDING,
    Document,
    Index,
    Mongo,
    ReplaceOne,
    Tx,
    find_by_ids,
    insert,
    write,
)
from storage.paging import Page, Window, find_page

COLLECTION = "complaints"
MESSAGES = "complaint_messages"
NEWEST: list[tuple[str, int]] = [("_id", -1)]
DUE: list[tuple[str, int]] = [("due_at", 1), ("_id", 1)]
INDEXES = {
    COLLECTION: [
        Index([("member_id", ASCENDING), ("_id", DESCENDING)]),
        Index([("programme_id", ASCENDING), ("state", ASCENDING), ("_id", DESCENDING)]),
        Index([("programme_id", ASCENDING), ("filed_at", ASCENDING)]),
        Index(
            [("programme_id", ASCENDING), ("due_at", ASCENDING), ("_id", ASCENDING)],
            partial={"due_at": {"$exists": True}},
        ),
    ],
    MESSAGES: [
        Index([("complaint_id", ASCENDING), ("_id", ASCENDING)]),
        Index([("member_id", ASCENDING)]),
        Index([("programme_id", ASCENDING)]),
    ],
}


class ComplaintRepository:
    """Complaints of all programmes; each query is of one."""

    def __init__(self, mongo: Mongo) -> None:
        self._complaints = mongo.collection(COLLECTION)
        self._messages = mongo.collection(MESSAGES)

    async def by_ids(
        self, programme_id: str, ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, Complaint]:
        """Complaints by id; those of other programmes are absent."""
        rows = await find_by_ids(self._complaints, ids, tx)
        return {key: _from(row) for key, row in rows.items() if row["programme_id"] == programme_id}

    async def save(self, complaint: Complaint, tx: Tx) -> None:
        """Keep it as it is now."""
        await write(self._complaints, [ReplaceOne({"_id": complaint.id}, _to(complaint), upsert=True)], tx)

    async def add_message(self, message: Message, tx: Tx) -> None:
        """Keep what was written."""
        await insert(self._messages, [_message_to(message)], tx)

    async def owed(self, member_id: bytes, tx: Tx) -> int:
        """How many of a member's complaints wait for an answer."""
        query = {"member_id": member_id, "due_at": {"$exists": True}}
        return int(await self._complaints.count_documents(query, session=tx.session))

    async def page(
        self, query: Mapping[str, Any], order: Sequence[tuple[str, int]], window: Window
    ) -> Page[Complaint]:
        """Complaints that match."""
        page = await find_page(self._complaints, query, order, window)
        return Page([_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def messages(self, complaint_id: bytes, window: Window) -> Page[Message]:
        """What was written about a complaint, oldest first."""
        page = await find_page(self._messages, {"complaint_id": complaint_id}, [("_id", 1)], window)
        rows = [_message_from(row) for row in page.rows]
        return Page(rows, page.positions, page.has_next, page.has_previous)

    async def counts(
        self, programme_id: str, category: str | None, now: datetime
    ) -> tuple[dict[ComplaintState, int], int]:
        """How many are in each state, and of how many the answer is late."""
        query: Document = {"programme_id": programme_id, **({"category": category} if category else {})}
        rows = self._complaints.aggregate(
            [{"$match": query}, {"$group": {"_id": "$state", "count": {"$sum": 1}}}]
        )
        found = {ComplaintState(row["_id"]): int(row["count"]) for row in await rows.to_list(None)}
        late = await self._complaints.count_documents({**query, "due_at": {"$lt": now}})
        return found, int(late)

    async def statistics(
        self, programme_id: str, since: datetime, until: datetime, category: str | None, now: datetime
    ) -> Statistics:
        """How those were dealt with that were filed from `since` on and before `until`."""
        query: Document = {"programme_id": programme_id, "filed_at": {"$gte": since, "$lt": until}}
        query |= {"category": category} if category is not None else {}
        rows = self._complaints.aggregate([{"$match": query}, {"$group": {"_id": None, **sums(now)}}])
        found = next(iter(await rows.to_list(1)), None) or dict.fromkeys(sums(now), 0)
        counts = {name: int(found[name]) for name in sums(now)}
        closed = {**query, "state": ComplaintState.CLOSED.value}
        return Statistics(
            **counts,
            to_answer=await self._took(query, "first_answered_at", counts["answered"], MEDIAN),
            to_answer_most=await self._took(query, "first_answered_at", counts["answered"], MOST),
            to_close=await self._took(closed, "closed_at", counts["closed"], MEDIAN),
            to_close_most=await self._took(closed, "closed_at", counts["closed"], MOST),
        )

    async def _took(self, query: Document, ends: str, count: int, percent: int) -> timedelta | None:
        """What of `count` times from filing to `ends` so many percent don't exceed."""
        if not count:
            return None
        rows = self._complaints.aggregate(
            [
                {"$match": {**query, ends: {"$type": "date"}}},
                {"$project": {"_id": 0, "took": {"$subtract": [f"${ends}", "$filed_at"]}}},
                {"$sort": {"took": ASCENDING}},
                {"$skip": place_of(count, percent)},
                {"$limit": 1},
            ],
            allowDiskUse=True,
        )
        found = next(iter(await rows.to_list(1)), None)
        return timedelta(milliseconds=found["took"]) if found is not None else None

    async def stream(self, programme_id: str) -> AsyncIterator[Complaint]:
        """Those of a programme, in no order."""
        async for row in self._complaints.find({"programme_id": programme_id}, batch_size=2000):
            yield _from(row)

    async def stream_messages(self, programme_id: str) -> AsyncIterator[Message]:
        """All that was written in a programme, in no order."""
        async for row in self._messages.find({"programme_id": programme_id}, batch_size=2000):
            yield _message_from(row)


def _to(one: Complaint) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "member_id": one.member_id,
        "category": one.category,
        "text": one.text,
        "state": one.state.value,
        "version": one.version,
        "filed_at": one.filed_at,
        "first_due_at": one.first_due_at,
    }
    if one.about is not None:
        document["about"] = {"kind": one.about.kind, "id": one.about.id}
    if one.rating is not None:
        rating = {"score": one.rating.score, "text": one.rating.text, "at": one.rating.at}
        document["rating"] = {name: value for name, value in rating.items() if value is not None}
    for name in ("due_at", "assignee", "first_answered_at", "answered_at", "closed_at"):
        if (value := getattr(one, name)) is not None:
            document[name] = value
    if one.closed_by_member:
        document["closed_by_member"] = True
    if one.reopened:
        document["reopened"] = one.reopened
    return document


def _from(row: Document) -> Complaint:
    about, rating = row.get("about"), row.get("rating")
    return Complaint(
        id=row["_id"],
        programme_id=row["programme_id"],
        member_id=row["member_id"],
        category=row["category"],
        text=row["text"],
        about=About(about["kind"], about["id"]) if about else None,
        state=ComplaintState(row["state"]),
        version=row["version"],
        filed_at=row["filed_at"],
        first_due_at=row["first_due_at"],
        due_at=row.get("due_at"),
        assignee=row.get("assignee"),
        first_answered_at=row.get("first_answered_at"),
        answered_at=row.get("answered_at"),
        closed_at=row.get("closed_at"),
        closed_by_member=row.get("closed_by_member", False),
        reopened=row.get("reopened", 0),
        rating=Rating(rating["score"], rating.get("text"), rating["at"]) if rating else None,
    )


def _message_to(one: Message) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "complaint_id": one.complaint_id,
        "member_id": one.member_id,
        "kind": one.kind.value,
        "from_staff": one.by is not None,
        "text": one.text,
        "at": one.at,
    }
    return document if one.by is None else {**document, "by": one.by}


def _message_from(row: Document) -> Message:
    return Message(
        row["_id"],
        row["programme_id"],
        row["complaint_id"],
        row["member_id"],
        MessageKind(row["kind"]),
        row.get("by"),
        row["text"],
        row["at"],
    )
