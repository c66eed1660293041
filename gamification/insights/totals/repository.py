"""`insight_totals`: {_id: "<programme>/<generation>/<cell>", programme_id, counts by name}. `insight_members`: {_id: the member's
id, programme_id, generation, joined, gone, tiers, entries, buys}: what of each member is in the totals. `insight_runs`: {_id: the
programme's id, generation, terms, made_at, building, building_terms, place, stale, begun_at}.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from gamification.insights.totals.model import Buys, Card, Cells, Run, Subject
from gamification.insights.totals.periods import By, key_of
from gamification.kit.identifiers import new_id
from storage.mongo import ASCENDING, Document, Index, Mongo, ReplaceOne, Tx, UpdateOne, find_by_ids, write

TOTALS = "insight_totals"
MEMBERS = "insight_members"
RUNS = "insight_runs"
INDEXES = {
    TOTALS: [],
    MEMBERS: [
        Index([("programme_id", ASCENDING), ("_id", ASCENDING)]),
        Index(
            [("programme_id", ASCENDING), ("buys.first", ASCENDING)], partial={"buys": {"$type": "object"}}
        ),
    ],
    RUNS: [],
}
LEASE = timedelta(minutes=5)
"""Without a sign of life for so long, somebody else goes on."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH = 5000


class TotalsRepository:
    """Totals are read by ranges of their ids: nothing is looked at but the periods that are asked for."""

    def __init__(self, mongo: Mongo) -> None:
        self._totals = mongo.collection(TOTALS)
        self._members = mongo.collection(MEMBERS)
        self._runs = mongo.collection(RUNS)

    async def add(self, programme_id: str, generation: int, cells: Cells, tx: Tx) -> None:
        """Add to what stands."""
        models = [
            UpdateOne(
                {"_id": _id(programme_id, generation, cell)},
                {"$inc": counts, "$setOnInsert": {"programme_id": programme_id}},
                upsert=True,
            )
            for cell, counts in sorted(cells.items())
            if counts
        ]
        await write(self._totals, models, tx)

    async def periods(
        self, run: Run, by: By, first: int, last: int, only: Sequence[str] = ()
    ) -> dict[str, dict[str, int]]:
        """Counts of the periods from one number to another, by key; those in which nothing was are absent. `only`: the groups
        of counts that are read, such as `st`."""
        prefix = f"{by.value}/"
        return await self._range(
            run, prefix, f"{prefix}{key_of(by, first)}", f"{prefix}{key_of(by, last)}", only
        )

    async def until(self, run: Run, by: By, before: int, only: Sequence[str]) -> list[dict[str, int]]:
        """The same of all periods before that one."""
        prefix = f"{by.value}/"
        found = await self._range(run, prefix, prefix, f"{prefix}{key_of(by, before - 1)}", only)
        return list(found.values())

    async def cohorts(self, run: Run, kind: str, by: By, first: int, last: int) -> dict[str, dict[str, int]]:
        """Cohorts, by the key of the period that they began in."""
        prefix = f"{kind}{by.value}/"
        return await self._range(
            run, prefix, f"{prefix}{key_of(by, first)}", f"{prefix}{key_of(by, last)}", ()
        )

    async def first_period(self, run: Run, by: By) -> str | None:
        """The key of the first period of which anything is known."""
        prefix = _id(run.programme_id, run.generation, f"{by.value}/")
        row = await self._totals.find_one(
            {"_id": {"$gte": prefix, "$lt": f"{prefix}~"}}, ["_id"], sort=[("_id", ASCENDING)]
        )
        return row["_id"].removeprefix(prefix) if row else None

    async def _range(
        self, run: Run, prefix: str, first: str, last: str, only: Sequence[str]
    ) -> dict[str, dict[str, int]]:
        span = {
            "$gte": _id(run.programme_id, run.generation, first),
            "$lte": _id(run.programme_id, run.generation, last),
        }
        rows = self._totals.find(
            {"_id": span, "programme_id": run.programme_id}, dict.fromkeys(only, 1) or None, batch_size=_BATCH
        ).sort("_id", ASCENDING)
        cut = len(_id(run.programme_id, run.generation, prefix))
        return {row["_id"][cut:]: _flat(row) async for row in rows}

    async def all_of(self, programme_id: str, generation: int) -> Cells:
        """Every cell of a generation."""
        prefix = _id(programme_id, generation, "")
        rows = self._totals.find({"_id": {"$gte": prefix, "$lt": f"{prefix}~"}}, batch_size=_BATCH)
        return {row["_id"][len(prefix) :]: _flat(row) async for row in rows}

    # -- members

    async def cards(self, member_ids: Sequence[bytes], tx: Tx | None = None) -> dict[bytes, Card]:
        """What is counted of these members."""
        rows = await find_by_ids(self._members, list(member_ids), tx)
        return {found: _card_from(row) for found, row in rows.items()}

    async def save_cards(self, programme_id: str, cards: Iterable[Card], tx: Tx) -> None:
        """Keep them as they are now."""
        await write(
            self._members,
            [ReplaceOne({"_id": one.member_id}, _card_to(programme_id, one), upsert=True) for one in cards],
            tx,
        )

    async def stream_buys(self, programme_id: str) -> AsyncIterator[tuple[bytes, Buys]]:
        """Who ever bought anything, in no order."""
        rows = self._members.find(
            {"programme_id": programme_id, "buys": {"$type": "object"}}, ["buys"], batch_size=_BATCH
        )
        async for row in rows:
            yield row["_id"], Buys(**{name: int(value) for name, value in row["buys"].items()})

    async def some_buyers(self, programme_id: str, most: int) -> list[bytes]:
        """Up to so many of those who bought, drawn at random where there are more."""
        match = {"programme_id": programme_id, "buys": {"$type": "object"}}
        count = await self._members.count_documents(match, limit=most + 1)
        stages: list[Document] = [{"$match": match}]
        stages += [{"$sample": {"size": most}}] if count > most else []
        rows = self._members.aggregate([*stages, {"$project": {"_id": 1}}], allowDiskUse=True)
        return sorted([row["_id"] async for row in rows])

    # -- runs

    async def run(self, programme_id: str, tx: Tx | None = None) -> Run | None:
        """How a programme's totals stand; None before they were ever begun."""
        row = await self._runs.find_one({"_id": programme_id}, session=tx.session if tx else None)
        return _run_from(row) if row else None

    async def save_run(self, run: Run, begun_at: datetime | None, tx: Tx) -> None:
        """Keep it as it is now; `begun_at` is when whoever is at work gave a sign of life, None where nobody is."""
        row = {
            "_id": run.programme_id,
            "programme_id": run.programme_id,
            "generation": run.generation,
            "terms": run.terms,
            "made_at": run.made_at,
            "building": run.building,
            "building_terms": run.building_terms,
            "place": run.place,
            "stale": run.stale,
            "begun_at": begun_at or _NEVER,
        }
        await self._runs.replace_one({"_id": run.programme_id}, row, upsert=True, session=tx.session)

    async def is_busy(self, programme_id: str, now: datetime, tx: Tx) -> bool:
        """Whether somebody gave a sign of life lately."""
        query = {"_id": programme_id, "begun_at": {"$gt": now - LEASE}}
        return await self._runs.find_one(query, ["_id"], session=tx.session) is not None

    async def go_on(self, programme_id: str, place: bytes, now: datetime) -> None:
        """So far it has come."""
        await self._runs.update_one({"_id": programme_id}, {"$set": {"place": place, "begun_at": now}})

    async def mark_stale(self, programme_id: str, tx: Tx) -> None:
        """Something was not counted."""
        query = {"_id": programme_id, "stale": False}
        await self._runs.update_one(query, {"$set": {"stale": True}}, session=tx.session)

    async def clear(self, run: Run) -> None:
        """Delete what is of no generation that is read or made."""
        kept = sorted(one for one in (run.generation, run.building) if one)
        bounds = [_id(run.programme_id, 0, "")]
        for one in kept:
            bounds += [_id(run.programme_id, one, ""), _id(run.programme_id, one + 1, "")]
        bounds.append(f"{run.programme_id}/~")
        for since, until in zip(bounds[::2], bounds[1::2], strict=True):
            await self._totals.delete_many({"_id": {"$gte": since, "$lt": until}})


