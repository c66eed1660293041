"""Reservations as stored: what decides who has which piece.

Of one slot, and of one place of a member, at most one reservation is live: two unique indexes say so, whatever Redis
has admitted.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from typing import Any

from gamification.flashsale.model import Reservation, ReservationState
from storage.mongo import ASCENDING, Document, Index, Mongo, Tx, find_by_ids
from storage.paging import Page, Window, find_page

COLLECTION = "flash_reservations"
_LIVE = {"live": True}
INDEXES = {
    COLLECTION: [
        Index(
            [("programme_id", ASCENDING), ("sale", ASCENDING), ("slot", ASCENDING)],
            unique=True,
            partial=_LIVE,
        ),
        Index(
            [
                ("programme_id", ASCENDING),
                ("sale", ASCENDING),
                ("member_id", ASCENDING),
                ("place", ASCENDING),
            ],
            unique=True,
            partial=_LIVE,
        ),
        Index([("programme_id", ASCENDING), ("sale", ASCENDING), ("made_at", ASCENDING)]),
        Index([("until", ASCENDING)], partial={"state": "reserved"}),
        Index([("member_id", ASCENDING), ("made_at", ASCENDING), ("_id", ASCENDING)]),
    ]
}


class ReservationRepository:
    """`flash_reservations`: never deleted."""

    def __init__(self, mongo: Mongo) -> None:
        self._reservations = mongo.collection(COLLECTION)

    async def by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Reservation]:
        """Reservations by id."""
        rows = await find_by_ids(self._reservations, list(ids), tx)
        return {found: reservation_from(row) for found, row in rows.items()}

    async def claim_of(self, reservation: bytes) -> str:
        """The claim that made a reservation."""
        row = await self._reservations.find_one({"_id": reservation}, projection=["claim"])
        assert row is not None  # noqa: S101 - reservations are never deleted
        return str(row["claim"])

    async def competing(
        self, programme_id: str, sale: str, slot: int, member_id: bytes, tx: Tx
    ) -> list[Reservation]:
        """The live reservations of a slot, and those of a member."""
        query = {
            "programme_id": programme_id,
            "sale": sale,
            "$or": [{"slot": slot, **_LIVE}, {"member_id": member_id, **_LIVE}],
        }
        rows = await self._reservations.find(query, session=tx.session).to_list(None)
        return [reservation_from(row) for row in rows]

    async def add(self, reservation: Reservation, claim: str, tx: Tx) -> None:
        """Store a new one."""
        await self._reservations.insert_one(
            {**_document(reservation), "claim": claim, "live": True}, session=tx.session
        )

    async def save(self, reservation: Reservation, tx: Tx) -> None:
        """Store a changed one; a piece that is neither reserved nor bought is live no more."""
        live = reservation.state in (ReservationState.RESERVED, ReservationState.BOUGHT)
        change: Document = {"$set": {**_document(reservation), "live": live}}
        del change["$set"]["_id"]
        await self._reservations.update_one({"_id": reservation.id}, change, session=tx.session)

    async def due(self, now: datetime, limit: int) -> list[tuple[Reservation, str]]:
        """Reservations whose time is over, with their claims."""
        cursor = (
            self._reservations.find({"state": ReservationState.RESERVED.value, "until": {"$lte": now}})
            .sort("until", ASCENDING)
            .limit(limit)
        )
        return [(reservation_from(row), row["claim"]) for row in await cursor.to_list(None)]

    async def expire(self, reservation: Reservation, now: datetime) -> bool:
        """Note that its time is over; whether it was not noted before, nor bought at the last moment."""
        result = await self._reservations.update_one(
            {"_id": reservation.id, "state": ReservationState.RESERVED.value, "until": {"$lte": now}},
            {"$set": {"state": ReservationState.EXPIRED.value, "live": False}},
        )
        return result.modified_count == 1

    async def of_sale(self, programme_id: str, sale: str) -> list[tuple[Reservation, str]]:
        """Every reservation of a sale with its claim, oldest first."""
        cursor = self._reservations.find({"programme_id": programme_id, "sale": sale}).sort(
            "made_at", ASCENDING
        )
        return [(reservation_from(row), row["claim"]) async for row in cursor]

    async def count_live(self, programme_id: str, sale: str, now: datetime) -> int:
        """How many pieces of a sale are reserved or bought."""
        states = [
            {"state": ReservationState.BOUGHT.value},
            {"state": ReservationState.RESERVED.value, "until": {"$gt": now}},
        ]
        query = {"programme_id": programme_id, "sale": sale, "live": True, "$or": states}
        return await self._reservations.count_documents(query)

    async def page(self, programme_id: str, query: Mapping[str, Any], window: Window) -> Page[Reservation]:
        """Reservations that match, newest first."""
        found = await find_page(
            self._reservations,
            {"programme_id": programme_id, **query},
            [("made_at", -1), ("_id", -1)],
            window,
        )
        rows = [reservation_from(row) for row in found.rows]
        return Page(rows, found.positions, found.has_next, found.has_previous)

    async def stream(self, programme_id: str) -> AsyncIterator[tuple[Reservation, bool]]:
        """Every reservation of a programme, and whether it is stored as live."""
        async for row in self._reservations.find({"programme_id": programme_id}, batch_size=5000):
            yield reservation_from(row), row["live"]


def _document(one: Reservation) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "sale": one.sale,
        "member_id": one.member_id,
        "slot": one.slot,
        "place": one.place,
        "state": one.state.value,
        "made_at": one.made_at,
        "until": one.until,
    }
    if one.redemption is not None:
        document["redemption"] = one.redemption
    return document


def reservation_from(row: Document) -> Reservation:
    return Reservation(
        row["_id"],
        row["programme_id"],
        row["sale"],
        row["member_id"],
        row["slot"],
        row["place"],
        ReservationState(row["state"]),
        row["made_at"],
        row["until"],
        row.get("redemption"),
    )
