"""MongoDB through Motor: one client, transactions that are retried, and indexes made at start.

Only this package knows the driver. Repositories get collections from here and pass `tx` on; a body given to
`transaction` may run more than once, so it does database work only: no Redis, no network, no clock.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, TypeVar

import pymongo
from bson.codec_options import CodecOptions
from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
)
from pymongo import (
    ASCENDING,
    DESCENDING,
    DeleteOne,
    IndexModel,
    InsertOne,
    ReadPreference,
    ReplaceOne,
    UpdateOne,
)
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
)
from pymongo.monitoring import CommandListener
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from storage.batching import Batcher

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "Collection",
    "Contention",
    "DeleteOne",
    "Document",
    "DuplicateKeyError",
    "Index",
    "InsertOne",
    "Mongo",
    "MongoUnavailable",
    "ReplaceOne",
    "TookTooLong",
    "Tx",
    "UpdateOne",
]

T = TypeVar("T")
K = TypeVar("K", bound=bytes | str)
Document = dict[str, Any]
Collection = AsyncIOMotorCollection[Document]
_Which = tuple[Collection, tuple[tuple[str, int], ...]]
WriteModel = InsertOne[Document] | UpdateOne | ReplaceOne[Document] | DeleteOne

MongoUnavailable = ConnectionFailure
"""No primary answers within the time the driver waits."""
TookTooLong = ExecutionTimeout
"""The server stopped a command at its `maxTimeMS`; a transaction that it was part of has been rolled back."""

GIVE_UP_AFTER_S = 20.0
"""Longer than a server lets the transaction of a killed process live (`transactionLifetimeLimitSeconds`, 10 with the
embedded servers and compose.yaml): until then what it wrote last can't be written by others."""
WITHOUT_PRIMARY_S = 12.0
"""Longer than a replica set takes to elect another primary (`electionTimeoutMillis`, 10 unless set); with one command
more it is still less than a mutation may take. What waits before the transaction is not in it."""

_COMMITS_MAX = 40
_ABORT_WITHIN_S = 1.0
"""The server gives up by itself what it is not told to; waiting for a primary only to tell it would keep the caller."""
_BACKOFF_MAX_S = 0.25
_DUPLICATE_KEY = 11000
_CODEC: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)


class Contention(Exception):
    """A transaction kept meeting others on the same documents; nothing was written and it may be tried again."""


@dataclass(frozen=True, slots=True)
class Tx:
    """An open transaction; reads with it see one snapshot, writes with it commit together or not at all."""

    session: AsyncIOMotorClientSession


@dataclass(frozen=True, slots=True)
class Index:
    """An index that a repository needs: (field, direction) pairs and the options of `createIndexes`."""

    keys: Sequence[tuple[str, int]]
    unique: bool = False
    partial: Mapping[str, Any] | None = None
    expire_after_s: int | None = None
    clustered: bool = False
    """The collection is made to keep its documents by this key, which is `_id`: nothing tells in which order they came."""


class Mongo:
    """The database of one installation. `url` must name a replica set, for transactions need one; `listeners` are
    told of every command, for those who count them. With `command_timeout_s` each command says by when it must be done
    (`maxTimeMS`), and the server stops it then, whether or not somebody still waits."""

    def __init__(
        self,
        url: str,
        database: str,
        *,
        timeout_s: float = 10.0,
        command_timeout_s: float | None = None,
        listeners: Sequence[CommandListener] = (),
    ) -> None:
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            url,
            serverSelectionTimeoutMS=int(timeout_s * 1000),
            tz_aware=True,
            tzinfo=UTC,
            appname="starguild",
            w="majority",
            event_listeners=list(listeners),
            timeoutMS=int(command_timeout_s * 1000) if command_timeout_s else None,
        )
        self._database = self._client.get_database(
            database, codec_options=_CODEC, read_preference=ReadPreference.PRIMARY
        )

    def collection(self, name: str) -> Collection:
        """A collection by name; made by the first write."""
        return self._database[name]

    async def ensure_indexes(self, indexes: Mapping[str, Iterable[Index]]) -> None:
        """Make the indexes that are missing, however long it takes; those that exist stay as they are."""
        with pymongo.timeout(0):
            for name, wanted in indexes.items():
                stated = list(wanted)
                if any(index.clustered for index in stated):
                    await self._make_collection(name, clusteredIndex={"key": {"_id": 1}, "unique": True})
                models = [_index_model(index) for index in stated if not index.clustered]
                if models:
                    await self._database[name].create_indexes(models)
                else:
                    await self._make_collection(name)

    async def _make_collection(self, name: str, **options: Any) -> None:
        if name not in await self._database.list_collection_names(filter={"name": name}):
            await self._database.create_collection(name, **options)

    async def transaction(self, body: Callable[[Tx], Awaitable[T]], patience_s: float | None = None) -> T:
        """Run `body` in a transaction acknowledged by the majority; on a conflict, run it again.

        Raises: Contention when it still conflicts after `patience_s`, else GIVE_UP_AFTER_S; MongoUnavailable when
        there is no primary after WITHOUT_PRIMARY_S; whatever `body` raises, after a rollback.
        """
        began_at = time.monotonic()
        yield_at = began_at + (GIVE_UP_AFTER_S if patience_s is None else patience_s)
        for attempt in itertools.count():
            async with await self._client.start_session() as session:
                session.start_transaction(
                    read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
                )
                try:
                    result = await body(Tx(session))
                    await _commit(session)
                    return result
                except PyMongoError as error:
                    await _abort(session)
                    if isinstance(error, NetworkTimeout):
                        raise  # a command's time is over: it would be, again
                    if not (error.has_error_label("TransientTransactionError") or _is_duplicate(error)):
                        raise
                    if isinstance(error, MongoUnavailable):
                        if time.monotonic() >= began_at + WITHOUT_PRIMARY_S:
                            raise
                    elif time.monotonic() >= yield_at:
                        break
                except BaseException:
                    await _abort(session)
                    raise
            pause_s = min(_BACKOFF_MAX_S, 0.002 * 2 ** min(attempt, 16))
            await asyncio.sleep(random.uniform(0, pause_s))  # noqa: S311 - jitter
        raise Contention("The same data is being changed by many at once; try again.")

    async def next_sequence(self, name: str, count: int) -> int:
        """Take `count` consecutive numbers of the sequence `name`; the first of them.

        Outside any transaction on purpose: a number once taken is never given again, even after a rollback.
        """
        document = await self._database["sequences"].find_one_and_update(
            {"_id": name}, {"$inc": {"value": count}}, upsert=True, return_document=True
        )
        return int(document["value"]) - count + 1

    async def is_primary(self) -> bool:
        """Whether a primary answers now."""
        try:
            answer = await asyncio.wait_for(self._client.admin.command("hello"), timeout=2.0)
        except (PyMongoError, TimeoutError):
            return False
        return bool(answer.get("isWritablePrimary"))

    async def takes_transactions(self) -> bool:
        """Whether the server is a replica set's member or a sharded cluster's front."""
        answer = await self._client.admin.command("hello")
        return "setName" in answer or answer.get("msg") == "isdbgrid"

    async def drop(self) -> None:
        """Delete the whole database: tests and benchmarks only."""
        await self._client.drop_database(self._database.name)

    def close(self) -> None:
        """Close every connection."""
        self._client.close()


