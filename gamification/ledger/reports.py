"""What is added up from accounts and transfers by the database, so that a report's memory is that of its result."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gamification.kit.periods import Period
from gamification.ledger.liability import ExpectedExpiry, Flow, Liability
from gamification.ledger.model import Transfer, TransferKind
from gamification.ledger.repository import ACCOUNTS, TRANSFERS, transfer_from
from gamification.ledger.statement import Movement, StatementBasis
from storage.mongo import Document, Mongo

_PROBES = 16
"""Entries that one step of a search looks at: a million are searched in five steps."""


class LedgerReports:
    """Reads only."""

    def __init__(self, mongo: Mongo) -> None:
        self._accounts = mongo.collection(ACCOUNTS)
        self._transfers = mongo.collection(TRANSFERS)

    async def last_until(self, account_id: bytes, until: datetime) -> Transfer | None:
        """The account's newest transfer that was recorded at or before that instant, found without reading those
        between; None where there is none."""
        newest = await self._transfers.find_one({"account_id": account_id}, sort=[("entry", -1)])
        if newest is None or newest["recorded_at"] <= until:
            return transfer_from(newest) if newest else None
        recorded, later = 0, newest["entry"]
        while later - recorded > 1:
            step = max((later - recorded) // (_PROBES + 1), 1)
            probes = list(range(recorded + step, later, step))
            rows = await self._transfers.find(
                {"account_id": account_id, "entry": {"$in": probes}}, ["entry", "recorded_at"]
            ).to_list(None)
            before = max((row["entry"] for row in rows if row["recorded_at"] <= until), default=recorded)
            later = min(
                (row["entry"] for row in rows if row["entry"] > before and row["recorded_at"] > until),
                default=later,
            )
            if before == recorded and not rows:
                break  # entries are missing: `verify` says which
            recorded = before
        if not recorded:
            return None
        row = await self._transfers.find_one({"account_id": account_id, "entry": recorded})
        return transfer_from(row) if row else None

    async def sums(self, account_id: bytes, through: int) -> dict[TransferKind, int]:
        """The amounts of an account's first entries by kind."""
        rows = self._transfers.aggregate(
            [
                {"$match": {"account_id": account_id, "entry": {"$lte": through}}},
                {"$group": {"_id": "$kind", "amount": {"$sum": "$amount"}}},
            ]
        )
        return {TransferKind(row["_id"]): int(row["amount"]) async for row in rows}

    async def movements(
        self, account_id: bytes, periods: Sequence[Period], basis: StatementBasis
    ) -> list[Movement]:
        """An account's amounts by period and kind; what came before the first period is apart, what came after the
        last one is left out."""
        at: object = f"${basis.value}_at"
        until = periods[-1].ends_at
        if basis is StatementBasis.OCCURRED:
            # A lot lapses at the end of its last day: the instant before is in the period that people name.
            at = {"$subtract": [at, {"$cond": [{"$eq": ["$kind", TransferKind.EXPIRED.value]}, 1, 0]}]}
        branches = [
            {"case": {"$gte": [at, period.starts_at]}, "then": period.key} for period in reversed(periods)
        ]
        rows = self._transfers.aggregate(
            [
                {"$match": {"account_id": account_id, f"{basis.value}_at": {"$lte": until}}},
                {"$match": {"$expr": {"$lt": [at, until]}}},
                {
                    "$group": {
                        "_id": {
                            "period": {"$switch": {"branches": branches, "default": None}},
                            "kind": "$kind",
                        },
                        "amount": {"$sum": "$amount"},
                        "entries": {"$sum": 1},
                    }
                },
            ]
        )
        return [
            Movement(
                row["_id"]["period"], TransferKind(row["_id"]["kind"]), int(row["amount"]), row["entries"]
            )
            async for row in rows
        ]

    async def liabilities(self, programme_id: str, time_zone: str) -> dict[str, Liability]:
        """What members hold of each unit, with the months in which it will lapse unless it is spent first."""
        # A lot lapses at the end of its last day: the instant before is in the month that people name.
        last = {"$subtract": ["$lots.expires_at", 1]}
        month = {"$dateToString": {"date": last, "format": "%Y-%m", "timezone": time_zone, "onNull": None}}
        match: Document = {"$match": {"programme_id": programme_id}}
        held = self._accounts.aggregate(
            [
                match,
                {
                    "$group": {
                        "_id": "$unit",
                        "outstanding": {"$sum": "$active"},
                        "holders": {"$sum": {"$cond": [{"$gt": ["$active", 0]}, 1, 0]}},
                    }
                },
            ]
        )
        lapsing = self._accounts.aggregate(
            [
                match,
                {"$unwind": "$lots"},
                {"$group": {"_id": {"unit": "$unit", "month": month}, "amount": {"$sum": "$lots.amount"}}},
            ]
        )
        expected: dict[str, list[ExpectedExpiry]] = defaultdict(list)
        async for row in lapsing:
            expected[row["_id"]["unit"]].append(ExpectedExpiry(row["_id"].get("month"), int(row["amount"])))
        return {
            row["_id"]: Liability(
                row["_id"],
                int(row["outstanding"]),
                int(row["holders"]),
                tuple(sorted(expected[row["_id"]], key=lambda one: (one.month is None, one.month or ""))),
            )
            async for row in held
        }

    async def flows(self, programme_id: str, since: datetime, until: datetime) -> dict[str, Flow]:
        """What moved of each unit in that time. It goes through the programme's transfers once."""
        added = {"$sum": {"$max": ["$amount", 0]}}
        taken = {"$sum": {"$min": ["$amount", 0]}}
        rows = self._transfers.aggregate(
            [
                {"$match": {"programme_id": programme_id, "recorded_at": {"$gte": since, "$lt": until}}},
                {"$group": {"_id": {"unit": "$unit", "kind": "$kind"}, "added": added, "taken": taken}},
            ]
        )
        by_unit: dict[str, list[Any]] = defaultdict(list)
        async for row in rows:
            by_unit[row["_id"]["unit"]].append(row)
        return {
            unit: Flow(
                unit,
                since,
                until,
                {TransferKind(row["_id"]["kind"]): int(row["added"]) for row in found if row["added"]},
                {TransferKind(row["_id"]["kind"]): int(row["taken"]) for row in found if row["taken"]},
            )
            for unit, found in by_unit.items()
        }
