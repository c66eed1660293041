"""Records and periods as stored: the truth behind every board, and what answers while Redis can't."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from gamification.leaderboards.model import BoardPeriod, Record, Score
from gamification.leaderboards.ordering import equal_bytes, sort_key, tie_of
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
INDEXES = {
    RECORDS: [
        Index(
            [*_PERIOD_KEY, ("key", ASCENDING), ("tie", ASCENDING)],
            partial={"shown": True},
        ),
        Index([("member_id", ASCENDING)]),
    ],
    PERIODS: [Index([("programme_id", ASCENDING), ("board", ASCENDING), ("key", DESCENDING)])],
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

    async def add_period(self, period: BoardPeriod) -> bool:
        """Note that a period exists; False where it was noted before."""
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
            },
            upsert=True,
        )
        return result.upserted_id is not None

    async def periods(self, programme_id: str, board: str | None = None) -> list[BoardPeriod]:
        """All periods that ever had a score."""
        query = {"programme_id": programme_id} | ({"board": board} if board else {})
        return [period_from(row) async for row in self._periods.find(query).sort("key", ASCENDING)]

    async def period_page(self, programme_id: str, board: str, window: Window) -> Page[BoardPeriod]:
        """A board's periods, newest first."""
        page = await find_page(
            self._periods, {"programme_id": programme_id, "board": board}, [("key", -1)], window
        )
        return Page([period_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def ranked(self, period: BoardPeriod, offset: int, limit: int) -> list[Record]:
        """Shown records from a zero-based place on, in rank order."""
        cursor = self._records.find(_shown(period)).sort([("key", 1), ("tie", 1)]).skip(offset).limit(limit)
        return [record_from(row) for row in await cursor.to_list(None)]

    async def size(self, period: BoardPeriod) -> int:
        """How many records are shown."""
        return int(await self._records.count_documents(_shown(period)))

    async def place(self, board: Leaderboard, period: BoardPeriod, record: Record) -> int:
        """The zero-based place of a shown record."""
        if record.standing is None:
            return 0
        key, tie = sort_key(board, record.standing.score), tie_of(board, record.standing, record.member_id)
        return await self._count_before(period, key, tie)

    async def better(self, board: Leaderboard, period: BoardPeriod, standing: Score) -> int:
        """How many shown records are strictly better: the rank, less one, where ties share one."""
        key = sort_key(board, standing.score)
        shared = equal_bytes(board)
        if not shared:
            return int(await self._records.count_documents({**_shown(period), "key": {"$lt": key}}))
        # The least tie with this subscore: every strictly better record sorts before it.
        lowest = tie_of(board, standing, bytes(12))[:shared]
        length = len(tie_of(board, standing, bytes(12)))
        return await self._count_before(period, key, lowest.ljust(length, b"\x00"))

    async def _count_before(self, period: BoardPeriod, key: int, tie: bytes) -> int:
        query = {**_shown(period), "$or": [{"key": {"$lt": key}}, {"key": key, "tie": {"$lt": tie}}]}
        return int(await self._records.count_documents(query))

    async def stream_all(self, programme_id: str) -> AsyncIterator[Record]:
        """Every record of a programme, in no order."""
        async for row in self._records.find({"programme_id": programme_id}, batch_size=5000):
            yield record_from(row)

    async def stream(self, period: BoardPeriod) -> AsyncIterator[Record]:
        """Every record of a period, also those not shown, in no order."""
        async for row in self._records.find(_of(period), batch_size=5000):
            yield record_from(row)


def _of(period: BoardPeriod) -> dict[str, Any]:
    return {"programme_id": period.programme_id, "board": period.board, "period": period.key}


def _shown(period: BoardPeriod) -> dict[str, Any]:
    return {**_of(period), "shown": True}


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
        "shown": record.listed and standing is not None,
    }
    if standing is not None:
        document |= {
            "score": standing.score,
            "subscore": standing.subscore,
            "achieved_at": standing.achieved_at,
            "key": sort_key(board, standing.score),
            "tie": tie_of(board, standing, record.member_id),
        }
    return document


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
    )


def period_from(row: Document) -> BoardPeriod:
    return BoardPeriod(row["programme_id"], row["board"], row["key"], row["starts_at"], row["ends_at"])
