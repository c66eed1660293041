"""`proposals`, one a post, and `proposal_supports`."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime

from community.posts.repository import COLLECTION as POSTS
from community.proposals.model import OfficialAnswer, Proposal, ProposalState, Support, support_id
from storage.mongo import ASCENDING, DESCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, write
from storage.paging import Page, Window, find_page

COLLECTION = "proposals"
SUPPORTS = "proposal_supports"
_OWED = {"state": ProposalState.REACHED.value}
INDEXES = {
    COLLECTION: [
        Index([("programme_id", ASCENDING), ("due_at", ASCENDING), ("_id", ASCENDING)], partial=_OWED),
        Index([("untold", ASCENDING)], partial={"untold": True}),
        Index([("author_id", ASCENDING)]),
        Index([("programme_id", ASCENDING)]),
    ],
    SUPPORTS: [
        Index([("post_id", ASCENDING), ("counts", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        Index([("post_id", ASCENDING), ("supports", ASCENDING), ("turn", ASCENDING)]),
        Index([("member_id", ASCENDING)]),
        Index([("programme_id", ASCENDING)]),
    ],
}


class ProposalRepository:
    """Proposals of all programmes; each query is of one, or of one post."""

    def __init__(self, mongo: Mongo) -> None:
        self._proposals = mongo.collection(COLLECTION)
        self._supports = mongo.collection(SUPPORTS)
        self._posts = mongo.collection(POSTS)

    async def by_ids(self, ids: Sequence[bytes], tx: Tx | None = None) -> dict[bytes, Proposal]:
        """Proposals by their post's id."""
        return {key: _from(row) for key, row in (await find_by_ids(self._proposals, ids, tx)).items()}

    async def save(self, proposal: Proposal, tx: Tx) -> None:
        """Keep a proposal as it is now, and let its post be found by it."""
        await write(self._proposals, [ReplaceOne({"_id": proposal.id}, _to(proposal), upsert=True)], tx)
        marks = {"$set": {"marks": [proposal.state.value]}}
        await self._posts.update_one({"_id": proposal.id}, marks, session=tx.session)

    async def overdue(
        self, programme_id: str, spaces: Iterable[str], now: datetime, window: Window
    ) -> Page[Proposal]:
        """Those in these spaces whose answer is overdue, the longest first."""
        query: Document = {
            **_OWED,
            "programme_id": programme_id,
            "space": {"$in": list(spaces)},
            "stands": True,
            "due_at": {"$lte": now},
        }
        page = await find_page(self._proposals, query, [("due_at", 1), ("_id", 1)], window)
        return Page([_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def untold(self, limit: int) -> list[Proposal]:
        """Those of all programmes of which supporters are still to be told."""
        rows = self._proposals.find({"untold": True}).limit(limit)
        return [_from(row) for row in await rows.to_list(None)]

    async def support(self, post_id: bytes, member_id: bytes, tx: Tx) -> Support | None:
        """A member's of a proposal."""
        found = support_id(post_id, member_id)
        rows = await find_by_ids(self._supports, [found], tx)
        return _support_from(rows[found]) if found in rows else None

    async def of_member(self, member_id: bytes, post_ids: Sequence[bytes]) -> set[bytes]:
        """Which of these proposals a member supports."""
        rows = await find_by_ids(self._supports, [support_id(one, member_id) for one in post_ids])
        return {row["post_id"] for row in rows.values() if row["supports"]}

    async def save_supports(self, supports: Sequence[Support], tx: Tx) -> None:
        """Keep them as they are now."""
        models = [ReplaceOne({"_id": one.id}, _support_to(one), upsert=True) for one in supports]
        await write(self._supports, models, tx)

    async def to_tell(self, proposal: Proposal, limit: int, tx: Tx) -> list[Support]:
        """Supporters who have not heard of the last there was to tell."""
        query = {"post_id": proposal.id, "supports": True, "turn": {"$lt": proposal.turn}}
        rows = self._supports.find(query, session=tx.session).limit(limit)
        return [_support_from(row) for row in await rows.to_list(None)]

    async def supporters(self, post_id: bytes, hidden: Sequence[bytes], window: Window) -> Page[Support]:
        """Those that count, latest first, but those of some members."""
        query: Document = {"post_id": post_id, "counts": True}
        if hidden:
            query["member_id"] = {"$nin": list(hidden)}
        page = await find_page(self._supports, query, [("at", -1), ("_id", -1)], window)
        return Page(
            [_support_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def stream(self, programme_id: str) -> AsyncIterator[Proposal]:
        """Every proposal of a programme, in no order."""
        async for row in self._proposals.find({"programme_id": programme_id}, batch_size=2000):
            yield _from(row)

    async def stream_supports(self, programme_id: str) -> AsyncIterator[Support]:
        """Every support of a programme, in no order."""
        async for row in self._supports.find({"programme_id": programme_id}, batch_size=5000):
            yield _support_from(row)

    async def given_by(self, member_id: bytes, tx: Tx) -> list[Support]:
        """All of a member's."""
        rows = self._supports.find({"member_id": member_id}, session=tx.session)
        return [_support_from(row) for row in await rows.to_list(None)]

    async def supports(self, ids: Sequence[bytes], tx: Tx) -> dict[bytes, Support]:
        """Supports by id."""
        return {key: _support_from(row) for key, row in (await find_by_ids(self._supports, ids, tx)).items()}


def _to(one: Proposal) -> Document:
    plain = ("programme_id", "space", "author_id", "stands", "support", "threshold", "reached_at", "due_at")
    return {
        "_id": one.id,
        **{name: getattr(one, name) for name in (*plain, "turn", "untold")},
        "state": one.state.value,
        "answers": [
            {"state": said.state.value, "body": said.body, "html": said.html, "at": said.at, "by": said.by}
            for said in one.answers
        ],
    }


def _from(row: Document) -> Proposal:
    fields = {name: value for name, value in row.items() if name not in ("_id", "state", "answers")}
    answers = tuple(
        OfficialAnswer(ProposalState(said["state"]), said["body"], said["html"], said["at"], said["by"])
        for said in row["answers"]
    )
    return Proposal(id=row["_id"], state=ProposalState(row["state"]), answers=answers, **fields)


def _support_to(one: Support) -> Document:
    plain = ("programme_id", "post_id", "member_id", "supports", "counts", "at", "turn")
    return {"_id": one.id, **{name: getattr(one, name) for name in plain}}


def _support_from(row: Document) -> Support:
    return Support(id=row["_id"], **{name: value for name, value in row.items() if name != "_id"})
