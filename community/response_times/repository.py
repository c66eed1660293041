"""Reads of cases, questions and complaints two instants each, by index, of the time that is asked for."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from community.response_times.model import Asked, ResponseKind
from storage.mongo import Mongo

_FIELDS = {
    ResponseKind.CASES: ("moderation_cases", "opened_at", "acted_at"),
    ResponseKind.QUESTIONS: ("questions", "asked_at", "first.at"),
    ResponseKind.COMPLAINTS: ("complaints", "filed_at", "first_answered_at"),
}


class ResponseTimeRepository:
    """Reads only."""

    def __init__(self, mongo: Mongo) -> None:
        self._collections = {kind: mongo.collection(fields[0]) for kind, fields in _FIELDS.items()}

    async def stream(
        self,
        programme_id: str,
        kind: ResponseKind,
        since: datetime,
        until: datetime,
        spaces: Sequence[str],
    ) -> AsyncIterator[Asked]:
        """What came from `since` on and before `until`, in no order. Of questions those of these spaces that others see."""
        _, begins, ends = _FIELDS[kind]
        query: dict[str, Any] = {"programme_id": programme_id, begins: {"$gte": since, "$lt": until}}
        if kind is ResponseKind.QUESTIONS:
            query |= {"space": {"$in": list(spaces)}, "stands": True}
        async for row in self._collections[kind].find(query, {begins: 1, ends: 1, "_id": 0}, batch_size=5000):
            first: object = row
            for part in ends.split("."):
                first = first.get(part) if isinstance(first, dict) else None
            yield Asked(row[begins], first if isinstance(first, datetime) else None)
