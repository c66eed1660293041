"""`questions`, one a post, and `bounties`."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime

from community.comments.repository import COLLECTION as COMMENTS
from community.posts.repository import COLLECTION as POSTS
from community.questions.model import (
    Acceptance,
    Bounty,
    BountyPayment,
    BountyState,
    FirstAnswer,
    Question,
)
from gamification.kit.records import record
from storage.mongo import (
    ASCENDING,
    Document,
    Index,
    Mongo,
    ReplaceOne,
    Tx,
    find_by_ids,
    write,
)

COLLECTION = "questions"
BOUNTIES = "bounties"
INDEXES = {
    COLLECTION: [
        Index([("programme_id", ASCENDING), ("space", ASCENDING), ("asked_at", ASCENDING)]),
        Index([("asker_id", ASCENDING)]),
        Index([("accepted.comment_id", ASCENDING)], partial={"accepted": {"$exists": True}}),
    ],
    BOUNTIES: [
        Index([("ends_at", ASCENDING)], partial={"state": BountyState.OPEN.value}),
        Index([("member_id", ASCENDING), ("state", ASCENDING)]),
        Index([("programme_id", ASCENDING)]),
    ],
}
_STANDS: Document = {"state": "published", "shadowed": None, "remark": None}


@record(frozen=True, slots=True)
class Tally:
    """Questions of a while: how many there were, how many of them somebody answered, and accepted an answer to; and half of
    those answered were so within `median_seconds`."""

    asked: int
    answered: int
    accepted: int
    median_seconds: float | None


class QuestionRepository:
    """Questions and bounties of all programmes; each query is of one, or of one post."""

    def __init__(self, mongo: Mongo) -> None:
        self._questions = mongo.collection(COLLECTION)
        self._bounties = mongo.collection(BOUNTIES)
        self._posts = mongo.collection(POSTS)
        self._comments = mongo.collection(COMMENTS)

    async def by_ids(self, ids: Sequence[bytes], tx: Tx | None = None) -> dict[bytes, Question]:
        """Questions by their post's id."""
        return {key: _from(row) for key, row in (await find_by_ids(self._questions, ids, tx)).items()}

    async def save(self, question: Question, tx: Tx) -> None:
        """Keep a question as it is now, and let its post be found by it."""
        await write(self._questions, [ReplaceOne({"_id": question.id}, _to(question), upsert=True)], tx)
        await self._posts.update_one(
            {"_id": question.id}, {"$set": {"marks": list(question.marks)}}, session=tx.session
        )

    async def answers_of(self, post_id: bytes, asker_id: bytes, tx: Tx) -> tuple[int, FirstAnswer | None]:
        """How many answers of others stand, and the earliest of them."""
        query = {"post_id": post_id, "parent_id": None, "author_id": {"$ne": asker_id}, **_STANDS}
        rows = self._comments.find(query, projection=["created_at"], session=tx.session)
        found = sorted((row["created_at"], row["_id"]) for row in await rows.to_list(None))
        return len(found), FirstAnswer(found[0][1], found[0][0]) if found else None

    async def first_of(self, post_id: bytes, asker_id: bytes, tx: Tx) -> FirstAnswer | None:
        """The earliest answer of another that stands."""
        query = {"post_id": post_id, "parent_id": None, "author_id": {"$ne": asker_id}, **_STANDS}
        rows = self._comments.find(query, projection=["created_at"], session=tx.session)
        found = await rows.sort([("created_at", ASCENDING), ("_id", ASCENDING)]).limit(1).to_list(None)
        return FirstAnswer(found[0]["_id"], found[0]["created_at"]) if found else None

    async def accepting(self, comment_ids: Iterable[bytes], tx: Tx) -> list[Question]:
        """The questions that accepted one of these."""
        rows = self._questions.find(
            {"accepted.comment_id": {"$in": list(comment_ids)}, "accepted": {"$exists": True}},
            session=tx.session,
        )
        return [_from(row) for row in await rows.to_list(None)]

    async def asked_by(self, asker_id: bytes, tx: Tx) -> list[Question]:
        """A member's questions that others see."""
        rows = self._questions.find({"asker_id": asker_id, "stands": True}, session=tx.session)
        return [_from(row) for row in await rows.limit(100).to_list(None)]

    async def tally(
        self, programme_id: str, spaces: Iterable[str], since: datetime, until: datetime
    ) -> Tally:
        """What became of the questions that were asked in these spaces from `since` to `until`, exclusive."""
        query: Document = {
            "programme_id": programme_id,
            "space": {"$in": list(spaces)},
            "asked_at": {"$gte": since, "$lt": until},
            "stands": True,
        }
        sums = {
            "_id": None,
            "asked": {"$sum": 1},
            "answered": {"$sum": {"$cond": [{"$gt": ["$answers", 0]}, 1, 0]}},
            "accepted": {"$sum": {"$cond": [{"$eq": ["$accepted.stands", True]}, 1, 0]}},
        }
        rows = await self._questions.aggregate([{"$match": query}, {"$group": sums}]).to_list(None)
        if not rows:
            return Tally(0, 0, 0, None)
        answered = int(rows[0]["answered"])
        median = await self._median({**query, "answers": {"$gt": 0}}, answered) if answered else None
        return Tally(int(rows[0]["asked"]), answered, int(rows[0]["accepted"]), median)

    async def _median(self, query: Document, count: int) -> float | None:
        """The middle one of what `count` response times there are, or between the two in the middle."""
        rows = self._questions.find(query, projection=["response_s"]).sort("response_s", ASCENDING)
        middle = await rows.skip((count - 1) // 2).limit(1 if count % 2 else 2).to_list(None)
        return sum(row["response_s"] for row in middle) / len(middle) if middle else None

    async def stream(self, programme_id: str) -> AsyncIterator[Question]:
        """Every question of a programme, in no order."""
        async for row in self._questions.find({"programme_id": programme_id}, batch_size=2000):
            yield _from(row)

    async def all_by(self, asker_id: bytes, tx: Tx) -> list[bytes]:
        """The ids of all that a member asked."""
        rows = self._questions.find({"asker_id": asker_id}, ["_id"], session=tx.session)
        return [row["_id"] for row in await rows.to_list(None)]

    # -- bounties

    async def bounties(self, ids: Sequence[bytes], tx: Tx | None = None) -> dict[bytes, Bounty]:
        """Bounties by id."""
        return {key: _bounty_from(row) for key, row in (await find_by_ids(self._bounties, ids, tx)).items()}

    async def save_bounty(self, bounty: Bounty, tx: Tx) -> None:
        """Keep a bounty as it is now."""
        await write(self._bounties, [ReplaceOne({"_id": bounty.id}, _bounty_to(bounty), upsert=True)], tx)

    async def open_of(self, member_id: bytes, tx: Tx) -> int:
        """How many open ones a member has."""
        query = {"member_id": member_id, "state": BountyState.OPEN.value}
        return await self._bounties.count_documents(query, session=tx.session)

    async def due(self, now: datetime, limit: int) -> list[Bounty]:
        """Open ones of all programmes that have ended, the longest ago first."""
        query = {"state": BountyState.OPEN.value, "ends_at": {"$lte": now}}
        rows = self._bounties.find(query).sort("ends_at", ASCENDING).limit(limit)
        return [_bounty_from(row) for row in await rows.to_list(None)]

    async def stream_bounties(self, programme_id: str) -> AsyncIterator[Bounty]:
        """Every bounty of a programme, in no order."""
        async for row in self._bounties.find({"programme_id": programme_id}, batch_size=2000):
            yield _bounty_from(row)


def _to(one: Question) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "space": one.space,
        "asker_id": one.asker_id,
        "asked_at": one.asked_at,
        "stands": one.stands,
        "answers": one.answers,
        "acceptances": one.acceptances,
        "bounty_id": one.bounty_id,
        "bounties": one.bounties,
        "has_bounty": one.has_bounty,
        "shows_bounty": one.shows_bounty,
        "private_choice": one.private_choice,
        "private_at": one.private_at,
    }
    if one.first is not None:
        document["first"] = {"comment_id": one.first.comment_id, "at": one.first.at}
        document["response_s"] = one.response_seconds
    if one.accepted is not None:
        document["accepted"] = {name: getattr(one.accepted, name) for name in Acceptance.__dataclass_fields__}
    return document


