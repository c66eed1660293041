"""`bookmarks`: {_id, programme_id, member_id, target_kind, target_id, note, at}."""

from collections.abc import AsyncIterator, Sequence

from community.bookmarks.model import Bookmark, bookmark_id
from community.reactions.model import Target, TargetKind
from storage.mongo import ASCENDING, DESCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, write
from storage.paging import Page, Window, find_page

COLLECTION = "bookmarks"
INDEXES = {
    COLLECTION: [
        Index([("member_id", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        Index([("programme_id", ASCENDING)]),
    ]
}


class BookmarkRepository:
    """Bookmarks of all programmes; each query is of one member's."""

    def __init__(self, mongo: Mongo) -> None:
        self._bookmarks = mongo.collection(COLLECTION)

    async def of(
        self, member_id: bytes, targets: Sequence[Target], tx: Tx | None = None
    ) -> dict[Target, Bookmark]:
        """A member's of these things, by the thing."""
        rows = await find_by_ids(self._bookmarks, [bookmark_id(member_id, one) for one in targets], tx)
        return {found.target: found for found in map(_from, rows.values())}

    async def count(self, member_id: bytes, tx: Tx) -> int:
        """How many a member has."""
        return int(await self._bookmarks.count_documents({"member_id": member_id}, session=tx.session))

    async def save(self, one: Bookmark, tx: Tx) -> None:
        """Keep it as it is now."""
        await self.save_all([one], tx)

    async def delete(self, found: bytes, tx: Tx) -> bool:
        """Forget it; False where there was none."""
        return bool((await self._bookmarks.delete_one({"_id": found}, session=tx.session)).deleted_count)

    async def page(self, member_id: bytes, window: Window) -> Page[Bookmark]:
        """A member's, latest first."""
        page = await find_page(self._bookmarks, {"member_id": member_id}, [("at", -1), ("_id", -1)], window)
        return Page([_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def stream(self, programme_id: str) -> AsyncIterator[Bookmark]:
        """Every one of a programme, in no order."""
        async for row in self._bookmarks.find({"programme_id": programme_id}, batch_size=5000):
            yield _from(row)

    async def all_of(self, member_id: bytes, tx: Tx) -> list[Bookmark]:
        """All of a member's, latest first."""
        rows = self._bookmarks.find({"member_id": member_id}, session=tx.session)
        return [_from(row) for row in await rows.sort("at", DESCENDING).to_list(None)]

    async def by_ids(self, ids: Sequence[bytes], tx: Tx) -> dict[bytes, Bookmark]:
        """Bookmarks by id."""
        return {key: _from(row) for key, row in (await find_by_ids(self._bookmarks, ids, tx)).items()}

    async def save_all(self, bookmarks: Sequence[Bookmark], tx: Tx) -> None:
        """Keep them as they are now."""
        models = [ReplaceOne({"_id": one.id}, _to(one), upsert=True) for one in bookmarks]
        await write(self._bookmarks, models, tx)


def _to(one: Bookmark) -> Document:
    return {
        "_id": one.id,
        "programme_id": one.programme_id,
        "member_id": one.member_id,
        "target_kind": one.target.kind.value,
        "target_id": one.target.id,
        "note": one.note,
        "at": one.at,
    }


def _from(row: Document) -> Bookmark:
    target = Target(TargetKind(row["target_kind"]), row["target_id"])
    return Bookmark(row["_id"], row["programme_id"], row["member_id"], target, row["note"], row["at"])
