"""Accounts and transfers as stored."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

from gamification.kit.causes import cause_document, cause_from
from gamification.ledger.model import (
    OWN_REASONS,
    Account,
    Limit,
    LimitKind,
    Lot,
    Totals,
    Transfer,
    TransferKind,
)
from storage.mongo import (
    ASCENDING,
    Contention,
    Document,
    Index,
    Mongo,
    Tx,
    UpdateOne,
    find_by_ids,
    insert,
    write,
)
from storage.paging import Page, Window, find_page

ACCOUNTS = "accounts"
TRANSFERS = "transfers"
INDEXES = {
    ACCOUNTS: [
        Index([("member_id", ASCENDING)]),
        Index([("programme_id", ASCENDING), ("unit", ASCENDING)]),
        Index([("next_expires_at", ASCENDING)], partial={"next_expires_at": {"$type": "date"}}),
        Index([("heir", ASCENDING)], partial={"heir": {"$exists": True}}),
    ],
    TRANSFERS: [
        Index([("account_id", ASCENDING), ("entry", ASCENDING)], unique=True),
        Index([("member_id", ASCENDING), ("sequence", ASCENDING), ("ordinal", ASCENDING)]),
    ],
}


class LedgerRepository:
    """`accounts` are changed only by `save`, against the number of transfers they were read with."""

    def __init__(self, mongo: Mongo) -> None:
        self._accounts = mongo.collection(ACCOUNTS)
        self._transfers = mongo.collection(TRANSFERS)

    async def accounts(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, Account]:
        """Accounts by id; one without transfers is absent."""
        rows = await find_by_ids(self._accounts, list(ids), tx)
        return {account_id: account_from(row) for account_id, row in rows.items()}

    async def accounts_of(self, programme_id: str, member_ids: Sequence[bytes]) -> list[Account]:
        """All accounts of these members."""
        cursor = self._accounts.find({"member_id": {"$in": list(member_ids)}, "programme_id": programme_id})
        return [account_from(row) for row in await cursor.to_list(None)]

    async def lapsing(self, now: datetime, limit: int) -> list[Account]:
        """Accounts with a lot that has lapsed, the longest overdue first."""
        cursor = (
            self._accounts.find({"next_expires_at": {"$lte": now}})
            .sort("next_expires_at", ASCENDING)
            .limit(limit)
        )
        return [account_from(row) for row in await cursor.to_list(None)]

    async def save(self, accounts: Sequence[tuple[int, Account]], tx: Tx) -> None:
        """Store accounts, each with the number of transfers it had when it was read.

        The filter holds that number and so the lower bound that was checked; a miss means that somebody else
        was faster. Raises: Contention.
        """
        await insert(
            self._accounts, [account_document(account) for entries, account in accounts if entries == 0], tx
        )
        updates = [
            UpdateOne({"_id": account.id, "entries": entries}, {"$set": _changing(account)})
            for entries, account in accounts
            if entries
        ]
        if updates:
            result = await self._accounts.bulk_write(updates, ordered=True, session=tx.session)
            if result.matched_count != len(updates):
                raise Contention("An account changed while it was being posted to.")

    async def add_transfers(self, transfers: Sequence[Transfer], tx: Tx) -> None:
        """Write transfers for good."""
        await insert(self._transfers, [transfer_document(transfer) for transfer in transfers], tx)

    async def transfers(
        self, programme_id: str, ids: Iterable[bytes], tx: Tx | None = None
    ) -> dict[bytes, Transfer]:
        """Transfers by id; those of other programmes are absent."""
        rows = await find_by_ids(self._transfers, list(ids), tx)
        return {
            transfer_id: transfer_from(row)
            for transfer_id, row in rows.items()
            if row["programme_id"] == programme_id
        }

    async def received_since(self, account_ids: Sequence[bytes], since: datetime, tx: Tx) -> dict[bytes, int]:
        """How much was added to each of these accounts by what was recorded at that instant or after."""
        rows = self._transfers.aggregate(
            [
                {
                    "$match": {
                        "account_id": {"$in": list(account_ids)},
                        "recorded_at": {"$gte": since},
                        "amount": {"$gt": 0},
                    }
                },
                {"$group": {"_id": "$account_id", "amount": {"$sum": "$amount"}}},
            ],
            session=tx.session,
        )
        return {row["_id"]: int(row["amount"]) async for row in rows}

    async def with_words(self, member_id: bytes, limit: int, tx: Tx) -> list[Transfer]:
        """A member's transfers, up to so many, whose cause names who acted or says why in words, and which are not sealed
        yet."""
        query = {
            "member_id": member_id,
            "sealed": None,
            "$or": [
                {"cause.actor": {"$exists": True}},
                {"cause.reason": {"$exists": True, "$nin": list(OWN_REASONS)}},
            ],
        }
        rows = self._transfers.find(query, session=tx.session).limit(limit)
        return [transfer_from(row) for row in await rows.to_list(None)]

    async def seal(self, sealed: Sequence[Transfer], tx: Tx) -> None:
        """Store what is left of their causes, and the hashes that they had before."""
        models = [
            UpdateOne({"_id": one.id}, {"$set": {"cause": cause_document(one.cause), "sealed": one.sealed}})
            for one in sealed
        ]
        await write(self._transfers, models, tx)

    async def page(self, member_id: bytes, account_id: bytes | None, window: Window) -> Page[Transfer]:
        """A member's transfers, newest first; in one account, or in all."""
        query: dict[str, Any] = {"account_id": account_id} if account_id else {"member_id": member_id}
        order = [("entry", -1)] if account_id else [("sequence", -1), ("ordinal", -1)]
        page = await find_page(self._transfers, query, order, window)
        return Page(
            [transfer_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def stream(self, programme_id: str) -> AsyncIterator[Account]:
        """Every account of a programme, in no order."""
        async for row in self._accounts.find({"programme_id": programme_id}, batch_size=5000):
            yield account_from(row)

    async def stream_by_account(self, programme_id: str) -> AsyncIterator[list[Transfer]]:
        """All transfers of a programme, an account's at a time and in order."""
        cursor = self._transfers.find({"programme_id": programme_id}, batch_size=5000).sort(
            [("account_id", ASCENDING), ("entry", ASCENDING)]
        )
        together: list[Transfer] = []
        async for row in cursor:
            transfer = transfer_from(row)
            if together and together[0].account_id != transfer.account_id:
                yield together
                together = []
            together.append(transfer)
        if together:
            yield together


def account_document(account: Account) -> Document:
    return {
        "_id": account.id,
        "programme_id": account.programme_id,
        "member_id": account.member_id,
        "unit": account.unit,
        **_changing(account),
    }


def _changing(account: Account) -> Document:
    coming = account.next_expiry
    return {
        "active": account.active,
        "spent": account.spent,
        "expired": account.expired,
        "lifetime": account.lifetime,
        "entries": account.entries,
        "lots": [_lot_document(lot) for lot in account.lots],
        "next_expires_at": coming.expires_at if coming else None,
        "head": account.head,
        "pending": account.pending,
        "held": account.held,
        "owed": account.owed,
        **({"heir": account.heir} if account.heir is not None else {}),
    }


def account_from(row: Document) -> Account:
    return Account(
        id=row["_id"],
        programme_id=row["programme_id"],
        member_id=row["member_id"],
        unit=row["unit"],
        active=row["active"],
        spent=row["spent"],
        expired=row["expired"],
        lifetime=row["lifetime"],
        entries=row["entries"],
        lots=tuple(_lot_from(lot) for lot in row["lots"]),
        head=row.get("head"),
        pending=row.get("pending", 0),
        held=row.get("held", 0),
        owed=row.get("owed", 0),
        heir=row.get("heir"),
    )


def transfer_document(transfer: Transfer) -> Document:
    document: Document = {
        "_id": transfer.id,
        "programme_id": transfer.programme_id,
        "account_id": transfer.account_id,
        "member_id": transfer.member_id,
        "unit": transfer.unit,
        "amount": transfer.amount,
        "balance_after": transfer.balance_after,
        "kind": transfer.kind.value,
        "occurred_at": transfer.occurred_at,
        "recorded_at": transfer.recorded_at,
        "entry": transfer.entry,
        "sequence": transfer.sequence,
        "ordinal": transfer.ordinal,
        "cause": cause_document(transfer.cause),
    }
    if transfer.expires_at is not None:
        document["expires_at"] = transfer.expires_at
    if transfer.limited_by:
        document["limited_by"] = [
            {"kind": limit.kind.value, "shortfall": limit.shortfall}
            | ({"key": limit.key} if limit.key is not None else {})
            for limit in transfer.limited_by
        ]
    if transfer.lots:
        document["lots"] = [_lot_document(lot) for lot in transfer.lots]
    if transfer.reverses is not None:
        document["reverses"] = transfer.reverses
    if transfer.totals is not None:
        totals = transfer.totals
        document["totals"] = {
            "spent": totals.spent,
            "expired": totals.expired,
            "lifetime": totals.lifetime,
            "pending": totals.pending,
            "held": totals.held,
        }
    if transfer.previous is not None:
        document["previous"] = transfer.previous
    if transfer.pending:
        document["pending"] = transfer.pending
    if transfer.caps:
        document["caps"] = list(transfer.caps)
    if transfer.related is not None:
        document["related"] = transfer.related
    if transfer.sealed is not None:
        document["sealed"] = transfer.sealed
    return document


def transfer_from(row: Document) -> Transfer:
    return Transfer(
        id=row["_id"],
        programme_id=row["programme_id"],
        account_id=row["account_id"],
        member_id=row["member_id"],
        unit=row["unit"],
        amount=row["amount"],
        balance_after=row["balance_after"],
        kind=TransferKind(row["kind"]),
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        entry=row["entry"],
        sequence=row["sequence"],
        ordinal=row["ordinal"],
        cause=cause_from(row["cause"]),
        expires_at=row.get("expires_at"),
        limited_by=tuple(
            Limit(LimitKind(limit["kind"]), limit["shortfall"], limit.get("key"))
            for limit in row.get("limited_by", ())
        ),
        lots=tuple(_lot_from(lot) for lot in row.get("lots", ())),
        reverses=row.get("reverses"),
        totals=Totals(**row["totals"]) if "totals" in row else None,
        previous=row.get("previous"),
        pending=row.get("pending", 0),
        caps=tuple(row.get("caps", ())),
        related=row.get("related"),
        sealed=row.get("sealed"),
    )


def _lot_document(lot: Lot) -> Document:
    return {"expires_at": lot.expires_at, "amount": lot.amount}


def _lot_from(row: Document) -> Lot:
    return Lot(row["expires_at"], row["amount"])
