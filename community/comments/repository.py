"""`comments`."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from community.comments.model import Comment, CommentOrder, CommentState
from community.posts.model import NOTHING_WRITTEN
from community.posts.repository import COLLECTION as POSTS
from community.posts.repository import (
    SEARCH,
    WITHOUT_TERMS,
    taken_down_from,
    taken_down_to,
    terms_to,
    written_from,
    written_to,
)
from gamification.kit.identifiers import first_id_at
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

COLLECTION = "comments"
ORDERS: dict[CommentOrder, list[tuple[str, int]]] = {
    CommentOrder.NEWEST: [("_id", -1)],
    CommentOrder.OLDEST: [("_id", 1)],
    CommentOrder.BEST: [("reacted", -1), ("_id", 1)],
}
"""Ids are ordered by when a comment was written."""
_COUNTED_MAX = 500
INDEXES = {
    COLLECTION: [
        Index([("post_id", ASCENDING), ("parent_id", ASCENDING), ("_id", ASCENDING)]),
        Index(
            [("post_id", ASCENDING), ("parent_id", ASCENDING), ("reacted", DESCENDING), ("_id", ASCENDING)]
        ),
        Index([("post_id", ASCENDING), ("_id", ASCENDING)]),
        Index([("author_id", ASCENDING), ("_id", DESCENDING)]),
        Index([("post_id", ASCENDING), ("created_at", ASCENDING)]),
        Index(
            [("post_id", ASCENDING), ("approved_at", ASCENDING)], partial={"approved_at": {"$exists": True}}
        ),
        Index([("programme_id", ASCENDING)]),
        Index(
            [
                ("programme_id", ASCENDING),
                ("search.terms", ASCENDING),
                ("created_at", DESCENDING),
                ("_id", DESCENDING),
            ]
        ),
    ]
}


class CommentRepository:
    """Comments of all programmes; each query is of one, or of one post."""

    def __init__(self, mongo: Mongo) -> None:
        self._comments = mongo.collection(COLLECTION)
        self._posts = mongo.collection(POSTS)

    async def by_ids(
        self, programme_id: str, ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, Comment]:
        """Comments by id; those of other programmes are absent."""
        rows = await find_by_ids(self._comments, ids, tx, WITHOUT_TERMS)
        return {key: comment_from(row) for key, row in rows.items() if row["programme_id"] == programme_id}

    async def save(self, comments: Sequence[Comment], tx: Tx) -> None:
        """Keep them as they are now."""
        await write(
            self._comments, [ReplaceOne({"_id": one.id}, _to(one), upsert=True) for one in comments], tx
        )

    async def count_below(self, ids: Sequence[bytes], by: int, tx: Tx) -> None:
        """So many more published comments are under each of these; as often as one is named."""
        await write(
            self._comments,
            [UpdateOne({"_id": one}, {"$inc": {"below": by * times}}) for one, times in Counter(ids).items()],
            tx,
        )

    async def to_empty(self, author_id: bytes, limit: int, tx: Tx) -> list[Comment]:
        """Comments of a member that still say something."""
        rows = self._comments.find({"author_id": author_id, "written.body": {"$ne": ""}}, session=tx.session)
        return [comment_from(row) for row in await rows.limit(limit).to_list(None)]

    async def empty(self, ids: Sequence[bytes], tx: Tx) -> None:
        """Leave nothing of what these say."""
        gone: Document = {
            "state": CommentState.DELETED.value,
            "activity_id": None,
            "written": written_to(NOTHING_WRITTEN),
        }
        await self._comments.update_many(
            {"_id": {"$in": list(ids)}},
            {"$set": gone, "$unset": {"taken_down": "", SEARCH: ""}},
            session=tx.session,
        )

    async def page(
        self, post_id: bytes, parent_id: bytes | None, shown: Document, order: CommentOrder, window: Window
    ) -> Page[Comment]:
        """What answers a post, or one of its comments, directly, of what is `shown`."""
        query = {"post_id": post_id, "parent_id": parent_id, **shown}
        page = await find_page(self._comments, query, ORDERS[order], window, without=[SEARCH])
        return Page(
            [comment_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def heads(
        self, post_ids: Sequence[bytes], shown: Document, order: CommentOrder, count: int
    ) -> dict[bytes, list[Comment]]:
        """The first comments of each of these posts, of what is `shown`, in one read."""
        # One walk of the index a post, however many comments it has.
        first = [
            {"$match": {"$expr": {"$eq": ["$post_id", "$$post"]}, "parent_id": None, **shown}},
            {"$sort": dict(ORDERS[order])},
            {"$limit": count},
            {"$unset": SEARCH},
        ]
        rows = self._posts.aggregate(
            [
                {"$match": {"_id": {"$in": list(post_ids)}}},
                {"$project": {"_id": 1}},
                {"$lookup": {"from": COLLECTION, "let": {"post": "$_id"}, "pipeline": first, "as": "first"}},
            ]
        )
        return {row["_id"]: [comment_from(one) for one in row["first"]] for row in await rows.to_list(None)}

    async def published_by(self, author_id: bytes, limit: int, tx: Tx | None = None) -> int:
        """How many comments of a member others see, counted up to the limit among their latest."""
        rows = self._comments.aggregate(
            [
                {"$match": {"author_id": author_id}},
                {"$sort": {"_id": DESCENDING}},
                {"$limit": _COUNTED_MAX},
                {"$match": {"state": CommentState.PUBLISHED.value, "shadowed": None}},
                {"$limit": limit},
                {"$count": "found"},
            ],
            session=tx.session if tx else None,
        )
        return sum([int(row["found"]) async for row in rows])

    async def since(self, post_id: bytes, at: datetime, limit: int) -> list[Comment]:
        """What was begun under a post since then, or approved, at any depth, of any state, the oldest first."""
        query = {
            "post_id": post_id,
            "$or": [{"_id": {"$gte": first_id_at(at)}}, {"approved_at": {"$gt": at}}],
        }
        rows = self._comments.find(query, WITHOUT_TERMS).sort("_id", ASCENDING).limit(limit)
        return [comment_from(row) for row in await rows.to_list(None)]

    async def by_member(self, author_id: bytes, query: Mapping[str, Any], window: Window) -> Page[Comment]:
        """What a member wrote, newest first."""
        wanted = {"author_id": author_id, **query}
        page = await find_page(self._comments, wanted, [("_id", -1)], window, without=[SEARCH])
        return Page(
            [comment_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def stream(self, programme_id: str) -> AsyncIterator[Comment]:
        """Every comment of a programme, in no order."""
        async for row in self._comments.find({"programme_id": programme_id}, WITHOUT_TERMS, batch_size=2000):
            yield comment_from(row)


def _to(one: Comment) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "post_id": one.post_id,
        "author_id": one.author_id,
        "parent_id": one.parent_id,
        "ancestors": list(one.ancestors),
        "state": one.state.value,
        "version": one.version,
        "written": written_to(one.written),
        "created_at": one.created_at,
        "edited_at": one.edited_at,
        "publications": one.publications,
        "activity_id": one.activity_id,
        "below": one.below,
        "reacted": one.reacted,
        "reactions": dict(one.reactions or {}),
    }
    if one.approved_at is not None:
        document["approved_at"] = one.approved_at
    if one.shadowed:
        document["shadowed"] = True
    if one.remark:
        document["remark"] = True
    if one.state is CommentState.PUBLISHED:
        document[SEARCH] = terms_to(one.written)
    return document | taken_down_to(one.taken_down)


def comment_from(row: Document) -> Comment:
    """A comment as it was stored."""
    return Comment(
        id=row["_id"],
        programme_id=row["programme_id"],
        post_id=row["post_id"],
        author_id=row["author_id"],
        ancestors=tuple(row["ancestors"]),
        state=CommentState(row["state"]),
        version=int(row["version"]),
        written=written_from(row["written"]),
        created_at=row["created_at"],
        edited_at=row["edited_at"],
        approved_at=row.get("approved_at"),
        taken_down=taken_down_from(row),
        publications=int(row["publications"]),
        activity_id=row["activity_id"],
        below=int(row["below"]),
        reacted=int(row["reacted"]),
        reactions={key: int(count) for key, count in row["reactions"].items()},
        shadowed=row.get("shadowed", False),
        remark=row.get("remark", False),
    )
