"""Members as stored. Every query is bound to one programme."""

import re
from collections.abc import AsyncIterator, Container, Iterable, Sequence
from typing import Any

from gamification.members.cache import MemberCache
from gamification.members.model import BoardPresence, Identity, Member, PastZone, Standing, shown_as
from gamification.members.moved import MovedIds
from gamification.members.naming import VERSION as NAMES_VERSION
from gamification.members.naming import names_of, needed, whole_name
from gamification.members.tombstones import TombstoneRepository
from storage.batching import Batcher
from storage.mongo import ASCENDING, Document, Index, Mongo, Tx, UpdateOne, find_by_ids, insert, write
from storage.paging import Page, Window, find_page

COLLECTION = "members"
HEADS = "member_heads"
INDEXES = {
    COLLECTION: [
        Index([("programme_id", ASCENDING), ("external_id", ASCENDING)], unique=True),
        Index([("programme_id", ASCENDING), ("joined_at", ASCENDING), ("_id", ASCENDING)]),
        Index([("programme_id", ASCENDING), ("display_name", ASCENDING), ("_id", ASCENDING)]),
        Index(
            [
                ("programme_id", ASCENDING),
                ("identities.provider", ASCENDING),
                ("identities.subject", ASCENDING),
            ],
            unique=True,
            partial={"identities.provider": {"$exists": True}},
        ),
        Index([("alias", ASCENDING)], unique=True, partial={"alias": {"$exists": True}}),
        Index([("merged_into", ASCENDING)], partial={"merged_into": {"$exists": True}}),
        Index([("programme_id", ASCENDING), ("names.terms", ASCENDING)]),
        Index(
            [("programme_id", ASCENDING), ("birth_day", ASCENDING), ("_id", ASCENDING)],
            partial={"birth_day": {"$exists": True}},
        ),
        Index([("programme_id", ASCENDING), ("join_day", ASCENDING), ("_id", ASCENDING)]),
    ],
    HEADS: [],
}


