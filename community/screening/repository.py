"""`screenings`: what rules said of texts, and what moderators made of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from community.screening.model import Finding, RuleStatistics, Screening, Spot, TextPart
from gamification.programmes.definitions import ScreenedKind, ScreeningVerdict
from storage.mongo import (
    ASCENDING,
    DESCENDING,
    Document,
    Index,
    Mongo,
    Tx,
    find_by_ids,
    insert,
)
from storage.paging import Page, Window, find_page

COLLECTION = "screenings"
LATEST: list[tuple[str, int]] = [("at", -1), ("_id", -1)]
_BY_TIME = [("at", DESCENDING), ("_id", DESCENDING)]
INDEXES = {
    COLLECTION: [
        Index([("programme_id", ASCENDING), *_BY_TIME]),
        Index([("programme_id", ASCENDING), ("waits", ASCENDING), *_BY_TIME], partial={"waits": True}),
        Index([("target_id", ASCENDING), ("at", DESCENDING)], partial={"target_id": {"$exists": True}}),
        Index([("author_id", ASCENDING)]),
    ],
}


class ScreeningRepository:
    """Judgements of all programmes; each query is of one."""

    def __init__(self, mongo: Mongo) -> None:
        self._screenings = mongo.collection(COLLECTION)

    async def add(self, screening: Screening, tx: Tx | None = None) -> None:
        """Keep a judgement."""
        await insert(self._screenings, [_to(screening)], tx)

    async def by_ids(self, programme_id: str, ids: Sequence[bytes]) -> dict[bytes, Screening]:
        """Judgements by id; those of other programmes are absent."""
        rows = await find_by_ids(self._screenings, ids)
        return {key: _from(row) for key, row in rows.items() if row["programme_id"] == programme_id}

    async def of_targets(
        self, programme_id: str, target_ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, list[Screening]]:
        """What was said of these posts and comments, by their id, the latest first."""
        rows = self._screenings.find(
            {"target_id": {"$in": list(target_ids)}, "programme_id": programme_id},
            sort=[("at", DESCENDING), ("_id", DESCENDING)],
            session=tx.session if tx else None,
        )
        found: dict[bytes, list[Screening]] = {}
        for row in await rows.to_list(None):
            found.setdefault(row["target_id"], []).append(_from(row))
        return found

    async def decide(self, ids: Sequence[bytes], at: datetime, tx: Tx, *, upheld: bool) -> None:
        """A moderator decided on what these say."""
        await self._screenings.update_many(
            {"_id": {"$in": list(ids)}},
            {"$set": {"upheld": upheld, "decided_at": at}, "$unset": {"waits": ""}},
            session=tx.session,
        )

    async def page(self, programme_id: str, query: Mapping[str, Any], window: Window) -> Page[Screening]:
        """Judgements that match, the latest first."""
        page = await find_page(self._screenings, {"programme_id": programme_id, **query}, LATEST, window)
        return Page([_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def statistics(
        self, programme_id: str, since: datetime, until: datetime
    ) -> dict[str, RuleStatistics]:
        """What the rules said from `since` to before `until`, and what became of it, by the rule's key."""

        def count(condition: Document) -> Document:
            return {"$sum": {"$cond": [condition, 1, 0]}}

        verdict = "$findings.verdict"
        rows = self._screenings.aggregate(
            [
                {"$match": {"programme_id": programme_id, "at": {"$gte": since, "$lt": until}}},
                {"$unwind": "$findings"},
                {
                    "$group": {
                        "_id": "$findings.rule",
                        "refused": count({"$eq": [verdict, ScreeningVerdict.REFUSE.value]}),
                        "held": count({"$eq": [verdict, ScreeningVerdict.HOLD.value]}),
                        "flagged": count({"$eq": [verdict, ScreeningVerdict.FLAG.value]}),
                        "upheld": count({"$eq": ["$upheld", True]}),
                        "overturned": count({"$eq": ["$upheld", False]}),
                    }
                },
            ]
        )
        return {
            row["_id"]: RuleStatistics(
                row["_id"], row["refused"], row["held"], row["flagged"], row["upheld"], row["overturned"]
            )
            for row in await rows.to_list(None)
        }

    async def stream(self, programme_id: str) -> AsyncIterator[Screening]:
        """Every judgement of a programme, in no order."""
        async for row in self._screenings.find({"programme_id": programme_id}, batch_size=1000):
            yield _from(row)


def _to(one: Screening) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "author_id": one.author_id,
        "kind": one.kind.value,
        "space": one.space,
        "verdict": one.verdict.value,
        "findings": [_finding_to(finding) for finding in one.findings],
        "at": one.at,
        "upheld": one.upheld,
        "decided_at": one.decided_at,
    }
    if one.target_id is not None:
        document["target_id"] = one.target_id
        if one.upheld is None:
            document["waits"] = True
    return document


def _from(row: Document) -> Screening:
    return Screening(
        id=row["_id"],
        programme_id=row["programme_id"],
        author_id=row["author_id"],
        kind=ScreenedKind(row["kind"]),
        space=row["space"],
        target_id=row.get("target_id"),
        verdict=ScreeningVerdict(row["verdict"]),
        findings=tuple(_finding_from(one) for one in row["findings"]),
        at=row["at"],
        upheld=row["upheld"],
        decided_at=row["decided_at"],
    )


def _finding_to(one: Finding) -> Document:
    return {
        "rule": one.rule,
        "verdict": one.verdict.value,
        "spots": [[spot.part.value, spot.start, spot.end] for spot in one.spots],
        "words": [spot.words for spot in one.spots],
        "found": one.found,
        "limit": one.limit,
        "hosts": list(one.hosts),
        "like": one.like,
        "like_kind": one.like_kind.value if one.like_kind is not None else None,
    }


def _finding_from(row: Document) -> Finding:
    # An erased member's words are gone.
    words = row.get("words") or [""] * len(row["spots"])
    return Finding(
        row["rule"],
        ScreeningVerdict(row["verdict"]),
        tuple(
            Spot(TextPart(part), start, end, said)
            for (part, start, end), said in zip(row["spots"], words, strict=True)
        ),
        row["found"],
        row["limit"],
        tuple(row.get("hosts", ())),
        row["like"],
        ScreenedKind(row["like_kind"]) if row["like_kind"] else None,
    )
