"""`posts`, and in `post_revisions` every published version of each."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from community.posts.heat import Earlier, Heat, score_of
from community.posts.model import Post, PostState, Revision, TakenDown, Written
from community.writing.markup import Link
from community.writing.terms import VERSION, indexed
from gamification.programmes.definitions import PostKind
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
    insert,
    write,
)
from storage.paging import Page, Window, find_page

COLLECTION = "posts"
SEARCH = "search"
"""What a published text is found by: {v, terms, impacts}, of version `v` of what makes them of a text."""
WITHOUT_TERMS = {SEARCH: 0}
REVISIONS = "post_revisions"
LATEST: list[tuple[str, int]] = [("published_at", -1), ("_id", -1)]
BEGUN: list[tuple[str, int]] = [("_id", -1)]
_BY_TIME = [("published_at", DESCENDING), ("_id", DESCENDING)]
_BY_HEAT = [("hot", DESCENDING), ("_id", DESCENDING)]
INDEXES = {
    COLLECTION: [
        Index([("programme_id", ASCENDING), ("state", ASCENDING), *_BY_TIME]),
        Index([("programme_id", ASCENDING), ("space", ASCENDING), ("state", ASCENDING), *_BY_TIME]),
        Index([("programme_id", ASCENDING), ("written.tags", ASCENDING), ("state", ASCENDING), *_BY_TIME]),
        Index([("author_id", ASCENDING), ("state", ASCENDING), *_BY_TIME]),
        Index([("programme_id", ASCENDING), ("search.terms", ASCENDING), *_BY_TIME]),
        Index([("programme_id", ASCENDING), ("state", ASCENDING), *_BY_HEAT]),
        Index([("programme_id", ASCENDING), ("space", ASCENDING), ("state", ASCENDING), *_BY_HEAT]),
        Index([("programme_id", ASCENDING), ("state", ASCENDING), ("heat.at", DESCENDING)]),
        Index([("heat_due", ASCENDING)], partial={"heat_due": True}),
        Index(
            [("programme_id", ASCENDING), ("space", ASCENDING), ("pinned_at", DESCENDING)],
            partial={"pinned_at": {"$exists": True}},
        ),
        Index([("publish_at", ASCENDING)], partial={"publish_at": {"$exists": True}}),
        Index(
            [("programme_id", ASCENDING), ("space", ASCENDING), ("state", ASCENDING)],
            partial={"shadowed": True},
        ),
        Index(
            [("programme_id", ASCENDING), ("marks", ASCENDING), *_BY_TIME],
            partial={"marks": {"$exists": True}},
        ),
    ],
    REVISIONS: [
        Index([("post_id", ASCENDING), ("version", DESCENDING)]),
        Index([("author_id", ASCENDING)]),
    ],
}


class PostRepository:
    """Posts of all programmes; each query is of one."""

    def __init__(self, mongo: Mongo) -> None:
        self._posts = mongo.collection(COLLECTION)
        self._revisions = mongo.collection(REVISIONS)

    async def by_ids(
        self, programme_id: str, ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, Post]:
        """Posts by id; those of other programmes are absent."""
        rows = await find_by_ids(self._posts, ids, tx, WITHOUT_TERMS)
        return {key: post_from(row) for key, row in rows.items() if row["programme_id"] == programme_id}

    async def save(self, posts: Sequence[Post], tx: Tx) -> None:
        """Keep them as they are now."""
        await write(self._posts, [ReplaceOne({"_id": one.id}, _to(one), upsert=True) for one in posts], tx)

    async def page(
        self, programme_id: str, query: Mapping[str, Any], order: Sequence[tuple[str, int]], window: Window
    ) -> Page[Post]:
        """Those that match, in that order."""
        wanted = {"programme_id": programme_id, **query}
        page = await find_page(self._posts, wanted, order, window, without=[SEARCH])
        return Page([post_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def count_comments(self, post_ids: Iterable[bytes], by: int, tx: Tx) -> None:
        """Posts have so many more published comments; as often as one is named."""
        await write(
            self._posts,
            [
                UpdateOne({"_id": one}, {"$inc": {"comments": by * times}, "$set": {"heat_due": True}})
                for one, times in Counter(post_ids).items()
            ],
            tx,
        )

    async def counts(self, programme_id: str, spaces: Iterable[str]) -> dict[str, int]:
        """How many posts are published in each of these spaces."""
        # Both are counted by an index alone: that something is not there, as the mark of what others don't see, no index tells.
        published = {
            "programme_id": programme_id,
            "space": {"$in": list(spaces)},
            "state": PostState.PUBLISHED.value,
        }
        hidden = [{"$match": {**published, "shadowed": True}}, _count("$space", -1)]
        rows = self._posts.aggregate(
            [
                {"$match": published},
                _count("$space", 1),
                {"$unionWith": {"coll": COLLECTION, "pipeline": hidden}},
                {"$group": {"_id": "$_id", "count": {"$sum": "$count"}}},
            ]
        )
        return {row["_id"]: int(row["count"]) for row in await rows.to_list(None) if row["count"]}

    async def published_by(self, author_id: bytes, limit: int, tx: Tx | None = None) -> int:
        """How many posts of a member others see, counted up to the limit."""
        query = {"author_id": author_id, "state": PostState.PUBLISHED.value, "shadowed": None}
        return await self._posts.count_documents(query, limit=limit, session=tx.session if tx else None)

    async def pinned(self, programme_id: str, space: str, tx: Tx) -> int:
        """How many posts of a space are pinned."""
        query = {"programme_id": programme_id, "space": space, "pinned_at": {"$exists": True}}
        return await self._posts.count_documents(query, session=tx.session)

    async def published_since(self, programme_id: str, since: datetime, limit: int) -> list[Post]:
        """What was published since then, for whomever, the oldest first; of more than `limit` the newest."""
        query = {
            "programme_id": programme_id,
            "state": PostState.PUBLISHED.value,
            "published_at": {"$gte": since},
        }
        rows = await self._posts.find(query, WITHOUT_TERMS).sort(LATEST).limit(limit).to_list(None)
        return [post_from(row) for row in reversed(rows)]

    async def due(self, now: datetime, limit: int) -> list[Post]:
        """Scheduled posts of all programmes whose time has come, the earliest first."""
        rows = (
            self._posts.find({"publish_at": {"$lte": now}}, WITHOUT_TERMS)
            .sort("publish_at", ASCENDING)
            .limit(limit)
        )
        return [post_from(row) for row in await rows.to_list(None)]

    async def stream(self, programme_id: str) -> AsyncIterator[Post]:
        """Every post of a programme, in no order."""
        async for row in self._posts.find({"programme_id": programme_id}, WITHOUT_TERMS, batch_size=1000):
            yield post_from(row)

    async def add_revisions(self, revisions: Sequence[Revision], tx: Tx) -> None:
        """Keep versions for good."""
        await insert(self._revisions, [_to_revision(one) for one in revisions], tx)

    async def revisions(self, post_id: bytes, window: Window) -> Page[Revision]:
        """The versions of a post, newest first."""
        page = await find_page(self._revisions, {"post_id": post_id}, [("version", -1)], window)
        return Page(
            [_from_revision(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def before(self, revisions: Sequence[Revision]) -> dict[bytes, Revision]:
        """The version before each of these, by the later one's id, in one read. Versions may skip numbers."""
        if not revisions:
            return {}
        earlier = [
            {
                "$match": {
                    "$expr": {"$and": [{"$eq": ["$post_id", "$$post"]}, {"$lt": ["$version", "$$version"]}]}
                }
            },
            {"$sort": {"version": DESCENDING}},
            {"$limit": 1},
        ]
        rows = self._revisions.aggregate(
            [
                {"$match": {"_id": {"$in": [one.id for one in revisions]}}},
                {
                    "$lookup": {
                        "from": REVISIONS,
                        "let": {"post": "$post_id", "version": "$version"},
                        "pipeline": earlier,
                        "as": "before",
                    }
                },
                {"$project": {"before": 1}},
            ]
        )
        return {
            row["_id"]: _from_revision(before) for row in await rows.to_list(None) for before in row["before"]
        }

    async def stream_revisions(self, programme_id: str) -> AsyncIterator[Revision]:
        """Every version of a programme's posts, in no order."""
        async for row in self._revisions.find({"programme_id": programme_id}, batch_size=1000):
            yield _from_revision(row)


