"""What of merging is the same for every collection: finding what names an account, and naming the survivor instead."""

from collections.abc import Mapping, Sequence
from typing import Any

from community.comments.repository import COLLECTION as COMMENTS
from community.posts.repository import COLLECTION as POSTS
from storage.mongo import Document, Mongo, Tx, insert


class MergingRepository:
    """All within the merge's transaction."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def rows(
        self, collection: str, query: Mapping[str, Any], tx: Tx, fields: Sequence[str] | None = None
    ) -> list[Document]:
        """Matching documents."""
        found = self._mongo.collection(collection).find(query, fields, session=tx.session)
        return await found.to_list(None)

    async def reassign(
        self,
        collection: str,
        field: str,
        from_id: bytes,
        into_id: bytes,
        tx: Tx,
        also: Mapping[str, Any] | None = None,
    ) -> int:
        """Make documents in which a field names the merged account the survivor's, and set what is stated besides."""
        found = await self._mongo.collection(collection).update_many(
            {field: from_id}, {"$set": {field: into_id, **(also or {})}}, session=tx.session
        )
        return int(found.modified_count)

    async def versions(self, from_id: bytes, into_id: bytes, tx: Tx) -> None:
        """Let versions of posts be the survivor's, those that the merged account has written itself as such."""
        by = {"$cond": [{"$eq": ["$by", from_id]}, into_id, "$by"]}
        await self._mongo.collection("post_revisions").update_many(
            {"author_id": from_id}, [{"$set": {"author_id": into_id, "by": by}}], session=tx.session
        )

    async def answers_under(self, post_ids: Sequence[bytes], author_id: bytes, tx: Tx) -> set[bytes]:
        """Those of these posts that a member has answered directly."""
        query = {"author_id": author_id, "parent_id": None, "post_id": {"$in": list(post_ids)}}
        rows = await self.rows(COMMENTS, query, tx, ["post_id"])
        return {row["post_id"] for row in rows}

    async def heat(self, post_ids: Sequence[bytes], tx: Tx) -> None:
        """Have these posts' people counted anew: two of them may be one."""
        if post_ids:
            query = {"_id": {"$in": list(post_ids)}, "published_at": {"$type": "date"}}
            await self._mongo.collection(POSTS).update_many(
                query, {"$set": {"heat_due": True}}, session=tx.session
            )

    async def delete(self, collection: str, ids: Sequence[bytes], tx: Tx) -> None:
        """Delete documents that are there under the survivor's ids, or not wanted any more."""
        if ids:
            await self._mongo.collection(collection).delete_many(
                {"_id": {"$in": list(ids)}}, session=tx.session
            )

    async def insert(self, collection: str, rows: Sequence[Document], tx: Tx) -> None:
        """Store documents."""
        await insert(self._mongo.collection(collection), rows, tx)