def _from(row: Document) -> Question:
    first, accepted = row.get("first"), row.get("accepted")
    return Question(
        id=row["_id"],
        programme_id=row["programme_id"],
        space=row["space"],
        asker_id=row["asker_id"],
        asked_at=row["asked_at"],
        stands=row["stands"],
        answers=int(row["answers"]),
        first=FirstAnswer(**first) if first else None,
        accepted=Acceptance(**accepted) if accepted else None,
        acceptances=int(row["acceptances"]),
        bounty_id=row["bounty_id"],
        bounties=int(row["bounties"]),
        has_bounty=row["has_bounty"],
        shows_bounty=row["shows_bounty"],
        private_choice=row["private_choice"],
        private_at=row.get("private_at"),
    )


def _bounty_to(one: Bounty) -> Document:
    payments = [
        {name: getattr(paid, name) for name in BountyPayment.__dataclass_fields__} for paid in one.payments
    ]
    plain = ("programme_id", "post_id", "member_id", "unit", "amount", "hold_id", "began_at", "ends_at")
    return {
        "_id": one.id,
        **{name: getattr(one, name) for name in (*plain, "raises", "shadowed", "settled_at")},
        "state": one.state.value,
        "payments": payments,
    }


def _bounty_from(row: Document) -> Bounty:
    fields = {name: value for name, value in row.items() if name not in ("_id", "state", "payments")}
    payments = tuple(BountyPayment(**paid) for paid in row["payments"])
    return Bounty(id=row["_id"], state=BountyState(row["state"]), payments=payments, **fields)