def _count(by: str, each: int) -> Document:
    return {"$group": {"_id": by, "count": {"$sum": each}}}


def _to(post: Post) -> Document:
    document: Document = {
        "_id": post.id,
        "programme_id": post.programme_id,
        "space": post.space,
        "author_id": post.author_id,
        "kind": post.kind.value,
        "state": post.state.value,
        "version": post.version,
        "written": written_to(post.written),
        "created_at": post.created_at,
        "published_at": post.published_at,
        "edited_at": post.edited_at,
        "locked": post.locked,
        "publications": post.publications,
        "activity_id": post.activity_id,
        "comments": post.comments,
        "reactions": dict(post.reactions or {}),
    }
    if post.pinned_at is not None:
        document["pinned_at"] = post.pinned_at
    if post.publish_at is not None:
        document["publish_at"] = post.publish_at
    if post.shadowed:
        document["shadowed"] = True
    if post.options:
        document["options"] = list(post.options)
    if post.marks:
        document["marks"] = list(post.marks)
    if post.heat_due:
        document["heat_due"] = True
    if post.state is PostState.PUBLISHED:
        document[SEARCH] = terms_to(post.written, post.options)
    if post.published_at is not None:
        document |= heat_to(post.heat, post.published_at)
    return document | taken_down_to(post.taken_down)


