"""Reading a programme's history for a rehearsal: light, and in parts of a bounded size. Nothing is written here."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from gamification.badges.model import BY_HAND
from gamification.kit.errors import LimitExceeded
from gamification.kit.periods import zone
from gamification.kit.records import record
from gamification.ledger.model import LimitKind, TransferKind
from gamification.rehearsal.model import ACTIVITIES_MAX, Span
from gamification.rehearsal.outline import Claim, Honour, Line, Movement, Other, Piece
from gamification.rehearsal.pacing import Pace
from gamification.rehearsal.sums import Known, Sums
from storage.mongo import Document, Mongo

_BATCH = 1_000
"""Rows read at a time: as they are decoded, nobody else of the process has a turn."""
_PART = 500
"""Members whose transfers are read at a time."""
_COUNTED = frozenset({"earned", "deducted", "pending", "adjusted"})
_PASSING = frozenset({"expired", "cancelled", "merged"})
"""What time does by itself, and what moves with an account."""
_ELSEWHERE = frozenset({"referral", "check_in", "goal", "board", "draw", "bounty", "contest"})
"""What the cause of what is given otherwise than by rules and tasks names, whatever activity led to it."""
_FIELDS = [
    *("member_id", "unit", "amount", "pending", "kind", "occurred_at", "recorded_at", "sequence", "cause"),
    *("reverses", "related", "limited_by", "caps", "expires_at"),
]


def _is_ruled(cause: Mapping[str, Any]) -> bool:
    """Whether rules, or tasks and collections that they lead to, gave it for an activity."""
    return "activity_id" in cause and not _ELSEWHERE & cause.keys()


@record(frozen=True, slots=True)
class Outline:
    """Of standing activity: what is played, how much of the time is of `erased` members, how much came `later` than that."""

    lines: list[Line]
    erased: int
    later: int


class History:
    """What is stored of a programme."""

    def __init__(self, mongo: Mongo, programme_id: str) -> None:
        self._mongo = mongo
        self._programme_id = programme_id

    async def newest(self) -> int:
        """The last place in the programme's order that an activity has."""
        found = self._mongo.collection("activities").find(self._own(), ["sequence"]).sort("sequence", -1)
        rows = await found.limit(1).to_list(1)
        return int(rows[0]["sequence"]) if rows else 0

    async def outline(self, span: Span, newest: int) -> Outline:
        """The activities that stand and happened before the end of that time. Raises: LimitExceeded."""
        query = self._own() | {"sequence": {"$lte": newest}, "reversal": None}
        fields = ["member_id", "occurred_at", "recorded_at", "sequence", "erased"]
        lines: list[Line] = []
        erased = later = 0
        pace = Pace()
        found = self._mongo.collection("activities").find(query, fields, batch_size=_BATCH)
        async for row in found.sort("sequence", 1):
            await pace.breathe()
            if row["occurred_at"] >= span.until:
                later += 1
                continue
            if len(lines) == ACTIVITIES_MAX:
                raise LimitExceeded(
                    f"More than {ACTIVITIES_MAX} activities happened before the end; no more are played.",
                    path=["to"],
                    limit=ACTIVITIES_MAX,
                )
            counts = span.holds(row["occurred_at"])
            if row.get("erased"):
                erased += counts
                continue
            lines.append(
                Line(
                    row["_id"],
                    row["member_id"],
                    row["occurred_at"],
                    row["recorded_at"],
                    row["sequence"],
                    counts,
                )
            )
        return Outline(lines, erased, later)

    async def others(self, until: datetime) -> list[Other]:
        """What was done otherwise than by rules, but for points: claims, honours, pieces of stock."""
        found: list[Other] = []
        progress = self._mongo.collection("task_progress")
        claimed = self._own() | {
            "claimed_at": {"$ne": None}
        }  # also after the time: of tasks that are complete in it
        rows = progress.find(claimed, ["member_id", "task", "period", "claimed_at"], batch_size=_BATCH)
        found += [
            Claim(row["member_id"], row["task"], row["period"], row["claimed_at"]) async for row in rows
        ]
        awards = self._mongo.collection("badge_awards")
        by_hand = {"$or": [{f"grounds.{BY_HAND}": {"$exists": True}}, {"barred": True}]}
        async for row in awards.find(self._own() | by_hand, batch_size=_BATCH):
            at, barred = row["awarded_at"], bool(row.get("barred"))
            if at < until:
                level = row["grounds"].get(BY_HAND, 0)
                named = (row["member_id"], row["badge"], row["occurrence"])
                found.append(Honour(*named, level, at, row["sequence"], barred))
        redemptions = self._mongo.collection("reward_redemptions")
        stocked = self._own() | {"stock": {"$exists": True}}
        async for row in redemptions.find(stocked, ["reward", "made_at", "sequence", "cause", "source"]):
            ruled = row["source"] == "given" and _is_ruled(row["cause"])
            if row["made_at"] < until and not ruled:
                found.append(Piece(row["reward"], row["made_at"], row["sequence"]))
        return found

    async def points(self, known: Known, sums: Sums, until: datetime) -> list[Other]:
        """Count what known activity gave and took, less what was taken back since; and give what else moved points."""
        counted: dict[bytes, bytes] = {}
        reversals: list[Document] = []
        others: list[Other] = []
        pace = Pace()
        async for row in self._transfers():
            await pace.breathe()
            kind, cause = row["kind"], row["cause"]
            if kind in _PASSING or (kind == "earned" and row.get("related") is not None):
                continue  # what was pending counted as it was earned
            if kind == "reversed":
                reversals.append(row)
            elif kind in _COUNTED and _is_ruled(cause):
                place = known.get(cause["activity_id"])
                if place is not None:
                    amount = row["amount"] + row.get("pending", 0)
                    counted[row["_id"]] = cause["activity_id"]
                    sums.add_points(place, row["unit"], amount, gives=amount > 0)
            elif row["occurred_at"] < until:
                others.append(_movement(row, row["amount"] + row.get("pending", 0)))
        for row in reversals:
            activity = counted.get(row.get("reverses") or row.get("related") or b"")
            if activity is not None:
                amount = _wanted(row) + row.get("pending", 0)
                sums.add_points(known[activity], row["unit"], amount, gives=amount < 0)
            elif not _is_ruled(row["cause"]) and row["occurred_at"] < until:
                others.append(_movement(row, row["amount"]))
        return others

    async def derived(self, known: Known, sums: Sums, span: Span) -> None:
        """Count the badges, completed tasks, rewards and tiers that known activity led to, and that stand."""
        awards = self._mongo.collection("badge_awards")
        pace = Pace()
        standing = self._own() | {"revoked_at": None}
        async for row in awards.find(standing, ["badge", "cause"], batch_size=_BATCH):
            await pace.breathe()
            if row["cause"].get("activity_id") in known and _is_ruled(row["cause"]):
                sums.badges[row["badge"]] += 1
        progress = self._mongo.collection("task_progress")
        complete = self._own() | {"completed_at": {"$ne": None}}
        async for row in progress.find(complete, ["task", "cause"], batch_size=_BATCH):
            await pace.breathe()
            if (row.get("cause") or {}).get("activity_id") in known:
                sums.tasks[row["task"]] += 1
        redemptions = self._mongo.collection("reward_redemptions")
        given = self._own() | {"source": "given", "status": {"$nin": ["failed", "cancelled"]}}
        async for row in redemptions.find(given, ["reward", "cause", "cost"], batch_size=_BATCH):
            await pace.breathe()
            place = known.get(row["cause"].get("activity_id", b""))
            if place is not None and _is_ruled(row["cause"]):
                sums.add_reward(place, row["reward"], row.get("cost"))
        changes = self._mongo.collection("tier_changes")
        fields = ["ladder", "before", "after", "at", "occurred_at"]
        async for row in changes.find(self._own(), fields, batch_size=_BATCH):
            await pace.breathe()
            if row["before"] != row["after"] and span.holds(row.get("occurred_at") or row["at"]):
                sums.tiers[row["ladder"], row["before"], row["after"]] += 1

    async def codes(self, reward: str, since: datetime) -> int:
        """How many imported codes of a reward nobody had at that instant."""
        query = self._own() | {"reward": reward}
        query["$or"] = [{"issued_at": None}, {"issued_at": {"$gte": since}}]
        return int(await self._mongo.collection("reward_coupons").count_documents(query))

    async def _transfers(self) -> AsyncIterator[Document]:
        """The transfers of all who are or were members, a part of them at a time."""
        members = self._mongo.collection("members").find(self._own(), ["_id"], batch_size=_BATCH)
        ids = [row["_id"] async for row in members]
        transfers = self._mongo.collection("transfers")
        for part in parts(ids, _PART):
            query = self._own() | {"member_id": {"$in": part}}
            async for row in transfers.find(query, _FIELDS, batch_size=_BATCH):
                yield row

    def _own(self) -> dict[str, Any]:
        return {"programme_id": self._programme_id}


def day_number(at: datetime, time_zone: str) -> int:
    """The ordinal of an instant's local day."""
    return at.astimezone(zone(time_zone)).toordinal()


def parts(ids: Sequence[bytes], size: int) -> Iterator[list[bytes]]:
    """Some at a time."""
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])


def _wanted(row: Document) -> int:
    """What a reversal was to take or give back, whatever the floor or what was owed kept of it."""
    limits: Iterable[Mapping[str, Any]] = row.get("limited_by", ())
    kept = 0
    for limit in limits:
        if limit["kind"] == LimitKind.FLOOR.value:
            kept -= limit["shortfall"]
        elif limit["kind"] == LimitKind.OWED.value:
            kept += limit["shortfall"]
    return int(row["amount"]) + kept


def _movement(row: Document, amount: int) -> Movement:
    return Movement(
        row["member_id"],
        row["occurred_at"],
        row["recorded_at"],
        row["sequence"],
        row["unit"],
        TransferKind(row["kind"]),
        amount,
        tuple(row.get("caps", ())),
        row.get("expires_at"),
    )
