"""`recommendations`: {_id: a member's id, programme_id, made_at, candidates, shown_on, shown}; `recommendation_choices`: {_id: a
member's id, programme_id, personalised, dismissed}; `recommendation_models` and `recommendation_lists`: what was learnt of items and
groups; `recommendation_outcomes`: what came of what was shown, by day; `recommendation_due`: {_id: a member's id, programme_id, at};
`recommendation_runs`: {_id: the programme's id, day, begun_at, done_at, measured}."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

from community.recommendations.model import (
    Basis,
    Candidate,
    Choices,
    Code,
    Dismissal,
    Kind,
    Measured,
    Neighbour,
    Outcome,
    Popular,
    Run,
    Shown,
    Stored,
    list_id,
    model_id,
)
from gamification.kit.identifiers import derived_id
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, UpdateOne, find_by_ids, write

COLLECTION = "recommendations"
CHOICES = "recommendation_choices"
MODELS = "recommendation_models"
LISTS = "recommendation_lists"
OUTCOMES = "recommendation_outcomes"
DUE = "recommendation_due"
RUNS = "recommendation_runs"
INDEXES = {
    COLLECTION: [Index([("programme_id", ASCENDING)])],
    CHOICES: [Index([("programme_id", ASCENDING)])],
    MODELS: [Index([("programme_id", ASCENDING), ("made_at", ASCENDING)])],
    LISTS: [Index([("programme_id", ASCENDING), ("made_at", ASCENDING)])],
    OUTCOMES: [Index([("programme_id", ASCENDING), ("day", ASCENDING)])],
    DUE: [Index([("at", ASCENDING)])],
    RUNS: [],
}
SHOWN_MAX = 300
"""So many of what was shown to a member wait to be seen whether it is done."""
_LEASE = timedelta(minutes=30)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH = 1000


class RecommendationRepository:
    """Of all programmes; each query is of one, or of one member."""

    def __init__(self, mongo: Mongo) -> None:
        self._stored = mongo.collection(COLLECTION)
        self._choices = mongo.collection(CHOICES)
        self._models = mongo.collection(MODELS)
        self._lists = mongo.collection(LISTS)
        self._outcomes = mongo.collection(OUTCOMES)
        self._due = mongo.collection(DUE)
        self._runs = mongo.collection(RUNS)

    # -- of members

    async def find(self, member_id: bytes) -> Stored | None:
        """What is kept for a member."""
        rows = await find_by_ids(self._stored, [member_id])
        row = rows.get(member_id)
        return _stored_from(row) if row is not None and "made_at" in row else None

    async def save(self, stored: Sequence[Stored]) -> None:
        """Keep these candidates from now on; what was shown stays."""
        models = [UpdateOne({"_id": one.member_id}, {"$set": _stored_to(one)}, upsert=True) for one in stored]
        await write(self._stored, models)

    async def choices(self, member_ids: Sequence[bytes], tx: Tx | None = None) -> dict[bytes, Choices]:
        """What these decided; who decided nothing is absent."""
        rows = await find_by_ids(self._choices, member_ids, tx)
        return {key: _choices_from(row) for key, row in rows.items()}

    async def save_choices(self, choices: Choices, tx: Tx) -> None:
        """Keep them as they are now."""
        row = _choices_to(choices)
        await write(self._choices, [ReplaceOne({"_id": choices.member_id}, row, upsert=True)], tx)

    async def delete(self, member_id: bytes, tx: Tx) -> None:
        """Keep no candidates for a member."""
        await self._stored.delete_one({"_id": member_id}, session=tx.session)

    async def forget(self, member_ids: Sequence[bytes]) -> None:
        """Keep no candidates for these."""
        if member_ids:
            await self._stored.delete_many({"_id": {"$in": list(member_ids)}})

    # -- what was shown, and what came of it

    async def show(
        self, programme_id: str, member_id: bytes, day: date, shown: Mapping[Kind, Sequence[Shown]]
    ) -> None:
        """Note what a member is shown: of each kind once a day, however often they look."""
        for kind, some in shown.items():
            field = f"shown_on.{kind.value}"
            waiting = {"$each": [_shown_to(one) for one in some], "$slice": -SHOWN_MAX}
            changed = await self._stored.update_one(
                {"_id": member_id, field: {"$ne": day.isoformat()}},
                {"$set": {field: day.isoformat()}, "$push": {"shown": waiting}},
            )
            if changed.modified_count:
                counts = Counter(one.code for one in some)
                await self.count(
                    programme_id, [Outcome(day, kind, code, shown=count) for code, count in counts.items()]
                )

    async def waiting(self, member_ids: Sequence[bytes], tx: Tx | None = None) -> dict[bytes, list[Shown]]:
        """What was shown to these and is not seen to be done yet."""
        query = {"_id": {"$in": list(member_ids)}, "shown.0": {"$exists": True}}
        rows = await self._stored.find(query, ["shown"], session=tx.session if tx else None).to_list(None)
        return {row["_id"]: [_shown_from(one) for one in row["shown"]] for row in rows}

    async def settle(
        self, programme_id: str, member_id: bytes, over: Iterable[Shown], done: Iterable[Shown], tx: Tx
    ) -> None:
        """These need not be waited for any more; and those of them that were done count. In one transaction, so that each does once."""
        gone = [_shown_to(one) for one in over]
        changed = await self._stored.update_one(
            {"_id": member_id, "shown": {"$all": gone}},
            {"$pull": {"shown": {"$in": gone}}},
            session=tx.session,
        )
        if changed.modified_count:
            await self.count(
                programme_id, [Outcome(one.at.date(), one.kind, one.code, done=1) for one in done], tx
            )

    async def count(self, programme_id: str, outcomes: Iterable[Outcome], tx: Tx | None = None) -> None:
        """Add these to what is counted."""
        models = []
        for one in outcomes:
            day, kind, code = one.day.isoformat(), one.kind.value, one.code.value
            found = derived_id("recommendation outcome", programme_id, day, kind, code)
            stated = {"programme_id": programme_id, "day": day, "kind": kind, "code": code}
            counts = {"shown": one.shown, "done": one.done, "dismissed": one.dismissed}
            models.append(UpdateOne({"_id": found}, {"$inc": counts, "$setOnInsert": stated}, upsert=True))
        await write(self._outcomes, models, tx)

    async def outcomes(self, programme_id: str, since: date, until: date) -> list[Outcome]:
        """What was counted from the one day to the other, both included, in order."""
        query = {"programme_id": programme_id, "day": {"$gte": since.isoformat(), "$lte": until.isoformat()}}
        rows = await self._outcomes.find(query).to_list(None)
        found = [
            Outcome(
                date.fromisoformat(row["day"]),
                Kind(row["kind"]),
                Code(row["code"]),
                int(row["shown"]),
                int(row["done"]),
                int(row["dismissed"]),
            )
            for row in rows
        ]
        return sorted(found, key=lambda one: (one.day, one.kind.value, one.code.value))

    # -- what was learnt

    async def save_models(
        self, programme_id: str, kind: Kind, neighbours: Mapping[str, Sequence[Neighbour]], at: datetime
    ) -> None:
        """Keep what is chosen together with each of these."""
        models = [
            ReplaceOne(
                {"_id": model_id(programme_id, kind, item)},
                {
                    "_id": model_id(programme_id, kind, item),
                    "programme_id": programme_id,
                    "kind": kind.value,
                    "item": item,
                    "made_at": at,
                    "near": [[one.item, one.gain, one.members] for one in some],
                },
                upsert=True,
            )
            for item, some in neighbours.items()
        ]
        for start in range(0, len(models), _BATCH):
            await write(self._models, models[start : start + _BATCH])

    async def neighbours(
        self, programme_id: str, kind: Kind, items: Iterable[str]
    ) -> dict[str, list[Neighbour]]:
        """What is chosen together with these."""
        rows = await find_by_ids(self._models, [model_id(programme_id, kind, one) for one in items])
        return {
            row["item"]: [Neighbour(item, gain, int(members)) for item, gain, members in row["near"]]
            for row in rows.values()
        }

    async def save_lists(
        self, programme_id: str, kind: Kind, lists: Mapping[str, Sequence[Popular]], at: datetime
    ) -> None:
        """Keep what is popular in each of these groups."""
        models = [
            ReplaceOne(
                {"_id": list_id(programme_id, kind, group)},
                {
                    "_id": list_id(programme_id, kind, group),
                    "programme_id": programme_id,
                    "kind": kind.value,
                    "group": group,
                    "made_at": at,
                    "items": [[one.item, one.score, one.members] for one in some],
                },
                upsert=True,
            )
            for group, some in lists.items()
        ]
        await write(self._lists, models)

    async def lists(
        self, programme_id: str, wanted: Iterable[tuple[Kind, str]]
    ) -> dict[tuple[Kind, str], list[Popular]]:
        """What is popular, by kind and group; what nothing is known of is absent."""
        ids = [list_id(programme_id, kind, group) for kind, group in wanted]
        rows = await find_by_ids(self._lists, ids)
        return {
            (Kind(row["kind"]), row["group"]): [
                Popular(item, score, int(members)) for item, score, members in row["items"]
            ]
            for row in rows.values()
        }

    async def forget_before(self, programme_id: str, at: datetime) -> None:
        """Forget what was learnt before."""
        for collection in (self._models, self._lists):
            await collection.delete_many({"programme_id": programme_id, "made_at": {"$lt": at}})

    # -- when

    async def make_due(self, programme_id: str, member_ids: Iterable[bytes], at: datetime) -> None:
        """Have these members' candidates made anew."""
        models = [
            UpdateOne({"_id": one}, {"$setOnInsert": {"programme_id": programme_id, "at": at}}, upsert=True)
            for one in sorted(set(member_ids))
        ]
        await write(self._due, models)

    async def due(
        self, before: datetime, limit: int, programme_id: str | None = None
    ) -> list[tuple[str, bytes, datetime]]:
        """Whose are to be made anew, the longest due first: (programme, member, since when)."""
        query: Document = {"at": {"$lte": before}}
        query |= {"programme_id": programme_id} if programme_id is not None else {}
        rows = await self._due.find(query).sort("at", ASCENDING).limit(limit).to_list(None)
        return [(row["programme_id"], row["_id"], row["at"]) for row in rows]

    async def done(self, made: Iterable[tuple[bytes, datetime]]) -> None:
        """These were made; who became due again in the meantime still is."""
        for member_id, at in made:
            await self._due.delete_one({"_id": member_id, "at": at})

    async def run(self, programme_id: str) -> Run:
        """The last time that was learnt from a programme."""
        row = await self._runs.find_one({"_id": programme_id})
        if row is None or row["day"] is None:
            return Run(programme_id)
        measured = tuple(Measured(**{**one, "kind": Kind(one["kind"])}) for one in row["measured"])
        return Run(programme_id, date.fromisoformat(row["day"]), row["done_at"], measured)

    async def begin_run(self, programme_id: str, day: date, now: datetime) -> bool:
        """Whether it is this caller's turn to learn for that day: nobody did, nor began to in the last half hour."""
        fresh: Document = {"day": None, "begun_at": _NEVER, "done_at": None, "measured": []}
        await self._runs.update_one({"_id": programme_id}, {"$setOnInsert": fresh}, upsert=True)
        due = {
            "_id": programme_id,
            "$or": [{"day": None}, {"day": {"$lt": day.isoformat()}}],
            "begun_at": {"$lte": now - _LEASE},
        }
        return bool((await self._runs.update_one(due, {"$set": {"begun_at": now}})).modified_count)

    async def keep_run(self, programme_id: str, now: datetime) -> None:
        """It goes on: nobody else begins."""
        await self._runs.update_one({"_id": programme_id}, {"$set": {"begun_at": now}})

    async def end_run(
        self, programme_id: str, day: date, measured: Sequence[Measured], now: datetime
    ) -> None:
        """It was learnt for that day."""
        stated = [asdict(one) | {"kind": one.kind.value} for one in measured]
        done = {"day": day.isoformat(), "done_at": now, "begun_at": _NEVER, "measured": stated}
        await self._runs.update_one({"_id": programme_id}, {"$set": done})


