"""What Redis holds always comes from MongoDB, and comes back whenever it was lost."""

import asyncio
from typing import Any

import pytest

from community.services import Services
from storage.outbox import Message
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

DOCUMENT: dict[str, Any] = {
    "activity_types": [{"key": "play"}],
    "leaderboards": [{"key": "sum"}],
    "rules": [{"key": "r", "on": ["play"], "effects": [{"score": {"board": "sum", "value": "activity.v"}}]}],
}


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(DOCUMENT)
    await made.join_all("ann", "bob", "cat")
    return made


async def play(club: ProgrammeUnderTest, **scores: int) -> None:
    await club.record(*(club.activity("play", member, v=score) for member, score in scores.items()))


async def held(club: ProgrammeUnderTest) -> dict[bytes, int] | None:
    """What the ranking itself holds, past the service that would read MongoDB instead."""
    board = (await club.services.programmes.catalogue(club.key)).leaderboards["sum"]
    found = await club.services.rankings.all_of(board, await club.period("sum"))
    return None if found is None else {member_id: -key for member_id, (key, _) in found.items()}


async def outbox(club: ProgrammeUnderTest) -> list[Message]:
    rows = club.services.stores.mongo.collection("outbox").find({"programme_id": club.key}).sort("_id", 1)
    return [
        Message(row["_id"], row["programme_id"], row["topic"], row["body"], row["created_at"])
        for row in await rows.to_list(None)
    ]


async def test_what_is_recorded_is_ranked_at_once_and_nothing_waits(club: ProgrammeUnderTest) -> None:
    await play(club, ann=3, bob=5)

    assert await held(club) == {club.id_of("ann"): 3, club.id_of("bob"): 5}
    assert await outbox(club) == []


async def test_while_redis_is_away_messages_wait_and_a_sweep_brings_them(
    club: ProgrammeUnderTest, services_without_redis: Services
) -> None:
    await play(club, ann=1)
    batch = [club.activity("play", "ann", v=3), club.activity("play", "bob", v=5)]
    await services_without_redis.recording.record(club.service, batch)
    assert await club.ranking("sum", services=services_without_redis) == [(1, "bob", 5), (2, "ann", 4)]
    assert len(await outbox(club)) == 1
    assert await held(club) == {club.id_of("ann"): 1}

    assert (await services_without_redis.delivery.lag()).total_seconds() >= 0
    club.clock.now = club.clock.now.replace(year=club.clock.now.year + 1)
    assert await services_without_redis.delivery.sweep() == 0
    await club.services.delivery.sweep()

    assert await outbox(club) == []
    assert await held(club) == {club.id_of("ann"): 4, club.id_of("bob"): 5}


async def test_a_young_message_is_left_to_the_process_that_wrote_it(
    club: ProgrammeUnderTest, services_without_redis: Services
) -> None:
    await services_without_redis.recording.record(club.service, [club.activity("play", "ann", v=3)])

    await club.services.delivery.sweep()

    assert len(await outbox(club)) == 1


async def test_messages_delivered_twice_late_or_in_reverse_do_no_harm(
    club: ProgrammeUnderTest, services_without_redis: Services
) -> None:
    for score in (1, 2, 3):
        await services_without_redis.recording.record(club.service, [club.activity("play", "ann", v=score)])
    waiting = await outbox(club)
    assert len(waiting) == 3

    for message in (*reversed(waiting), *waiting):
        assert await club.services.delivery.deliver([message])

    assert await club.ranking("sum") == [(1, "ann", 6)]


async def test_an_older_version_never_overwrites_a_newer(club: ProgrammeUnderTest) -> None:
    await play(club, ann=1)
    board = (await club.services.programmes.catalogue(club.key)).leaderboards["sum"]
    period = await club.period("sum")
    (old,) = [record async for record in club.services.stores.records.stream(period)]
    await play(club, ann=10)

    before = (await club.page("sum")).revision
    revision = await club.services.rankings.apply(board, period, [old])

    assert await held(club) == {club.id_of("ann"): 11}
    assert revision == before


async def test_each_change_raises_the_revision(club: ProgrammeUnderTest) -> None:
    revisions = []
    for _ in range(5):
        await play(club, ann=1)
        revisions.append((await club.page("sum")).revision)

    assert revisions == sorted(set(revisions))


async def lose(club: ProgrammeUnderTest) -> None:
    """What FLUSHALL does to this board, without hurting the tests beside this one."""
    client = (
        club.services.stores.redis.client
        if hasattr(club.services.stores, "redis")
        else club.services.rankings._redis.client
    )
    keys = [key async for key in client.scan_iter(match=f"sg:{{{club.key}:*")]
    assert keys
    await client.delete(*keys)


async def test_a_lost_board_goes_on_answering_and_comes_back_by_itself(club: ProgrammeUnderTest) -> None:
    await play(club, ann=3, bob=5)
    before = (await club.page("sum")).revision
    await lose(club)

    assert await club.ranking("sum") == [(1, "bob", 5), (2, "ann", 3)]
    for _ in range(100):
        if await held(club) is not None:
            break
        await asyncio.sleep(0.01)

    assert await held(club) == {club.id_of("ann"): 3, club.id_of("bob"): 5}
    assert (await club.page("sum")).revision >= before


async def test_the_scheduler_restores_what_nobody_reads(club: ProgrammeUnderTest) -> None:
    await play(club, ann=3)
    await lose(club)

    assert await club.services.projection.restore_missing() >= 1
    assert await held(club) == {club.id_of("ann"): 3}
    assert await club.services.projection.restore_missing() == 0


async def test_what_is_written_to_a_lost_board_does_not_make_it_look_whole(club: ProgrammeUnderTest) -> None:
    await play(club, ann=3, bob=5)
    await lose(club)

    await play(club, cat=7)

    assert await held(club) is None
    assert await club.ranking("sum") == [(1, "cat", 7), (2, "bob", 5), (3, "ann", 3)]


async def test_a_rebuild_that_was_overtaken_is_not_called_ready(club: ProgrammeUnderTest) -> None:
    await play(club, ann=3)
    period, rankings = await club.period("sum"), club.services.rankings
    await rankings.forget(period)
    first = await rankings.begin(period)
    await rankings.begin(period)

    assert not await rankings.finish(period, first)
    assert not await rankings.is_ready(period)


async def test_rebuilding_beside_live_activity_loses_nothing(club: ProgrammeUnderTest) -> None:
    async def record() -> None:
        for _ in range(10):
            await play(club, ann=1, bob=2)

    async def rebuild() -> None:
        for _ in range(10):
            await club.services.projection.rebuild_all(club.key)

    await asyncio.gather(record(), rebuild(), record())

    assert await held(club) == {club.id_of("ann"): 20, club.id_of("bob"): 40}
    assert await club.services.projection.rebuild_all(club.key) == {"sum all": 2}
    assert await club.ranking("sum") == [(1, "bob", 40), (2, "ann", 20)]


async def test_listeners_are_told_which_board_and_whose_feed_changed(
    live: Services, club: ProgrammeUnderTest
) -> None:
    doorbells = live.doorbells
    with (
        doorbells.listening(f"{club.key}|sum|all") as board,
        doorbells.listening(f"{club.key}|{club.id_of('ann').hex()}") as own,
        doorbells.listening(f"{club.key}|{club.id_of('bob').hex()}") as other,
    ):
        await play(club, ann=1)
        assert await board.wait(5)
        assert await own.wait(5)
        assert not await other.wait(0.02)
