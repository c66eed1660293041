"""Searching `posts` and `comments` by their terms. Each read is bounded, whatever is looked for."""

import asyncio
from collections.abc import AsyncIterator, Mapping
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
from storage.mongo import Document, Mongo, UpdateOne, write

POSTS_MAX = 1000
"""So many of the newest posts with the words are ranked,"""
COMMENTS_MAX = 500
"""and so many of the newest comments that the viewer may see,"""
READ_MAX = 20_000
"""of so many of the newest that have the rarest of the words."""
_COMMON = 2000
"""Posts that have a word: one that so many have is common."""
_COUNTED_TERMS = 6
_MERGED_MAX = 100
"""So many spaces are read as one list in order of time."""
_PART = 1000
_BY_TERM = {"programme_id": 1, "search.terms": 1, "published_at": -1, "_id": -1}
_BY_AUTHOR = {"author_id": 1, "state": 1, "published_at": -1, "_id": -1}
_BY_TAG = {"programme_id": 1, "written.tags": 1, "state": 1, "published_at": -1, "_id": -1}
_BY_SPACE = {"programme_id": 1, "space": 1, "state": 1, "published_at": -1, "_id": -1}
_COMMENTS_BY_TERM = {"programme_id": 1, "search.terms": 1, "created_at": -1, "_id": -1}
_COMMENTS_BY_AUTHOR = {"author_id": 1, "_id": -1}


@record(frozen=True, slots=True)
class Wanted:
    """The terms that a text must have, the one that few posts have first, and whether even that one is common."""

    terms: tuple[str, ...]
    is_common: bool


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

    async def by_rarity(self, programme_id: str, query: Query) -> Wanted:
        """The terms that a text must have: a read walks the index of the rarest alone."""
        terms = sorted(query.required, key=len, reverse=True)
        asked = terms[:_COUNTED_TERMS]
        counts = await asyncio.gather(*(self._count(programme_id, term) for term in asked))
        least, rarest = min(zip(counts, asked, strict=True))
        return Wanted((rarest, *(term for term in terms if term != rarest)), least >= _COMMON)

    async def posts(
        self,
        programme_id: str,
        query: Query,
        required: Wanted,
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
                {"programme_id": programme_id, "search.terms": {"$all": list(required.terms)}},
                shown,
                *_without(query),
                *phrases,
            ]
        }
        found: dict[bytes, Found] = {}
        for among, hint in _candidates(programme_id, required, shown, wanted):
            rows = self._posts.aggregate(
                [
                    {"$match": {**among, "published_at": _times(wanted, as_of)}},
                    {"$sort": {"published_at": -1, "_id": -1}},
                    {"$limit": READ_MAX},
                    {"$match": match},
                    {"$limit": POSTS_MAX},
                    {"$project": {"at": "$published_at", "relevance": relevance_stage(query)}},
                ],
                hint=hint,
            )
            found |= {
                row["_id"]: Found(row["_id"], row["relevance"], row["at"]) for row in await rows.to_list(None)
            }
            if len(found) >= POSTS_MAX:
                break
        return sorted(found.values(), key=lambda one: (one.at, one.id), reverse=True)[:POSTS_MAX]

    async def comments(
        self,
        programme_id: str,
        query: Query,
        required: Wanted,
        shown: Mapping[str, Any],
        posts_shown: Mapping[str, Any],
        wanted: SearchFilter,
        as_of: datetime,
    ) -> list[Found]:
        """The newest comments with all of it, of what is `shown`, under posts of what is `posts_shown`."""
        times = {"created_at": _times(wanted, as_of)}
        among: Mapping[str, Any] = {"programme_id": programme_id, "search.terms": required.terms[0], **times}
        order, hint = {"created_at": -1, "_id": -1}, _COMMENTS_BY_TERM
        if wanted.author_id is not None:
            among, order, hint = {"author_id": wanted.author_id}, {"_id": -1}, _COMMENTS_BY_AUTHOR
        match = {
            "$and": [
                {"programme_id": programme_id, "search.terms": {"$all": list(required.terms)}},
                {"state": CommentState.PUBLISHED.value, **shown},
                times,
                *_without(query),
                *({"written.text": _like(one.pattern)} for one in query.phrases),
            ]
        }
        rows = self._comments.aggregate(
            [
                {"$match": among},
                {"$sort": order},
                {"$limit": READ_MAX},
                {"$match": match},
                {"$project": {"at": "$created_at", "post_id": 1, "relevance": relevance_stage(query)}},
            ],
            hint=hint,
            batchSize=_PART,
        )
        found: list[Found] = []
        while len(found) < COMMENTS_MAX and (part := await rows.to_list(_PART)):
            seen = await self._among({row["post_id"] for row in part}, posts_shown)
            found += [
                Found(row["_id"], row["relevance"], row["at"]) for row in part if row["post_id"] in seen
            ]
        await rows.close()
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
        rows = self._posts.find({"_id": {"$in": list(post_ids)}, **shown}, ["_id"], batch_size=_PART)
        return {row["_id"] for row in await rows.to_list(None)}

    async def _count(self, programme_id: str, term: str) -> int:
        """How many posts have a term, up to a bound."""
        query = {"programme_id": programme_id, "search.terms": term}
        return int(await self._posts.count_documents(query, limit=_COMMON, hint=_BY_TERM))


def _candidates(
    programme_id: str, required: Wanted, shown: Mapping[str, Any], wanted: SearchFilter
) -> list[tuple[Mapping[str, Any], Mapping[str, int]]]:
    """Which posts are looked through, newest first, with the index that has them so: those that have the rarest of the words,
    or where that is a common one what the filter leaves. Who reads few spaces would find little among what all others wrote:
    for them what is in these is looked through next."""
    by_term = {"programme_id": programme_id, "search.terms": required.terms[0]}
    if not required.is_common:
        return [(by_term, _BY_TERM)]
    shown_there = {"programme_id": programme_id, "state": PostState.PUBLISHED.value}
    if wanted.author_id is not None:
        return [({**shown_there, "author_id": wanted.author_id}, _BY_AUTHOR)]
    if "written.tags" in shown:
        return [({**shown_there, "written.tags": shown["written.tags"]}, _BY_TAG)]
    spaces: list[str] = shown["space"]["$in"]
    in_spaces = ({**shown_there, "space": {"$in": spaces}}, _BY_SPACE)
    if wanted.space is not None:
        return [in_spaces]
    return [(by_term, _BY_TERM), *([in_spaces] if len(spaces) <= _MERGED_MAX else [])]


def _times(wanted: SearchFilter, as_of: datetime) -> Mapping[str, datetime]:
    until = min(as_of, wanted.until) if wanted.until is not None else as_of
    return {"$lte": until} | ({"$gte": wanted.since} if wanted.since is not None else {})


def _without(query: Query) -> list[Mapping[str, Any]]:
    if not query.excluded:
        return []
    return [{"$nor": [{"search.terms": {"$all": list(group)}} for group in query.excluded]}]


def _like(pattern: str) -> Mapping[str, Any]:
    return {"$regex": pattern, "$options": "i"}