def _id(programme_id: str, generation: int, cell: str) -> str:
    return f"{programme_id}/{generation:08d}/{cell}"


def _flat(row: Mapping[str, Any]) -> dict[str, int]:
    """Counts by their dotted names."""
    found: dict[str, int] = {}
    _flatten(found, "", {name: value for name, value in row.items() if name not in ("_id", "programme_id")})
    return found


def _flatten(found: dict[str, int], prefix: str, row: Mapping[str, Any]) -> None:
    for name, value in row.items():
        if isinstance(value, Mapping):
            _flatten(found, f"{prefix}{name}.", value)
        else:
            found[f"{prefix}{name}"] = int(value)


def _card_to(programme_id: str, one: Card) -> Document:
    document: Document = {
        "_id": one.member_id,
        "programme_id": programme_id,
        "generation": one.generation,
        "joined": one.subject.joined,
        "gone": one.subject.gone,
        "tiers": [[ladder, *map(list, changes)] for ladder, changes in one.subject.changes.items()],
        "entries": dict(one.entries),
        # What is written as it was is not written at all, and would meet nobody.
        "mark": new_id(),
    }
    if one.buys is not None:
        buys = one.buys
        document["buys"] = {
            "first": buys.first,
            "last": buys.last,
            "repeats": buys.repeats,
            "spent": buys.spent,
        }
    return document


def _card_from(row: Document) -> Card:
    buys = row.get("buys")
    return Card(
        row["_id"],
        int(row["generation"]),
        Subject(
            row["joined"],
            row["gone"],
            {ladder: tuple((int(day), tier) for day, tier in changes) for ladder, *changes in row["tiers"]},
        ),
        {account: int(count) for account, count in row["entries"].items()},
        Buys(**{name: int(value) for name, value in buys.items()}) if buys else None,
    )


def _run_from(row: Document) -> Run:
    return Run(
        row["_id"],
        int(row["generation"]),
        row["terms"],
        row["made_at"],
        row["building"],
        row["building_terms"],
        row["place"],
        row["stale"],
    )