def _stored_to(one: Stored) -> Document:
    candidates = {
        kind.value: [
            [found.item, found.score, *([_basis_to(found.basis)] if found.basis else [])] for found in some
        ]
        for kind, some in one.candidates.items()
    }
    return {"programme_id": one.programme_id, "made_at": one.made_at, "candidates": candidates}


def _basis_to(basis: Basis) -> Document:
    stated = {"code": basis.code.value, "seed": basis.seed, "members": basis.members, "tag": basis.tag}
    return {name: value for name, value in stated.items() if value}


def _stored_from(row: Document) -> Stored:
    candidates = {
        Kind(kind): tuple(
            Candidate(Kind(kind), item, score, _basis_from(basis[0]) if basis else None)
            for item, score, *basis in some
        )
        for kind, some in row["candidates"].items()
    }
    shown_on = {Kind(kind): date.fromisoformat(day) for kind, day in row.get("shown_on", {}).items()}
    return Stored(row["_id"], row["programme_id"], row["made_at"], candidates, shown_on)


def _basis_from(row: Document) -> Basis:
    return Basis(Code(row["code"]), row.get("seed"), int(row.get("members", 0)), row.get("tag"))


def _choices_to(one: Choices) -> Document:
    return {
        "_id": one.member_id,
        "programme_id": one.programme_id,
        "personalised": one.personalised,
        "dismissed": [
            {"kind": found.kind.value, "item": found.item, "until": found.until} for found in one.dismissed
        ],
    }


def _choices_from(row: Document) -> Choices:
    dismissed = tuple(Dismissal(Kind(one["kind"]), one["item"], one["until"]) for one in row["dismissed"])
    return Choices(row["_id"], row["programme_id"], row["personalised"], dismissed)


def _shown_to(one: Shown) -> Document:
    return {"kind": one.kind.value, "item": one.item, "code": one.code.value, "at": one.at}


def _shown_from(row: Document) -> Shown:
    return Shown(Kind(row["kind"]), row["item"], Code(row["code"]), row["at"])
