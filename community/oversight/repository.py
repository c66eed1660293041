"""`moderation_log`, whose last number and hash `moderation_heads` keeps, and `moderation_statements`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from community.oversight.chain import GENESIS
from community.oversight.model import (
    Act,
    ActKind,
    Appeal,
    AppealState,
    LogEntry,
    Statement,
    Subject,
    SubjectKind,
)
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

LOG = "moderation_log"
HEADS = "moderation_heads"
STATEMENTS = "moderation_statements"
NEWEST = [("number", -1)]
LATEST = [("at", -1), ("_id", -1)]
INDEXES = {
    LOG: [
        Index([("programme_id", ASCENDING), ("number", DESCENDING)], unique=True),
        Index([("member_id", ASCENDING), ("number", DESCENDING)]),
        Index([("subject_id", ASCENDING), ("number", DESCENDING)]),
        Index([("programme_id", ASCENDING), ("by", ASCENDING), ("number", DESCENDING)]),
    ],
    HEADS: [],
    STATEMENTS: [
        Index([("member_id", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        Index([("programme_id", ASCENDING), ("at", DESCENDING)]),
        Index([("subject_id", ASCENDING), ("at", DESCENDING)]),
    ],
}


class LogRepository:
    """Logs of all programmes; each query is of one."""

    def __init__(self, mongo: Mongo) -> None:
        self._log = mongo.collection(LOG)
        self._heads = mongo.collection(HEADS)

    async def head(self, programme_id: str, tx: Tx) -> tuple[int, bytes]:
        """The last entry's number and hash; 0 and GENESIS before the first. Two who add at once conflict."""
        row = await self._heads.find_one({"_id": programme_id}, session=tx.session)
        return (int(row["number"]), row["hash"]) if row else (0, GENESIS)

    async def add(self, entries: Sequence[LogEntry], tx: Tx) -> None:
        """Add entries for good."""
        last = entries[-1]
        head = {"_id": last.programme_id, "number": last.number, "hash": last.hash}
        await write(self._heads, [ReplaceOne({"_id": last.programme_id}, head, upsert=True)], tx)
        await insert(self._log, [_to(one) for one in entries], tx)

    async def page(self, programme_id: str, query: Mapping[str, Any], window: Window) -> Page[LogEntry]:
        """Entries that match, newest first."""
        page = await find_page(self._log, {"programme_id": programme_id, **query}, NEWEST, window)
        return Page([_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def stream(
        self, programme_id: str, query: Mapping[str, Any] | None = None
    ) -> AsyncIterator[LogEntry]:
        """Every entry of a programme, the first first."""
        rows = self._log.find({"programme_id": programme_id, **(query or {})}, batch_size=2000)
        async for row in rows.sort("number", ASCENDING):
            yield _from(row)

    async def last(self, programme_id: str) -> tuple[int, bytes]:
        """What is kept as the last number and hash."""
        row = await self._heads.find_one({"_id": programme_id})
        return (int(row["number"]), row["hash"]) if row else (0, GENESIS)


class StatementRepository:
    """What members were told; each query is of one programme."""

    def __init__(self, mongo: Mongo) -> None:
        self._statements = mongo.collection(STATEMENTS)

    async def by_ids(
        self, programme_id: str, ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, Statement]:
        """Statements by id; those of other programmes are absent."""
        rows = await find_by_ids(self._statements, ids, tx)
        return {key: _statement(row) for key, row in rows.items() if row["programme_id"] == programme_id}

    async def save(self, statements: Sequence[Statement], tx: Tx) -> None:
        """Keep them as they are now."""
        await write(
            self._statements,
            [ReplaceOne({"_id": one.id}, _statement_to(one), upsert=True) for one in statements],
            tx,
        )

    async def with_words(self, programme_id: str, member_id: bytes, limit: int, tx: Tx) -> list[Statement]:
        """Those to a member that say something."""
        query = {
            "programme_id": programme_id,
            "member_id": member_id,
            "$or": [
                {"reason": {"$type": "string"}},
                {"appeal.text": {"$gt": ""}},
                {"appeal.answer": {"$type": "string"}},
            ],
        }
        rows = self._statements.find(query, session=tx.session).limit(limit)
        return [_statement(row) for row in await rows.to_list(None)]

    async def page(self, programme_id: str, query: Mapping[str, Any], window: Window) -> Page[Statement]:
        """Those that match, newest first."""
        page = await find_page(self._statements, {"programme_id": programme_id, **query}, LATEST, window)
        return Page([_statement(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def stream(self, programme_id: str) -> AsyncIterator[Statement]:
        """Every one of a programme, in no order."""
        async for row in self._statements.find({"programme_id": programme_id}, batch_size=2000):
            yield _statement(row)


def _to(one: LogEntry) -> Document:
    act = one.act
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "number": one.number,
        "at": one.at,
        "by": one.by,
        "kind": act.kind.value,
        "subject_kind": act.subject.kind.value,
        "subject_id": act.subject.id,
        "member_id": act.member_id,
        "space": act.space,
        "rule": act.rule,
        "details": dict(act.details or {}),
        "until": act.until,
        "sanction_id": act.sanction_id,
        "parent": act.parent,
        "words": one.words,
        "previous": one.previous,
        "hash": one.hash,
    }
    if act.reason is not None:
        document |= {"reason": act.reason, "salt": one.salt}
    return document


def _from(row: Document) -> LogEntry:
    act = Act(
        ActKind(row["kind"]),
        Subject(SubjectKind(row["subject_kind"]), row["subject_id"]),
        row["member_id"],
        row["space"],
        row.get("reason"),
        row["rule"],
        row["details"],
        row["until"],
        row["sanction_id"],
        row["parent"],
    )
    return LogEntry(
        row["_id"],
        row["programme_id"],
        int(row["number"]),
        row["at"],
        row["by"],
        act,
        row.get("salt"),
        row["words"],
        row["previous"],
        row["hash"],
    )


def _statement_to(one: Statement) -> Document:
    appeal = one.appeal
    return {
        "_id": one.id,
        "programme_id": one.programme_id,
        "member_id": one.member_id,
        "kind": one.kind.value,
        "subject_kind": one.subject.kind.value,
        "subject_id": one.subject.id,
        "space": one.space,
        "reason": one.reason,
        "rule": one.rule,
        "automated": one.automated,
        "by": one.by,
        "at": one.at,
        "appeal_until": one.appeal_until,
        "until": one.until,
        "sanction_id": one.sanction_id,
        "appeal": {
            "at": appeal.at,
            "text": appeal.text,
            "due_at": appeal.due_at,
            "state": appeal.state.value,
            "answered_at": appeal.answered_at,
            "answer": appeal.answer,
        }
        if appeal is not None
        else None,
        "details": dict(one.details or {}),
    }


def _statement(row: Document) -> Statement:
    appeal = row["appeal"]
    return Statement(
        row["_id"],
        row["programme_id"],
        row["member_id"],
        ActKind(row["kind"]),
        Subject(SubjectKind(row["subject_kind"]), row["subject_id"]),
        row["space"],
        row["reason"],
        row["rule"],
        row["automated"],
        row["by"],
        row["at"],
        row["appeal_until"],
        row["until"],
        row["sanction_id"],
        Appeal(
            appeal["at"],
            appeal["text"],
            appeal["due_at"],
            AppealState(appeal["state"]),
            appeal["answered_at"],
            appeal["answer"],
        )
        if appeal
        else None,
        row.get("details"),
    )
