"""`reactions`; how many there are of each kind is kept with what they are to."""

from collections.abc import AsyncIterator, Sequence

from community.comments.repository import COLLECTION as COMMENTS
from community.posts.repository import COLLECTION as POSTS
from community.reactions.model import Reaction, Target, TargetKind, reaction_id
from storage.mongo import ASCENDING, DESCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, write
from storage.paging import Page, Window, find_page

COLLECTION = "reactions"
INDEXES = {
    COLLECTION: [
        Index([("target_id", ASCENDING), ("key", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        Index([("member_id", ASCENDING), ("post_id", ASCENDING)]),
        Index([("author_id", ASCENDING)]),
        Index([("programme_id", ASCENDING)]),
    ]
}


class ReactionRepository:
    """Reactions of all programmes; each query is of one, or of one thing."""

    def __init__(self, mongo: Mongo) -> None:
        self._reactions = mongo.collection(COLLECTION)
        self._targets = {
            TargetKind.POST: mongo.collection(POSTS),
            TargetKind.COMMENT: mongo.collection(COMMENTS),
        }

    async def find(self, target: Target, member_id: bytes, tx: Tx) -> Reaction | None:
        """A member's to a thing."""
        found = reaction_id(target, member_id)
        rows = await find_by_ids(self._reactions, [found], tx)
        return reaction_from(rows[found]) if found in rows else None

    async def of_member(self, member_id: bytes, post_ids: Sequence[bytes]) -> dict[bytes, dict[bytes, str]]:
        """A member's to each of these posts and what is under it: the thing's id and how they react, by the post's id."""
        rows = self._reactions.find(
            {"member_id": member_id, "post_id": {"$in": list(post_ids)}, "key": {"$ne": None}},
            projection=["post_id", "target_id", "key"],
        )
        found: dict[bytes, dict[bytes, str]] = {post_id: {} for post_id in post_ids}
        for row in await rows.to_list(None):
            found[row["post_id"]][row["target_id"]] = row["key"]
        return found

    async def save(self, reaction: Reaction, tx: Tx) -> None:
        """Keep it as it is now."""
        await write(self._reactions, [ReplaceOne({"_id": reaction.id}, _to(reaction), upsert=True)], tx)

    async def count(self, target: Target, before: str | None, after: str | None, tx: Tx) -> None:
        """One went from the one key to the other."""
        moved = {f"reactions.{key}": by for key, by in ((before, -1), (after, 1)) if key is not None}
        changes: Document = {"$inc": moved}
        if target.kind is TargetKind.COMMENT:
            moved["reacted"] = (after is not None) - (before is not None)
        else:
            changes["$set"] = {"heat_due": True}
        await self._targets[target.kind].update_one({"_id": target.id}, changes, session=tx.session)

    async def page(
        self, target_id: bytes, keys: Sequence[str], shown: Document, window: Window
    ) -> Page[Reaction]:
        """Those to a thing, of these keys, latest first, of what is `shown`."""
        query = {"target_id": target_id, "key": {"$in": list(keys)}, **shown}
        page = await find_page(self._reactions, query, [("at", -1), ("_id", -1)], window)
        return Page(
            [reaction_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def stream(self, programme_id: str) -> AsyncIterator[Reaction]:
        """Every one of a programme, in no order."""
        async for row in self._reactions.find({"programme_id": programme_id}, batch_size=5000):
            yield reaction_from(row)


def _to(one: Reaction) -> Document:
    return ({"shadowed": True} if one.shadowed else {}) | {
        "_id": one.id,
        "programme_id": one.programme_id,
        "target_kind": one.target.kind.value,
        "target_id": one.target.id,
        "post_id": one.post_id,
        "author_id": one.author_id,
        "member_id": one.member_id,
        "key": one.key,
        "at": one.at,
        "times": one.times,
        "activity_id": one.activity_id,
    }


def reaction_from(row: Document) -> Reaction:
    """A reaction as it was stored."""
    return Reaction(
        row["_id"],
        row["programme_id"],
        Target(TargetKind(row["target_kind"]), row["target_id"]),
        row["post_id"],
        row["author_id"],
        row["member_id"],
        row["key"],
        row["at"],
        int(row["times"]),
        row["activity_id"],
        row.get("shadowed", False),
    )
