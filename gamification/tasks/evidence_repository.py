"""Submissions for tasks that moderators approve, as stored."""

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from gamification.tasks.submissions import STANDING, Decision, Submission, SubmissionState
from storage.mongo import ASCENDING, Document, Index, Mongo, Tx, find_by_ids, insert
from storage.paging import Page, Window, find_page

COLLECTION = "task_submissions"
INDEXES = {
    COLLECTION: [
        Index([("programme_id", ASCENDING), ("state", ASCENDING), ("place", ASCENDING)]),
        Index(
            [
                ("programme_id", ASCENDING),
                ("task", ASCENDING),
                ("state", ASCENDING),
                ("place", ASCENDING),
            ]
        ),
        Index([("programme_id", ASCENDING), ("place", ASCENDING)]),
        Index([("member_id", ASCENDING), ("place", ASCENDING)]),
        Index([("member_id", ASCENDING), ("task", ASCENDING), ("period", ASCENDING)]),
        Index(
            [("programme_id", ASCENDING), ("link_digest", ASCENDING)],
            partial={"link_digest": {"$exists": True}},
        ),
    ]
}
COUNT_MAX = 10_000
"""A queue is counted so far; beyond it, it is this long at least."""


class SubmissionRepository:
    """`task_submissions`: never deleted; an erased member's hold no text and no link."""

    def __init__(self, mongo: Mongo) -> None:
        self._submissions = mongo.collection(COLLECTION)

    async def by_ids(
        self, programme_id: str, ids: Iterable[bytes], tx: Tx | None = None
    ) -> dict[bytes, Submission]:
        """Submissions by id; those of other programmes are absent."""
        rows = await find_by_ids(self._submissions, list(ids), tx)
        return {
            found: submission_from(row) for found, row in rows.items() if row["programme_id"] == programme_id
        }

    async def in_period(self, member_id: bytes, task: str, period: str, tx: Tx) -> list[Submission]:
        """All that a member handed in for a task's period, in order."""
        query = {"member_id": member_id, "task": task, "period": period}
        rows = await self._submissions.find(query, session=tx.session).to_list(None)
        return sorted((submission_from(row) for row in rows), key=lambda one: one.number)

    async def of_activity(self, submission: bytes, activity: bytes, tx: Tx) -> Submission | None:
        """The submission that this activity approved, while it counts."""
        query = {"_id": submission, "activity_id": activity, "state": SubmissionState.APPROVED.value}
        row = await self._submissions.find_one(query, session=tx.session)
        return submission_from(row) if row else None

    async def uses_link(self, member_id: bytes, task: str, link: str, tx: Tx) -> bool:
        """Whether a submission of the member for that task stands that has the link."""
        states = {"$in": [one.value for one in STANDING]}
        query = {"member_id": member_id, "task": task, "link_digest": link_digest(link), "state": states}
        return await self._submissions.find_one(query, ["_id"], session=tx.session) is not None

    async def same_links(self, programme_id: str, links: Sequence[str]) -> dict[str, int]:
        """By link, how many members handed it in, for whatever task."""
        digests = {link_digest(link): link for link in links}
        rows = self._submissions.aggregate(
            [
                {"$match": {"programme_id": programme_id, "link_digest": {"$in": list(digests)}}},
                {"$group": {"_id": {"link": "$link_digest", "member": "$member_id"}}},
                {"$group": {"_id": "$_id.link", "members": {"$sum": 1}}},
            ]
        )
        return {digests[row["_id"]]: int(row["members"]) async for row in rows}

    async def add(self, submission: Submission, tx: Tx) -> None:
        """Store a new one."""
        await insert(self._submissions, [submission_document(submission)], tx)

    async def replace(self, submission: Submission, tx: Tx) -> None:
        """Store its next state. Of two transactions that do so at once, one runs again."""
        await self._submissions.replace_one(
            {"_id": submission.id}, submission_document(submission), session=tx.session
        )

    async def page(self, query: Mapping[str, Any], window: Window, *, newest_first: bool) -> Page[Submission]:
        """Submissions that match, in the programme's order or the other way round."""
        page = await find_page(self._submissions, query, [("place", -1 if newest_first else 1)], window)
        rows = [submission_from(row) for row in page.rows]
        return Page(rows, page.positions, page.has_next, page.has_previous)

    async def count(self, query: Mapping[str, Any]) -> int:
        """How many match, up to COUNT_MAX."""
        return int(await self._submissions.count_documents(dict(query), limit=COUNT_MAX))

    async def ends(self, query: Mapping[str, Any]) -> tuple[Submission, Submission] | None:
        """The oldest and the newest of those that match; None for none."""
        oldest = await self._submissions.find_one(query, sort=[("place", 1)])
        newest = await self._submissions.find_one(query, sort=[("place", -1)])
        return (submission_from(oldest), submission_from(newest)) if oldest and newest else None

    async def stream(self, programme_id: str) -> AsyncIterator[Submission]:
        """Every submission of a programme, in no order."""
        async for row in self._submissions.find({"programme_id": programme_id}, batch_size=5000):
            yield submission_from(row)


def link_digest(link: str) -> bytes:
    """What a link is found again by; gone with the link."""
    return hashlib.blake2b(link.encode(), digest_size=12).digest()


def submission_document(submission: Submission) -> Document:
    document: Document = {
        "_id": submission.id,
        "programme_id": submission.programme_id,
        "member_id": submission.member_id,
        "task": submission.task,
        "period": submission.period,
        "number": submission.number,
        "submitted_at": submission.submitted_at,
        "place": submission.place,
        "state": submission.state.value,
        "version": submission.version,
        "decisions": [_decision_document(one) for one in submission.decisions],
    }
    for name in ("text", "link", "activity_id", "reason"):
        if (value := getattr(submission, name)) is not None:
            document[name] = value
    if submission.link is not None:
        document["link_digest"] = link_digest(submission.link)
    return document


def submission_from(row: Document) -> Submission:
    return Submission(
        id=row["_id"],
        programme_id=row["programme_id"],
        member_id=row["member_id"],
        task=row["task"],
        period=row["period"],
        number=row["number"],
        submitted_at=row["submitted_at"],
        place=row["place"],
        text=row.get("text"),
        link=row.get("link"),
        state=SubmissionState(row["state"]),
        version=row["version"],
        activity_id=row.get("activity_id"),
        reason=row.get("reason"),
        decisions=tuple(_decision_from(one) for one in row["decisions"]),
    )


def _decision_document(decision: Decision) -> Document:
    document: Document = {"state": decision.state.value, "at": decision.at, "actor": decision.actor}
    if decision.reason is not None:
        document["reason"] = decision.reason
    if decision.note is not None:
        document["note"] = decision.note
    return document


def _decision_from(row: Document) -> Decision:
    return Decision(
        SubmissionState(row["state"]), row["at"], row["actor"], row.get("reason"), row.get("note")
    )
