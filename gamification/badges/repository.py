"""Awards as stored."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

from gamification.badges.model import BadgeAward, CollectionState, Edition
from gamification.kit.causes import cause_document, cause_from
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, insert, write
from storage.paging import Page, Window, find_page

COLLECTION = "badge_awards"
EDITIONS = "badge_editions"
COLLECTIONS = "badge_collections"
SHOWCASES = "badge_showcases"
INDEXES = {
    COLLECTION: [
        Index([("member_id", ASCENDING), ("sequence", ASCENDING), ("_id", ASCENDING)]),
        Index(
            [("programme_id", ASCENDING), ("badge", ASCENDING), ("sequence", ASCENDING), ("_id", ASCENDING)]
        ),
        # What credentials were withdrawn: of most awards nothing ever is.
        Index([("programme_id", ASCENDING)], partial={"withdrawals": {"$gt": 0}}),
    ],
    EDITIONS: [],
    COLLECTIONS: [Index([("member_id", ASCENDING)])],
    SHOWCASES: [],
}
_STANDING = {"revoked_at": None}
_SHOWN = {"missed": None}


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
            self._awards,
            {"programme_id": programme_id, **_SHOWN, **query},
            [("sequence", -1), ("_id", -1)],
            window,
        )
        return Page([award_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def awarded_between(
        self, member_id: bytes, since: datetime, until: datetime, limit: int
    ) -> tuple[int, list[BadgeAward]]:
        """How many standing awards of a member were earned in that time, and the first so many, in order."""
        query = {"member_id": member_id, "awarded_at": {"$gte": since, "$lt": until}, **_STANDING, **_SHOWN}
        cursor = self._awards.find(query).sort([("awarded_at", 1), ("_id", 1)]).limit(limit)
        awards = [award_from(row) for row in await cursor.to_list(None)]
        count = len(awards)
        return (count if count < limit else int(await self._awards.count_documents(query))), awards

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

    async def holders(self, programme_id: str) -> dict[str, int]:
        """How many members hold each badge."""
        cursor = self._awards.aggregate(
            [
                {"$match": {"programme_id": programme_id, **_STANDING}},
                {"$group": {"_id": {"badge": "$badge", "member": "$member_id"}}},
                {"$group": {"_id": "$_id.badge", "count": {"$sum": 1}}},
            ]
        )
        return {row["_id"]: int(row["count"]) async for row in cursor}

    async def known_of(self, member_id: bytes, badges: Sequence[str]) -> set[str]:
        """Those of these badges that the member has, or had."""
        cursor = self._awards.find(
            {"member_id": member_id, "badge": {"$in": list(badges)}, **_SHOWN}, projection=["badge"]
        )
        return {row["badge"] for row in await cursor.to_list(None)}

    async def withdrawn(self, programme_id: str) -> dict[bytes, int]:
        """The awards of which something was taken back, with how often."""
        cursor = self._awards.find(
            {"programme_id": programme_id, "withdrawals": {"$gt": 0}},
            projection=["withdrawals"],
            batch_size=10_000,
        )
        return {row["_id"]: int(row["withdrawals"]) async for row in cursor}


class EditionRepository:
    """`badge_editions`: one document a limited badge, once its first number is given."""

    def __init__(self, mongo: Mongo) -> None:
        self._editions = mongo.collection(EDITIONS)

    async def by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Edition]:
        """Editions by id."""
        rows = await find_by_ids(self._editions, list(ids), tx)
        return {found: _edition_from(row) for found, row in rows.items()}

    async def save(self, changed: Sequence[Edition], known: Iterable[bytes], tx: Tx) -> None:
        """Store editions; of two transactions that give a number at once, one runs again."""
        known = set(known)
        await insert(self._editions, [_edition_document(e) for e in changed if e.id not in known], tx)
        await write(
            self._editions,
            [ReplaceOne({"_id": e.id}, _edition_document(e)) for e in changed if e.id in known],
            tx,
        )

    async def of_programme(self, programme_id: str) -> list[Edition]:
        """Every edition of a programme."""
        cursor = self._editions.find({"programme_id": programme_id})
        return [_edition_from(row) for row in await cursor.to_list(None)]


class CollectionRepository:
    """`badge_collections`: one document a member and collection that was ever completed."""

    def __init__(self, mongo: Mongo) -> None:
        self._states = mongo.collection(COLLECTIONS)

    async def of_members(
        self, member_ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, CollectionState]:
        """Every state of these members, by id."""
        cursor = self._states.find(
            {"member_id": {"$in": list(member_ids)}}, session=tx.session if tx else None
        )
        return {row["_id"]: _collection_from(row) for row in await cursor.to_list(None)}

    async def by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, CollectionState]:
        """States by id."""
        rows = await find_by_ids(self._states, list(ids), tx)
        return {found: _collection_from(row) for found, row in rows.items()}

    async def save(self, changed: Sequence[CollectionState], known: Iterable[bytes], tx: Tx) -> None:
        """Store states."""
        known = set(known)
        await insert(self._states, [_collection_document(s) for s in changed if s.id not in known], tx)
        await write(
            self._states,
            [ReplaceOne({"_id": s.id}, _collection_document(s)) for s in changed if s.id in known],
            tx,
        )

    async def stream(self, programme_id: str) -> AsyncIterator[CollectionState]:
        """Every state of a programme, in no order."""
        async for row in self._states.find({"programme_id": programme_id}, batch_size=5000):
            yield _collection_from(row)


class ShowcaseRepository:
    """`badge_showcases`: which awards a member shows, in their order."""

    def __init__(self, mongo: Mongo) -> None:
        self._showcases = mongo.collection(SHOWCASES)

    async def of_members(self, member_ids: Sequence[bytes]) -> dict[bytes, list[bytes]]:
        """Ids of awards by member; who chose none is absent."""
        rows = await find_by_ids(self._showcases, member_ids)
        return {found: list(row["awards"]) for found, row in rows.items()}

    async def save(self, programme_id: str, member_id: bytes, awards: Sequence[bytes]) -> None:
        """Store a member's choice: the last one stated stands."""
        await self._showcases.replace_one(
            {"_id": member_id},
            {"_id": member_id, "programme_id": programme_id, "awards": list(awards)},
            upsert=True,
        )


