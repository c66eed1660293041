"""What MongoDB is asked to do ends there, too, when its time is over."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import GraphQLError

from api.bootstrap import open_backend
from gamification.kit.errors import ErrorCode
from resolvers.errors import coded
from storage.embedded import Endpoints
from storage.mongo import Index, Mongo, MongoUnavailable, TookTooLong

TIMEOUT_S = 1.0
PATIENCE_S = 60.0
STOPPED = (TookTooLong, MongoUnavailable)
"""Whichever comes first: the server's word that it stopped, or the driver's that its time is over."""
COMMENT = "starguild-endless"
ENDLESS: list[dict[str, Any]] = [
    {"$set": {"a": {"$range": [0, 100_000]}}},
    {"$unwind": "$a"},
    {"$set": {"b": {"$range": [0, 100_000]}}},
    {"$unwind": "$b"},
    {"$match": {"$expr": {"$lt": ["$b", -1]}}},
]
"""Ten thousand million rows: hours, if nobody ends it."""


@pytest.fixture
async def impatient(endpoints: Endpoints) -> AsyncIterator[Mongo]:
    made = Mongo(endpoints.mongodb_url, "starguild_endless", command_timeout_s=TIMEOUT_S)
    await made.collection("endless").replace_one({"_id": 1}, {"_id": 1}, upsert=True)
    yield made
    made.close()


async def until_running(mongo: Mongo, count: int) -> None:
    """Wait until the server is at so many of the endless commands."""
    asked = {"currentOp": 1, "command.comment": COMMENT, "active": True}
    found: dict[str, Any] = {}
    for _ in range(int(PATIENCE_S / 0.02)):
        found = await mongo._client.admin.command(asked)
        if len(found["inprog"]) == count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(found)


async def test_the_server_ends_a_command_that_takes_too_long(impatient: Mongo) -> None:
    cursor = impatient.collection("endless").aggregate(ENDLESS, comment=COMMENT)
    with pytest.raises(STOPPED):
        await asyncio.wait_for(cursor.to_list(None), PATIENCE_S)
    await until_running(impatient, 0)


async def test_what_nobody_waits_for_any_more_ends_as_well(impatient: Mongo) -> None:
    cursor = impatient.collection("endless").aggregate(ENDLESS, comment=COMMENT)
    asked = asyncio.ensure_future(cursor.to_list(None))
    await until_running(impatient, 1)
    asked.cancel()
    await until_running(impatient, 0)
    assert asked.cancelled() or asked.exception()


async def test_a_transaction_that_takes_too_long_writes_nothing(impatient: Mongo) -> None:
    collection = impatient.collection("endless")

    async def body(tx: Any) -> None:
        await collection.replace_one({"_id": 2}, {"_id": 2}, upsert=True, session=tx.session)
        await collection.aggregate(ENDLESS, session=tx.session).to_list(None)

    with pytest.raises(STOPPED):
        await asyncio.wait_for(impatient.transaction(body), PATIENCE_S)
    assert await collection.find_one({"_id": 2}) is None


async def test_each_command_has_its_own_time(impatient: Mongo) -> None:
    collection = impatient.collection("endless")

    async def body(tx: Any) -> None:
        for number in range(5):
            await collection.replace_one({"_id": 3}, {"_id": 3, "n": number}, upsert=True, session=tx.session)
            await asyncio.sleep(TIMEOUT_S / 4)

    await impatient.transaction(body)
    found = await collection.find_one({"_id": 3})
    assert found is not None
    assert found["n"] == 4


async def test_indexes_may_take_as_long_as_they_need(impatient: Mongo, endpoints: Endpoints) -> None:
    hasty = Mongo(endpoints.mongodb_url, "starguild_endless", command_timeout_s=0.001)
    try:
        await hasty.ensure_indexes({"endless": [Index([("n", 1)])]})
    finally:
        hasty.close()
    assert "n_1" in await impatient.collection("endless").index_information()


async def test_a_process_states_its_time_to_the_driver(endpoints: Endpoints) -> None:
    urls = (endpoints.mongodb_url, endpoints.redis_url)
    async with open_backend(*urls, "starguild_tests", command_timeout_s=7) as backend:
        assert backend.mongo._client.delegate.options.timeout == 7
    async with open_backend(*urls, "starguild_tests") as backend:
        assert backend.mongo._client.delegate.options.timeout is None


def test_the_caller_is_told_to_try_again_and_nothing_of_the_driver() -> None:
    raised = TookTooLong("operation exceeded time limit, full error: {'host': 'db-7'}")
    error = coded(GraphQLError("x", path=["me"], original_error=raised))
    assert error.extensions == {"code": ErrorCode.UNAVAILABLE.value}
    assert "db-7" not in error.message
