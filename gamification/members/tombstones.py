"""External ids that were erased: kept as keyed hashes for a while, so that none is taken up again by mistake.

The key is random, one a programme, and never leaves the database. A hash is deleted by MongoDB once its time is over.
"""

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import blake2b

from gamification.kit.records import record
from storage.mongo import ASCENDING, Index, Mongo, Tx

ERASED_IDS = "erased_ids"
KEYS = "erasure_keys"
REFUSED_FOR = timedelta(days=30)
"""For so long nobody joins by an external id that was erased. After that it is a new member's, who inherits nothing."""
_KEY_BYTES = 32
_DIGEST_BYTES = 32
INDEXES = {ERASED_IDS: [Index([("until", ASCENDING)], expire_after_s=0)], KEYS: []}


@record(frozen=True, slots=True)
class ErasedId:
    """Which tombstone an external id became, and until when nobody joins by it."""

    member_id: bytes
    until: datetime


def digest_of(external_id: str, key: bytes) -> bytes:
    """The keyed hash of an external id."""
    return blake2b(external_id.encode(), key=key, digest_size=_DIGEST_BYTES).digest()


class TombstoneRepository:
    """`erased_ids` by hash, and `erasure_keys`: a programme in which nobody was erased has none."""

    def __init__(self, mongo: Mongo) -> None:
        self._ids = mongo.collection(ERASED_IDS)
        self._keys = mongo.collection(KEYS)

    async def add(self, programme_id: str, external_id: str, member_id: bytes, now: datetime, tx: Tx) -> None:
        """Refuse an external id from now on."""
        key = await self._key(programme_id, tx)
        if key is None:
            key = os.urandom(_KEY_BYTES)
            await self._keys.insert_one({"_id": programme_id, "key": key}, session=tx.session)
        document = {"programme_id": programme_id, "member_id": member_id, "until": now + REFUSED_FOR}
        # One that joined again and is erased again has the same hash.
        await self._ids.replace_one(
            {"_id": digest_of(external_id, key)}, document, upsert=True, session=tx.session
        )

    async def find(
        self, programme_id: str, external_ids: Iterable[str], now: datetime, tx: Tx
    ) -> dict[str, ErasedId]:
        """Those of these external ids that are refused now."""
        wanted = list(external_ids)
        key = await self._key(programme_id, tx) if wanted else None
        if key is None:
            return {}
        names = {digest_of(external_id, key): external_id for external_id in wanted}
        rows = self._ids.find(
            {"_id": {"$in": list(names)}, "programme_id": programme_id, "until": {"$gt": now}},
            session=tx.session,
        )
        return {
            names[row["_id"]]: ErasedId(row["member_id"], row["until"]) for row in await rows.to_list(None)
        }

    async def _key(self, programme_id: str, tx: Tx) -> bytes | None:
        row = await self._keys.find_one({"_id": programme_id}, session=tx.session)
        return bytes(row["key"]) if row else None
