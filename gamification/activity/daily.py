"""Activity added up by member and day, in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gamification.programmes.catalogue import Catalogue
from storage.mongo import Mongo, Tx

PLATFORM_SOURCES = ("segments", "campaigns", "partners")
"""What is recorded under these names is what the platform did to members, and nothing that they did."""


@dataclass(frozen=True, slots=True)
class Span:
    """Members, and the time that is added up of them: from `since` to before `until`; None is unbounded."""

    member_ids: Sequence[bytes]
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DailyCount:
    """Standing activity of one type, by one member on one day of the programme. `spend`: what was paid, whole, in the
    currency's smallest part; None where the type is no purchase."""

    member_id: bytes
    day: str
    type: str
    count: int
    spend: int | None


class DailyReading:
    """Reads `activities`."""

    def __init__(self, mongo: Mongo) -> None:
        self._activities = mongo.collection("activities")

    async def of(self, catalogue: Catalogue, spans: Sequence[Span], tx: Tx | None = None) -> list[DailyCount]:
        """What these members did in these times, in no order."""
        clauses = [clause for span in spans if (clause := _clause(span))]
        if not clauses:
            return []
        rows = self._activities.aggregate(
            [
                {
                    "$match": {
                        "$or": clauses,
                        "programme_id": catalogue.programme_id,
                        "reversal": None,
                        "source": {"$nin": list(PLATFORM_SOURCES)},
                    }
                },
                {
                    "$group": {
                        "_id": {
                            "member": "$member_id",
                            "day": {
                                "$dateToString": {
                                    "date": "$occurred_at",
                                    "format": "%Y-%m-%d",
                                    "timezone": catalogue.settings.time_zone,
                                }
                            },
                            "type": "$type",
                        },
                        "count": {"$sum": 1},
                        "spend": {"$sum": _paid(catalogue)},
                    }
                },
            ],
            session=tx.session if tx else None,
            allowDiskUse=True,
        )
        buys = {one.key for one in catalogue.document.activity_types if one.spend is not None}
        return [
            DailyCount(
                row["_id"]["member"],
                row["_id"]["day"],
                row["_id"]["type"],
                int(row["count"]),
                int(row["spend"]) if row["_id"]["type"] in buys else None,
            )
            for row in await rows.to_list(None)
        ]


def money_of(catalogue: Catalogue, stated: object) -> int:
    """What a stated amount of the programme's currency is in its smallest part, rounded to the nearest, halves to the even one;
    0 for what is no number."""
    if isinstance(stated, bool) or not isinstance(stated, int | float):
        return 0
    parts: int = 10**catalogue.settings.money.digits
    return round(float(stated) * parts)


def _clause(span: Span) -> dict[str, Any] | None:
    if not span.member_ids:
        return None
    when: dict[str, datetime] = {}
    if span.since is not None:
        when["$gte"] = span.since
    if span.until is not None:
        when["$lt"] = span.until
    return {"member_id": {"$in": list(span.member_ids)}} | ({"occurred_at": when} if when else {})


def _paid(catalogue: Catalogue) -> Mapping[str, Any] | int:
    """What an activity paid, in the smallest part of the currency, rounded to the nearest, halves to the even one; as far as
    refunds left it. What is no number counts as nothing."""
    parts = 10**catalogue.settings.money.digits
    branches = []
    for one in catalogue.document.activity_types:
        if one.spend is None:
            continue
        standing = {"$ifNull": ["$remaining", "$properties"]}
        stated = {"$getField": {"field": {"$literal": one.spend}, "input": standing}}
        amount = {"$convert": {"input": stated, "to": "double", "onError": 0, "onNull": 0}}
        whole = {"$round": [{"$multiply": [amount, parts]}, 0]}
        paid = {"$convert": {"input": whole, "to": "long", "onError": 0}}
        branches.append({"case": {"$eq": ["$type", one.key]}, "then": paid})
    return {"$switch": {"branches": branches, "default": 0}} if branches else 0