class MemberRepository:
    """`members` holds profiles; `member_heads` the number of each member's newest feed message. `cache` has members
    as another process may have changed them up to `fresh_s` seconds ago."""

    def __init__(self, mongo: Mongo, fresh_s: float = 0.0) -> None:
        self._members = mongo.collection(COLLECTION)
        self._heads = mongo.collection(HEADS)
        self.cache = MemberCache(self.by_ids, fresh_s)
        self.aliases = MemberCache(self.by_aliases, fresh_s)
        self.tombstones = TombstoneRepository(mongo)
        self.moved = MovedIds(mongo)
        self._named: Batcher[str, str, dict[str, Member]] = Batcher(self._read_by_external_ids)

    async def by_external_ids(
        self, programme_id: str, external_ids: Iterable[str], tx: Tx | None = None
    ) -> dict[str, Member]:
        """Members by external id; unknown ones are absent. That of a merged account finds whom it was merged into."""
        wanted = list(external_ids)
        if not wanted:
            return {}
        if tx is not None:
            return await self._read_by_external_ids(programme_id, wanted, tx)
        found = await self._named.ask(programme_id, wanted)
        return {name: found[name] for name in wanted if name in found}

    async def _read_by_external_ids(
        self, programme_id: str, external_ids: Sequence[str], tx: Tx | None = None
    ) -> dict[str, Member]:
        cursor = self._members.find(
            {"programme_id": programme_id, "external_id": {"$in": list(external_ids)}},
            session=tx.session if tx else None,
        )
        found = {row["external_id"]: from_document(row) for row in await cursor.to_list(None)}
        merged = {name: one.merged_into for name, one in found.items() if one.merged_into is not None}
        if merged:
            survivors = await self.by_ids(programme_id, sorted(set(merged.values())), tx)
            found |= {name: survivors[survivor] for name, survivor in merged.items()}
        return found

    async def by_ids(
        self, programme_id: str, ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, Member]:
        """Members by id; those of other programmes are absent."""
        cursor = self._members.find(
            {"_id": {"$in": list(ids)}, "programme_id": programme_id}, session=tx.session if tx else None
        )
        return {row["_id"]: from_document(row) for row in await cursor.to_list(None)}

    async def persons(self, programme_id: str, ids: Sequence[bytes], tx: Tx) -> dict[bytes, Member]:
        """Members by the ids that they have, or had as accounts that were merged."""
        found = await self.by_ids(programme_id, ids, tx)
        heirs = {key: one.merged_into for key, one in found.items() if one.merged_into is not None}
        survivors = await self.by_ids(programme_id, sorted(set(heirs.values())), tx) if heirs else {}
        return found | {key: survivors[heir] for key, heir in heirs.items()}

    async def by_aliases(self, programme_id: str, aliases: Sequence[bytes]) -> dict[bytes, Member]:
        """Members as boards show them, by the ids of their pseudonyms."""
        cursor = self._members.find(
            {"alias": {"$in": list(aliases)}, "programme_id": programme_id}, projection=["alias", "pseudonym"]
        )
        return {
            row["alias"]: shown_as(programme_id, row["alias"], row["pseudonym"])
            for row in await cursor.to_list(None)
        }

    async def by_identity(self, programme_id: str, identity: Identity) -> Member | None:
        """The member whom another system knows by that name."""
        row = await self._members.find_one(
            {
                "programme_id": programme_id,
                "identities": {"$elemMatch": {"provider": identity.provider, "subject": identity.subject}},
            }
        )
        return from_document(row) if row else None

    async def merged_into(
        self, programme_id: str, member_ids: Sequence[bytes], tx: Tx | None = None
    ) -> list[Member]:
        """The accounts that were merged into these members, in the order of their ids."""
        cursor = self._members.find(
            {"merged_into": {"$in": list(member_ids)}, "programme_id": programme_id},
            session=tx.session if tx else None,
        )
        return [from_document(row) for row in await cursor.sort("_id", ASCENDING).to_list(None)]

    async def page(
        self, programme_id: str, query: dict[str, Any], order: Sequence[tuple[str, int]], window: Window
    ) -> Page[Member]:
        """Members that match, in that order."""
        page = await find_page(self._members, {"programme_id": programme_id, **query}, order, window)
        return Page(
            [from_document(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def stream(self, programme_id: str) -> AsyncIterator[Member]:
        """Every member of a programme, in no order."""
        async for row in self._members.find({"programme_id": programme_id}, batch_size=5000):
            yield from_document(row)

    async def some(self, programme_id: str, most: int, of: int) -> AsyncIterator[Member]:
        """Every member of a programme where there are not more than `most`; else so many of the `of`, drawn at random."""
        if of <= most:
            async for member in self.stream(programme_id):
                yield member
            return
        drawn = self._members.aggregate(
            [{"$match": {"programme_id": programme_id}}, {"$sample": {"size": most}}], allowDiskUse=True
        )
        async for row in drawn:
            yield from_document(row)

    async def ids_after(self, programme_id: str, after: bytes | None, limit: int, tx: Tx) -> list[bytes]:
        """The ids of up to `limit` members after that one, in the order of their ids; not of merged accounts."""
        query: dict[str, Any] = {"programme_id": programme_id} | ({"_id": {"$gt": after}} if after else {})
        query |= {"merged_into": None}
        cursor = self._members.find(query, ["_id"], session=tx.session).sort("_id", ASCENDING).limit(limit)
        return [row["_id"] for row in await cursor.to_list(None)]

    async def ids_on_days(
        self, programme_id: str, field: str, days: Sequence[str], after: bytes | None, limit: int
    ) -> list[bytes]:
        """The ids of up to `limit` members after that one whose `birth_day` or `join_day` (in UTC) is one of these, such as
        `02-28`, in the order of their ids."""
        query: dict[str, Any] = {"programme_id": programme_id, field: {"$in": list(days)}}
        query |= {"_id": {"$gt": after}} if after else {}
        cursor = self._members.find(query, ["_id"]).sort("_id", ASCENDING).limit(limit)
        return [row["_id"] for row in await cursor.to_list(None)]

    async def count(self, programme_id: str, query: dict[str, Any]) -> int:
        """How many members match."""
        return int(await self._members.count_documents({"programme_id": programme_id, **query}))

    async def named(
        self, programme_id: str, words: Sequence[str], query: dict[str, Any], limit: int
    ) -> list[tuple[bytes, bool, bool]]:
        """Members whose names have these words, folded, or words that begin so: (id, whether it is the whole name, whether
        all of the words are whole). Of very many only some, in the order of their names' words."""
        exact, beginnings = needed(words)
        if not exact and not beginnings:
            return []
        terms = [*exact, *(re.compile(f"^{re.escape(one)}") for one in beginnings)]
        rows = self._members.aggregate(
            [
                {"$match": {"programme_id": programme_id, "names.terms": {"$all": terms}, **query}},
                {"$limit": limit},
                {
                    "$project": {
                        "is_name": {"$in": [whole_name(words), "$names.terms"]},
                        "has_words": {"$setIsSubset": [[*exact, *beginnings], "$names.terms"]},
                    }
                },
            ]
        )
        return [(row["_id"], row["is_name"], row["has_words"]) for row in await rows.to_list(None)]

    async def rename_outdated(self, programme_id: str, limit: int) -> int:
        """Make anew what members are found by where another version made it, or none; how many."""
        query: dict[str, Any] = {"programme_id": programme_id, "names.v": {"$ne": NAMES_VERSION}}
        query |= {"erased_at": None, "merged_into": None}
        rows = await self._members.find(query, ["display_name"]).limit(limit).to_list(None)
        models = [
            UpdateOne(
                {"_id": row["_id"], "display_name": row["display_name"], "erased_at": None},
                {"$set": {"names": names_of(row["display_name"])}},
            )
            for row in rows
        ]
        await write(self._members, models)
        return len(models)

    async def stream_names(self, programme_id: str) -> AsyncIterator[tuple[Member, dict[str, Any] | None]]:
        """Every member of a programme, in no order, with what they are found by."""
        async for row in self._members.find({"programme_id": programme_id}, batch_size=5000):
            yield from_document(row), row.get("names")

    async def add(self, members: Sequence[Member], tx: Tx) -> None:
        """Insert members. Raises: DuplicateKeyError, or a bulk one, on a taken external id or identity."""
        await insert(self._members, [to_document(member) for member in members], tx)

    async def replace(self, member: Member, tx: Tx) -> None:
        """Store a member's new profile or standing."""
        self.cache.leave_out(member.id)
        await self._members.replace_one(
            {"_id": member.id, "programme_id": member.programme_id}, to_document(member), session=tx.session
        )

    async def heads(self, member_ids: Iterable[bytes], tx: Tx) -> dict[bytes, int]:
        """The number of each member's newest feed message; a member who was never touched is absent."""
        rows = await find_by_ids(self._heads, list(member_ids), tx, projection=["head"])
        return {member_id: int(row["head"]) for member_id, row in rows.items()}

    async def head(self, member_id: bytes) -> int:
        """The number of the member's newest feed message, outside a transaction."""
        row = await self._heads.find_one({"_id": member_id})
        return int(row["head"]) if row else 0

    async def save_heads(self, heads: dict[bytes, int], known: Container[bytes], tx: Tx) -> None:
        """Store new heads. Every transaction that touches a member writes their head, so that two at once
        conflict and one runs again: what a member sees happens in one order."""
        await insert(
            self._heads,
            [
                {"_id": member_id, "head": head, "writes": 1}
                for member_id, head in heads.items()
                if member_id not in known
            ],
            tx,
        )
        await write(
            self._heads,
            [
                UpdateOne({"_id": member_id}, {"$set": {"head": head}, "$inc": {"writes": 1}})
                for member_id, head in heads.items()
                if member_id in known
            ],
            tx,
        )


def to_document(member: Member) -> Document:
    document: Document = {
        "_id": member.id,
        "programme_id": member.programme_id,
        "external_id": member.external_id,
        "display_name": member.display_name,
        "joined_at": member.joined_at,
        "locale": member.locale,
        "time_zone": member.time_zone,
        "avatar_url": member.avatar_url,
        "attributes": member.attributes,
        "standing": member.standing.value,
        "standing_reason": member.standing_reason,
    }
    if member.identities:
        document["identities"] = [{"provider": i.provider, "subject": i.subject} for i in member.identities]
    if member.presence is not BoardPresence.NAMED:
        document["presence"] = member.presence.value
    if member.alias is not None:
        document |= {"alias": member.alias, "pseudonym": member.pseudonym}
    if member.erased_at is not None:
        document["erased_at"] = member.erased_at
    if member.merged_into is not None:
        document["merged_into"] = member.merged_into
    if member.former:
        document["former"] = list(member.former)
    if not member.is_gone:
        document["names"] = names_of(member.display_name)
    if member.past_zones:
        document["past_zones"] = [{"zone": past.zone, "until": past.until} for past in member.past_zones]
    return document | _days_and_words(member)


def _days_and_words(member: Member) -> Document:
    """Which days are theirs, and what they are called: what is not there is left out."""
    document: Document = {}
    if member.birthday is not None:
        document |= {"birthday": member.birthday, "birth_day": member.birthday[-5:]}
    if not member.is_gone:
        # About the day by their own calendar: who asks by it looks at the neighbouring days, too.
        document["join_day"] = f"{member.joined_at:%m-%d}"
    if member.tags:
        document["tags"] = list(member.tags)
    if member.segments:
        document["segments"] = list(member.segments)
    return document


def from_document(row: Document) -> Member:
    return Member(
        id=row["_id"],
        programme_id=row["programme_id"],
        external_id=row["external_id"],
        display_name=row["display_name"],
        joined_at=row["joined_at"],
        locale=row["locale"],
        time_zone=row["time_zone"],
        avatar_url=row.get("avatar_url"),
        attributes=row.get("attributes") or {},
        identities=tuple(Identity(i["provider"], i["subject"]) for i in row.get("identities", ())),
        standing=Standing(row.get("standing", "active")),
        standing_reason=row.get("standing_reason"),
        presence=BoardPresence(row.get("presence", "named")),
        pseudonym=row.get("pseudonym"),
        alias=row.get("alias"),
        past_zones=tuple(PastZone(past["zone"], past["until"]) for past in row.get("past_zones", ())),
        erased_at=row.get("erased_at"),
        merged_into=row.get("merged_into"),
        birthday=row.get("birthday"),
        tags=tuple(row.get("tags", ())),
        segments=tuple(row.get("segments", ())),
        former=tuple(row.get("former", ())),
    )