def post_from(row: Document) -> Post:
    """A post as it was stored."""
    return Post(
        id=row["_id"],
        programme_id=row["programme_id"],
        space=row["space"],
        author_id=row["author_id"],
        kind=PostKind(row["kind"]),
        state=PostState(row["state"]),
        version=int(row["version"]),
        written=written_from(row["written"]),
        created_at=row["created_at"],
        published_at=row["published_at"],
        publish_at=row.get("publish_at"),
        edited_at=row["edited_at"],
        locked=row["locked"],
        pinned_at=row.get("pinned_at"),
        taken_down=taken_down_from(row),
        publications=int(row["publications"]),
        activity_id=row["activity_id"],
        comments=int(row["comments"]),
        reactions={key: int(count) for key, count in row["reactions"].items()},
        shadowed=row.get("shadowed", False),
        heat=heat_from(row),
        heat_due=row.get("heat_due", False),
        marks=tuple(row.get("marks", ())),
        options=tuple(row.get("options", ())),
    )


def heat_to(heat: Heat | None, published_at: datetime) -> Document:
    """The part of a document that says how hot a post is; `hot` is what lists go by."""
    if heat is None:
        return {"hot": score_of(0, published_at)}
    before = [{"until": one.until, "score": one.score} for one in heat.before]
    return {"hot": heat.score, "heat": {"people": heat.people, "at": heat.at, "before": before}}


def heat_from(row: Document) -> Heat | None:
    """What that part says."""
    heat = row.get("heat")
    if heat is None:
        return None
    before = tuple(Earlier(one["until"], one["score"]) for one in heat["before"])
    return Heat(int(heat["people"]), row["hot"], heat["at"], before)


def written_to(written: Written) -> Document:
    """A text as it is stored."""
    return {
        "title": written.title,
        "body": written.body,
        "tags": list(written.tags),
        "html": written.html,
        "text": written.text,
        "links": [[link.url, link.title] for link in written.links],
        "images": list(written.images),
        "mentions": list(written.mentions),
    }


def terms_to(written: Written, options: Sequence[str] = ()) -> Document:
    """What a text, and a poll's options with it, is found by, as it is stored."""
    found = indexed(written.title, "\n".join([written.text, *options]), written.tags)
    return {"v": VERSION, "terms": list(found.terms), "impacts": list(found.impacts)}


def written_from(row: Document) -> Written:
    """A text as it was stored."""
    return Written(
        row["title"],
        row["body"],
        tuple(row["tags"]),
        row["html"],
        row["text"],
        tuple(Link(url, title) for url, title in row["links"]),
        tuple(row["images"]),
        tuple(row["mentions"]),
    )


def taken_down_to(down: TakenDown | None) -> Document:
    """The part of a document that says so, where it is taken down."""
    if down is None:
        return {}
    document: Document = {"at": down.at, "by": down.by, "reason": down.reason, "rule": down.rule}
    return {"taken_down": document | ({"waited": True} if down.waited else {})}


def taken_down_from(row: Document) -> TakenDown | None:
    """What that part says."""
    down = row.get("taken_down")
    if down is None:
        return None
    return TakenDown(down["at"], down["by"], down["reason"], down.get("rule"), down.get("waited", False))


def _to_revision(one: Revision) -> Document:
    return {
        "_id": one.id,
        "programme_id": one.programme_id,
        "post_id": one.post_id,
        "author_id": one.author_id,
        "version": one.version,
        "title": one.title,
        "body": one.body,
        "tags": list(one.tags),
        "at": one.at,
        "by": one.by,
        "reason": one.reason,
    }


def _from_revision(row: Document) -> Revision:
    return Revision(
        row["_id"],
        row["programme_id"],
        row["post_id"],
        row["author_id"],
        int(row["version"]),
        row["title"],
        row["body"],
        tuple(row["tags"]),
        row["at"],
        row["by"],
        row["reason"],
    )
