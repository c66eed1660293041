"""`reactions`; how many there are of each kind is kept with what they are to."""

from collections.abc import AsyncIterator, Sequence

from community.comments.repository import COLLECTION as COMMENTS
from community.posts.repository import COLLECTION as POSTS
from community.reactions.model import Reaction, Target, TargetKind, reaction_id
from storage.batching import Batcher
from storage.mongo import ASCENDING, DESCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, write
from storage.paging import Page, Window, find_page

COLLECTION = "reactions"
INDEXES = {
    COLLECTION: [
        Index([("target_id", ASCENDING), ("key", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        Index([("member_id", ASCENDING), ("post_id", ASCENDING)]),
        Index([("author_id", ASCENDING)]),
        Index([("programme_id", ASCENDING)]),
        Index([("marked", ASCENDING), ("programme_id", ASCENDING)], partial={"marked": True}),
    ]
}

_Reacted = dict[bytes, dict[bytes, str]]


class ReactionRepository:
    """Reactions of all programmes; each query is of one, or of one thing."""

    def __init__(self, mongo: Mongo) -> None:
        self._reactions = mongo.collection(COLLECTION)
        self._targets = {
            TargetKind.POST: mongo.collection(POSTS),
            TargetKind.COMMENT: mongo.collection(COMMENTS),
        }
        self._reacted: Batcher[tuple[bytes, ...], bytes, dict[bytes, _Reacted]] = Batcher(self._read_reacted)

    async def find(self, target: Target, member_id: bytes, tx: Tx) -> Reaction | None:
        """A member's to a thing."""
        found = reaction_id(target, member_id)
        rows = await find_by_ids(self._reactions, [found], tx)
        return reaction_from(rows[found]) if found in rows else None

    async def of_member(self, member_id: bytes, post_ids: Sequence[bytes]) -> _Reacted:
        """A member's to each of these posts and what is under it: the thing's id and how they react, by the post's id. All
        members who are asked for at once with the same posts are one read."""
        found = await self._reacted.ask(tuple(post_ids), [member_id])
        return found[member_id]

    async def _read_reacted(
        self, post_ids: tuple[bytes, ...], member_ids: Sequence[bytes]
    ) -> dict[bytes, _Reacted]:
        rows = self._reactions.find(
            {
                "member_id": {"$in": list(member_ids)},
                "post_id": {"$in": list(post_ids)},
                "key": {"$ne": None},
            },
            projection=["member_id", "post_id", "target_id", "key"],
        )
        found: dict[bytes, _Reacted] = {one: {post_id: {} for post_id in post_ids} for one in member_ids}
        for row in await rows.to_list(None):
            found[row["member_id"]][row["post_id"]][row["target_id"]] = row["key"]
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

    async def mark(self, target: Target, tx: Tx) -> None:
        """Whether those to a thing count is to be settled."""
        query = {"target_id": target.id, "key": {"$ne": None}}
        await self._reactions.update_many(query, {"$set": {"marked": True}}, session=tx.session)

    async def marked(self, limit: int) -> list[Reaction]:
        """So many that are marked, of all programmes, one after the other."""
        rows = self._reactions.find({"marked": True}).sort([("marked", 1), ("programme_id", 1)]).limit(limit)
        return [reaction_from(row) for row in await rows.to_list(None)]

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

    async def given_by(self, member_id: bytes, tx: Tx, author_id: bytes | None = None) -> list[Reaction]:
        """All of a member's, withdrawn ones too; those to what that author wrote, where one is stated."""
        query = {"member_id": member_id, **({"author_id": author_id} if author_id is not None else {})}
        rows = self._reactions.find(query, session=tx.session)
        return [reaction_from(row) for row in await rows.to_list(None)]

    async def by_ids(self, ids: Sequence[bytes], tx: Tx | None = None) -> dict[bytes, Reaction]:
        """Reactions by id."""
        return {key: reaction_from(row) for key, row in (await find_by_ids(self._reactions, ids, tx)).items()}

    async def save_all(self, reactions: Sequence[Reaction], tx: Tx) -> None:
        """Keep them as they are now."""
        models = [ReplaceOne({"_id": one.id}, _to(one), upsert=True) for one in reactions]
        await write(self._reactions, models, tx)


def _to(one: Reaction) -> Document:
    flags = {name: True for name in ("shadowed", "marked") if getattr(one, name)}
    return flags | {
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
        row.get("marked", False),
    )
