"""Idempotency keys: the same key with the same input gives the stored result, with another input a conflict.

A key belongs to one programme and caller. It is stored in the transaction of the work it guards, so a crash
leaves both or neither; of two twins at once, one commits and the other runs again and finds the result.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from storage.mongo import Collection, Index, Mongo, Tx

COLLECTION = "idempotency_keys"
INDEXES: dict[str, list[Index]] = {COLLECTION: []}


class KeyReused(Exception):
    """The key was used before, for another operation or another input."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One use of a key. `fingerprint` covers the operation and its whole input."""

    id: str
    fingerprint: bytes


def claim(programme_id: str, subject: str, key: str, operation: str, payload: dict[str, Any]) -> Claim:
    """The claim of that caller's key for that operation and input (JSON-serialisable, bytes allowed)."""
    body = orjson.dumps([operation, payload], option=orjson.OPT_SORT_KEYS, default=bytes.hex)
    return Claim(f"{programme_id}\x00{subject}\x00{key}", hashlib.blake2b(body, digest_size=16).digest())


class IdempotencyKeys:
    """The keys used so far; they are kept for good, like the ledger they guard."""

    def __init__(self, mongo: Mongo) -> None:
        self._keys: Collection = mongo.collection(COLLECTION)

    async def stored(self, claimed: Claim, tx: Tx) -> dict[str, Any] | None:
        """What this claim gave before; None when the key is new. Raises: KeyReused."""
        row = await self._keys.find_one({"_id": claimed.id}, session=tx.session)
        if row is None:
            return None
        if row["fingerprint"] != claimed.fingerprint:
            raise KeyReused(claimed.id)
        result: dict[str, Any] = row["result"]
        return result

    async def store(self, claimed: Claim, result: dict[str, Any], now: datetime, tx: Tx) -> None:
        """Keep what the claim gave."""
        await self._keys.insert_one(
            {"_id": claimed.id, "fingerprint": claimed.fingerprint, "result": result, "created_at": now},
            session=tx.session,
        )
