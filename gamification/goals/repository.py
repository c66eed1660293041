"""Contributions and what they add up to, as stored."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from gamification.goals.model import (
    Entry,
    GoalContribution,
    GoalPeriod,
    Payment,
    Reached,
    Run,
    RunState,
)
from gamification.goals.splitting import Part
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, insert, write
from storage.paging import Page, Window, find_page

CONTRIBUTIONS = "goal_contributions"
ENTRIES = "goal_entries"
RUNS = "goal_runs"
INDEXES = {
    CONTRIBUTIONS: [
        Index([("run_id", ASCENDING), ("turn", ASCENDING), ("_id", ASCENDING)]),
        Index([("member_id", ASCENDING)]),
    ],
    ENTRIES: [Index([("programme_id", ASCENDING), ("run_id", ASCENDING), ("_id", ASCENDING)])],
    RUNS: [
        Index(
            [
                ("programme_id", ASCENDING),
                ("goal", ASCENDING),
                ("team", ASCENDING),
                ("period", ASCENDING),
            ]
        ),
        Index([("programme_id", ASCENDING), ("goal", ASCENDING), ("period", ASCENDING), ("team", ASCENDING)]),
        Index(
            [("programme_id", ASCENDING), ("goal", ASCENDING), ("ends_at", ASCENDING)],
            partial={"open": True},
        ),
        Index([("programme_id", ASCENDING), ("goal", ASCENDING)], partial={"unpaid": True}),
    ],
}


class GoalRepository:
    """`goal_contributions`: one a member, period and team. `goal_entries`: what a transaction added to a run, until it is
    added up; they are only ever inserted and deleted, so that members never wait for each other. `goal_runs`: one a period
    and team, written by the worker alone."""

    def __init__(self, mongo: Mongo) -> None:
        self._contributions = mongo.collection(CONTRIBUTIONS)
        self._entries = mongo.collection(ENTRIES)
        self._runs = mongo.collection(RUNS)

    # -- contributions

    async def contributions(
        self, ids: Iterable[bytes], tx: Tx | None = None
    ) -> dict[bytes, GoalContribution]:
        """Contributions by id; where nothing was contributed they are absent."""
        rows = await find_by_ids(self._contributions, list(ids), tx)
        return {found: _contribution_from(row) for found, row in rows.items()}

    async def save_contributions(
        self, changed: Sequence[GoalContribution], known: Iterable[bytes], tx: Tx
    ) -> None:
        """Store contributions; `known` are the ids that were there before."""
        known = set(known)
        fresh = [_contribution_document(one) for one in changed if one.id not in known]
        await insert(self._contributions, fresh, tx)
        await write(
            self._contributions,
            [ReplaceOne({"_id": one.id}, _contribution_document(one)) for one in changed if one.id in known],
            tx,
        )

    async def unseen(self, run: Run, limit: int, tx: Tx) -> list[GoalContribution]:
        """Contributions that were not looked at in the run's present turn."""
        cursor = (
            self._contributions.find({"run_id": run.id, "turn": {"$lt": run.turn}}, session=tx.session)
            .sort([("turn", ASCENDING), ("_id", ASCENDING)])
            .limit(limit)
        )
        return [_contribution_from(row) for row in await cursor.to_list(None)]

    async def parts(self, run: bytes) -> list[Part]:
        """Who shares in what is split, once that is put down."""
        rows = self._contributions.find(
            {"run_id": run, "weight": {"$gt": 0}}, projection=["weight", "first"], batch_size=10_000
        )
        return [Part(row["_id"], row["weight"], row["first"]) async for row in rows]

    async def contributor_page(self, run: bytes, window: Window) -> Page[GoalContribution]:
        """Who contributed to a run, the greatest contribution first."""
        query = {"run_id": run, "value": {"$gt": 0}}
        return _page(await find_page(self._contributions, query, [("value", -1), ("_id", 1)], window))

    async def member_page(
        self, programme_id: str, member_id: bytes, goal: str | None, window: Window
    ) -> Page[GoalContribution]:
        """What a member contributed, latest change first."""
        query: dict[str, Any] = {"member_id": member_id, "programme_id": programme_id}
        if goal is not None:
            query["goal"] = goal
        return _page(await find_page(self._contributions, query, [("sequence", -1), ("_id", -1)], window))

    async def stream_contributions(
        self, programme_id: str, runs: Iterable[bytes]
    ) -> AsyncIterator[GoalContribution]:
        """All contributions to these runs, in no order."""
        for run in runs:
            query = {"run_id": run, "programme_id": programme_id}
            async for row in self._contributions.find(query, batch_size=5000):
                yield _contribution_from(row)

    # -- entries

    async def add_entries(self, entries: Sequence[Entry], tx: Tx) -> None:
        """Write what a transaction adds to runs."""
        await insert(self._entries, [_entry_document(one) for one in entries], tx)

    async def waiting(self, programme_id: str) -> list[bytes]:
        """The ids of runs that have entries."""
        found: list[bytes] = await self._entries.distinct("run_id", {"programme_id": programme_id})
        return found

    async def entries(self, programme_id: str, run: bytes, limit: int, tx: Tx | None = None) -> list[Entry]:
        """Entries of a run."""
        cursor = (
            self._entries.find(
                {"programme_id": programme_id, "run_id": run}, session=tx.session if tx else None
            )
            .sort("_id", ASCENDING)
            .limit(limit)
        )
        return [_entry_from(row) for row in await cursor.to_list(None)]

    async def forget_entries(self, entries: Sequence[Entry], tx: Tx) -> None:
        """Delete what was added up; of two who do so at once, one conflicts and runs again."""
        if entries:
            await self._entries.delete_many({"_id": {"$in": [one.id for one in entries]}}, session=tx.session)

    # -- runs

    async def runs(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Run]:
        """Runs by id; those that nothing was added up in are absent."""
        rows = await find_by_ids(self._runs, list(ids), tx)
        return {found: _run_from(row) for found, row in rows.items()}

    async def save_run(self, run: Run, tx: Tx) -> None:
        """Store a run."""
        await self._runs.replace_one({"_id": run.id}, _run_document(run), upsert=True, session=tx.session)

    async def of_other_versions(self, programme_id: str, goal: str, version: int) -> list[bytes]:
        """The open runs that were added up by another version of the definition."""
        query = {"programme_id": programme_id, "goal": goal, "open": True, "version": {"$ne": version}}
        return [row["_id"] async for row in self._runs.find(query, projection=["_id"])]

    async def ended(self, programme_id: str, goal: str, ended_by: datetime) -> list[bytes]:
        """The open runs that had ended by then, oldest first."""
        query = {"programme_id": programme_id, "goal": goal, "open": True, "ends_at": {"$lte": ended_by}}
        rows = self._runs.find(query, projection=["_id"]).sort("ends_at", ASCENDING)
        return [row["_id"] async for row in rows]

    async def unpaid(self, programme_id: str, goal: str) -> list[bytes]:
        """The runs of which some may not have what they are due."""
        query = {"programme_id": programme_id, "goal": goal, "unpaid": True}
        return [row["_id"] async for row in self._runs.find(query, projection=["_id"])]

    async def team_page(self, programme_id: str, goal: str, period: str, window: Window) -> Page[Run]:
        """The teams that contributed in a period, by name."""
        query = {"programme_id": programme_id, "goal": goal, "period": period, "team": {"$type": "string"}}
        page = await find_page(self._runs, query, [("team", 1)], window)
        return Page([_run_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def period_page(self, programme_id: str, goal: str, team: str | None, window: Window) -> Page[Run]:
        """The periods in which all members, or a team, contributed, newest first."""
        query = {"programme_id": programme_id, "goal": goal, "team": team}
        page = await find_page(self._runs, query, [("period", -1)], window)
        return Page([_run_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def all_runs(self, programme_id: str) -> list[Run]:
        """Every run of a programme."""
        rows = self._runs.find({"programme_id": programme_id}, batch_size=5000)
        return [_run_from(row) async for row in rows]


def _page(page: Page[Document]) -> Page[GoalContribution]:
    rows = [_contribution_from(row) for row in page.rows]
    return Page(rows, page.positions, page.has_next, page.has_previous)


def _contribution_document(one: GoalContribution) -> Document:
    names = ("run_id", "programme_id", "goal", "period", "team", "member_id", "value", "first", "updated_at")
    document: Document = {"_id": one.id, **{name: getattr(one, name) for name in names}}
    document |= {"sequence": one.sequence, "turn": one.turn}
    if one.weight is not None:
        document["weight"] = one.weight
    if one.payments:
        document["payments"] = [_payment_document(payment) for payment in one.payments]
    return document


def _contribution_from(row: Mapping[str, Any]) -> GoalContribution:
    stated = {name: value for name, value in row.items() if name not in ("_id", "payments")}
    payments = tuple(_payment_from(payment) for payment in row.get("payments", ()))
    return GoalContribution(id=row["_id"], payments=payments, **stated)


def _payment_document(one: Payment) -> Document:
    document: Document = {"milestone": one.milestone, "at": one.at}
    for name in ("share", "taken_back_at"):
        if getattr(one, name) is not None:
            document[name] = getattr(one, name)
    for name in ("transfers", "awards"):
        if getattr(one, name):
            document[name] = list(getattr(one, name))
    return document


def _payment_from(row: Document) -> Payment:
    return Payment(
        row["milestone"],
        row["at"],
        row.get("share"),
        tuple(row.get("transfers", ())),
        tuple(row.get("awards", ())),
        row.get("taken_back_at"),
    )


def _entry_document(one: Entry) -> Document:
    period = one.period
    return {
        "_id": one.id,
        "programme_id": period.programme_id,
        "run_id": period.id,
        "goal": period.goal,
        "period": period.key,
        "team": period.team,
        "starts_at": period.starts_at,
        "ends_at": period.ends_at,
        "by": one.by,
        "contributors": one.contributors,
        "participants": one.participants,
    }


def _entry_from(row: Document) -> Entry:
    period = GoalPeriod(
        row["programme_id"], row["goal"], row["period"], row["team"], row["starts_at"], row["ends_at"]
    )
    return Entry(row["_id"], period, row["by"], row["contributors"], row["participants"])


_RUN_FIELDS = (
    *("programme_id", "goal", "period", "team", "starts_at", "ends_at", "total", "contributors"),
    *("participants", "revision", "version", "turn", "closed_at", "final"),
)


def _run_document(run: Run) -> Document:
    document: Document = {"_id": run.id, **{name: getattr(run, name) for name in _RUN_FIELDS}}
    document["state"] = run.state.value
    document["reached"] = [
        {name: getattr(one, name) for name in ("milestone", "at", "value", "threshold", "programme_version")}
        for one in run.reached
    ]
    if run.state is RunState.OPEN:
        document["open"] = True
    if run.unpaid:
        document["unpaid"] = True
    return document


def _run_from(row: Document) -> Run:
    return Run(
        id=row["_id"],
        **{name: row[name] for name in _RUN_FIELDS},
        state=RunState(row["state"]),
        unpaid=row.get("unpaid", False),
        reached=tuple(Reached(**one) for one in row["reached"]),
    )
