"""Periods that close, and the final standings they leave: with the period how far its closing has come, with each
record the rank at which it was frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from gamification.leaderboards.closing import Closing
from gamification.leaderboards.model import BoardPeriod, Final, Record
from gamification.leaderboards.repository import (
    PERIODS,
    RECORDS,
    final_document,
    of_period,
    period_from,
    record_from,
    shown_in,
)
from storage.mongo import ASCENDING, Document, Mongo, Tx, UpdateOne, write
from storage.paging import Page, Window, find_page


class ClosingRepository:
    """Parts of `board_periods` and `board_records`."""

    def __init__(self, mongo: Mongo) -> None:
        self._periods = mongo.collection(PERIODS)
        self._records = mongo.collection(RECORDS)

    async def due(self, programme_id: str, board: str, ended_by: datetime) -> list[BoardPeriod]:
        """Periods that ended by then and are not closed yet, oldest first."""
        query = {"programme_id": programme_id, "board": board, "open": True, "ends_at": {"$lte": ended_by}}
        rows = self._periods.find(query).sort([("ends_at", ASCENDING), ("_id", ASCENDING)])
        return [period_from(row) async for row in rows]

    async def closing(self, period: BoardPeriod, tx: Tx) -> Closing | None:
        """How far the closing has come, from its beginning on; None where it is done."""
        row = await self._periods.find_one({"_id": period.id}, session=tx.session)
        if row is None or not row.get("open"):
            return None
        if "closing" in row:
            return Closing(**row["closing"])
        size = await self._records.count_documents(shown_in(period), session=tx.session)
        return Closing(size=int(size))

    async def next_records(self, period: BoardPeriod, closing: Closing, limit: int, tx: Tx) -> list[Record]:
        """Shown records that come after those who have their rank, in order."""
        query = shown_in(period)
        if closing.key is not None:
            query["$or"] = [
                {"key": {"$gt": closing.key}},
                {"key": closing.key, "tie": {"$gt": closing.tie}},
            ]
        cursor = self._records.find(query, session=tx.session).sort([("key", 1), ("tie", 1)]).limit(limit)
        return [record_from(row) for row in await cursor.to_list(None)]

    async def save(
        self,
        period: BoardPeriod,
        closing: Closing,
        finals: Mapping[bytes, Final],
        closed_at: datetime | None,
        tx: Tx,
    ) -> None:
        """Store some final standings by record, and how far that brings the closing: all the way with `closed_at`.
        Of two who do so at the same time, one conflicts and runs again."""
        updates = [
            UpdateOne(
                {"_id": record_id},
                {"$set": final_document(final, in_group=period.group is not None)},
            )
            for record_id, final in finals.items()
        ]
        await write(self._records, updates, tx)
        change: dict[str, object] = {"$set": {"closing": asdict(closing)}}
        if closed_at is not None:
            change = {"$set": {"closing": asdict(closing), "frozen_at": closed_at}, "$unset": {"open": ""}}
        await self._periods.update_one({"_id": period.id}, change, session=tx.session)

    async def frozen_at(self, periods: Sequence[BoardPeriod]) -> dict[bytes, datetime]:
        """When periods were frozen, by their ids; those that are not are absent."""
        query = {"_id": {"$in": [period.id for period in periods]}, "frozen_at": {"$exists": True}}
        return {
            row["_id"]: row["frozen_at"] async for row in self._periods.find(query, projection=["frozen_at"])
        }

    async def final_page(self, period: BoardPeriod, window: Window) -> Page[Record]:
        """The final standings of a period by rank, of those whom boards still show. Positions name no member who is
        under a pseudonym: a tie holds the id that the board shows."""
        rank = "final_rank" if period.group is None else "group_final_rank"
        query = {**of_period(period), rank: {"$exists": True}, "shown": True}
        return _records(await find_page(self._records, query, [(rank, 1), ("tie", 1)], window))

    async def history_page(
        self, programme_id: str, member_id: bytes, board: str | None, window: Window
    ) -> Page[Record]:
        """A member's final standings, newest first."""
        query: dict[str, object] = {
            "member_id": member_id,
            "programme_id": programme_id,
            "final_rank": {"$exists": True},
        }
        if board is not None:
            query["board"] = board
        return _records(await find_page(self._records, query, [("final_at", -1), ("_id", -1)], window))


def _records(page: Page[Document]) -> Page[Record]:
    return Page([record_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)
