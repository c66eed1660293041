"""Check-ins as stored: a standing a member and programme, a document a day, an entry whenever cards or freezes move."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from gamification.checkins.model import (
    CheckInDay,
    CheckInState,
    DayState,
    ItemEntry,
    Ledger,
    Pause,
    Run,
)
from gamification.kit.causes import cause_document, cause_from
from gamification.leaderboards.model import contribution_document, contribution_from
from gamification.programmes.definitions import CheckInItem
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, insert, write

STATES = "check_in_states"
DAYS = "check_in_days"
ITEMS = "check_in_items"
INDEXES = {
    STATES: [
        Index([("member_id", ASCENDING)]),
        Index([("next_close_at", ASCENDING)], partial={"next_close_at": {"$exists": True}}),
    ],
    DAYS: [
        Index([("member_id", ASCENDING), ("check_in", ASCENDING), ("day", ASCENDING)]),
        Index(
            [("member_id", ASCENDING), ("activity_id", ASCENDING)], partial={"activity_id": {"$exists": True}}
        ),
    ],
    ITEMS: [
        Index([("member_id", ASCENDING), ("check_in", ASCENDING), ("entry", ASCENDING)]),
        Index([("member_id", ASCENDING), ("ground", ASCENDING)], partial={"ground": {"$exists": True}}),
    ],
}


class CheckInRepository:
    """`check_in_states`, `check_in_days`, `check_in_items`."""

    def __init__(self, mongo: Mongo) -> None:
        self._states = mongo.collection(STATES)
        self._days = mongo.collection(DAYS)
        self._items = mongo.collection(ITEMS)

    # -- standings

    async def by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, CheckInState]:
        """Standings by id; where nothing ever happened they are absent."""
        rows = await find_by_ids(self._states, list(ids), tx)
        return {found: state_from(row) for found, row in rows.items()}

    async def ending(self, now: datetime, limit: int) -> list[CheckInState]:
        """Standings with a day that has ended and will cost something, the longest ended first."""
        cursor = self._states.find({"next_close_at": {"$lte": now}}).sort("next_close_at", 1).limit(limit)
        return [state_from(row) for row in await cursor.to_list(None)]

    async def save(self, changed: Sequence[CheckInState], known: Iterable[bytes], tx: Tx) -> None:
        """Store standings; `known` are the ids that were there before."""
        known = set(known)
        await insert(self._states, [state_document(s) for s in changed if s.id not in known], tx)
        await write(
            self._states,
            [ReplaceOne({"_id": s.id}, state_document(s)) for s in changed if s.id in known],
            tx,
        )

    async def stream(self, programme_id: str) -> AsyncIterator[CheckInState]:
        """All standings of a programme, in no order."""
        async for row in self._states.find({"programme_id": programme_id}, batch_size=2000):
            yield state_from(row)

    # -- days

    async def days_by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, CheckInDay]:
        """Days by id."""
        rows = await find_by_ids(self._days, list(ids), tx)
        return {found: day_from(row) for found, row in rows.items()}

    async def days_of(
        self,
        member_id: bytes,
        check_in: str,
        first: date | None = None,
        last: date | None = None,
        tx: Tx | None = None,
    ) -> list[CheckInDay]:
        """A member's days in one check-in programme, both ends included, in order."""
        query: dict[str, Any] = {"member_id": member_id, "check_in": check_in}
        bounds = {"$gte": first, "$lte": last}
        if stated := {name: bound.isoformat() for name, bound in bounds.items() if bound is not None}:
            query["day"] = stated
        cursor = self._days.find(query, session=tx.session if tx else None).sort("day", ASCENDING)
        return [day_from(row) for row in await cursor.to_list(None)]

    async def day_of_activity(self, member_id: bytes, activity_id: bytes, tx: Tx) -> CheckInDay | None:
        """The day that an activity checked in."""
        row = await self._days.find_one(
            {"member_id": member_id, "activity_id": activity_id}, session=tx.session
        )
        return day_from(row) if row else None

    async def days_with_scores(self, member_id: bytes, tx: Tx | None = None) -> list[CheckInDay]:
        """A member's days whose rewards wrote scores."""
        cursor = self._days.find(
            {"member_id": member_id, "scores": {"$exists": True}}, session=tx.session if tx else None
        )
        return [day_from(row) for row in await cursor.to_list(None)]

    async def save_days(self, days: Sequence[CheckInDay], tx: Tx) -> None:
        """Store days, new or changed."""
        await write(
            self._days, [ReplaceOne({"_id": day.id}, day_document(day), upsert=True) for day in days], tx
        )

    # -- cards and freezes

    async def add_items(self, entries: Sequence[ItemEntry], tx: Tx) -> None:
        """Write new entries."""
        await insert(self._items, [item_document(entry) for entry in entries], tx)

    async def items_by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, ItemEntry]:
        """Entries by id."""
        rows = await find_by_ids(self._items, list(ids), tx)
        return {found: item_from(row) for found, row in rows.items()}

    async def items_on(self, grounds: Iterable[tuple[bytes, str]], tx: Tx) -> list[ItemEntry]:
        """What members were given on these grounds, (member, ground) pairs."""
        wanted = [{"member_id": member_id, "ground": ground} for member_id, ground in sorted(grounds)]
        if not wanted:
            return []
        cursor = self._items.find({"$or": wanted}, session=tx.session).sort("entry", ASCENDING)
        return [item_from(row) for row in await cursor.to_list(None)]

    async def items_of(self, member_id: bytes, check_in: str, tx: Tx | None = None) -> list[ItemEntry]:
        """A member's entries in one check-in programme, in order."""
        cursor = self._items.find(
            {"member_id": member_id, "check_in": check_in}, session=tx.session if tx else None
        ).sort("entry", ASCENDING)
        return [item_from(row) for row in await cursor.to_list(None)]


