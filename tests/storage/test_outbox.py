from datetime import UTC, datetime, timedelta

import pytest

from storage.mongo import Mongo, Tx
from storage.outbox import Message, Outbox

# Long before any other message, so that these are the oldest whatever else waits.
START = datetime(1990, 1, 1, tzinfo=UTC)
SOON = timedelta(seconds=2)


def message(number: int) -> Message:
    at = START + timedelta(seconds=number)
    return Message(f"outbox-test-{number}".encode(), "p", "topic", {"n": number, "ids": [b"x"]}, at)


@pytest.fixture
async def outbox(mongo: Mongo) -> Outbox:
    await mongo.collection("outbox").delete_many({"created_at": {"$lt": START + timedelta(days=1)}})
    return Outbox(mongo)


async def append(mongo: Mongo, outbox: Outbox, *messages: Message) -> None:
    async def body(tx: Tx) -> None:
        await outbox.append(list(messages), tx)

    await mongo.transaction(body)


async def test_what_waits_is_found_oldest_first_and_gone_once_delivered(mongo: Mongo, outbox: Outbox) -> None:
    await append(mongo, outbox, message(3), message(1), message(2))
    now = START + timedelta(seconds=4)

    assert await outbox.undelivered(now, SOON) == [message(1), message(2)]
    assert await outbox.undelivered(now, SOON, limit=1) == [message(1)]
    assert await outbox.lag(now) == timedelta(seconds=3)
    await outbox.delivered([message(1)])
    assert await outbox.undelivered(now, SOON) == [message(2)]
    await outbox.delivered([message(1), message(2), message(3)])

    assert await outbox.undelivered(now, SOON) == []
    assert await outbox.lag(now) == timedelta()


async def test_a_message_of_a_transaction_that_failed_never_was(mongo: Mongo, outbox: Outbox) -> None:
    async def fails(tx: Tx) -> None:
        await outbox.append([message(1)], tx)
        raise RuntimeError("after all")

    with pytest.raises(RuntimeError):
        await mongo.transaction(fails)

    assert await outbox.undelivered(START + timedelta(hours=1), SOON) == []
