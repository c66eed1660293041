"""`gatherings`, and in `gathering_rsvps` each member's answer to each."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from community.gatherings.model import (
    Gathering,
    GatheringState,
    Notice,
    NoticeKind,
    Rsvp,
    RsvpState,
    Times,
)
from community.gatherings.places import due_at
from community.posts.repository import taken_down_from, taken_down_to, written_from, written_to
from storage.mongo import (
    ASCENDING,
    DESCENDING,
    Document,
    Index,
    Mongo,
    ReplaceOne,
    Tx,
    find_by_ids,
    insert,
    write,
)
from storage.paging import Page, Window, find_page

GATHERINGS = "gatherings"
RSVPS = "gathering_rsvps"
COMING: list[tuple[str, int]] = [("starts_at", 1), ("_id", 1)]
PASSED: list[tuple[str, int]] = [("starts_at", -1), ("_id", -1)]
LATEST_ANSWERS: list[tuple[str, int]] = [("at", -1), ("_id", -1)]
BY_TURN: list[tuple[str, int]] = [("turn", 1), ("_id", 1)]
INDEXES = {
    GATHERINGS: [
        Index(
            [
                ("programme_id", ASCENDING),
                ("state", ASCENDING),
                ("starts_at", ASCENDING),
                ("_id", ASCENDING),
            ]
        ),
        Index([("due_at", ASCENDING)], partial={"due_at": {"$exists": True}}),
        Index(
            [
                ("programme_id", ASCENDING),
                ("campaign", ASCENDING),
                ("starts_at", ASCENDING),
                ("_id", ASCENDING),
            ],
            partial={"campaign": {"$exists": True}},
        ),
        Index([("host_id", ASCENDING)]),
    ],
    RSVPS: [
        Index([("gathering_id", ASCENDING), ("state", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        Index([("gathering_id", ASCENDING), ("state", ASCENDING), ("turn", ASCENDING), ("_id", ASCENDING)]),
        Index([("gathering_id", ASCENDING), ("state", ASCENDING), ("told", ASCENDING)]),
        Index([("member_id", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        Index([("programme_id", ASCENDING)]),
    ],
}
_COUNTED = [state.value for state in RsvpState if state.is_counted]
_SEEN: Document = {"shadowed": {"$exists": False}}


class GatheringRepository:
    """Gatherings of all programmes; each query is of one."""

    def __init__(self, mongo: Mongo) -> None:
        self._gatherings = mongo.collection(GATHERINGS)

    async def by_ids(
        self, programme_id: str, ids: Sequence[bytes], tx: Tx | None = None
    ) -> dict[bytes, Gathering]:
        """Gatherings by id; those of other programmes are absent."""
        rows = await find_by_ids(self._gatherings, ids, tx)
        return {key: _from(row) for key, row in rows.items() if row["programme_id"] == programme_id}

    async def add(self, gathering: Gathering, now: datetime, tx: Tx) -> None:
        """Store a new one."""
        due = due_at(gathering, now)
        document = _to(gathering) | ({"due_at": due} if due is not None else {})
        await insert(self._gatherings, [document], tx)

    async def save(self, before: Gathering, after: Gathering, now: datetime, tx: Tx) -> None:
        """Write what has changed of one. Whoever changes it at the same time conflicts, so that counts are exact."""
        old, new, due = _to(before), _to(after), due_at(after, now)
        # Due is by the clock: what was due before may not be any more, though nothing else has changed.
        changed = {name: value for name, value in new.items() if name not in old or old[name] != value}
        gone = dict.fromkeys(old.keys() - new.keys(), "")
        if due is None:
            gone["due_at"] = ""
        else:
            changed["due_at"] = due
        parts = {"$set": changed, "$unset": gone}
        update = {name: part for name, part in parts.items() if part}
        await self._gatherings.update_one({"_id": after.id}, update, session=tx.session)

    async def page(
        self, programme_id: str, query: Mapping[str, Any], order: Sequence[tuple[str, int]], window: Window
    ) -> Page[Gathering]:
        """Those that match, in that order."""
        page = await find_page(self._gatherings, {"programme_id": programme_id, **query}, order, window)
        return Page([_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def due(self, now: datetime, limit: int) -> list[Gathering]:
        """Those of all programmes for which there is something to be done, the longest due first."""
        rows = self._gatherings.find({"due_at": {"$lte": now}}).sort("due_at", ASCENDING).limit(limit)
        return [_from(row) for row in await rows.to_list(None)]

    async def stream(self, programme_id: str) -> AsyncIterator[Gathering]:
        """Every one of a programme, in no order."""
        async for row in self._gatherings.find({"programme_id": programme_id}, batch_size=500):
            yield _from(row)


class RsvpRepository:
    """Answers of all programmes; each query is of one gathering or one member."""

    def __init__(self, mongo: Mongo) -> None:
        self._rsvps = mongo.collection(RSVPS)

    async def by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Rsvp]:
        """Answers by id."""
        rows = await find_by_ids(self._rsvps, sorted(ids), tx)
        return {key: _rsvp_from(row) for key, row in rows.items()}

    async def save(self, rsvps: Sequence[Rsvp], tx: Tx) -> None:
        """Keep them as they are now."""
        await write(
            self._rsvps, [ReplaceOne({"_id": one.id}, _rsvp_to(one), upsert=True) for one in rsvps], tx
        )

    async def waiting(self, gathering_id: bytes, limit: int, tx: Tx) -> list[Rsvp]:
        """Those who wait, in their order."""
        query = {"gathering_id": gathering_id, "state": RsvpState.WAITING.value, **_SEEN}
        rows = self._rsvps.find(query, session=tx.session).sort(BY_TURN).limit(limit)
        return [_rsvp_from(row) for row in await rows.to_list(None)]

    async def untold(self, gathering_id: bytes, notice: Notice, limit: int, tx: Tx) -> list[Rsvp]:
        """Those who are to be told of a notice, and were not yet."""
        audience = [state.value for state in notice.kind.audience]
        query = {
            "gathering_id": gathering_id,
            "state": {"$in": audience},
            "told": {"$lt": notice.number},
        }
        rows = self._rsvps.find(query, session=tx.session).limit(limit)
        return [_rsvp_from(row) for row in await rows.to_list(None)]

    async def page(
        self,
        gathering_id: bytes,
        state: RsvpState,
        order: Sequence[tuple[str, int]],
        window: Window,
        *,
        attended: bool | None = None,
        unseen: bool = False,
    ) -> Page[Rsvp]:
        """Those of a gathering in that state; who came, who did not, or either; with `unseen`, those too that count
        nowhere."""
        query: Document = {"gathering_id": gathering_id, "state": state.value}
        if attended is not None:
            query["attended_at"] = {"$type": "date"} if attended else None
        if not unseen:
            query |= _SEEN
        page = await find_page(self._rsvps, query, order, window)
        return Page([_rsvp_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def of_member(self, member_id: bytes, state: RsvpState | None, window: Window) -> Page[Rsvp]:
        """A member's, the latest answer first."""
        query: Document = {"member_id": member_id}
        if state is not None:
            query["state"] = state.value
        page = await find_page(self._rsvps, query, LATEST_ANSWERS, window)
        return Page([_rsvp_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def to_withdraw(self, member_id: bytes, limit: int | None, tx: Tx) -> list[Rsvp]:
        """A member's that are counted, and with which they never came; so many of them, or all."""
        query = {"member_id": member_id, "state": {"$in": _COUNTED}, "attendances": 0}
        rows = self._rsvps.find(query, session=tx.session).limit(limit or 0)
        return [_rsvp_from(row) for row in await rows.to_list(None)]

    async def before(self, rsvps: Sequence[Rsvp]) -> dict[bytes, int]:
        """By id, how many wait before each of these, who wait too: in one read."""
        if not rsvps:
            return {}
        ahead = [
            {
                "$match": {
                    "$expr": {
                        "$and": [
                            {"$eq": ["$gathering_id", "$$gathering"]},
                            {"$eq": ["$state", RsvpState.WAITING.value]},
                            {"$lt": ["$turn", "$$turn"]},
                        ]
                    },
                    **_SEEN,
                }
            },
            {"$count": "count"},
        ]
        rows = self._rsvps.aggregate(
            [
                {"$match": {"_id": {"$in": [one.id for one in rsvps]}}},
                {
                    "$lookup": {
                        "from": RSVPS,
                        "let": {"gathering": "$gathering_id", "turn": "$turn"},
                        "pipeline": ahead,
                        "as": "ahead",
                    }
                },
                {"$project": {"ahead": 1}},
            ]
        )
        return {
            row["_id"]: int(row["ahead"][0]["count"]) if row["ahead"] else 0
            for row in await rows.to_list(None)
        }

    async def stream(self, programme_id: str) -> AsyncIterator[Rsvp]:
        """Every one of a programme, in no order."""
        async for row in self._rsvps.find({"programme_id": programme_id}, batch_size=5000):
            yield _rsvp_from(row)

    async def all_of(self, member_id: bytes, tx: Tx) -> list[Rsvp]:
        """All of a member's."""
        rows = self._rsvps.find({"member_id": member_id}, session=tx.session)
        return [_rsvp_from(row) for row in await rows.to_list(None)]


def _to(one: Gathering) -> Document:
    times = one.times
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "space": one.space,
        "host_id": one.host_id,
        "state": one.state.value,
        "version": one.version,
        "sequence": one.sequence,
        "written": written_to(one.written),
        "place": one.place,
        "online_url": one.online_url,
        "starts_at": times.starts_at,
        "ends_at": times.ends_at,
        "time_zone": times.time_zone,
        "rsvp_by": times.rsvp_by,
        "opens_s": int(times.opens.total_seconds()),
        "closes_s": int(times.closes.total_seconds()),
        "capacity": one.capacity,
        "reminders": list(one.reminders),
        "reminders_due": list(one.reminders_due),
        "secret": one.secret,
        "created_at": one.created_at,
        "changed_at": one.changed_at,
        "notices": one.notices,
        "pending": [{"number": notice.number, "kind": notice.kind.value} for notice in one.pending],
        "counts": dict(one.counts or {}),
        "attended": one.attended,
        "turns": one.turns,
    }
    if one.shadowed:
        document["shadowed"] = True
    if one.campaign is not None:
        document["campaign"] = one.campaign
    return document | taken_down_to(one.cancelled)


def _from(row: Document) -> Gathering:
    return Gathering(
        id=row["_id"],
        programme_id=row["programme_id"],
        space=row["space"],
        host_id=row["host_id"],
        state=GatheringState(row["state"]),
        version=int(row["version"]),
        sequence=int(row["sequence"]),
        written=written_from(row["written"]),
        place=row["place"],
        online_url=row["online_url"],
        times=Times(
            row["starts_at"],
            row["ends_at"],
            row["time_zone"],
            row["rsvp_by"],
            timedelta(seconds=row["opens_s"]),
            timedelta(seconds=row["closes_s"]),
        ),
        capacity=row["capacity"],
        reminders=tuple(row["reminders"]),
        secret=bytes(row["secret"]),
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        reminders_due=tuple(row["reminders_due"]),
        cancelled=taken_down_from(row),
        notices=int(row["notices"]),
        pending=tuple(Notice(one["number"], NoticeKind(one["kind"])) for one in row["pending"]),
        counts={key: int(count) for key, count in row["counts"].items()},
        attended=int(row["attended"]),
        turns=int(row["turns"]),
        shadowed=row.get("shadowed", False),
        campaign=row.get("campaign"),
    )


def _rsvp_to(one: Rsvp) -> Document:
    document: Document = {
        "_id": one.id,
        "programme_id": one.programme_id,
        "gathering_id": one.gathering_id,
        "member_id": one.member_id,
        "state": one.state.value,
        "at": one.at,
        "turn": one.turn,
        "told": one.told,
        "attendances": one.attendances,
        "attended_at": one.attended_at,
        "activity_id": one.activity_id,
        "guesses": one.guesses,
        "guessed_at": one.guessed_at,
    }
    if one.shadowed:
        document["shadowed"] = True
    return document | taken_down_to(one.struck)


def _rsvp_from(row: Document) -> Rsvp:
    return Rsvp(
        id=row["_id"],
        programme_id=row["programme_id"],
        gathering_id=row["gathering_id"],
        member_id=row["member_id"],
        state=RsvpState(row["state"]),
        at=row["at"],
        turn=int(row["turn"]),
        told=int(row["told"]),
        attendances=int(row["attendances"]),
        attended_at=row["attended_at"],
        activity_id=row["activity_id"],
        struck=taken_down_from(row),
        guesses=int(row["guesses"]),
        guessed_at=row["guessed_at"],
        shadowed=row.get("shadowed", False),
    )
