"""`moderation_cases`, `moderation_reports`, and in `moderation_reporters` how each member's reports were judged."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from community.moderation.model import (
    Case,
    CaseKind,
    CaseState,
    Decided,
    Decision,
    Record,
    Report,
    Source,
    Verdict,
)
from community.oversight.model import Subject, SubjectKind
from storage.mongo import (
    ASCENDING,
    DESCENDING,
    Document,
    Index,
    Mongo,
    ReplaceOne,
    Tx,
    UpdateOne,
    find_by_ids,
    write,
)
from storage.paging import Page, Window, find_page

CASES = "moderation_cases"
REPORTS = "moderation_reports"
REPORTERS = "moderation_reporters"
QUEUE = [("score", -1), ("opened_at", 1), ("_id", 1)]
NEWEST = [("at", -1), ("_id", -1)]
_QUEUE = [("score", DESCENDING), ("opened_at", ASCENDING), ("_id", ASCENDING)]
COUNTED_MAX = 10_000
INDEXES = {
    CASES: [
        Index([("programme_id", ASCENDING), ("state", ASCENDING), *_QUEUE]),
        Index([("programme_id", ASCENDING), ("opened_at", DESCENDING)]),
        Index([("member_id", ASCENDING)]),
        Index([("due_at", ASCENDING)], partial={"due_at": {"$exists": True}}),
    ],
    REPORTS: [
        Index([("case_id", ASCENDING), ("round", DESCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        Index([("reporter_id", ASCENDING), ("at", DESCENDING)]),
        Index([("about_id", ASCENDING)]),
        Index([("programme_id", ASCENDING)]),
    ],
    REPORTERS: [Index([("programme_id", ASCENDING)])],
}


class CaseRepository:
    """Cases of all programmes; each query is of one."""

    def __init__(self, mongo: Mongo) -> None:
        self._cases = mongo.collection(CASES)

    async def by_ids(
        self, programme_id: str, ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, Case]:
        """Cases by id; those of other programmes are absent."""
        rows = await find_by_ids(self._cases, ids, tx)
        return {key: _from(row) for key, row in rows.items() if row["programme_id"] == programme_id}

    async def save(self, cases: Sequence[Case], tx: Tx) -> None:
        """Keep them as they are now."""
        await write(self._cases, [ReplaceOne({"_id": one.id}, _to(one), upsert=True) for one in cases], tx)

    async def page(self, programme_id: str, query: Mapping[str, Any], window: Window) -> Page[Case]:
        """Cases that match, what weighs most first, of as much the oldest."""
        page = await find_page(self._cases, {"programme_id": programme_id, **query}, QUEUE, window)
        return Page([_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def count(self, programme_id: str, query: Mapping[str, Any]) -> int:
        """How many match, COUNTED_MAX at most."""
        return await self._cases.count_documents({"programme_id": programme_id, **query}, limit=COUNTED_MAX)

    async def newest_change(self, programme_id: str, query: Mapping[str, Any]) -> tuple[int, float]:
        """Something that differs whenever cases that match, or their order, changed: versions and scores added up."""
        rows = self._cases.aggregate(
            [
                {"$match": {"programme_id": programme_id, **query}},
                {"$group": {"_id": None, "versions": {"$sum": "$version"}, "score": {"$sum": "$score"}}},
            ]
        )
        found = await rows.to_list(1)
        return (int(found[0]["versions"]), float(found[0]["score"])) if found else (0, 0.0)

    async def between(self, programme_id: str, since: datetime, until: datetime) -> list[Case]:
        """Cases that were opened in a time, COUNTED_MAX at most."""
        rows = self._cases.find(
            {"programme_id": programme_id, "opened_at": {"$gte": since, "$lt": until}}, limit=COUNTED_MAX
        )
        return [_from(row) for row in await rows.to_list(None)]

    async def waiting(self, programme_id: str) -> list[datetime]:
        """Since when each open case waits, the oldest first, COUNTED_MAX at most."""
        rows = self._cases.find(
            {"programme_id": programme_id, "state": CaseState.OPEN.value}, ["opened_at"], limit=COUNTED_MAX
        )
        return sorted([row["opened_at"] for row in await rows.to_list(None)])

    async def with_words(self, programme_id: str, member_id: bytes, limit: int, tx: Tx) -> list[Case]:
        """Cases about a member that are open, or were decided with words."""
        query = {
            "programme_id": programme_id,
            "member_id": member_id,
            "$or": [{"state": CaseState.OPEN.value}, {"decided.reason": {"$type": "string"}}],
        }
        rows = self._cases.find(query, session=tx.session).limit(limit)
        return [_from(row) for row in await rows.to_list(None)]

    async def stream(self, programme_id: str) -> AsyncIterator[Case]:
        """Every one of a programme, in no order."""
        async for row in self._cases.find({"programme_id": programme_id}, batch_size=2000):
            yield _from(row)


class ReportRepository:
    """What members report."""

    def __init__(self, mongo: Mongo) -> None:
        self._reports = mongo.collection(REPORTS)
        self._reporters = mongo.collection(REPORTERS)

    async def of_round(self, case_id: bytes, times: int, tx: Tx) -> list[Report]:
        """All of a case's round."""
        rows = self._reports.find({"case_id": case_id, "round": times}, session=tx.session)
        return [_report(row) for row in await rows.to_list(None)]

    async def by_ids(self, ids: Sequence[bytes]) -> dict[bytes, Report]:
        """Reports by id."""
        return {key: _report(row) for key, row in (await find_by_ids(self._reports, ids)).items()}

    async def find(self, report_id: bytes, tx: Tx) -> Report | None:
        """One."""
        rows = await find_by_ids(self._reports, [report_id], tx)
        return _report(rows[report_id]) if report_id in rows else None

    async def since(self, reporter_id: bytes, at: datetime, tx: Tx) -> int:
        """How many a member made since then."""
        query = {"reporter_id": reporter_id, "at": {"$gte": at}}
        return await self._reports.count_documents(query, session=tx.session)

    async def empty_about(self, member_id: bytes, tx: Tx) -> None:
        """Take the words out of what was said of a member's texts."""
        query = {"about_id": member_id, "note": {"$type": "string"}}
        await self._reports.update_many(query, {"$set": {"note": None}}, session=tx.session)

    async def save(self, reports: Sequence[Report], tx: Tx) -> None:
        """Keep them as they are now."""
        models = [ReplaceOne({"_id": one.id}, _report_to(one), upsert=True) for one in reports]
        await write(self._reports, models, tx)

    async def record(self, member_id: bytes, tx: Tx) -> Record:
        """How a member's reports were judged."""
        rows = await find_by_ids(self._reporters, [member_id], tx)
        row = rows.get(member_id)
        return Record(int(row["agreed"]), int(row["disagreed"])) if row else Record()

    async def judge(self, programme_id: str, verdicts: Sequence[tuple[bytes, Verdict]], tx: Tx) -> None:
        """Count what was decided of these members' reports."""
        models = [
            UpdateOne(
                {"_id": member_id},
                {
                    "$inc": {one.value: int(one is verdict) for one in Verdict},
                    "$setOnInsert": {"programme_id": programme_id},
                },
                upsert=True,
            )
            for member_id, verdict in verdicts
        ]
        await write(self._reporters, models, tx)

    async def page(self, case_id: bytes, window: Window) -> Page[Report]:
        """The reports of a case, newest first."""
        page = await find_page(self._reports, {"case_id": case_id}, NEWEST, window)
        return Page([_report(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def stream(self, programme_id: str) -> AsyncIterator[Report]:
        """Every one of a programme, in no order."""
        async for row in self._reports.find({"programme_id": programme_id}, batch_size=2000):
            yield _report(row)

    async def records(self, programme_id: str) -> dict[bytes, Record]:
        """How every member's reports were judged."""
        rows = self._reporters.find({"programme_id": programme_id}, batch_size=5000)
        return {row["_id"]: Record(int(row["agreed"]), int(row["disagreed"])) async for row in rows}


def _to(one: Case) -> Document:
    decided = one.decided
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "kind": one.kind.value,
        "subject_kind": one.subject.kind.value,
        "subject_id": one.subject.id,
        "member_id": one.member_id,
        "space": one.space,
        "state": one.state.value,
        "round": one.round,
        "version": one.version,
        "opened_at": one.opened_at,
        "sources": [source.value for source in one.sources],
        "score": one.score,
        "reports": one.reports,
        "reasons": dict(one.reasons or {}),
        "rules": list(one.rules),
        "hidden": one.hidden,
        "claimed_by": one.claimed_by,
        "claimed_until": one.claimed_until,
        "acted_at": one.acted_at,
        "decided": {
            "decision": decided.decision.value,
            "at": decided.at,
            "by": decided.by,
            "reason": decided.reason,
        }
        if decided is not None
        else None,
        "content_version": one.content_version,
        "by": one.by,
    }
    return document | ({"due_at": one.due_at} if one.due_at is not None else {})


def _from(row: Document) -> Case:
    decided = row["decided"]
    return Case(
        id=row["_id"],
        programme_id=row["programme_id"],
        kind=CaseKind(row["kind"]),
        subject=Subject(SubjectKind(row["subject_kind"]), row["subject_id"]),
        member_id=row["member_id"],
        space=row["space"],
        state=CaseState(row["state"]),
        round=int(row["round"]),
        version=int(row["version"]),
        opened_at=row["opened_at"],
        sources=tuple(Source(one) for one in row["sources"]),
        score=float(row["score"]),
        reports=int(row["reports"]),
        reasons={key: int(count) for key, count in row["reasons"].items()},
        rules=tuple(row["rules"]),
        hidden=row["hidden"],
        claimed_by=row["claimed_by"],
        claimed_until=row["claimed_until"],
        acted_at=row["acted_at"],
        decided=Decided(Decision(decided["decision"]), decided["at"], decided["by"], decided["reason"])
        if decided
        else None,
        content_version=row["content_version"],
        by=row["by"],
        due_at=row.get("due_at"),
    )


def _report_to(one: Report) -> Document:
    return {
        "_id": one.id,
        "programme_id": one.programme_id,
        "case_id": one.case_id,
        "round": one.round,
        "reporter_id": one.reporter_id,
        "about_id": one.about_id,
        "reason": one.reason,
        "note": one.note,
        "at": one.at,
        "trust": one.trust,
        "weight": one.weight,
        "verdict": one.verdict.value if one.verdict is not None else None,
    }


def _report(row: Document) -> Report:
    return Report(
        row["_id"],
        row["programme_id"],
        row["case_id"],
        int(row["round"]),
        row["reporter_id"],
        row["about_id"],
        row["reason"],
        row["note"],
        row["at"],
        int(row["trust"]),
        float(row["weight"]),
        Verdict(row["verdict"]) if row["verdict"] is not None else None,
    )
