"""`community_readers`: {_id: the member's id, programme_id, spaces, tags, read}, lists of {key, at}. `followed_posts`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from community.following.model import Followed, FollowedPost, Reader, followed_id
from gamification.members.follows import COLLECTION as FOLLOWS
from storage.mongo import ASCENDING, DESCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, write
from storage.paging import Page, Window, find_page

READERS = "community_readers"
POSTS = "followed_posts"
INDEXES = {
    READERS: [Index([("programme_id", ASCENDING)])],
    POSTS: [
        Index([("member_id", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        Index([("programme_id", ASCENDING)]),
    ],
}


class FollowingRepository:
    """What members follow in the community; each query is of one member."""

    def __init__(self, mongo: Mongo) -> None:
        self._readers = mongo.collection(READERS)
        self._posts = mongo.collection(POSTS)
        self._follows = mongo.collection(FOLLOWS)

    async def reader(self, member_id: bytes, tx: Tx | None = None) -> Reader | None:
        """A member's; None where they never followed or read anything."""
        rows = await find_by_ids(self._readers, [member_id], tx)
        return _reader_from(rows[member_id]) if member_id in rows else None

    async def save_reader(self, reader: Reader, tx: Tx) -> None:
        """Keep it as it is now."""
        row: Document = {"_id": reader.member_id, "programme_id": reader.programme_id}
        row |= {"spaces": _list(reader.spaces), "tags": _list(reader.tags), "read": _list(reader.read)}
        await write(self._readers, [ReplaceOne({"_id": reader.member_id}, row, upsert=True)], tx)

    async def followed(self, member_id: bytes) -> Followed:
        """Members, spaces and tags that a member follows, in one read."""
        topics = [{"$match": {"_id": member_id}}, {"$project": {"spaces.key": 1, "tags.key": 1}}]
        rows = await self._follows.aggregate(
            [
                {"$match": {"follower": member_id}},
                {"$project": {"_id": 0, "followed": 1}},
                {"$unionWith": {"coll": READERS, "pipeline": topics}},
            ]
        ).to_list(None)
        members = tuple(row["followed"] for row in rows if "followed" in row)
        own: Document = next((row for row in rows if "followed" not in row), {"spaces": [], "tags": []})
        return Followed(
            members, tuple(one["key"] for one in own["spaces"]), tuple(one["key"] for one in own["tags"])
        )

    async def posts(
        self, member_id: bytes, post_ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, FollowedPost]:
        """Which of these posts a member follows, by the post's id."""
        rows = await find_by_ids(self._posts, [followed_id(member_id, one) for one in post_ids], tx)
        return {row["post_id"]: _post_from(row) for row in rows.values()}

    async def count_posts(self, member_id: bytes, tx: Tx) -> int:
        """How many posts a member follows."""
        return int(await self._posts.count_documents({"member_id": member_id}, session=tx.session))

    async def save_post(self, one: FollowedPost, tx: Tx) -> None:
        """Keep it as it is now."""
        row = {
            "_id": one.id,
            "programme_id": one.programme_id,
            "member_id": one.member_id,
            "post_id": one.post_id,
            "at": one.at,
            "read_at": one.read_at,
        }
        await write(self._posts, [ReplaceOne({"_id": one.id}, row, upsert=True)], tx)

    async def delete_post(self, member_id: bytes, post_id: bytes, tx: Tx) -> bool:
        """Follow it no more; False where it was not followed."""
        done = await self._posts.delete_one({"_id": followed_id(member_id, post_id)}, session=tx.session)
        return bool(done.deleted_count)

    async def page(self, member_id: bytes, window: Window) -> Page[FollowedPost]:
        """The posts that a member follows, latest first."""
        page = await find_page(self._posts, {"member_id": member_id}, [("at", -1), ("_id", -1)], window)
        return Page([_post_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def stream(self, programme_id: str) -> AsyncIterator[FollowedPost]:
        """Every post that is followed in a programme, in no order."""
        async for row in self._posts.find({"programme_id": programme_id}, batch_size=5000):
            yield _post_from(row)

    async def stream_readers(self, programme_id: str) -> AsyncIterator[Reader]:
        """Every reader of a programme, in no order."""
        async for row in self._readers.find({"programme_id": programme_id}, batch_size=2000):
            yield _reader_from(row)

    async def posts_of(self, member_id: bytes, tx: Tx) -> list[FollowedPost]:
        """All posts that a member follows, latest first."""
        rows = self._posts.find({"member_id": member_id}, session=tx.session)
        return [_post_from(row) for row in await rows.sort("at", DESCENDING).to_list(None)]


def _list(found: Mapping[str, datetime]) -> list[Document]:
    return [{"key": key, "at": at} for key, at in found.items()]


def _map(rows: Sequence[Mapping[str, Any]]) -> dict[str, datetime]:
    return {row["key"]: row["at"] for row in rows}


def _reader_from(row: Document) -> Reader:
    return Reader(row["_id"], row["programme_id"], _map(row["spaces"]), _map(row["tags"]), _map(row["read"]))


def _post_from(row: Document) -> FollowedPost:
    return FollowedPost(row["programme_id"], row["member_id"], row["post_id"], row["at"], row["read_at"])
