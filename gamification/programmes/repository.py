"""Programmes as stored: a pointer to the current version, and every version's whole document, for good."""

from datetime import datetime
from typing import Any

from gamification.programmes.document import SECTIONS, Document
from storage.mongo import Index, Mongo, Tx, find_by_ids

CURRENT = "programmes"
VERSIONS = "programme_versions"
INDEXES: dict[str, list[Index]] = {CURRENT: [], VERSIONS: []}


class ProgrammeRepository:
    """`programmes`: {_id: key, version, sections}. `programme_versions`: {_id: {programme, version}, document, …}."""

    def __init__(self, mongo: Mongo) -> None:
        self._current = mongo.collection(CURRENT)
        self._versions = mongo.collection(VERSIONS)

    async def version(self, programme_id: str, tx: Tx | None = None) -> int:
        """The current version; 0 where there is no such programme."""
        rows = await find_by_ids(self._current, [programme_id], tx)
        return int(rows[programme_id]["version"]) if rows else 0

    async def document(self, programme_id: str, version: int, tx: Tx | None = None) -> Document | None:
        """The document of one version."""
        row = await self._versions.find_one(
            {"_id": {"programme": programme_id, "version": version}}, session=tx.session if tx else None
        )
        return Document.model_validate(row["document"]) if row else None

    async def save(
        self, programme_id: str, version: int, document: Document, subject: str, now: datetime, tx: Tx
    ) -> None:
        """Store a new version and point at it; two at once conflict, and the second runs again."""
        await self._versions.insert_one(
            {
                "_id": {"programme": programme_id, "version": version},
                "document": _plain(document),
                "created_at": now,
                "created_by": subject,
            },
            session=tx.session,
        )
        await self._current.update_one(
            {"_id": programme_id},
            {
                "$set": {
                    "version": version,
                    "sections": [name for name in SECTIONS if document.section(name)],
                    "updated_at": now,
                },
                "$setOnInsert": {"created_at": now},
            },
            upsert=True,
            session=tx.session,
        )

    async def keys(self, section: str | None = None) -> list[str]:
        """The keys of all programmes, or of those with something in a section, sorted."""
        # Those stored before sections were noted are looked at.
        wanted = {"$or": [{"sections": section}, {"sections": {"$exists": False}}]} if section else {}
        return sorted([row["_id"] async for row in self._current.find(wanted, projection=["_id"])])


def _plain(document: Document) -> dict[str, Any]:
    return document.model_dump(mode="json", exclude_defaults=True)
