"""Ids are bytes: 12 time-ordered ones for what is made once, 16 derived ones for what must not happen twice.

A derived id is a digest of its parts, so doing the same thing again arrives at the same id and the unique
`_id` index refuses it.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

NEW_ID_BYTES = 12
DERIVED_ID_BYTES = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
IDS_CACHED = 32_768
"""How many ids of states are remembered, a kind: each is asked for several times while a batch is settled."""


def new_id() -> bytes:
    """A fresh 12-byte id: 6 bytes of milliseconds since 1970, then 6 random ones, so that ids sort by age."""
    return int(time.time() * 1000).to_bytes(6, "big") + os.urandom(6)


def id_made_at(new: bytes) -> datetime:
    """When a fresh id was made, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=int.from_bytes(new[:6], "big"))


def first_id_at(at: datetime) -> bytes:
    """The first of the ids that are made at that time."""
    made_ms = max(0, (at - _EPOCH) // timedelta(milliseconds=1))
    return made_ms.to_bytes(6, "big") + bytes(6)


def derived_id(*parts: str | bytes | int) -> bytes:
    """The 16-byte id of exactly these parts; parts are length-prefixed, so ("ab", "c") is not ("a", "bc")."""
    texts = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    raw = b"".join([len(text).to_bytes(4, "big") + text for text in texts])
    return blake2b(raw, digest_size=DERIVED_ID_BYTES).digest()
