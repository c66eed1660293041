"""`webhook_deliveries`: each event on its way to each endpoint, with what became of every attempt."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from community.webhooks.model import (
    ATTEMPTS_KEPT,
    KEPT,
    Attempt,
    Delivery,
    DeliveryState,
    Endpoint,
    Event,
    Noted,
    delivery_id,
)
from storage.batching import Batcher
from storage.mongo import ASCENDING, DESCENDING, Document, Index, Mongo, UpdateOne, find_by_ids, write
from storage.paging import Page, Window, find_page

COLLECTION = "webhook_deliveries"
NEWEST: list[tuple[str, int]] = [("number", -1), ("_id", -1)]
INDEXES = {
    COLLECTION: [
        Index(
            [("endpoint_id", ASCENDING), ("due_at", ASCENDING), ("number", ASCENDING)],
            partial={"due_at": {"$exists": True}},
        ),
        Index([("endpoint_id", ASCENDING), ("number", DESCENDING), ("_id", DESCENDING)]),
        Index([("endpoint_id", ASCENDING), ("state", ASCENDING), ("number", DESCENDING)]),
        Index([("member_id", ASCENDING)]),
        Index([("made_at", ASCENDING)], expire_after_s=int(KEPT.total_seconds())),
    ]
}


class DeliveryRepository:
    """Deliveries of all programmes; each query is of one endpoint, or of one programme."""

    def __init__(self, mongo: Mongo) -> None:
        self._deliveries = mongo.collection(COLLECTION)
        self._notes: Batcher[None, Noted, None] = Batcher(self._note, in_turn=True)

    # -- reading

    async def by_ids(self, programme_id: str, ids: Sequence[bytes]) -> dict[bytes, Delivery]:
        """Deliveries by id; those of other programmes are absent."""
        rows = await find_by_ids(self._deliveries, ids)
        return {key: _from(row) for key, row in rows.items() if row["programme_id"] == programme_id}

    async def page(self, endpoint: Endpoint, state: DeliveryState | None, window: Window) -> Page[Delivery]:
        """An endpoint's, the newest event first."""
        query: Document = {"endpoint_id": endpoint.id, "programme_id": endpoint.programme_id}
        query |= {"state": state.value} if state is not None else {}
        page = await find_page(self._deliveries, query, NEWEST, window)
        return Page([_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def due(
        self, endpoint_id: bytes, now: datetime, limit: int, *, tests_only: bool = False
    ) -> list[Delivery]:
        """What is to be sent to an endpoint by now, the longest due first, then by number."""
        query: Document = {"endpoint_id": endpoint_id, "due_at": {"$lte": now}}
        query |= {"number": 0} if tests_only else {}
        rows = self._deliveries.find(query).sort([("due_at", ASCENDING), ("number", ASCENDING)])
        return [_from(row) for row in await rows.limit(limit).to_list(None)]

    async def next_due(self, endpoint_id: bytes) -> datetime | None:
        """When anything is next to be sent to an endpoint."""
        row = await self._deliveries.find_one(
            {"endpoint_id": endpoint_id, "due_at": {"$exists": True}},
            ["due_at"],
            sort=[("due_at", ASCENDING), ("number", ASCENDING)],
        )
        return row["due_at"] if row else None

    # -- changing

    async def plan(
        self, endpoint: Endpoint, events: Sequence[Event], now: datetime, *, again: bool = False
    ) -> None:
        """Have events delivered that are not on their way yet; with `again` those too that were, whatever came of it."""
        fresh = {"state": DeliveryState.PENDING.value, "due_at": now, "tries": 0}
        models = []
        for event in events:
            made: Document = {
                "programme_id": endpoint.programme_id,
                "endpoint_id": endpoint.id,
                "event_id": event.id,
                "number": event.number or 0,
                "type": event.type,
                "made_at": now,
                "made": 0,
                "attempts": [],
            }
            if event.member_id is not None:
                made["member_id"] = event.member_id
            changes: Document = {"$setOnInsert": made if again else {**made, **fresh}}
            if again:
                changes |= {"$set": fresh, "$unset": {"ended_at": ""}}
            models.append(UpdateOne({"_id": delivery_id(endpoint.id, event.id)}, changes, upsert=True))
        await write(self._deliveries, models)

    async def reopen(self, delivery: Delivery, now: datetime) -> None:
        """Send one by now, whatever came of it."""
        await self._deliveries.update_one({"_id": delivery.id}, _reopening(now))

    async def resume(self, endpoint_id: bytes, after: int, now: datetime) -> None:
        """Leave out what is not sent up to that number, and have all that did not succeed after it sent by now."""
        of_log: Document = {"endpoint_id": endpoint_id, "number": {"$gt": 0}}
        await self._deliveries.update_many(
            {**of_log, "state": DeliveryState.PENDING.value, "number": {"$gt": 0, "$lte": after}},
            {
                "$set": {"state": DeliveryState.CANCELLED.value, "ended_at": now},
                "$unset": {"due_at": ""},
            },
        )
        await self._deliveries.update_many(
            {
                **of_log,
                "state": {"$ne": DeliveryState.SUCCEEDED.value},
                "number": {"$gt": max(after, 0)},
            },
            _reopening(now),
        )

    async def note(self, noted: Noted) -> None:
        """What became of an attempt, unless somebody else has noted one, or asked for it anew, since it was read. Written
        when it returns, together with what others note meanwhile."""
        await self._notes.ask(None, [noted])

    async def _note(self, _: None, noted: Sequence[Noted]) -> None:
        await self._deliveries.bulk_write([_noting(one) for one in noted], ordered=False)

    async def forget(self, endpoint_id: bytes) -> None:
        """Delete all of an endpoint."""
        await self._deliveries.delete_many({"endpoint_id": endpoint_id})


def _noting(noted: Noted) -> UpdateOne:
    delivery, attempt = noted.delivery, noted.attempt
    changes: Document = {
        "$push": {"attempts": {"$each": [_attempt_to(attempt)], "$slice": -ATTEMPTS_KEPT}},
        "$inc": {"tries": 1, "made": 1},
        "$set": {"state": noted.state.value},
    }
    if noted.due_at is not None:
        changes["$set"]["due_at"] = noted.due_at
    else:
        changes["$set"]["ended_at"] = attempt.at
        changes["$unset"] = {"due_at": ""}
    as_read = {"_id": delivery.id, "state": DeliveryState.PENDING.value, "made": delivery.made}
    return UpdateOne(as_read, changes)


def _reopening(now: datetime) -> Document:
    fresh = {"state": DeliveryState.PENDING.value, "due_at": now, "tries": 0}
    return {"$set": fresh, "$unset": {"ended_at": ""}}


def _attempt_to(one: Attempt) -> Document:
    stated: Mapping[str, Any] = {
        "at": one.at,
        "duration_ms": one.duration_ms,
        "status": one.status,
        "error": one.error,
        "excerpt": one.excerpt,
    }
    return {name: value for name, value in stated.items() if value is not None}


def _from(row: Document) -> Delivery:
    return Delivery(
        id=row["_id"],
        programme_id=row["programme_id"],
        endpoint_id=row["endpoint_id"],
        event_id=row["event_id"],
        member_id=row.get("member_id"),
        number=row["number"],
        type=row["type"],
        state=DeliveryState(row["state"]),
        made_at=row["made_at"],
        due_at=row.get("due_at"),
        tries=row["tries"],
        made=row["made"],
        attempts=tuple(
            Attempt(one["at"], one["duration_ms"], one.get("status"), one.get("error"), one.get("excerpt"))
            for one in row["attempts"]
        ),
        ended_at=row.get("ended_at"),
    )
