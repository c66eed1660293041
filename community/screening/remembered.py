"""`screened_texts`: what is remembered of texts for a while, to compare others with; no word of them. And {_id, programme_id,
turns, until}, which all texts of one author write, and all that say the same."""

from datetime import datetime
from struct import pack, unpack

from community.screening.likeness import VERSION, Fingerprint
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.programmes.definitions import ScreenedKind
from storage.mongo import ASCENDING, DESCENDING, Document, Index, Mongo, Tx, UpdateOne, write

COLLECTION = "screened_texts"
INDEXES = {
    COLLECTION: [
        Index([("programme_id", ASCENDING), ("bands", ASCENDING), ("at", DESCENDING)]),
        Index([("author_id", ASCENDING), ("at", DESCENDING)]),
        Index([("until", ASCENDING)], expire_after_s=0),
    ],
}
COMPARED_MAX = 100
"""So many texts that may be alike are looked at, the latest."""


@record(frozen=True, slots=True)
class Remembered:
    """What is remembered of a text, by the id of its post or comment; no word of it. `hashes` are its fingerprint's, if it is
    compared with others."""

    id: bytes
    author_id: bytes
    kind: ScreenedKind
    space: str
    at: datetime
    hashes: tuple[int, ...]


class RememberedTexts:
    """Of all programmes; each query is of one, or of one member."""

    def __init__(self, mongo: Mongo) -> None:
        self._texts = mongo.collection(COLLECTION)

    async def remember(
        self, programme_id: str, text: Remembered, print_of: Fingerprint | None, until: datetime, tx: Tx
    ) -> None:
        """Remember a text until then. Of two at once by one author, or that say the same, one conflicts and is looked at
        again: else neither would know of the other."""
        made: Document = {
            "programme_id": programme_id,
            "author_id": text.author_id,
            "kind": text.kind.value,
            "space": text.space,
            "at": text.at,
            "until": until,
            **_print_to(print_of),
        }
        turns = [derived_id("screened turn", text.author_id)]
        if print_of is not None:
            turns.append(derived_id("screened turn", programme_id, print_of.bands[0]))
        turn: Document = {
            "$setOnInsert": {"programme_id": programme_id},
            "$max": {"until": until},
            "$inc": {"turns": 1},
        }
        models = [UpdateOne({"_id": text.id}, {"$set": made}, upsert=True)]
        models += [UpdateOne({"_id": one}, turn, upsert=True) for one in turns]
        await write(self._texts, models, tx)

    async def reprint(self, target_id: bytes, print_of: Fingerprint, tx: Tx) -> None:
        """A text that is remembered says something else now."""
        await write(self._texts, [UpdateOne({"_id": target_id}, {"$set": _print_to(print_of)})], tx)

    async def like(
        self, programme_id: str, print_of: Fingerprint, since: datetime, tx: Tx | None
    ) -> list[Remembered]:
        """The latest texts since then that may be like it, by whomever, in one read of the index."""
        query: Document = {
            "programme_id": programme_id,
            "bands": {"$in": list(print_of.bands)},
            "at": {"$gte": since},
        }
        return await self._remembered(query, COMPARED_MAX, tx)

    async def of_author(
        self, author_id: bytes, since: datetime, limit: int, tx: Tx | None
    ) -> list[Remembered]:
        """The member's latest texts since then."""
        return await self._remembered({"author_id": author_id, "at": {"$gte": since}}, limit, tx)

    async def times_of_author(
        self, author_id: bytes, since: datetime, limit: int, tx: Tx | None
    ) -> list[Remembered]:
        """The same without their fingerprints."""
        query: Document = {"author_id": author_id, "at": {"$gte": since}}
        return await self._remembered(query, limit, tx, {"hashes": 0, "bands": 0})

    async def _remembered(
        self, query: Document, limit: int, tx: Tx | None, left_out: Document | None = None
    ) -> list[Remembered]:
        rows = self._texts.find(query, left_out or {"bands": 0}, session=tx.session if tx else None)
        return [
            Remembered(
                row["_id"],
                row["author_id"],
                ScreenedKind(row["kind"]),
                row["space"],
                row["at"],
                _hashes(row.get("hashes", b"")) if row.get("version") == VERSION else (),
            )
            for row in await rows.sort("at", DESCENDING).limit(limit).to_list(None)
        ]


def _print_to(found: Fingerprint | None) -> Document:
    if found is None:
        return {}
    hashes = pack(f">{len(found.hashes)}I", *found.hashes)
    return {"version": VERSION, "hashes": hashes, "bands": list(found.bands)}


def _hashes(stored: bytes) -> tuple[int, ...]:
    return unpack(f">{len(stored) // 4}I", stored)