def state_document(state: CheckInState) -> Document:
    ledger = state.ledger
    document: Document = {
        "_id": state.id,
        "programme_id": state.programme_id,
        "member_id": state.member_id,
        "check_in": state.check_in,
        "run": _run_document(state.run),
        "make_up_cards": state.make_up_cards,
        "entries": state.entries,
        "sequence": state.sequence,
        "ledger": {
            "anchor": _text(ledger.anchor),
            "run": _run_document(ledger.run),
            "days": {day.isoformat(): kind.value for day, kind in sorted(ledger.days.items())},
            "short": sorted(day.isoformat() for day in ledger.short),
            "freezes": {day.isoformat(): count for day, count in sorted(ledger.freezes.items())},
            "pauses": [[pause.first.isoformat(), pause.last.isoformat()] for pause in ledger.pauses],
            "closed": _text(ledger.closed),
        },
    }
    if state.next_close_at is not None:
        document["next_close_at"] = state.next_close_at
    if state.reached:
        document["reached"] = {str(streak): day.isoformat() for streak, day in state.reached.items()}
    if state.withdrawn:
        document["withdrawn"] = {day.isoformat(): count for day, count in state.withdrawn.items()}
    return document


def state_from(row: Document) -> CheckInState:
    ledger = row["ledger"]
    return CheckInState(
        id=row["_id"],
        programme_id=row["programme_id"],
        member_id=row["member_id"],
        check_in=row["check_in"],
        ledger=Ledger(
            anchor=_date(ledger["anchor"]),
            run=_run_from(ledger["run"]),
            days={date.fromisoformat(day): DayState(kind) for day, kind in ledger["days"].items()},
            short=frozenset(date.fromisoformat(day) for day in ledger["short"]),
            freezes=_counts(ledger["freezes"]),
            pauses=tuple(Pause(date.fromisoformat(f), date.fromisoformat(t)) for f, t in ledger["pauses"]),
            closed=_date(ledger["closed"]),
        ),
        run=_run_from(row["run"]),
        make_up_cards=row["make_up_cards"],
        entries=row["entries"],
        reached={int(streak): date.fromisoformat(day) for streak, day in row.get("reached", {}).items()},
        withdrawn=_counts(row.get("withdrawn", {})),
        next_close_at=row.get("next_close_at"),
        sequence=row["sequence"],
    )


