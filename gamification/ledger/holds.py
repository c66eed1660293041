"""Points set aside for a spending under way: authorised, then captured in whole or in part, released, or expired."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from enum import StrEnum

from gamification.kit.records import record
from gamification.ledger.model import Lot
from storage.mongo import ASCENDING, Contention, Document, Index, Mongo, Tx, find_by_ids, insert
from storage.paging import Page, Window, find_page

COLLECTION = "holds"
_OPEN = {"state": "open"}
INDEXES = {
    COLLECTION: [
        Index([("expires_at", ASCENDING)], partial=_OPEN),
        Index([("member_id", ASCENDING), ("sequence", ASCENDING)]),
        Index([("programme_id", ASCENDING)]),
    ]
}


class HoldState(StrEnum):
    """OPEN until it is CAPTURED, in whole or in part, RELEASED, or its time is over: EXPIRED."""

    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


@record(frozen=True, slots=True)
class Hold:
    """`amount` of a unit's points, taken from `lots`, until `expires_at` exclusive. `reference` is the caller's own name
    for what they are for; `captured` of them were spent, by `transfer`."""

    id: bytes
    programme_id: str
    account_id: bytes
    member_id: bytes
    unit: str
    amount: int
    expires_at: datetime
    reference: str
    lots: tuple[Lot, ...]
    authorised_at: datetime
    sequence: int
    state: HoldState = HoldState.OPEN
    captured: int = 0
    settled_at: datetime | None = None
    transfer: bytes | None = None


class HoldRepository:
    """`holds`: never deleted."""

    def __init__(self, mongo: Mongo) -> None:
        self._holds = mongo.collection(COLLECTION)

    async def by_ids(
        self, programme_id: str, ids: Iterable[bytes], tx: Tx | None = None
    ) -> dict[bytes, Hold]:
        """By id; those of other programmes are absent."""
        rows = await find_by_ids(self._holds, list(ids), tx)
        return {found: _hold_from(row) for found, row in rows.items() if row["programme_id"] == programme_id}

    async def add(self, hold: Hold, tx: Tx) -> None:
        """Write a new one."""
        await insert(self._holds, [_document(hold)], tx)

    async def settle(self, hold: Hold, tx: Tx) -> None:
        """Store what became of an open hold. Raises: Contention where it is open no more."""
        result = await self._holds.replace_one({"_id": hold.id, **_OPEN}, _document(hold), session=tx.session)
        if result.matched_count != 1:
            raise Contention("A hold was settled while it was being settled.")

    async def due(self, now: datetime, limit: int) -> list[Hold]:
        """Open ones whose time is over, the longest overdue first."""
        cursor = self._holds.find({"expires_at": {"$lte": now}, **_OPEN})
        return [
            _hold_from(row) for row in await cursor.sort("expires_at", ASCENDING).limit(limit).to_list(None)
        ]

    async def page(
        self, programme_id: str, member_id: bytes, state: HoldState | None, window: Window
    ) -> Page[Hold]:
        """A member's, newest first; in any state, or in one."""
        query: Document = {"member_id": member_id, "programme_id": programme_id}
        if state is not None:
            query["state"] = state.value
        page = await find_page(self._holds, query, [("sequence", -1)], window)
        return Page([_hold_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def stream(self, programme_id: str) -> AsyncIterator[Hold]:
        """Open ones of a programme, in no order."""
        async for row in self._holds.find({"programme_id": programme_id, **_OPEN}, batch_size=5000):
            yield _hold_from(row)


def _document(hold: Hold) -> Document:
    return {
        "_id": hold.id,
        "programme_id": hold.programme_id,
        "account_id": hold.account_id,
        "member_id": hold.member_id,
        "unit": hold.unit,
        "amount": hold.amount,
        "expires_at": hold.expires_at,
        "reference": hold.reference,
        "lots": [{"expires_at": lot.expires_at, "amount": lot.amount} for lot in hold.lots],
        "authorised_at": hold.authorised_at,
        "sequence": hold.sequence,
        "state": hold.state.value,
        "captured": hold.captured,
        "settled_at": hold.settled_at,
        "transfer": hold.transfer,
    }


def _hold_from(row: Document) -> Hold:
    fields = {name: value for name, value in row.items() if name not in ("_id", "lots", "state")}
    lots = tuple(Lot(lot["expires_at"], lot["amount"]) for lot in row["lots"])
    return Hold(id=row["_id"], lots=lots, state=HoldState(row["state"]), **fields)