async def write(collection: Collection, models: Sequence[WriteModel], tx: Tx | None = None) -> None:
    """Send writes in one bulk command, in order; none is a no-op."""
    if models:
        await collection.bulk_write(models, ordered=True, session=tx.session if tx else None)


async def insert(collection: Collection, documents: Sequence[Document], tx: Tx | None = None) -> None:
    """Insert many; none is a no-op. Raises: DuplicateKeyError inside a bulk error on a taken `_id`."""
    if documents:
        await collection.insert_many(documents, session=tx.session if tx else None)


async def find_by_ids(
    collection: Collection,
    ids: Sequence[K],
    tx: Tx | None = None,
    projection: Sequence[str] | Mapping[str, int] | None = None,
) -> dict[K, Document]:
    """The documents with these `_id`s, by `_id`; missing ones are absent. Outside transactions what is asked in one turn of
    the loop is one read, whose documents are shared: they are for reading alone."""
    if not ids:
        return {}
    fields = projection if isinstance(projection, Mapping) else dict.fromkeys(projection or (), 1)
    which = (collection, tuple(fields.items()))
    if tx is not None:
        return await _read_by_ids(which, ids, tx)
    # Many ask at once, as sockets that one bell woke.
    found = await _READS.ask(which, ids)
    return {one: found[one] for one in ids if one in found}


async def _read_by_ids(which: _Which, ids: Sequence[Any], tx: Tx | None = None) -> dict[Any, Document]:
    collection, fields = which
    cursor = collection.find(
        {"_id": {"$in": list(ids)}},
        projection=dict(fields) or None,
        session=tx.session if tx else None,
        batch_size=10_000,
    )
    return {document["_id"]: document for document in await cursor.to_list(None)}


_READS: Batcher[_Which, Any, dict[Any, Document]] = Batcher(_read_by_ids)


async def _commit(session: AsyncIOMotorClientSession) -> None:
    """Commit; an unknown outcome is asked again, which is safe: the server knows the transaction by number."""
    for attempt in range(_COMMITS_MAX):
        try:
            await session.commit_transaction()
            return
        except PyMongoError as error:
            if not error.has_error_label("UnknownTransactionCommitResult") or attempt == _COMMITS_MAX - 1:
                raise
            await asyncio.sleep(0.05)


async def _abort(session: AsyncIOMotorClientSession) -> None:
    if session.in_transaction:  # type: ignore[truthy-function]  # a property, whatever the stub says
        try:
            with pymongo.timeout(_ABORT_WITHIN_S):
                await session.abort_transaction()
        except (OperationFailure, ConnectionFailure):
            return  # the server has given it up already, or will when the session lapses


def _is_duplicate(error: PyMongoError) -> bool:
    """Somebody else wrote the same id after our snapshot: the next run of the body will see theirs."""
    if isinstance(error, BulkWriteError):
        return any(fault.get("code") == _DUPLICATE_KEY for fault in error.details.get("writeErrors", []))
    return isinstance(error, DuplicateKeyError)


def _index_model(index: Index) -> IndexModel:
    options: dict[str, Any] = {"unique": index.unique}
    if index.partial is not None:
        options["partialFilterExpression"] = index.partial
    if index.expire_after_s is not None:
        options["expireAfterSeconds"] = index.expire_after_s
    return IndexModel(list(index.keys), **options)
