"""`rehearsals`: one document a rehearsal, with its draft until it is finished; `rehearsal_results`: {_id, programme_id, result}. A
rehearsal that is not finished holds a slot of its programme, of which there are so many."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from gamification.programmes.catalogue import Catalogue
from gamification.programmes.changes import Change, ChangeKind
from gamification.programmes.document import Document as ProgrammeDocument
from gamification.rehearsal.model import (
    KEPT_MAX,
    OPEN,
    OPEN_MAX,
    Rehearsal,
    RehearsalOrder,
    RehearsalStatus,
    Span,
)
from gamification.rehearsal.result import Result, result_document, result_from
from storage.mongo import ASCENDING, DESCENDING, Document, Index, Mongo, Tx
from storage.paging import Page, Window, find_page

REHEARSALS = "rehearsals"
RESULTS = "rehearsal_results"
_OPEN = {"status": {"$in": [status.value for status in OPEN]}}
INDEXES = {
    REHEARSALS: [
        Index([("programme_id", ASCENDING), ("_id", DESCENDING)]),
        Index(
            [("programme_id", ASCENDING), ("slot", ASCENDING)],
            unique=True,
            partial={"slot": {"$type": "number"}},
        ),
        Index([("slot", ASCENDING), ("_id", ASCENDING)], partial={"slot": {"$type": "number"}}),
        Index([("finished_at", ASCENDING)]),
    ],
    RESULTS: [Index([("programme_id", ASCENDING)])],
}
LEASE = timedelta(seconds=30)
"""How long a process has it for itself after it was last heard of."""


class RehearsalRepository:
    """Rehearsals, and what they found."""

    def __init__(self, mongo: Mongo) -> None:
        self._rehearsals = mongo.collection(REHEARSALS)
        self._results = mongo.collection(RESULTS)

    async def free_slot(self, programme_id: str, tx: Tx) -> int | None:
        """A slot that no rehearsal holds; None where all are taken. Of two who take it at once one runs again."""
        rows = self._rehearsals.find(
            {"programme_id": programme_id, "slot": {"$type": "number"}}, ["slot"], session=tx.session
        )
        taken = {row["slot"] for row in await rows.to_list(None)}
        return next((slot for slot in range(OPEN_MAX) if slot not in taken), None)

    async def add(self, rehearsal: Rehearsal, draft: Catalogue, slot: int, tx: Tx) -> None:
        """Store a new one with its draft."""
        document = draft.document.model_dump(mode="json", exclude_defaults=True)
        row = _to(rehearsal) | {"slot": slot, "draft": document, "draft_version": draft.version}
        await self._rehearsals.insert_one(row, session=tx.session)

    async def by_ids(self, programme_id: str, ids: Sequence[bytes]) -> dict[bytes, Rehearsal]:
        """Rehearsals by id; those of other programmes are absent."""
        query = {"_id": {"$in": list(ids)}, "programme_id": programme_id}
        rows = await self._rehearsals.find(query, {"draft": 0}).to_list(None)
        return {row["_id"]: _from(row) for row in rows}

    async def page(self, programme_id: str, window: Window) -> Page[Rehearsal]:
        """A programme's, newest first."""
        query = {"programme_id": programme_id}
        page = await find_page(self._rehearsals, query, [("_id", -1)], window, without=["draft"])
        return Page([_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def results(self, programme_id: str, ids: Sequence[bytes]) -> dict[bytes, Result]:
        """What those found that are done, by id."""
        query = {"_id": {"$in": list(ids)}, "programme_id": programme_id}
        rows = await self._results.find(query).to_list(None)
        return {row["_id"]: result_from(row["result"]) for row in rows}

    async def claim(self, holder: bytes, now: datetime) -> tuple[Rehearsal, Catalogue] | None:
        """The oldest one that nobody plays, from now on this holder's; with its draft."""
        row: Document | None = await self._rehearsals.find_one_and_update(
            {"slot": {"$type": "number"}, "$or": [{"lease_until": None}, {"lease_until": {"$lte": now}}]},
            {
                "$set": {
                    "status": RehearsalStatus.RUNNING.value,
                    "holder": holder,
                    "lease_until": now + LEASE,
                    "began_at": now,
                    "seen_at": now,
                    "done": 0,
                },
                "$inc": {"attempts": 1},
            },
            sort=[("_id", ASCENDING)],
            return_document=True,
        )
        if row is None:
            return None
        document = ProgrammeDocument.model_validate(row["draft"])
        return _from(row), Catalogue(row["programme_id"], row["draft_version"], document)

    async def hear(self, found: bytes, holder: bytes, done: int, total: int, now: datetime) -> bool:
        """Note how far it is, and keep it; whether it is the holder's still."""
        seen = {"done": done, "total": total, "seen_at": now, "lease_until": now + LEASE}
        result = await self._rehearsals.update_one({"_id": found, "holder": holder, **_OPEN}, {"$set": seen})
        return bool(result.matched_count)

    async def finish(self, found: bytes, holder: bytes, result: Result, now: datetime, tx: Tx) -> None:
        """Keep what it found, if it is the holder's still."""
        query, played = {"_id": found, "holder": holder}, result.activities + result.before
        changed = await self._end(
            query, RehearsalStatus.DONE, None, now, tx, {"done": played, "total": played}
        )
        if changed is not None:
            row = {"_id": found, "programme_id": changed.programme_id, "result": result_document(result)}
            await self._results.replace_one({"_id": found}, row, upsert=True, session=tx.session)

    async def fail(self, found: bytes, holder: bytes, problem: str, now: datetime) -> None:
        """Note that it can't be finished."""
        await self._end({"_id": found, "holder": holder}, RehearsalStatus.FAILED, problem, now, None)

    async def cancel(self, programme_id: str, found: bytes, now: datetime) -> None:
        """End it where it is not finished; who plays it learns that when it is next heard of."""
        query = {"_id": found, "programme_id": programme_id}
        await self._end(query, RehearsalStatus.CANCELLED, None, now, None)

    async def _end(
        self,
        query: Document,
        status: RehearsalStatus,
        problem: str | None,
        now: datetime,
        tx: Tx | None,
        more: Mapping[str, int] | None = None,
    ) -> Rehearsal | None:
        row: Document | None = await self._rehearsals.find_one_and_update(
            query | _OPEN,
            {
                "$set": {
                    "status": status.value,
                    "problem": problem,
                    "finished_at": now,
                    "seen_at": now,
                    **(more or {}),
                },
                "$unset": {"slot": "", "draft": "", "holder": "", "lease_until": ""},
            },
            return_document=True,
            session=tx.session if tx else None,
        )
        return _from(row) if row else None

    async def forget(self, before: datetime, limit: int) -> int:
        """Delete those that were finished before that instant, so many at most; how many."""
        rows = self._rehearsals.find({"finished_at": {"$lt": before}}, ["_id"]).limit(limit)
        return await self._delete([row["_id"] for row in await rows.to_list(None)])

    async def forget_oldest(self, programme_id: str) -> int:
        """Delete a programme's finished ones but for the newest; how many."""
        query = {"programme_id": programme_id, "finished_at": {"$ne": None}}
        rows = self._rehearsals.find(query, ["_id"]).sort("_id", DESCENDING).skip(KEPT_MAX)
        return await self._delete([row["_id"] for row in await rows.to_list(None)])

    async def _delete(self, ids: list[bytes]) -> int:
        if ids:
            # What it found goes first: a result without its rehearsal would stay for good.
            await self._results.delete_many({"_id": {"$in": ids}})
            await self._rehearsals.delete_many({"_id": {"$in": ids}})
        return len(ids)


def _to(rehearsal: Rehearsal) -> Document:
    row = asdict(rehearsal)
    row["_id"] = row.pop("id")
    row["status"], row["order"] = rehearsal.status.value, rehearsal.order.value
    row["changes"] = [
        {**asdict(change), "kind": change.kind.value, "fields": list(change.fields)}
        for change in rehearsal.changes
    ]
    return row


def _from(row: Document) -> Rehearsal:
    changes = tuple(
        Change(**{**one, "kind": ChangeKind(one["kind"]), "fields": tuple(one["fields"])})
        for one in row["changes"]
    )
    return Rehearsal(
        id=row["_id"],
        programme_id=row["programme_id"],
        version=row["version"],
        changes=changes,
        span=Span(**row["span"]),
        order=RehearsalOrder(row["order"]),
        newest=row["newest"],
        asked_by=row["asked_by"],
        asked_at=row["asked_at"],
        status=RehearsalStatus(row["status"]),
        attempts=row["attempts"],
        began_at=row["began_at"],
        seen_at=row["seen_at"],
        finished_at=row["finished_at"],
        done=row["done"],
        total=row["total"],
        problem=row["problem"],
    )