def day_document(day: CheckInDay) -> Document:
    document: Document = {
        "_id": day.id,
        "programme_id": day.programme_id,
        "member_id": day.member_id,
        "check_in": day.check_in,
        "day": day.day.isoformat(),
        "state": day.state.value,
        "position": day.position,
        "at": day.at,
        "recorded_at": day.recorded_at,
        "zone": day.zone,
        "short": day.short,
        "attempt": day.attempt,
        "rewardings": day.rewardings,
        "version": day.version,
    }
    if day.activity_id is not None:
        document["activity_id"] = day.activity_id
    for name in ("milestones", "transfers", "awards"):
        if getattr(day, name):
            document[name] = list(getattr(day, name))
    if day.scores:
        document["scores"] = [contribution_document(score) for score in day.scores]
        document["reward_sequence"] = day.reward_sequence
    if day.cause is not None:
        document["cause"] = cause_document(day.cause)
    return document


def day_from(row: Document) -> CheckInDay:
    return CheckInDay(
        id=row["_id"],
        programme_id=row["programme_id"],
        member_id=row["member_id"],
        check_in=row["check_in"],
        day=date.fromisoformat(row["day"]),
        state=DayState(row["state"]),
        position=row["position"],
        at=row["at"],
        recorded_at=row["recorded_at"],
        zone=row["zone"],
        short=row["short"],
        activity_id=row.get("activity_id"),
        attempt=row["attempt"],
        rewardings=row["rewardings"],
        version=row["version"],
        milestones=tuple(row.get("milestones", ())),
        transfers=tuple(row.get("transfers", ())),
        awards=tuple(row.get("awards", ())),
        scores=tuple(contribution_from(score) for score in row.get("scores", ())),
        reward_sequence=row.get("reward_sequence", 0),
        cause=cause_from(row["cause"]) if "cause" in row else None,
    )


def item_document(entry: ItemEntry) -> Document:
    document: Document = {
        "_id": entry.id,
        "programme_id": entry.programme_id,
        "member_id": entry.member_id,
        "check_in": entry.check_in,
        "item": entry.item.value,
        "count": entry.count,
        "held": entry.held,
        "day": entry.day.isoformat(),
        "at": entry.at,
        "entry": entry.entry,
        "cause": cause_document(entry.cause),
    }
    if entry.ground is not None:
        document["ground"] = entry.ground
    return document


def item_from(row: Document) -> ItemEntry:
    return ItemEntry(
        id=row["_id"],
        programme_id=row["programme_id"],
        member_id=row["member_id"],
        check_in=row["check_in"],
        item=CheckInItem(row["item"]),
        count=row["count"],
        held=row["held"],
        day=date.fromisoformat(row["day"]),
        at=row["at"],
        entry=row["entry"],
        cause=cause_from(row["cause"]),
        ground=row.get("ground"),
    )


def _run_document(run: Run) -> Document:
    return {
        "streak": run.streak,
        "longest": run.longest,
        "total": run.total,
        "began": _text(run.began),
        "last": _text(run.last),
        "freezes": run.freezes,
        "excused": [day.isoformat() for day in run.excused],
    }


def _run_from(row: Document) -> Run:
    return Run(
        streak=row["streak"],
        longest=row["longest"],
        total=row["total"],
        began=_date(row["began"]),
        last=_date(row["last"]),
        freezes=row["freezes"],
        excused=tuple(date.fromisoformat(day) for day in row["excused"]),
    )


def _counts(row: Mapping[str, int]) -> dict[date, int]:
    return {date.fromisoformat(day): count for day, count in row.items()}


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
