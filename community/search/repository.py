"""Searching `posts` and `comments` by their terms. Each read is bounded, whatever is looked for."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from community.comments.model import CommentState
from community.comments.repository import COLLECTION as COMMENTS
from community.posts.model import PostState
from community.posts.repository import COLLECTION as POSTS
from community.posts.repository import SEARCH, terms_to, written_from
from community.search.model import SearchFilter
from community.search.query import Query
from community.search.ranking import relevance_stage
from community.writing.terms import VERSION
from gamification.kit.records import record
from storage.mongo import Collection, Document, Mongo, UpdateOne, write

POSTS_MAX = 1000
"""So many of the newest posts with the words are ranked."""
COMMENTS_MAX = 500
"""So many of the newest comments are that the viewer may see,"""
COMMENTS_READ_MAX = 20_000
"""of so many of the newest that have the words."""
_COMMENTS_A_READ = 1000
_COUNTED_MAX = 2000
_COUNTED_TERMS = 6
_POSTS_INDEX = {"programme_id": 1, "search.terms": 1, "published_at": -1, "_id": -1}
_COMMENTS_INDEX = {"programme_id": 1, "search.terms": 1, "_id": -1}


@record(frozen=True, slots=True)
class Found:
    """A text that has what is looked for: how much it is about it (0 to 1000), and when it came."""

    id: bytes
    relevance: float
    at: datetime


class SearchRepository:
    """Of posts and comments of all programmes; each search is of one."""

    def __init__(self, mongo: Mongo) -> None:
        self._posts = mongo.collection(POSTS)
        self._comments = mongo.collection(COMMENTS)

    async def by_rarity(self, programme_id: str, query: Query) -> list[str]:
        """The terms that a text must have, the one that few posts have first: a read walks the index of the first alone."""
        terms = sorted(query.required, key=len, reverse=True)
        if len(terms) < 2:
            return terms
        asked = terms[:_COUNTED_TERMS]
        counts = await asyncio.gather(*(self._count(programme_id, term) for term in asked))
        rarest = min(zip(counts, asked, strict=True))[1]
        return [rarest, *(term for term in terms if term != rarest)]

    async def posts(
        self,
        programme_id: str,
        query: Query,
        required: Sequence[str],
        shown: Mapping[str, Any],
        wanted: SearchFilter,
        as_of: datetime,
    ) -> list[Found]:
        """The newest posts with all of it, of what is `shown`."""
        phrases = [
            {"$or": [{field: _like(one.pattern)} for field in ("written.title", "written.text")]}
            for one in query.phrases
        ]
        match = {
            "$and": [
                {"programme_id": programme_id, "search.terms": {"$all": list(required)}},
                shown,
                *_times("published_at", wanted, as_of),
                *_without(query),
                *phrases,
            ]
        }
        rows = self._posts.aggregate(
            [
                {"$match": match},
                {"$sort": {"published_at": -1, "_id": -1}},
                {"$limit": POSTS_MAX},
                {"$project": {"at": "$published_at", "relevance": relevance_stage(query)}},
            ],
            hint=_POSTS_INDEX,
        )
        return [Found(row["_id"], row["relevance"], row["at"]) for row in await rows.to_list(None)]

    async def comments(
        self,
        programme_id: str,
        query: Query,
        required: Sequence[str],
        shown: Mapping[str, Any],
        posts_shown: Mapping[str, Any],
        wanted: SearchFilter,
        as_of: datetime,
    ) -> list[Found]:
        """The newest comments with all of it, of what is `shown`, under posts of what is `posts_shown`."""
        stated: list[Mapping[str, Any]] = [
            {"programme_id": programme_id, "search.terms": {"$all": list(required)}},
            {"state": CommentState.PUBLISHED.value, **shown},
            *_times("created_at", wanted, as_of),
            *_without(query),
            *({"written.text": _like(one.pattern)} for one in query.phrases),
        ]
        if wanted.author_id is not None:
            stated.append({"author_id": wanted.author_id})
        found: list[Found] = []
        last: bytes | None = None
        for _ in range(COMMENTS_READ_MAX // _COMMENTS_A_READ):
            rows = await self._comments.aggregate(
                [
                    {"$match": {"$and": [*stated, {"_id": {"$lt": last}}] if last else stated}},
                    {"$sort": {"_id": -1}},
                    {"$limit": _COMMENTS_A_READ},
                    {"$project": {"at": "$created_at", "post_id": 1, "relevance": relevance_stage(query)}},
                ],
                hint=_COMMENTS_INDEX,
            ).to_list(None)
            seen = await self._among({row["post_id"] for row in rows}, posts_shown)
            found += [
                Found(row["_id"], row["relevance"], row["at"]) for row in rows if row["post_id"] in seen
            ]
            if len(rows) < _COMMENTS_A_READ or len(found) >= COMMENTS_MAX:
                break
            last = rows[-1]["_id"]
        return found[:COMMENTS_MAX]

    async def outdated(self, programme_id: str, limit: int) -> int:
        """Make anew the terms of published texts that were made by another version, or never; how many."""
        done = 0
        for collection, state in (
            (self._posts, PostState.PUBLISHED.value),
            (self._comments, CommentState.PUBLISHED.value),
        ):
            query = {"programme_id": programme_id, "state": state, "search.v": {"$ne": VERSION}}
            rows = await collection.find(query, ["version", "written", "options"]).limit(limit).to_list(None)
            # Who changes the text meanwhile makes its terms themselves.
            models = [
                UpdateOne(
                    {"_id": row["_id"], "version": row["version"], "state": state},
                    {"$set": {SEARCH: terms_to(written_from(row["written"]), row.get("options", ()))}},
                )
                for row in rows
            ]
            await write(collection, models)
            done += len(models)
        return done

    async def stream(self, programme_id: str) -> AsyncIterator[tuple[str, Document]]:
        """Every post and comment of a programme, as (kind, {_id, state, written, options, search})."""
        for kind, collection in (("post", self._posts), ("comment", self._comments)):
            fields = ["state", "written", "options", SEARCH]
            async for row in collection.find({"programme_id": programme_id}, fields, batch_size=1000):
                yield kind, row

    async def _among(self, post_ids: set[bytes], shown: Mapping[str, Any]) -> set[bytes]:
        """Which of these posts are shown."""
        if not post_ids:
            return set()
        rows = self._posts.find(
            {"_id": {"$in": list(post_ids)}, **shown}, ["_id"], batch_size=_COMMENTS_A_READ
        )
        return {row["_id"] for row in await rows.to_list(None)}

    async def _count(self, programme_id: str, term: str) -> int:
        """How many posts have a term, up to a bound."""
        return await _count(self._posts, {"programme_id": programme_id, "search.terms": term})


async def _count(collection: Collection, query: Mapping[str, Any]) -> int:
    return int(await collection.count_documents(query, limit=_COUNTED_MAX, hint=_POSTS_INDEX))


def _times(field: str, wanted: SearchFilter, as_of: datetime) -> list[Mapping[str, Any]]:
    until = min(as_of, wanted.until) if wanted.until is not None else as_of
    return [{field: {"$lte": until} | ({"$gte": wanted.since} if wanted.since is not None else {})}]


def _without(query: Query) -> list[Mapping[str, Any]]:
    if not query.excluded:
        return []
    return [{"$nor": [{"search.terms": {"$all": list(group)}} for group in query.excluded]}]


def _like(pattern: str) -> Mapping[str, Any]:
    return {"$regex": pattern, "$options": "i"}
