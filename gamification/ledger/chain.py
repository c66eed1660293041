"""The chain of an account's entries: each transfer holds the hash of the one before it.

Whoever changes, removes or reorders what is stored breaks the chain at that entry. `docs/ledger-chain.md` states the
hashed bytes, so that anyone can check them without this code. Entries from before the chain have none: it begins at
the first entry that holds a hash, with GENESIS.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson

from gamification.kit.causes import cause_document
from gamification.kit.records import record

if TYPE_CHECKING:
    from gamification.ledger.model import Account, Lot, Transfer

GENESIS = bytes(32)
"""What the first entry of a chain holds in place of a hash."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@record(frozen=True, slots=True)
class Break:
    """Where a chain breaks: the number of the first entry that does not follow from those before it, and why."""

    entry: int
    reason: str


def hash_of(transfer: "Transfer") -> bytes:
    """The SHA-256 of a transfer's canonical form: what the account's next entry holds. Of one from which an erased member's
    words were taken, that of the form it had."""
    return transfer.sealed or sha256(canonical(transfer)).digest()


def canonical(transfer: "Transfer") -> bytes:
    """The bytes that are hashed: a JSON object by RFC 8785, of the fields that are stated, bytes as hexadecimal digits
    and instants as milliseconds since 1970."""
    form: dict[str, Any] = {
        "account": transfer.account_id.hex(),
        "amount": transfer.amount,
        "balance_after": transfer.balance_after,
        "cause": {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in cause_document(transfer.cause).items()
        },
        "entry": transfer.entry,
        "id": transfer.id.hex(),
        "kind": transfer.kind.value,
        "member": transfer.member_id.hex(),
        "occurred_at": _milliseconds(transfer.occurred_at),
        "ordinal": transfer.ordinal,
        "previous": transfer.previous.hex() if transfer.previous is not None else None,
        "programme": transfer.programme_id,
        "recorded_at": _milliseconds(transfer.recorded_at),
        "sequence": transfer.sequence,
        "unit": transfer.unit,
    }
    if transfer.totals is not None:
        totals = transfer.totals
        form["totals"] = {"expired": totals.expired, "lifetime": totals.lifetime, "spent": totals.spent}
        form["totals"] |= {name: value for name in ("held", "pending") if (value := getattr(totals, name))}
    if transfer.expires_at is not None:
        form["expires_at"] = _milliseconds(transfer.expires_at)
    if transfer.limited_by:
        form["limited_by"] = [
            {"kind": limit.kind.value, "shortfall": limit.shortfall}
            | ({"key": limit.key} if limit.key is not None else {})
            for limit in transfer.limited_by
        ]
    if transfer.lots:
        form["lots"] = [_lot(lot) for lot in transfer.lots]
    if transfer.reverses is not None:
        form["reverses"] = transfer.reverses.hex()
    if transfer.pending:
        form["pending"] = transfer.pending
    if transfer.caps:
        form["caps"] = [cap.hex() for cap in transfer.caps]
    if transfer.related is not None:
        form["related"] = transfer.related.hex()
    return orjson.dumps(form, option=orjson.OPT_SORT_KEYS)


def first_break(account: "Account | None", transfers: Sequence["Transfer"]) -> Break | None:
    """The first break in all of an account's transfers, in order; None where every entry is what it was.

    That the newest entry is the one that the account knows shows that none was cut off the end.
    """
    expected: bytes | None = None
    for entry, transfer in enumerate(transfers, start=1):
        if transfer.entry != entry:
            return Break(entry, f"it is missing; entry {transfer.entry} comes next")
        if transfer.previous is None and expected is not None:
            return Break(entry, "it holds no hash, though the chain had begun")
        if transfer.previous is not None and transfer.previous != (expected or GENESIS):
            return Break(entry, f"it does not hold the hash of entry {entry - 1} as that is stored now")
        expected = hash_of(transfer) if transfer.previous is not None else None
    if account is None:
        return None
    if account.entries != len(transfers):
        return Break(len(transfers) + 1, f"it is missing; the account has {account.entries} entries")
    if account.head != expected:
        return Break(len(transfers), "its hash is not the one that the account holds")
    return None


def _lot(lot: "Lot") -> dict[str, int | None]:
    return {
        "amount": lot.amount,
        "expires_at": _milliseconds(lot.expires_at) if lot.expires_at is not None else None,
    }


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND
