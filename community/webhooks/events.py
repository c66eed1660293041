"""`webhook_events`: what happened in a programme that has an endpoint, numbered without gaps in the order in which it was
logged, and kept for `model.KEPT`. An id is derived from what happened, so that twice is once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from community.webhooks.endpoints import EndpointRepository
from community.webhooks.model import KEPT, Event
from gamification.kit.records import evolve
from storage.mongo import ASCENDING, Document, Index, Mongo, Tx, find_by_ids, insert

COLLECTION = "webhook_events"
INDEXES = {
    COLLECTION: [
        Index(
            [("programme_id", ASCENDING), ("number", ASCENDING)],
            unique=True,
            partial={"number": {"$exists": True}},
        ),
        Index([("kept_at", ASCENDING)], expire_after_s=int(KEPT.total_seconds())),
    ]
}
AT_ONCE = 1000
"""Events that one transaction logs."""


class EventLog:
    """The log of each programme. Whoever reads on from a number misses nothing: a number is seen after all before it."""

    def __init__(self, mongo: Mongo, endpoints: EndpointRepository) -> None:
        self._mongo = mongo
        self._events = mongo.collection(COLLECTION)
        self._endpoints = endpoints

    async def append(self, programme_id: str, events: Sequence[Event]) -> int:
        """Log what is not in the log yet, numbered in this order; how many that were."""
        added = 0
        for start in range(0, len(events), AT_ONCE):
            part = {event.id: event for event in events[start : start + AT_ONCE]}

            async def body(tx: Tx, part: dict[bytes, Event] = part) -> int:
                known = await find_by_ids(self._events, list(part), tx, ["_id"])
                new = [event for event in part.values() if event.id not in known]
                if new:
                    last, _ = await self._endpoints.head(programme_id, tx)
                    await self._endpoints.take_numbers(programme_id, len(new), tx)
                    numbered = [evolve(one, number=last + place) for place, one in enumerate(new, 1)]
                    await insert(self._events, [_to(one) for one in numbered], tx)
                return len(new)

            added += await self._mongo.transaction(body)
        return added

    async def add_test(self, event: Event, tx: Tx) -> None:
        """Keep an event without a number, which is not in the log."""
        await insert(self._events, [_to(event)], tx)

    async def after(self, programme_id: str, number: int, limit: int) -> list[Event]:
        """The next events after that number, in order."""
        rows = self._events.find({"programme_id": programme_id, "number": {"$gt": number}})
        return [_from(row) for row in await rows.sort("number", ASCENDING).limit(limit).to_list(None)]

    async def oldest(self, programme_id: str) -> int | None:
        """The number of the oldest event that is kept; None where none is."""
        found = await self.after(programme_id, 0, 1)
        return found[0].number if found else None

    async def by_ids(self, programme_id: str, ids: Sequence[bytes]) -> dict[bytes, Event]:
        """Events by id; those of other programmes are absent."""
        rows = await find_by_ids(self._events, ids)
        return {key: _from(row) for key, row in rows.items() if row["programme_id"] == programme_id}


def event_of(
    event_id: bytes,
    programme_id: str,
    type_name: str,
    at: datetime,
    kept_at: datetime,
    member_id: bytes | None,
    data: Mapping[str, Any],
) -> Event:
    """An event that has no number yet."""
    return Event(event_id, programme_id, None, type_name, at, kept_at, member_id, data)


def _to(one: Event) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "type": one.type,
        "at": one.at,
        "kept_at": one.kept_at,
        "data": dict(one.data),
    }
    if one.number is not None:
        document["number"] = one.number
    if one.member_id is not None:
        document["member_id"] = one.member_id
    return document


def _from(row: Document) -> Event:
    return Event(
        id=row["_id"],
        programme_id=row["programme_id"],
        number=row.get("number"),
        type=row["type"],
        at=row["at"],
        kept_at=row["kept_at"],
        member_id=row.get("member_id"),
        data=row["data"],
    )
