import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from storage.mongo import (
    ASCENDING,
    Collection,
    Contention,
    DuplicateKeyError,
    Index,
    Mongo,
    MongoUnavailable,
    Tx,
    UpdateOne,
    find_by_ids,
    insert,
    write,
)


@pytest.fixture
async def things(mongo: Mongo) -> AsyncIterator[Collection]:
    """A collection of its own, with a unique `name`."""
    name = f"things_{uuid.uuid4().hex}"
    await mongo.ensure_indexes({name: [Index([("name", ASCENDING)], unique=True)]})
    yield mongo.collection(name)
    await mongo.collection(name).drop()


async def test_commits_all_or_nothing(mongo: Mongo, things: Collection) -> None:
    async def fails_half_way(tx: Tx) -> None:
        await insert(things, [{"_id": b"1", "name": "one"}], tx)
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError):
        await mongo.transaction(fails_half_way)

    assert await things.count_documents({}) == 0


async def test_many_at_once_on_one_document_lose_nothing(mongo: Mongo, things: Collection) -> None:
    await things.insert_one({"_id": b"n", "name": "n", "value": 0})

    async def add_one(tx: Tx) -> None:
        row = (await find_by_ids(things, [b"n"], tx))[b"n"]
        await write(things, [UpdateOne({"_id": b"n"}, {"$set": {"value": row["value"] + 1}})], tx)

    await asyncio.gather(*(mongo.transaction(add_one) for _ in range(30)))

    row = await things.find_one({"_id": b"n"})
    assert row is not None
    assert row["value"] == 30


async def test_twins_that_insert_the_same_id_run_again_and_find_it(mongo: Mongo, things: Collection) -> None:
    async def once(tx: Tx) -> bool:
        if await find_by_ids(things, [b"1"], tx):
            return False
        await asyncio.sleep(0.01)
        await insert(things, [{"_id": b"1", "name": "one"}], tx)
        return True

    made = await asyncio.gather(*(mongo.transaction(once) for _ in range(10)))

    assert sorted(made) == [False] * 9 + [True]


async def test_gives_up_where_the_conflict_never_ends(
    mongo: Mongo, things: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.mongo.GIVE_UP_AFTER_S", 0.05)
    await things.insert_one({"_id": b"1", "name": "one"})

    async def blindly(tx: Tx) -> None:
        await things.insert_one({"_id": b"1", "name": "other"}, session=tx.session)

    with pytest.raises(Contention):
        await mongo.transaction(blindly)


async def test_gives_up_sooner_where_less_patience_is_asked(mongo: Mongo, things: Collection) -> None:
    await things.insert_one({"_id": b"1", "name": "one"})
    runs = 0

    async def blindly(tx: Tx) -> None:
        nonlocal runs
        runs += 1
        await things.insert_one({"_id": b"1", "name": "other"}, session=tx.session)

    with pytest.raises(Contention):
        await mongo.transaction(blindly, patience_s=0.0)
    assert runs == 1


async def test_gives_up_where_no_primary_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.mongo.WITHOUT_PRIMARY_S", 0.6)
    nobody = Mongo("mongodb://127.0.0.1:1/?replicaSet=rs0", "nothing", timeout_s=0.1)
    runs = 0

    async def write(tx: Tx) -> None:
        nonlocal runs
        runs += 1
        await nobody.collection("things").insert_one({"_id": b"1"}, session=tx.session)

    try:
        with pytest.raises(MongoUnavailable):
            await nobody.transaction(write)
    finally:
        nobody.close()
    assert runs > 1


async def test_keeps_time_zone_and_milliseconds(things: Collection) -> None:
    at = datetime(2026, 11, 20, 12, 0, 0, 123_000, tzinfo=UTC)
    await things.insert_one({"_id": b"1", "name": "one", "at": at})

    row = await things.find_one({"_id": b"1"})

    assert row is not None
    assert row["at"] == at
    assert row["at"].utcoffset() is not None


async def test_numbers_of_a_sequence_are_given_once(mongo: Mongo) -> None:
    name = uuid.uuid4().hex

    taken = await asyncio.gather(*(mongo.next_sequence(name, 3) for _ in range(20)))

    assert sorted(taken) == list(range(1, 60, 3))


async def test_indexes_can_be_asked_for_again(mongo: Mongo, things: Collection) -> None:
    wanted: dict[str, Any] = {things.name: [Index([("name", ASCENDING)], unique=True)]}
    await mongo.ensure_indexes(wanted)
    empty = f"{things.name}_empty"
    await mongo.ensure_indexes({empty: []})
    await mongo.ensure_indexes({empty: []})
    await mongo.collection(empty).drop()
    await things.insert_one({"_id": b"1", "name": "one"})

    with pytest.raises(DuplicateKeyError):
        await things.insert_one({"_id": b"2", "name": "one"})


async def test_a_clustered_collection_keeps_no_order_but_that_of_its_ids(mongo: Mongo) -> None:
    name = f"t{uuid.uuid4().hex}"
    wanted: dict[str, Any] = {
        name: [Index([("_id", ASCENDING)], clustered=True), Index([("name", ASCENDING)])]
    }
    await mongo.ensure_indexes(wanted)
    await mongo.ensure_indexes(wanted)
    made = mongo.collection(name)
    await made.insert_many([{"_id": bytes([number]), "name": "x"} for number in (5, 1, 9, 3)])

    natural = [row["_id"] for row in await made.find().sort("$natural", 1).to_list(None)]
    assert natural == sorted(natural)
    assert (await made.options())["clusteredIndex"]["key"] == {"_id": 1}
    await made.drop()


async def test_knows_its_primary(mongo: Mongo) -> None:
    away = Mongo("mongodb://127.0.0.1:1/?directConnection=true", "nowhere", timeout_s=0.2)

    assert await mongo.is_primary()
    assert not await away.is_primary()
    away.close()
