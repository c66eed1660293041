"""Indexes of all repositories, gathered where the process is wired and made before it serves."""

from collections.abc import Iterable, Mapping

from storage import idempotency, outbox
from storage.mongo import Index, Mongo

OWN_INDEXES: list[Mapping[str, Iterable[Index]]] = [outbox.INDEXES, idempotency.INDEXES, {"sequences": []}]


async def prepare(mongo: Mongo, indexes: Iterable[Mapping[str, Iterable[Index]]]) -> None:
    """Make every collection and index; collections must exist before a transaction first writes to them."""
    for wanted in (*OWN_INDEXES, *indexes):
        await mongo.ensure_indexes(wanted)
