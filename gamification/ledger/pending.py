"""Points that were earned but wait, one document an earning: until an instant, or until an activity confirms them.

An earning's document is never deleted, so that taking the earning back finds what became of it. The account's transfers
are the truth of the amounts; a change of either meets the other in the account that both change.
"""

from collections.abc import AsyncIterator, Container, Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from gamification.kit.causes import Cause, cause_document, cause_from
from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, insert, write

COLLECTION = "pending_points"
_WAITING = {"state": "waiting"}
INDEXES = {
    COLLECTION: [
        Index([("due_at", ASCENDING)], partial=_WAITING),
        Index([("account_id", ASCENDING), ("subject", ASCENDING)], partial={"confirmed_only": {"$eq": True}}),
        Index([("programme_id", ASCENDING)]),
        Index([("member_id", ASCENDING)]),
    ]
}


class PendingState(StrEnum):
    """WAITING; ACTIVE once they could be spent; CANCELLED as what they waited for did not come; REVERSED with what
    had earned them."""

    WAITING = "waiting"
    ACTIVE = "active"
    CANCELLED = "cancelled"
    REVERSED = "reversed"


@record(frozen=True, slots=True)
class PendingPoints:
    """`id` is that of the transfer that made them pending; `amount` what of them still waits, or became active.

    At `due_at` they become active, or with `confirmed_only` are cancelled. `round` counts how often they became active:
    taking back the activity that confirmed them makes them wait again. `expires_at` is what they got when they became
    active; `caps` what they count in.
    """

    id: bytes
    programme_id: str
    account_id: bytes
    member_id: bytes
    unit: str
    amount: int
    earned_at: datetime
    due_at: datetime
    cause: Cause
    subject: str | None = None
    confirmed_only: bool = False
    state: PendingState = PendingState.WAITING
    round: int = 0
    expires_at: datetime | None = None
    caps: tuple[bytes, ...] = ()

    @property
    def activation(self) -> bytes:
        """The id of the transfer by which they last became active."""
        return derived_id("activation", self.id, self.round)


class PendingRepository:
    """`pending_points`."""

    def __init__(self, mongo: Mongo) -> None:
        self._pending = mongo.collection(COLLECTION)

    async def by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, PendingPoints]:
        """By id; missing ones are absent."""
        rows = await find_by_ids(self._pending, list(ids), tx)
        return {found: pending_from(row) for found, row in rows.items()}

    async def about(
        self, account_ids: Iterable[bytes], subjects: Iterable[str | None], tx: Tx
    ) -> list[PendingPoints]:
        """What waits in these accounts for an activity about one of these subjects, or waited in vain: where that was
        cancelled before the activity arrived, though it happened in time, it counts."""
        cursor = self._pending.find(
            {
                "account_id": {"$in": sorted(account_ids)},
                "subject": {"$in": list(subjects)},
                "confirmed_only": True,
                "state": {"$in": [PendingState.WAITING.value, PendingState.CANCELLED.value]},
            },
            session=tx.session,
        )
        return [pending_from(row) for row in await cursor.to_list(None)]

    async def due(
        self, now: datetime, limit: int, account_ids: Sequence[bytes] | None = None, tx: Tx | None = None
    ) -> list[PendingPoints]:
        """What waits no longer, in these accounts or in all, the longest overdue first."""
        query: Document = {"due_at": {"$lte": now}, **_WAITING}
        if account_ids is not None:
            query["account_id"] = {"$in": list(account_ids)}
        cursor = self._pending.find(query, session=tx.session if tx else None)
        found = await cursor.sort("due_at", ASCENDING).limit(limit).to_list(None)
        return [pending_from(row) for row in found]

    async def save(self, changed: Sequence[PendingPoints], known: Container[bytes], tx: Tx) -> None:
        """Store; `known` are the ids that were there before. Whoever changes the same at once meets this transaction
        in the account, which both post to."""
        await insert(self._pending, [_document(one) for one in changed if one.id not in known], tx)
        replaced = [ReplaceOne({"_id": one.id}, _document(one)) for one in changed if one.id in known]
        await write(self._pending, replaced, tx)

    async def stream(self, programme_id: str) -> AsyncIterator[PendingPoints]:
        """All of a programme, in no order."""
        async for row in self._pending.find({"programme_id": programme_id}, batch_size=5000):
            yield pending_from(row)


def _document(pending: PendingPoints) -> Document:
    return {
        "_id": pending.id,
        "programme_id": pending.programme_id,
        "account_id": pending.account_id,
        "member_id": pending.member_id,
        "unit": pending.unit,
        "amount": pending.amount,
        "earned_at": pending.earned_at,
        "due_at": pending.due_at,
        "cause": cause_document(pending.cause),
        "subject": pending.subject,
        "confirmed_only": pending.confirmed_only,
        "state": pending.state.value,
        "round": pending.round,
        "expires_at": pending.expires_at,
        "caps": list(pending.caps),
    }


def pending_from(row: Document) -> PendingPoints:
    fields = {name: value for name, value in row.items() if name not in ("_id", "cause", "state", "caps")}
    return PendingPoints(
        id=row["_id"],
        cause=cause_from(row["cause"]),
        state=PendingState(row["state"]),
        caps=tuple(row["caps"]),
        **fields,
    )
