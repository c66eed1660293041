"""Records and periods as stored: the truth behind every board, and what answers while Redis can't."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from gamification.kit.records import evolve
from gamification.leaderboards.model import BoardPeriod, Final, Record, Score
from gamification.leaderboards.ordering import equal_bytes, sort_key, tie_of
from gamification.leaderboards.teams import Tally
from gamification.programmes.definitions import Leaderboard
from storage.mongo import (
    ASCENDING,
    DESCENDING,
    Document,
    Index,
    Mongo,
    ReplaceOne,
    Tx,
    find_by_ids,
    insert,
    write,
)
from storage.paging import Page, Window, find_page

RECORDS = "board_records"
PERIODS = "board_periods"
_PERIOD_KEY = [("programme_id", ASCENDING), ("board", ASCENDING), ("period", ASCENDING)]
_FINAL = {"final_rank": {"$exists": True}}
INDEXES = {
    RECORDS: [
        Index(
            [*_PERIOD_KEY, ("key", ASCENDING), ("tie", ASCENDING)],
            partial={"shown": True},
        ),
        Index(
            [*_PERIOD_KEY, ("group", ASCENDING), ("key", ASCENDING), ("tie", ASCENDING)],
            partial={"shown": True, "group": {"$exists": True}},
        ),
        Index([("member_id", ASCENDING)]),
        Index([*_PERIOD_KEY, ("final_rank", ASCENDING), ("tie", ASCENDING)], partial=_FINAL),
        Index(
            [*_PERIOD_KEY, ("group", ASCENDING), ("group_final_rank", ASCENDING), ("tie", ASCENDING)],
            partial={"group_final_rank": {"$exists": True}},
        ),
        Index([("member_id", ASCENDING), ("final_at", DESCENDING), ("_id", DESCENDING)], partial=_FINAL),
    ],
    PERIODS: [
        Index([("team", ASCENDING)], partial={"team": {"$exists": True}}),
        Index([("programme_id", ASCENDING), ("board", ASCENDING), ("key", DESCENDING)]),
        Index(
            [
                ("programme_id", ASCENDING),
                ("board", ASCENDING),
                ("key", DESCENDING),
                ("group", ASCENDING),
            ],
            partial={"group": {"$exists": True}},
        ),
        Index(
            [("programme_id", ASCENDING), ("board", ASCENDING), ("ends_at", ASCENDING)],
            partial={"open": True},
        ),
    ],
}


class RecordRepository:
    """`board_records`: a member's score in a period, with the (key, tie) it is ranked by while `shown`."""

    def __init__(self, mongo: Mongo) -> None:
        self._records = mongo.collection(RECORDS)
        self._periods = mongo.collection(PERIODS)

    async def by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Record]:
        """Records by id."""
        rows = await find_by_ids(self._records, list(ids), tx)
        return {record_id: record_from(row) for record_id, row in rows.items()}

    async def of_member(self, programme_id: str, member_id: bytes, tx: Tx | None = None) -> list[Record]:
        """Every record of a member, on all boards and periods."""
        cursor = self._records.find(
            {"member_id": member_id, "programme_id": programme_id}, session=tx.session if tx else None
        )
        return [record_from(row) for row in await cursor.to_list(None)]

    async def save(
        self, changed: Sequence[tuple[Leaderboard, Record]], known: Iterable[bytes], tx: Tx
    ) -> None:
        """Store records; `known` are the ids that were there before."""
        known = set(known)
        await insert(self._records, [record_document(b, r) for b, r in changed if r.id not in known], tx)
        await write(
            self._records,
            [ReplaceOne({"_id": r.id}, record_document(b, r)) for b, r in changed if r.id in known],
            tx,
        )

    async def add_period(self, period: BoardPeriod, *, closes: bool = False) -> bool:
        """Note that a period exists, and whether it is to be closed one day; False where it was noted before."""
        result = await self._periods.update_one(
            {"_id": period.id},
            {
                "$setOnInsert": {
                    "programme_id": period.programme_id,
                    "board": period.board,
                    "key": period.key,
                    "starts_at": period.starts_at,
                    "ends_at": period.ends_at,
                }
                | ({"open": True} if closes else {})
                | ({"group": period.group, "team": period.id[:12]} if period.group is not None else {})
                | ({"teams": True} if period.teams else {})
            },
            upsert=True,
        )
        return result.upserted_id is not None

    async def periods(self, programme_id: str, board: str | None = None) -> list[BoardPeriod]:
        """All periods that ever had a score, and their groups."""
        query = {"programme_id": programme_id} | ({"board": board} if board else {})
        return [period_from(row) async for row in self._periods.find(query).sort("key", ASCENDING)]

    async def period_page(self, programme_id: str, board: str, window: Window) -> Page[BoardPeriod]:
        """A board's periods, newest first."""
        page = await find_page(
            self._periods,
            {"programme_id": programme_id, "board": board, "group": None, "teams": None},
            [("key", -1)],
            window,
        )
        return Page([period_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def group_page(self, period: BoardPeriod, window: Window) -> Page[BoardPeriod]:
        """The groups of a period that ever had a score, by name."""
        query = {
            "programme_id": period.programme_id,
            "board": period.board,
            "key": period.key,
            "group": {"$exists": True},
        }
        page = await find_page(self._periods, query, [("group", 1)], window)
        return Page([period_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def group_names(self, period: BoardPeriod, teams: Iterable[bytes]) -> dict[bytes, str]:
        """The groups of a period by the 12 bytes that stand for them in the ranking of teams."""
        rows = self._periods.find(
            {"team": {"$in": list(teams)}, "programme_id": period.programme_id, "board": period.board},
            projection=["team", "group"],
        )
        return {row["team"]: row["group"] for row in await rows.to_list(None)}

    async def tallies(
        self, board: Leaderboard, period: BoardPeriod, groups: Iterable[str] | None = None
    ) -> list[Tally]:
        """What the records of these groups of a period amount to, or of all its groups. Versions are read first: a
        tally is at least as new as its version says, and what came between is computed again for its own sake."""
        wanted: dict[str, Any] = {"$exists": True} if groups is None else {"$in": list(groups)}
        match = {"$match": {**of_period(evolve(period, group=None)), "group": wanted}}
        versions = {"_id": "$group", "version": {"$sum": "$version"}}
        known = [row async for row in self._records.aggregate([match, {"$group": versions}])]
        score, subscore = _ranked_field("score"), _ranked_field("subscore")
        sums: dict[str, Any] = {
            "_id": "$group",
            "members": {"$sum": 1},
            "score": {"$sum": score},
            "subscore": {"$sum": subscore},
            "at": {"$max": _ranked_field("achieved_at")},
        }
        steps: list[dict[str, Any]] = [match, {"$match": {"shown": True}}]
        top = board.teams.top if board.teams else None
        if top is not None:
            best = {"key": 1, "tie": 1}
            kept = {"score": score, "subscore": subscore, "at": _ranked_field("achieved_at")}
            rows = {"$topN": {"n": top, "sortBy": best, "output": kept}}
            steps.append({"$group": {"_id": "$group", "members": {"$sum": 1}, "rows": rows}})
            steps.append(
                {
                    "$project": {
                        "members": 1,
                        "score": {"$sum": "$rows.score"},
                        "subscore": {"$sum": "$rows.subscore"},
                        "at": {"$max": "$rows.at"},
                    }
                }
            )
        else:
            steps.append({"$group": sums})
        found = {row["_id"]: row async for row in self._records.aggregate(steps)}
        tallies = []
        for one in known:
            row = found.get(one["_id"], {"members": 0, "score": 0, "subscore": 0, "at": None})
            tallies.append(
                Tally(one["_id"], row["members"], row["score"], row["subscore"], row["at"], one["version"])
            )
        return tallies

    async def is_noted(self, period: BoardPeriod) -> bool:
        """Whether the period, or that group of it, ever had a score."""
        return await self._periods.find_one({"_id": period.id}, projection=["_id"]) is not None

    async def ranked(self, period: BoardPeriod, offset: int, limit: int) -> list[Record]:
        """Shown records from a zero-based place on, in rank order."""
        cursor = self._records.find(shown_in(period)).sort([("key", 1), ("tie", 1)]).skip(offset).limit(limit)
        return [record_from(row) for row in await cursor.to_list(None)]

    async def size(self, period: BoardPeriod) -> int:
        """How many records are shown."""
        return int(await self._records.count_documents(shown_in(period)))

    async def place(self, board: Leaderboard, period: BoardPeriod, record: Record) -> int:
        """The zero-based place of a shown record."""
        if record.ranked is None:
            return 0
        key, tie = sort_key(board, record.ranked.score), tie_of(board, record.ranked, record.shown_id)
        return await self._count_before(period, key, tie)

    async def better(self, board: Leaderboard, period: BoardPeriod, standing: Score) -> int:
        """How many shown records are strictly better: the rank, less one, where ties share one."""
        key = sort_key(board, standing.score)
        shared = equal_bytes(board)
        if not shared:
            return int(await self._records.count_documents({**shown_in(period), "key": {"$lt": key}}))
        # The least tie with this subscore: every strictly better record sorts before it.
        lowest = tie_of(board, standing, bytes(12))[:shared]
        length = len(tie_of(board, standing, bytes(12)))
        return await self._count_before(period, key, lowest.ljust(length, b"\x00"))

    async def _count_before(self, period: BoardPeriod, key: int, tie: bytes) -> int:
        query = {**shown_in(period), "$or": [{"key": {"$lt": key}}, {"key": key, "tie": {"$lt": tie}}]}
        return int(await self._records.count_documents(query))

    async def stream_all(self, programme_id: str) -> AsyncIterator[Record]:
        """Every record of a programme, in no order."""
        async for row in self._records.find({"programme_id": programme_id}, batch_size=5000):
            yield record_from(row)

    async def stream(self, period: BoardPeriod) -> AsyncIterator[Record]:
        """Every record of a period, also those not shown, in no order."""
        async for row in self._records.find(of_period(period), batch_size=5000):
            yield record_from(row)


def of_period(period: BoardPeriod) -> dict[str, Any]:
    """The query for a period's records."""
    query = {"programme_id": period.programme_id, "board": period.board, "period": period.key}
    return query if period.group is None else {**query, "group": period.group}


def shown_in(period: BoardPeriod) -> dict[str, Any]:
    """The same for those that boards show."""
    return {**of_period(period), "shown": True}


def record_document(board: Leaderboard, record: Record) -> Document:
    standing = record.standing
    document: Document = {
        "_id": record.id,
        "programme_id": record.programme_id,
        "board": record.board,
        "period": record.period,
        "member_id": record.member_id,
        "version": record.version,
        "listed": record.listed,
        "shown": record.listed and record.ranked is not None,
    }
    if record.alias is not None:
        document["alias"] = record.alias
    if standing is not None:
        document |= {
            "score": standing.score,
            "subscore": standing.subscore,
            "achieved_at": standing.achieved_at,
        }
    ranked = record.ranked
    if ranked is not None:
        document |= {
            "key": sort_key(board, ranked.score),
            "tie": tie_of(board, ranked, record.shown_id),
        }
    if record.group is not None:
        document["group"] = record.group
    if record.attempts or record.granted:
        document |= {"attempts": record.attempts, "granted": record.granted}
    if record.frozen is not None:
        document["frozen"] = asdict(record.frozen)
    if record.final is not None:
        document |= final_document(record.final)
    if record.group_final is not None:
        document |= final_document(record.group_final, in_group=True)
    return document


def final_document(final: Final, *, in_group: bool = False) -> Document:
    """The fields of a record that hold its final standing, or that in its group; the first two are what lists are
    ordered by."""
    prefix = "group_final" if in_group else "final"
    return {
        f"{prefix}_rank": final.rank,
        f"{prefix}_at": final.frozen_at,
        prefix: {"size": final.size, "transfers": list(final.transfers), "awards": list(final.awards)},
    }


def record_from(row: Document) -> Record:
    standing = Score(row["score"], row["subscore"], row["achieved_at"]) if "score" in row else None
    return Record(
        id=row["_id"],
        programme_id=row["programme_id"],
        board=row["board"],
        period=row["period"],
        member_id=row["member_id"],
        standing=standing,
        version=row["version"],
        listed=row["listed"],
        alias=row.get("alias"),
        frozen=Score(**row["frozen"]) if "frozen" in row else None,
        final=_final(row, "final"),
        group=row.get("group"),
        group_final=_final(row, "group_final"),
        attempts=row.get("attempts", 0),
        granted=row.get("granted", 0),
    )


def _ranked_field(name: str) -> dict[str, Any]:
    """A field of the standing that boards rank by, for a pipeline."""
    return {"$ifNull": [f"$frozen.{name}", f"${name}"]}


def _final(row: Document, prefix: str) -> Final | None:
    final = row.get(prefix)
    if final is None:
        return None
    rank, at = row[f"{prefix}_rank"], row[f"{prefix}_at"]
    return Final(rank, final["size"], at, tuple(final["transfers"]), tuple(final["awards"]))


def period_from(row: Document) -> BoardPeriod:
    return BoardPeriod(
        row["programme_id"],
        row["board"],
        row["key"],
        row["starts_at"],
        row["ends_at"],
        row.get("group"),
        bool(row.get("teams")),
    )
