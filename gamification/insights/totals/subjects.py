"""Reading what is counted of members beside their days: when they joined, their tiers, their accounts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gamification.insights.totals.model import NOBODY, Card, Cells, Subject, Terms, cell_of, encoded
from gamification.insights.totals.periods import By, index_of
from gamification.kit.periods import zone
from gamification.kit.records import record
from storage.mongo import ASCENDING, Mongo, Tx


@record(frozen=True, slots=True)
class Seen:
    """What is so of a member now, the transfers that were not counted yet, and how many each account has by now."""

    subject: Subject
    booked: Cells
    entries: Mapping[str, int]


class SubjectReading:
    """Reads `members`, `tier_changes`, `accounts` and `transfers`: a fixed number of reads for any number of members."""

    def __init__(self, mongo: Mongo) -> None:
        self._members = mongo.collection("members")
        self._changes = mongo.collection("tier_changes")
        self._accounts = mongo.collection("accounts")
        self._transfers = mongo.collection("transfers")

    async def after(self, programme_id: str, place: bytes | None, limit: int) -> list[bytes]:
        """The ids of up to so many accounts after that one, merged ones too."""
        query: dict[str, Any] = {"programme_id": programme_id} | ({"_id": {"$gt": place}} if place else {})
        rows = self._members.find(query, ["_id"]).sort("_id", ASCENDING).limit(limit)
        return [row["_id"] async for row in rows]

    async def of(
        self, terms: Terms, programme_id: str, cards: Mapping[bytes, Card | None], tx: Tx
    ) -> dict[bytes, Seen]:
        """These members, by what is counted of them so far; those who are not there are absent."""
        ids = list(cards)
        where, local = {"programme_id": programme_id}, zone(terms.time_zone)
        rows = self._members.find(
            {"_id": {"$in": ids}, **where}, ["joined_at", "erased_at", "merged_into"], session=tx.session
        )
        members = {row["_id"]: row async for row in rows}
        changes = await self._tiers(terms, programme_id, ids, tx)
        booked, entries = await self._booked(terms, programme_id, cards, tx)
        found = {}
        for member_id, row in members.items():
            merged, erased = row.get("merged_into") is not None, row.get("erased_at")
            subject = Subject(
                None if merged else _ordinal(row["joined_at"], local),
                None if merged or erased is None else _ordinal(erased, local),
                {} if merged else changes.get(member_id, {}),
            )
            found[member_id] = Seen(subject, booked.get(member_id, {}), entries.get(member_id, {}))
        return found

    async def _tiers(
        self, terms: Terms, programme_id: str, ids: Sequence[bytes], tx: Tx
    ) -> dict[bytes, dict[str, tuple[tuple[int, str], ...]]]:
        """By member and ladder (day, tier from then on), each tier that was held at the end of a day."""
        if not terms.ladders:
            return {}
        local = zone(terms.time_zone)
        query = {
            "member_id": {"$in": list(ids)},
            "programme_id": programme_id,
            "ladder": {"$in": sorted(terms.ladders)},
        }
        rows = await self._changes.find(
            query, ["member_id", "ladder", "number", "after", "at"], session=tx.session
        ).to_list(None)
        courses: dict[bytes, dict[str, dict[int, str]]] = defaultdict(lambda: defaultdict(dict))
        for row in sorted(rows, key=lambda one: int(one["number"])):
            course = courses[row["member_id"]][row["ladder"]]
            course[_ordinal(row["at"], local)] = row["after"] or NOBODY
        return {
            member_id: {ladder: _course(found) for ladder, found in sorted(ladders.items())}
            for member_id, ladders in courses.items()
        }

    async def _booked(
        self, terms: Terms, programme_id: str, cards: Mapping[bytes, Card | None], tx: Tx
    ) -> tuple[dict[bytes, Cells], dict[bytes, dict[str, int]]]:
        """Sums of the transfers that came since they were counted, by the day they were recorded on."""
        rows = await self._accounts.find(
            {"member_id": {"$in": list(cards)}, "programme_id": programme_id},
            ["member_id", "entries"],
            session=tx.session,
        ).to_list(None)
        entries: dict[bytes, dict[str, int]] = defaultdict(dict)
        clauses = []
        for row in rows:
            account, count = row["_id"], int(row["entries"])
            card = cards[row["member_id"]]
            known = card.entries.get(account.hex(), 0) if card is not None else 0
            entries[row["member_id"]][account.hex()] = count
            if count > known:
                clauses.append({"account_id": account, "entry": {"$gt": known, "$lte": count}})
        booked: dict[bytes, Cells] = defaultdict(dict)
        if clauses:
            async for row in self._sums(terms.time_zone, clauses, tx):
                found = row["_id"]
                _book(booked[found["member"]], datetime.fromisoformat(found["day"]).date().toordinal(), row)
        return booked, entries

    def _sums(self, time_zone: str, clauses: Sequence[Mapping[str, Any]], tx: Tx) -> Any:
        day = {"$dateToString": {"date": "$recorded_at", "format": "%Y-%m-%d", "timezone": time_zone}}
        return self._transfers.aggregate(
            [
                {"$match": {"$or": list(clauses)}},
                {
                    "$group": {
                        "_id": {"member": "$member_id", "day": day, "unit": "$unit", "kind": "$kind"},
                        "i": {"$sum": {"$max": ["$amount", 0]}},
                        "o": {"$sum": {"$min": ["$amount", 0]}},
                        "p": {"$sum": {"$ifNull": ["$pending", 0]}},
                    }
                },
            ],
            session=tx.session,
            allowDiskUse=True,
        )


def _book(cells: Cells, day: int, row: Mapping[str, Any]) -> None:
    name = f"u.{encoded(row['_id']['unit'])}.{row['_id']['kind']}"
    for by in By:
        counts = cells.setdefault(cell_of(by, index_of(by, day)), {})
        for part in ("i", "o", "p"):
            amount = int(row[part])
            if amount:
                counts[f"{name}.{part}"] = counts.get(f"{name}.{part}", 0) + amount


def _course(found: Mapping[int, str]) -> tuple[tuple[int, str], ...]:
    """Each day on which the tier became another one, in order."""
    course: list[tuple[int, str]] = []
    for day, tier in sorted(found.items()):
        if not course or course[-1][1] != tier:
            course.append((day, tier))
    return tuple(course)


def _ordinal(at: datetime, local: ZoneInfo) -> int:
    return at.astimezone(local).date().toordinal()
