"""How complaints were dealt with: added up by the database, so that however many there are none is read."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from community.complaints.model import ComplaintState
from gamification.kit.records import record

_CONTENT_FROM = 4
MEDIAN, MOST = 50, 90


@record(frozen=True, slots=True)
class Statistics:
    """Of the complaints filed in a time. `in_time`: first answered by when it was owed; `late`: answered later, or owed and not
    answered. Times are medians, and below which nine of ten lie; None of none. `content`: how many rated 4 or 5."""

    filed: int
    answered: int
    in_time: int
    late: int
    closed: int
    reopened: int
    rated: int
    content: int
    to_answer: timedelta | None
    to_answer_most: timedelta | None
    to_close: timedelta | None
    to_close_most: timedelta | None


def sums(now: datetime) -> Mapping[str, Any]:
    """The part of a `$group` that counts them."""
    answered = {"$gt": ["$first_answered_at", None]}
    in_time = {"$lte": ["$first_answered_at", "$first_due_at"]}
    owed_late = {"$and": [{"$gt": ["$due_at", None]}, {"$lt": ["$due_at", now]}]}
    return {
        "filed": {"$sum": 1},
        "answered": _count(answered),
        "in_time": _count({"$and": [answered, in_time]}),
        "late": _count({"$cond": [answered, {"$not": in_time}, owed_late]}),
        "closed": _count({"$eq": ["$state", ComplaintState.CLOSED.value]}),
        "reopened": _count({"$gt": ["$reopened", 0]}),
        "rated": _count({"$gt": ["$rating.score", None]}),
        "content": _count({"$gte": ["$rating.score", _CONTENT_FROM]}),
    }


def place_of(count: int, percent: int) -> int:
    """Where the least of so many in their order stands, from 0, that so many percent of them don't exceed (nearest rank)."""
    return max(-(-count * percent // 100), 1) - 1


def _count(condition: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"$sum": {"$cond": [condition, 1, 0]}}
