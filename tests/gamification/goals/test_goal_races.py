"""Many at once: members who contribute, workers who pay, a reversal at the moment of settlement."""

import asyncio
from typing import Any

import pytest

from community import services as wiring
from community.services import Services
from gamification.goals.model import RunState
from gamification.settlement.goal_keeping import GoalKeeping
from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.conftest import MakeProgramme
from tests.goal_world import (
    CLOSED,
    CLOSING,
    NOW,
    balances,
    contributed,
    document,
    keep,
    points,
    run_of,
    walk_goal,
)
from tests.support import Clock, ProgrammeUnderTest

SPLIT = {"unit": "points", "amount": 1000}


@pytest.fixture
def other(mongo: Mongo, redis_store: RedisStore, session_clock: Clock) -> Services:
    """The same domain once more, as in another process."""
    return wiring.build(mongo, redis_store, session_clock)


def small_parts(services: Services) -> GoalKeeping:
    keeping = services.goal_keeping
    return GoalKeeping(keeping._settlement, keeping._redis, members_a_part=5)


async def crowd(programme: MakeProgramme, size: int, **goal: Any) -> tuple[ProgrammeUnderTest, list[str]]:
    club = await programme(document(walk_goal(**goal)))
    club.clock.now = NOW
    names = [f"m{number}" for number in range(size)]
    await club.join_all(*names)
    return club, names


async def verified(club: ProgrammeUnderTest) -> None:
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []


async def test_two_hundred_members_at_once_in_two_processes(
    programme: MakeProgramme, other: Services
) -> None:
    club, names = await crowd(programme, 200, target=200, reward=points(10))
    processes = (club.services, other)

    async def walk(number: int, name: str) -> None:
        await processes[number % 2].recording.record(club.service, [club.activity("walk", name, km=1)])

    async def work(services: Services) -> None:
        for _ in range(5):
            await keep(club, services)

    await asyncio.gather(
        *(walk(number, name) for number, name in enumerate(names)), *(work(one) for one in processes)
    )
    await keep(club)

    run = await run_of(club)
    assert (run.total, run.contributors, run.unpaid) == (200, 200, False)
    assert await balances(club, *names) == [10] * 200
    await verified(club)


async def test_two_workers_pay_the_same_goal_once(programme: MakeProgramme, other: Services) -> None:
    club, names = await crowd(programme, 40, target=40, reward=points(10), split=SPLIT, **CLOSING)
    await club.record(*(club.activity("walk", name, km=number + 1) for number, name in enumerate(names)))
    workers = [small_parts(club.services), small_parts(other)]

    await asyncio.gather(*(worker.run_in(club.key) for worker in workers))
    await asyncio.gather(*(worker.run_in(club.key) for worker in workers))
    assert await balances(club, *names) == [10] * 40

    club.clock.now = CLOSED
    await asyncio.gather(*(worker.run_in(club.key) for worker in workers))
    await asyncio.gather(*(worker.run_in(club.key) for worker in workers))

    found = await balances(club, *names)
    assert sum(found) == 40 * 10 + 1000
    assert found == sorted(found)
    assert (await run_of(club)).state is RunState.CLOSED
    await verified(club)


@pytest.mark.parametrize("at_close", [False, True])
async def test_a_reversal_at_the_moment_of_settlement_leaves_nothing_paid_for_nothing(
    programme: MakeProgramme, other: Services, at_close: bool
) -> None:
    stated = {"split": SPLIT, **CLOSING} if at_close else {}
    club, names = await crowd(programme, 20, target=10, pays="close" if at_close else "reached",
                              reward=points(10), **(stated or {}))  # fmt: skip
    walked = [await club.do("walk", name, km=10) for name in names]
    if at_close:
        club.clock.now = CLOSED
    workers = [small_parts(club.services), small_parts(other)]

    await asyncio.gather(
        *(worker.run_in(club.key) for worker in workers), *(club.reverse(one) for one in walked[:10])
    )
    for worker in workers:
        await worker.run_in(club.key)

    assert await balances(club, *names[:10]) == [0] * 10
    for name in names[:10]:
        found = await contributed(club, name)
        assert found is not None
        assert not [one for one in found.payments if one.stands]
    kept = await balances(club, *names[10:])
    assert all(balance >= 10 for balance in kept)
    await verified(club)


async def test_a_worker_that_is_killed_anywhere_is_taken_over(
    programme: MakeProgramme, other: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    club, names = await crowd(programme, 12, target=12, reward=points(10), split=SPLIT, **CLOSING)
    await club.record(*(club.activity("walk", name, km=number + 1) for number, name in enumerate(names)))

    class Killed(Exception):
        pass

    worker = small_parts(club.services)
    steps = killed = 0

    async def dies(*stated: Any, **more: Any) -> Any:
        nonlocal steps
        steps += 1
        result = await run(*stated, **more)
        if steps % 2:
            raise Killed  # what it wrote is committed, and nobody was told
        return result

    run = worker._settlement.run
    monkeypatch.setattr(worker._settlement, "run", dies)
    for now in (NOW, CLOSED):
        club.clock.now = now
        for _ in range(4):
            try:
                await worker.run_in(club.key)
            except Killed:
                killed += 1
    monkeypatch.undo()
    await small_parts(other).run_in(club.key)
    assert killed >= 4

    found = await balances(club, *names)
    assert (sum(found), found) == (12 * 10 + 1000, sorted(found))
    await verified(club)


async def test_who_contributes_while_everybody_is_paid_is_paid_too(
    programme: MakeProgramme, other: Services
) -> None:
    club, names = await crowd(programme, 60, target=30, reward=points(10))
    early, late = names[:30], names[30:]
    await club.record(*(club.activity("walk", name, km=1) for name in early))

    await asyncio.gather(
        *(small_parts(one).run_in(club.key) for one in (club.services, other)),
        *(club.do("walk", name, km=1) for name in late),
        *(club.do("walk", name, km=1) for name in early),
    )
    await keep(club)

    assert await balances(club, *names) == [10] * 60
    await verified(club)


async def test_members_of_one_goal_do_not_wait_for_each_other(
    programme: MakeProgramme, other: Services
) -> None:
    """Of two open transactions that contribute to one goal, neither has to run again."""
    club, _ = await crowd(programme, 2)
    runs = 0
    both = asyncio.Barrier(2)

    async def contribute(services: Services, name: str) -> None:
        async def body(work: Any) -> None:
            nonlocal runs
            runs += 1
            await services.recording.record_within(work, club.activity("walk", name, km=1))
            await work.flush()
            await both.wait()

        await services.recording._settlement.run(club.key, body)

    await asyncio.wait_for(asyncio.gather(contribute(club.services, "m0"), contribute(other, "m1")), 30)
    await keep(club)

    assert (runs, (await run_of(club)).total) == (2, 2)
