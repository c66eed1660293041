"""`contest_runs`, `contest_entries` and `contest_ballots`."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from community.contests.model import Ballot, Disqualification, Entry, Run, RunState, ballot_id
from storage.mongo import (
    ASCENDING,
    DESCENDING,
    Document,
    Index,
    Mongo,
    ReplaceOne,
    Tx,
    find_by_ids,
    write,
)
from storage.paging import Page, Window, find_page

RUNS = "contest_runs"
ENTRIES = "contest_entries"
BALLOTS = "contest_ballots"
LATEST: list[tuple[str, int]] = [("at", -1), ("_id", -1)]
BEST: list[tuple[str, int]] = [("rank", 1), ("_id", 1)]
INDEXES = {
    RUNS: [
        Index([("ends_at", ASCENDING)], partial={"open": True}),
        Index([("programme_id", ASCENDING)]),
    ],
    ENTRIES: [
        Index([("programme_id", ASCENDING), ("contest", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        Index([("programme_id", ASCENDING), ("contest", ASCENDING), ("rank", ASCENDING), ("_id", ASCENDING)]),
        Index([("post_id", ASCENDING)]),
        Index([("member_id", ASCENDING)]),
    ],
    BALLOTS: [
        Index([("member_id", ASCENDING)]),
        Index([("programme_id", ASCENDING), ("contest", ASCENDING)]),
    ],
}


class ContestRepository:
    """Contests of all programmes; each query is of one."""

    def __init__(self, mongo: Mongo) -> None:
        self._runs = mongo.collection(RUNS)
        self._entries = mongo.collection(ENTRIES)
        self._ballots = mongo.collection(BALLOTS)

    async def runs(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Run]:
        """Runs by id."""
        return {key: _run_from(row) for key, row in (await find_by_ids(self._runs, list(ids), tx)).items()}

    async def save_run(self, run: Run, tx: Tx) -> None:
        """Keep a run as it is now."""
        await write(self._runs, [ReplaceOne({"_id": run.id}, _run_to(run), upsert=True)], tx)

    async def due(self, now: datetime, limit: int) -> list[Run]:
        """Those of all programmes that have ended and are not finished, the longest ago first."""
        rows = self._runs.find({"open": True, "ends_at": {"$lte": now}}).sort("ends_at", ASCENDING)
        return [_run_from(row) for row in await rows.limit(limit).to_list(None)]

    async def entries(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Entry]:
        """Entries by id."""
        found = await find_by_ids(self._entries, list(ids), tx)
        return {key: _entry_from(row) for key, row in found.items()}

    async def save_entries(self, entries: Sequence[Entry], tx: Tx) -> None:
        """Keep them as they are now."""
        models = [ReplaceOne({"_id": one.id}, _entry_to(one), upsert=True) for one in entries]
        await write(self._entries, models, tx)

    async def of_posts(self, post_ids: Sequence[bytes], tx: Tx | None = None) -> list[Entry]:
        """The entries that these posts are."""
        query = {"post_id": {"$in": list(post_ids)}}
        rows = self._entries.find(query, session=tx.session if tx is not None else None)
        return [_entry_from(row) for row in await rows.to_list(None)]

    async def own(self, programme_id: str, contest: str, member_id: bytes, tx: Tx) -> list[Entry]:
        """A member's in a contest."""
        query = {"programme_id": programme_id, "contest": contest, "member_id": member_id}
        rows = self._entries.find(query, session=tx.session)
        return [_entry_from(row) for row in await rows.to_list(None)]

    async def of_member(self, member_id: bytes, tx: Tx) -> list[Entry]:
        """A member's in all contests."""
        rows = self._entries.find({"member_id": member_id}, session=tx.session)
        return [_entry_from(row) for row in await rows.to_list(None)]

    async def all_of(self, run: Run, tx: Tx) -> list[Entry]:
        """Every entry of a contest."""
        query = {"programme_id": run.programme_id, "contest": run.contest}
        rows = self._entries.find(query, session=tx.session)
        return [_entry_from(row) for row in await rows.to_list(None)]

    async def winners(self, run: Run, last_rank: int, limit: int, tx: Tx) -> list[Entry]:
        """The next entries that are ranked up to there and were not given what they won, the best first."""
        query = {
            "programme_id": run.programme_id,
            "contest": run.contest,
            "rank": {"$gte": 1, "$lte": last_rank},
            "given_at": None,
        }
        rows = self._entries.find(query, session=tx.session).sort(BEST).limit(limit)
        return [_entry_from(row) for row in await rows.to_list(None)]

    async def page(
        self, query: Mapping[str, Any], order: Sequence[tuple[str, int]], window: Window
    ) -> Page[Entry]:
        """Those that match, in that order."""
        page = await find_page(self._entries, query, order, window)
        return Page([_entry_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def ballots(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Ballot]:
        """Ballots by id."""
        found = await find_by_ids(self._ballots, list(ids), tx)
        return {key: _ballot_from(row) for key, row in found.items()}

    async def ballot(self, programme_id: str, contest: str, member_id: bytes, tx: Tx | None) -> Ballot | None:
        """A member's in a contest."""
        found = ballot_id(programme_id, contest, member_id)
        return (await self.ballots([found], tx)).get(found)

    async def save_ballot(self, ballot: Ballot, tx: Tx) -> None:
        """Keep a ballot as it is now."""
        await write(self._ballots, [ReplaceOne({"_id": ballot.id}, _ballot_to(ballot), upsert=True)], tx)

    async def stream_runs(self, programme_id: str) -> AsyncIterator[Run]:
        """Every run of a programme, in no order."""
        async for row in self._runs.find({"programme_id": programme_id}):
            yield _run_from(row)

    async def stream_entries(self, programme_id: str) -> AsyncIterator[Entry]:
        """Every entry of a programme, in no order."""
        async for row in self._entries.find({"programme_id": programme_id}, batch_size=2000):
            yield _entry_from(row)

    async def stream_ballots(self, programme_id: str) -> AsyncIterator[Ballot]:
        """Every ballot of a programme, in no order."""
        async for row in self._ballots.find({"programme_id": programme_id}, batch_size=5000):
            yield _ballot_from(row)

    async def cast_by(self, member_id: bytes, tx: Tx) -> list[Ballot]:
        """All of a member's."""
        rows = self._ballots.find({"member_id": member_id}, session=tx.session)
        return [_ballot_from(row) for row in await rows.to_list(None)]


_RUN = ("programme_id", "contest", "ends_at", "entries", "ranked_at", "finished_at", "programme_version")
_ENTRY = (
    "programme_id",
    "contest",
    "post_id",
    "member_id",
    "at",
    "seen",
    "withdrawn",
    "votes",
    "rank",
    "frozen",
)


def _run_to(one: Run) -> Document:
    document = {"_id": one.id, "state": one.state.value, **{name: getattr(one, name) for name in _RUN}}
    is_open = one.state in (RunState.OPEN, RunState.GIVING)
    return document | ({"open": True} if is_open else {})


def _run_from(row: Document) -> Run:
    return Run(id=row["_id"], state=RunState(row["state"]), **{name: row[name] for name in _RUN})


def _entry_to(one: Entry) -> Document:
    document = {"_id": one.id, **{name: getattr(one, name) for name in _ENTRY}, "given_at": one.given_at}
    document |= {"transfers": list(one.transfers), "awards": list(one.awards)}
    if one.disqualified is not None:
        out = one.disqualified
        document["disqualified"] = {"at": out.at, "by": out.by, "reason": out.reason}
    return document


def _entry_from(row: Document) -> Entry:
    out = row.get("disqualified")
    return Entry(
        id=row["_id"],
        disqualified=Disqualification(out["at"], out["by"], out["reason"]) if out else None,
        given_at=row["given_at"],
        transfers=tuple(row["transfers"]),
        awards=tuple(row["awards"]),
        **{name: row[name] for name in _ENTRY},
    )


def _ballot_to(one: Ballot) -> Document:
    return {
        "_id": one.id,
        "programme_id": one.programme_id,
        "contest": one.contest,
        "member_id": one.member_id,
        "chosen": list(one.chosen),
        "counted": list(one.counted),
        "at": one.at,
    }


def _ballot_from(row: Document) -> Ballot:
    return Ballot(
        row["_id"],
        row["programme_id"],
        row["contest"],
        row["member_id"],
        tuple(row["chosen"]),
        tuple(row["counted"]),
        row["at"],
    )