def _edition_document(edition: Edition) -> Document:
    return {
        "_id": edition.id,
        "programme_id": edition.programme_id,
        "badge": edition.badge,
        "issued": edition.issued,
    }


def _edition_from(row: Document) -> Edition:
    return Edition(row["_id"], row["programme_id"], row["badge"], row["issued"])


def _collection_document(state: CollectionState) -> Document:
    return {
        "_id": state.id,
        "programme_id": state.programme_id,
        "member_id": state.member_id,
        "collection": state.collection,
        "version": state.version,
        "badges": list(state.badges),
        "completions": state.completions,
        "completed_at": state.completed_at,
        "cause": cause_document(state.cause) if state.cause else None,
        "transfers": list(state.transfers),
        "awards": list(state.awards),
        "sequence": state.sequence,
    }


def _collection_from(row: Document) -> CollectionState:
    return CollectionState(
        id=row["_id"],
        programme_id=row["programme_id"],
        member_id=row["member_id"],
        collection=row["collection"],
        version=row["version"],
        badges=tuple(row["badges"]),
        completions=row["completions"],
        completed_at=row["completed_at"],
        cause=cause_from(row["cause"]) if row["cause"] else None,
        transfers=tuple(row["transfers"]),
        awards=tuple(row["awards"]),
        sequence=row["sequence"],
    )


def award_document(award: BadgeAward) -> Document:
    document: Document = {
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
    if award.number is not None:
        document["number"] = award.number
    if award.former_numbers:
        document["former_numbers"] = list(award.former_numbers)
    if award.missed:
        document["missed"] = True
    if award.withdrawals:
        document["withdrawals"] = award.withdrawals
    return document


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
        number=row.get("number"),
        missed=row.get("missed", False),
        withdrawals=row.get("withdrawals", 0),
        former_numbers=tuple(row.get("former_numbers", ())),
    )
