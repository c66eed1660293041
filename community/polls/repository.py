"""`polls`, one a post, and `ballots`."""

from collections.abc import AsyncIterator, Sequence

from community.polls.model import Ballot, Poll, PollKind, PollResults, PollTerms, ballot_id
from storage.mongo import ASCENDING, DESCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, write
from storage.paging import Page, Window, find_page

COLLECTION = "polls"
BALLOTS = "ballots"
INDEXES = {
    COLLECTION: [Index([("programme_id", ASCENDING)]), Index([("author_id", ASCENDING)])],
    BALLOTS: [
        Index([("post_id", ASCENDING), ("counted", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        Index([("member_id", ASCENDING)]),
        Index([("programme_id", ASCENDING)]),
    ],
}


class PollRepository:
    """Polls and ballots of all programmes; each query is of one, or of one poll."""

    def __init__(self, mongo: Mongo) -> None:
        self._polls = mongo.collection(COLLECTION)
        self._ballots = mongo.collection(BALLOTS)

    async def by_ids(self, ids: Sequence[bytes], tx: Tx | None = None) -> dict[bytes, Poll]:
        """Polls by their post's id."""
        return {key: _from(row) for key, row in (await find_by_ids(self._polls, ids, tx)).items()}

    async def save(self, poll: Poll, tx: Tx) -> None:
        """Keep a poll as it is now."""
        await write(self._polls, [ReplaceOne({"_id": poll.id}, _to(poll), upsert=True)], tx)

    async def ballot(self, post_id: bytes, member_id: bytes, tx: Tx) -> Ballot | None:
        """A member's in a poll."""
        found = ballot_id(post_id, member_id)
        rows = await find_by_ids(self._ballots, [found], tx)
        return _ballot_from(rows[found]) if found in rows else None

    async def of_member(self, member_id: bytes, post_ids: Sequence[bytes]) -> dict[bytes, Ballot]:
        """A member's in each of these polls, by the post's id."""
        rows = await find_by_ids(self._ballots, [ballot_id(one, member_id) for one in post_ids])
        return {row["post_id"]: _ballot_from(row) for row in rows.values()}

    async def save_ballot(self, ballot: Ballot, tx: Tx) -> None:
        """Keep a ballot as it is now."""
        await write(self._ballots, [ReplaceOne({"_id": ballot.id}, _ballot_to(ballot), upsert=True)], tx)

    async def voters(
        self, post_id: bytes, option: int, hidden: Sequence[bytes], window: Window
    ) -> Page[Ballot]:
        """The counted ballots that name an option, latest first, but those of some members."""
        query: Document = {"post_id": post_id, "counted": option}
        if hidden:
            query["member_id"] = {"$nin": list(hidden)}
        page = await find_page(self._ballots, query, [("at", -1), ("_id", -1)], window)
        return Page(
            [_ballot_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def stream(self, programme_id: str) -> AsyncIterator[Poll]:
        """Every poll of a programme, in no order."""
        async for row in self._polls.find({"programme_id": programme_id}, batch_size=2000):
            yield _from(row)

    async def stream_ballots(self, programme_id: str) -> AsyncIterator[Ballot]:
        """Every ballot of a programme, in no order."""
        async for row in self._ballots.find({"programme_id": programme_id}, batch_size=5000):
            yield _ballot_from(row)

    async def cast_by(self, member_id: bytes, tx: Tx) -> list[Ballot]:
        """All of a member's."""
        rows = self._ballots.find({"member_id": member_id}, session=tx.session)
        return [_ballot_from(row) for row in await rows.to_list(None)]

    async def ballots(self, ids: Sequence[bytes], tx: Tx) -> dict[bytes, Ballot]:
        """Ballots by id."""
        return {key: _ballot_from(row) for key, row in (await find_by_ids(self._ballots, ids, tx)).items()}

    async def save_ballots(self, ballots: Sequence[Ballot], tx: Tx) -> None:
        """Keep ballots as they are now."""
        models = [ReplaceOne({"_id": one.id}, _ballot_to(one), upsert=True) for one in ballots]
        await write(self._ballots, models, tx)


def _to(one: Poll) -> Document:
    terms = one.terms
    return {
        "_id": one.id,
        "programme_id": one.programme_id,
        "author_id": one.author_id,
        "kind": terms.kind.value,
        "least": terms.least,
        "most": terms.most,
        "closes_at": terms.closes_at,
        "secret": terms.secret,
        "results": terms.results.value,
        "changeable": terms.changeable,
        "votes": list(one.votes),
        "points": list(one.points),
        "voters": one.voters,
    }


def _from(row: Document) -> Poll:
    terms = PollTerms(
        PollKind(row["kind"]),
        int(row["least"]),
        int(row["most"]),
        row["closes_at"],
        row["secret"],
        PollResults(row["results"]),
        row["changeable"],
    )
    return Poll(
        row["_id"],
        row["programme_id"],
        row["author_id"],
        terms,
        tuple(int(one) for one in row["votes"]),
        tuple(int(one) for one in row["points"]),
        int(row["voters"]),
    )


def _ballot_to(one: Ballot) -> Document:
    return {
        "_id": one.id,
        "programme_id": one.programme_id,
        "post_id": one.post_id,
        "member_id": one.member_id,
        "choices": list(one.choices),
        "at": one.at,
        "counted": list(one.counted),
    }


def _ballot_from(row: Document) -> Ballot:
    return Ballot(
        row["_id"],
        row["programme_id"],
        row["post_id"],
        row["member_id"],
        tuple(int(one) for one in row["choices"]),
        row["at"],
        tuple(int(one) for one in row["counted"]),
    )
