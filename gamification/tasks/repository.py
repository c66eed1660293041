"""Task progress as stored."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

from gamification.kit.causes import cause_document, cause_from
from gamification.leaderboards.model import contribution_document, contribution_from
from gamification.tasks.model import Places, Progress, Requirement
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, insert, write
from storage.paging import Page, Window, find_page

COLLECTION = "task_progress"
PLACES = "task_places"
INDEXES = {
    COLLECTION: [
        Index([("member_id", ASCENDING), ("task", ASCENDING)]),
        Index([("due_at", ASCENDING)], partial={"due_at": {"$type": "date"}}),
    ],
    PLACES: [],
}
"""None by `sequence`: progress moves with nearly every activity, and an index whose entry moves costs each as much as
another update would, while a page sorts just one member's."""


class ProgressRepository:
    """`task_progress`: one document a member, task and period. `task_places`: one a task for the first finishers, and
    period, once the first place is taken."""

    def __init__(self, mongo: Mongo) -> None:
        self._progress = mongo.collection(COLLECTION)
        self._places = mongo.collection(PLACES)

    async def by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Progress]:
        """Progress by id; where nothing was counted it is absent."""
        rows = await find_by_ids(self._progress, list(ids), tx)
        return {progress_id: progress_from(row) for progress_id, row in rows.items()}

    async def of_tasks(
        self, member_ids: Sequence[bytes], tasks: Sequence[str], tx: Tx | None = None
    ) -> list[Progress]:
        """All progress, of every period, of these members in these tasks."""
        cursor = self._progress.find(
            {"member_id": {"$in": list(member_ids)}, "task": {"$in": list(tasks)}},
            session=tx.session if tx else None,
        )
        return [progress_from(row) for row in await cursor.to_list(None)]

    async def save(self, changed: Sequence[Progress], known: Iterable[bytes], tx: Tx) -> None:
        """Store progress; `known` are the ids that were there before."""
        known = set(known)
        await insert(self._progress, [progress_document(p) for p in changed if p.id not in known], tx)
        await write(
            self._progress,
            [ReplaceOne({"_id": p.id}, progress_document(p)) for p in changed if p.id in known],
            tx,
        )

    async def rewarded_with_scores(self, member_id: bytes, tx: Tx | None = None) -> list[Progress]:
        """A member's progress whose reward wrote scores, in the order in which it did."""
        cursor = self._progress.find(
            {"member_id": member_id, "scores": {"$exists": True}}, session=tx.session if tx else None
        ).sort("reward_sequence", 1)
        return [progress_from(row) for row in await cursor.to_list(None)]

    async def places(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Places]:
        """Places by id; where none is taken they are absent."""
        rows = await find_by_ids(self._places, list(ids), tx)
        return {found: _places_from(row) for found, row in rows.items()}

    async def save_places(self, changed: Sequence[Places], known: Iterable[bytes], tx: Tx) -> None:
        """Store places; of two transactions that take one at once, one runs again."""
        known = set(known)
        await insert(self._places, [_places_document(p) for p in changed if p.id not in known], tx)
        await write(
            self._places,
            [ReplaceOne({"_id": p.id}, _places_document(p)) for p in changed if p.id in known],
            tx,
        )

    async def places_of(self, programme_id: str) -> list[Places]:
        """All places of a programme, of every task and period."""
        cursor = self._places.find({"programme_id": programme_id})
        return [_places_from(row) for row in await cursor.to_list(None)]

    async def due(self, now: datetime, limit: int) -> list[Progress]:
        """Progress of which the member is to be told that its reward lapses, or has; soonest first."""
        rows = self._progress.find({"due_at": {"$lte": now}}).sort("due_at", ASCENDING).limit(limit)
        return [progress_from(row) for row in await rows.to_list(None)]

    async def completed_between(self, member_id: bytes, since: datetime, until: datetime) -> int:
        """How many of a member's were completed in that time, and are."""
        query = {"member_id": member_id, "completed_at": {"$gte": since, "$lt": until}}
        return int(await self._progress.count_documents(query))

    async def stream(self, programme_id: str) -> AsyncIterator[Progress]:
        """All progress of a programme, in no order."""
        async for row in self._progress.find({"programme_id": programme_id}, batch_size=5000):
            yield progress_from(row)

    async def page(
        self, programme_id: str, member_id: bytes, query: dict[str, Any], window: Window
    ) -> Page[Progress]:
        """A member's progress, latest change first."""
        page = await find_page(
            self._progress,
            {"member_id": member_id, "programme_id": programme_id, **query},
            [("sequence", -1), ("_id", -1)],
            window,
        )
        return Page(
            [progress_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )


def progress_document(progress: Progress) -> Document:
    document: Document = {
        "_id": progress.id,
        "programme_id": progress.programme_id,
        "member_id": progress.member_id,
        "task": progress.task,
        "period": progress.period,
        "value": progress.value,
        "goal": progress.goal,
        "version": progress.version,
        "completions": progress.completions,
        "completed_at": progress.completed_at,
        "claimed_at": progress.claimed_at,
        "updated_at": progress.updated_at,
        "sequence": progress.sequence,
    }
    if progress.distinct:
        document["distinct"] = dict(progress.distinct)
    if progress.transfers:
        document["transfers"] = list(progress.transfers)
    if progress.scores:
        document["scores"] = [contribution_document(score) for score in progress.scores]
        document["reward_sequence"] = progress.reward_sequence
    if progress.requires:
        document["requires"] = list(progress.requires)
    if progress.place is not None:
        document["place"] = progress.place
    if progress.former_places:
        document["former_places"] = list(progress.former_places)
    if progress.missed:
        document["missed"] = True
    if progress.group is not None:
        document["group"] = _group_document(progress.group)
    for name in ("claim_by", "lapsed_at", "due_at"):
        if (at := getattr(progress, name)) is not None:
            document[name] = at
    if progress.cause is not None:
        document["cause"] = cause_document(progress.cause)
    return document


def progress_from(row: Document) -> Progress:
    return Progress(
        id=row["_id"],
        programme_id=row["programme_id"],
        member_id=row["member_id"],
        task=row["task"],
        period=row["period"],
        value=row["value"],
        distinct=row.get("distinct", {}),
        goal=row["goal"],
        requires=tuple(row.get("requires", ())),
        group=_group_from(row["group"]) if "group" in row else None,
        claim_by=row.get("claim_by"),
        lapsed_at=row.get("lapsed_at"),
        place=row.get("place"),
        missed=row.get("missed", False),
        former_places=tuple(row.get("former_places", ())),
        due_at=row.get("due_at"),
        version=row["version"],
        completions=row["completions"],
        completed_at=row["completed_at"],
        claimed_at=row["claimed_at"],
        cause=cause_from(row["cause"]) if "cause" in row else None,
        transfers=tuple(row.get("transfers", ())),
        scores=tuple(contribution_from(score) for score in row.get("scores", ())),
        reward_sequence=row.get("reward_sequence", 0),
        updated_at=row["updated_at"],
        sequence=row["sequence"],
    )


def _group_document(group: Requirement) -> Document:
    return {
        "least": group.least,
        "tasks": list(group.tasks),
        "groups": [_group_document(inner) for inner in group.groups],
    }


def _group_from(row: Document) -> Requirement:
    return Requirement(
        row["least"], tuple(row["tasks"]), tuple(_group_from(inner) for inner in row["groups"])
    )


def _places_document(places: Places) -> Document:
    return {
        "_id": places.id,
        "programme_id": places.programme_id,
        "task": places.task,
        "period": places.period,
        "taken": places.taken,
    }


def _places_from(row: Document) -> Places:
    return Places(row["_id"], row["programme_id"], row["task"], row["period"], row["taken"])
