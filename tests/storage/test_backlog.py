"""What is left for consumers is done by each of them, whatever becomes of the others."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from gamification.settlement.following import Following
from storage.backlog import Backlog, Chore
from storage.mongo import Mongo, Tx

START = datetime(1990, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def chore(number: int) -> Chore:
    return Chore(f"chore-{number}".encode(), "p", {"n": number}, START + number * SECOND)


@pytest.fixture
async def backlog(mongo: Mongo) -> Backlog:
    await mongo.collection("backlog").delete_many({"programme_id": "p"})
    return Backlog(mongo, ["tests_first", "tests_second"])


async def append(mongo: Mongo, backlog: Backlog, *chores: Chore) -> None:
    async def body(tx: Tx) -> None:
        for one in chores:
            await backlog.append(one, tx)

    await mongo.transaction(body)


async def test_each_consumer_has_its_own_way_through_it(mongo: Mongo, backlog: Backlog) -> None:
    await append(mongo, backlog, chore(2), chore(1))
    now = START + 3 * SECOND

    assert await backlog.due("tests_first", START + SECOND) == [chore(1)]
    assert await backlog.due("tests_first", now) == [chore(1), chore(2)]
    assert await backlog.lag("tests_first", now) == 2 * SECOND
    await backlog.done("tests_first", [chore(1), chore(2)])

    assert await backlog.due("tests_first", now) == []
    assert await backlog.lag("tests_first", now) == timedelta()
    assert await backlog.due("tests_second", now) == [chore(1), chore(2)]
    await backlog.done("tests_second", [chore(1), chore(2)])
    assert await mongo.collection("backlog").count_documents({"programme_id": "p"}) == 0


async def test_what_fails_waits_longer_each_time_and_keeps_nobody_waiting(
    mongo: Mongo, backlog: Backlog
) -> None:
    await append(mongo, backlog, chore(1), chore(2), chore(3))
    clock = [START + 10 * SECOND]
    done: list[int] = []

    async def handle(chores: Sequence[Chore]) -> None:
        if any(one.body["n"] == 2 for one in chores):
            raise RuntimeError("cannot")
        done.extend(one.body["n"] for one in chores)

    following = Following(backlog, "tests_first", handle, lambda: clock[0])

    assert await following.run_due() == 2
    assert sorted(done) == [1, 3]
    for pause in (1, 2, 4):
        assert await backlog.due("tests_first", clock[0] + (pause - 0.1) * SECOND) == []
        clock[0] += pause * SECOND
        assert [one.body["n"] for one in await backlog.due("tests_first", clock[0])] == [2]
        assert await following.run_due() == 0
    assert [one.attempts for one in await backlog.due("tests_first", clock[0] + 8 * SECOND)] == [4]
    assert len(await backlog.due("tests_second", clock[0])) == 3


async def test_what_a_transaction_leaves_is_gone_with_it(mongo: Mongo, backlog: Backlog) -> None:
    async def fails(tx: Tx) -> None:
        await backlog.append(chore(1), tx)
        raise RuntimeError("after all")

    with pytest.raises(RuntimeError):
        await mongo.transaction(fails)

    assert await backlog.due("tests_first", START + 10 * SECOND) == []


async def test_without_consumers_nothing_is_kept(mongo: Mongo, backlog: Backlog) -> None:
    await append(mongo, Backlog(mongo, []), chore(1))

    assert await mongo.collection("backlog").count_documents({"programme_id": "p"}) == 0
