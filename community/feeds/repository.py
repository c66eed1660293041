"""Pages of hot posts, and who makes a post hot."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from community.blocks.repository import COLLECTION as BLOCKS
from community.comments.model import CommentState
from community.comments.repository import COLLECTION as COMMENTS
from community.posts.heat import Heat
from community.posts.model import Post, PostState
from community.posts.repository import COLLECTION as POSTS
from community.posts.repository import SEARCH, WITHOUT_TERMS, heat_to, post_from
from community.reactions.repository import COLLECTION as REACTIONS
from gamification.members.model import Standing
from storage.mongo import Document, Mongo, Tx
from storage.paging import Page, Window

PEOPLE_MAX = 10_000
"""More people make no post hotter."""
_MEMBERS = "members"
_ORDER = [("hot", -1), ("_id", -1)]


class HeatRepository:
    """Of posts of all programmes; each page is of one."""

    def __init__(self, mongo: Mongo) -> None:
        self._posts = mongo.collection(POSTS)
        self._reactions = mongo.collection(REACTIONS)
        self._comments = mongo.collection(COMMENTS)
        self._members = mongo.collection(_MEMBERS)
        self._blocks = mongo.collection(BLOCKS)

    async def page(
        self, programme_id: str, query: Mapping[str, Any], as_of: datetime, window: Window
    ) -> Page[Post]:
        """Posts that match, the hottest first, by the scores that they had at that moment. Positions are (the moment, score,
        id)."""
        shown: Document = {"programme_id": programme_id, **query}
        limits = [
            _beyond(at, later=later) for at, later in ((window.after, True), (window.before, False)) if at
        ]
        sign = -1 if window.backward else 1
        ending: list[Document] = [
            *({"$match": one} for one in limits),
            {"$sort": {field: direction * sign for field, direction in _ORDER}},
            {"$limit": window.size + 1},
        ]
        # What has kept its score since then is walked in order; what has not is little, and is put between.
        moved: list[Document] = [
            {"$match": {**shown, "heat.at": {"$gt": as_of}}},
            {"$set": {"hot": _score_at(as_of)}},
            *ending,
        ]
        rows = await self._posts.aggregate(
            [
                {"$match": {"$and": [shown, {"heat.at": {"$not": {"$gt": as_of}}}]}},
                *ending,
                {"$unionWith": {"coll": POSTS, "pipeline": moved}},
                *ending[len(limits) :],
                {"$unset": SEARCH},
            ]
        ).to_list(None)
        more = len(rows) > window.size
        rows = rows[: window.size]
        if window.backward:
            rows.reverse()
        return Page(
            [post_from(row) for row in rows],
            [(as_of, row["hot"], row["_id"]) for row in rows],
            has_next=window.before is not None if window.backward else more,
            has_previous=more if window.backward else window.after is not None,
        )

    async def due(self, limit: int) -> list[tuple[str, bytes]]:
        """Posts of all programmes whose heat is to be counted again: (programme, id)."""
        rows = await self._posts.find({"heat_due": True}, ["programme_id"]).limit(limit).to_list(None)
        return [(row["programme_id"], row["_id"]) for row in rows]

    async def find(self, post_id: bytes, tx: Tx) -> Post | None:
        """A post that is to be counted again; None where it is not any more."""
        row = await self._posts.find_one(
            {"_id": post_id, "heat_due": True}, WITHOUT_TERMS, session=tx.session
        )
        return post_from(row) if row else None

    async def save(self, post: Post, heat: Heat | None, tx: Tx) -> None:
        """It is counted: keep what it has become, if anything."""
        stored = (
            heat_to(heat, post.published_at) if heat is not None and post.published_at is not None else {}
        )
        change: Document = {"$unset": {"heat_due": ""}} | ({"$set": stored} if stored else {})
        await self._posts.update_one({"_id": post.id}, change, session=tx.session)

    async def stream(self, programme_id: str) -> AsyncIterator[tuple[Post, float | None]]:
        """Every post of a programme, in no order, with the score that lists go by."""
        async for row in self._posts.find({"programme_id": programme_id}, WITHOUT_TERMS, batch_size=1000):
            yield post_from(row), row.get("hot")

    async def make_due(self, programme_id: str) -> int:
        """Have all published posts counted again; how many."""
        query = {"programme_id": programme_id, "state": PostState.PUBLISHED.value, "heat_due": None}
        done = await self._posts.update_many(query, {"$set": {"heat_due": True}})
        return int(done.modified_count)

    async def people(self, post: Post, tx: Tx) -> set[bytes]:
        """Who reacted to a post, and who wrote a comment under it that others see; not its author, nobody who is banned or
        gone, and nobody with whom the author shares a block."""
        reacted = self._reactions.find(
            {"target_id": post.id, "key": {"$ne": None}, "shadowed": None},
            {"_id": 0, "member_id": 1},
            session=tx.session,
        )
        written = self._comments.aggregate(
            [
                {
                    "$match": {
                        "post_id": post.id,
                        "state": CommentState.PUBLISHED.value,
                        "shadowed": None,
                    }
                },
                {"$group": {"_id": "$author_id"}},
                {"$limit": PEOPLE_MAX},
            ],
            session=tx.session,
        )
        found = {row["member_id"] for row in await reacted.limit(PEOPLE_MAX).to_list(None)}
        found |= {row["_id"] for row in await written.to_list(None)}
        found.discard(post.author_id)
        return found - await self._left_out(post, sorted(found), tx) if found else found

    async def _left_out(self, post: Post, found: Sequence[bytes], tx: Tx) -> set[bytes]:
        among = {"$in": found}
        gone = self._members.find(
            {
                "_id": among,
                "$or": [
                    {"standing": Standing.BANNED.value},
                    {"erased_at": {"$exists": True}},
                    {"merged_into": {"$exists": True}},
                ],
            },
            ["_id"],
            session=tx.session,
        )
        blocked = self._blocks.find(
            {
                "$or": [
                    {"blocker": post.author_id, "blocked": among},
                    {"blocked": post.author_id, "blocker": among},
                ]
            },
            ["blocker", "blocked"],
            session=tx.session,
        )
        left = {row["_id"] for row in await gone.to_list(None)}
        for row in await blocked.to_list(None):
            left |= {row["blocker"], row["blocked"]}
        return left


def _score_at(moment: datetime) -> Document:
    """`heat.score_at` as the database works it out."""
    since = {"$filter": {"input": "$heat.before", "as": "one", "cond": {"$gt": ["$$one.until", moment]}}}
    return {
        "$let": {
            "vars": {"since": since},
            "in": {"$ifNull": [{"$arrayElemAt": ["$$since.score", 0]}, "$hot"]},
        }
    }


def _beyond(position: Sequence[Any], *, later: bool) -> Document:
    """What comes after that position, or before it."""
    _, score, found = position
    operator = "$lt" if later else "$gt"
    # The first condition says nothing new, and lets the index begin where the page does.
    return {
        "hot": {f"{operator}e": score},
        "$or": [{"hot": {operator: score}}, {"hot": score, "_id": {operator: found}}],
    }
