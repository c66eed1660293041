"""Awards as stored."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from gamification.badges.model import BadgeAward
from gamification.kit.causes import cause_document, cause_from
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, insert, write
from storage.paging import Page, Window, find_page

COLLECTION = "badge_awards"
INDEXES = {
    COLLECTION: [
        Index([("member_id", ASCENDING), ("sequence", ASCENDING), ("_id", ASCENDING)]),
        Index(
            [("programme_id", ASCENDING), ("badge", ASCENDING), ("sequence", ASCENDING), ("_id", ASCENDING)]
        ),
    ]
}
_STANDING = {"revoked_at": None}


class AwardRepository:
    """`badge_awards`: one document a member, badge and occurrence; a revoked one stays, with its reason."""

    def __init__(self, mongo: Mongo) -> None:
        self._awards = mongo.collection(COLLECTION)

    async def by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, BadgeAward]:
        """Awards by id."""
        rows = await find_by_ids(self._awards, list(ids), tx)
        return {award_id: award_from(row) for award_id, row in rows.items()}

    async def save(self, changed: Sequence[BadgeAward], known: Iterable[bytes], tx: Tx) -> None:
        """Store awards; `known` are the ids that were there before."""
        known = set(known)
        await insert(self._awards, [award_document(award) for award in changed if award.id not in known], tx)
        await write(
            self._awards,
            [ReplaceOne({"_id": award.id}, award_document(award)) for award in changed if award.id in known],
            tx,
        )

    async def page(self, programme_id: str, query: dict[str, Any], window: Window) -> Page[BadgeAward]:
        """Awards that match, newest first."""
        page = await find_page(
            self._awards, {"programme_id": programme_id, **query}, [("sequence", -1), ("_id", -1)], window
        )
        return Page([award_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def stream(self, programme_id: str) -> AsyncIterator[BadgeAward]:
        """Every award of a programme, in no order."""
        async for row in self._awards.find({"programme_id": programme_id}, batch_size=5000):
            yield award_from(row)

    async def counts(self, programme_id: str, badges: Sequence[str]) -> dict[str, int]:
        """How many awards of each badge stand."""
        cursor = self._awards.aggregate(
            [
                {"$match": {"programme_id": programme_id, "badge": {"$in": list(badges)}, **_STANDING}},
                {"$group": {"_id": "$badge", "count": {"$sum": 1}}},
            ]
        )
        return {row["_id"]: int(row["count"]) async for row in cursor}


def award_document(award: BadgeAward) -> Document:
    return {
        "_id": award.id,
        "programme_id": award.programme_id,
        "member_id": award.member_id,
        "badge": award.badge,
        "occurrence": award.occurrence,
        "badge_version": award.badge_version,
        "level": award.level,
        "awarded_at": award.awarded_at,
        "cause": cause_document(award.cause),
        "grounds": dict(award.grounds),
        "barred": award.barred,
        "revoked_at": award.revoked_at,
        "revocation": cause_document(award.revocation) if award.revocation else None,
        "sequence": award.sequence,
    }


def award_from(row: Document) -> BadgeAward:
    return BadgeAward(
        id=row["_id"],
        programme_id=row["programme_id"],
        member_id=row["member_id"],
        badge=row["badge"],
        occurrence=row["occurrence"],
        badge_version=row["badge_version"],
        level=row["level"],
        awarded_at=row["awarded_at"],
        cause=cause_from(row["cause"]),
        grounds=row["grounds"],
        barred=row["barred"],
        revoked_at=row["revoked_at"],
        revocation=cause_from(row["revocation"]) if row["revocation"] else None,
        sequence=row["sequence"],
    )
