"""Buckets and windows: exact over all processes, and by each process alone while Redis is away."""

import asyncio
import os
import signal
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.embedded.binaries import find_valkey
from storage.embedded.ports import choose_port
from storage.embedded.valkey import redis_url, start_valkey
from storage.rates import AWAY, Bucket, Draw, Drawn, LocalBuckets, Rates
from storage.redis import RedisStore
from tests.support import on_servers

NEVER = 1e-9
"""A rate by which nothing flows in during a test."""
PATIENT_S = 30.0


def someone() -> str:
    return uuid.uuid4().hex


def draw(need: int, *, of: int, rate: float = NEVER, portion: int = 0, name: str = "cost") -> Draw:
    return Draw(name, Bucket(rate, of), need, portion)


def away(rates: Rates) -> bool:
    """Whether the process goes by itself now."""
    return rates.is_away


class Stopwatch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def rates(redis_store: RedisStore) -> Rates:
    return Rates(redis_store, timeout_s=PATIENT_S)


# ---------------------------------------------------------------- buckets


async def test_a_bucket_gives_its_burst_and_then_says_when_there_is_more(rates: Rates) -> None:
    caller = someone()

    assert await rates.draw(caller, [draw(100, of=100, rate=0.01)]) == Drawn((100,))
    refused = await rates.draw(caller, [draw(5, of=100, rate=0.01)])

    assert refused.short == 0
    assert 400 < refused.retry_after_s <= 500


async def test_a_portion_is_given_as_far_as_there_is(rates: Rates) -> None:
    caller = someone()

    assert await rates.draw(caller, [draw(1, of=25, portion=20)]) == Drawn((20,))
    assert await rates.draw(caller, [draw(1, of=25, portion=20)]) == Drawn((5,))
    assert (await rates.draw(caller, [draw(1, of=25, portion=20)])).short == 0


async def test_of_two_draws_both_are_given_or_neither(rates: Rates) -> None:
    caller = someone()
    both = [draw(1, of=10, name="requests"), draw(50, of=60, name="cost")]

    assert await rates.draw(caller, both) == Drawn((1, 50))
    assert (await rates.draw(caller, both)).short == 1
    assert await rates.draw(caller, [draw(9, of=10, name="requests")]) == Drawn((9,))
    assert await rates.draw(caller, [draw(10, of=60, name="cost")]) == Drawn((10,))


async def test_a_bucket_fills_up_with_time_and_no_further_than_its_burst(rates: Rates) -> None:
    caller = someone()
    assert await rates.draw(caller, [draw(10, of=10, rate=1000)]) == Drawn((10,))

    await asyncio.sleep(0.2)

    assert await rates.draw(caller, [draw(1, of=10, rate=1000, portion=100)]) == Drawn((10,))


async def test_callers_do_not_share_and_leave_nothing_behind(rates: Rates, redis_store: RedisStore) -> None:
    one, other = f"{someone()}}}:\ud800", f"{someone()}{{"

    assert await rates.draw(one, [draw(10, of=10, rate=5)]) == Drawn((10,))
    assert await rates.draw(other, [draw(10, of=10, rate=5)]) == Drawn((10,))

    keys = await redis_store.client.keys("sg:rate:*")
    assert all(one[:32].encode() not in key for key in keys)
    for key in keys:
        assert await redis_store.client.pttl(key) != -1, key


async def test_at_once_from_many_processes_no_more_is_given_than_there_is(redis_store: RedisStore) -> None:
    caller = someone()
    processes = [Rates(redis_store, timeout_s=PATIENT_S) for _ in range(4)]

    given = await asyncio.gather(
        *(process.draw(caller, [draw(3, of=100, portion=7)]) for process in processes for _ in range(20))
    )

    total = sum(sum(drawn.granted) for drawn in given)
    assert total <= 100
    assert total > 100 - 3
    assert any(drawn.short == 0 for drawn in given)


@on_servers(20)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 9), st.integers(1, 12)), max_size=12))
async def test_a_process_alone_decides_as_redis_does(
    redis_store: RedisStore, steps: list[tuple[int, int, int]]
) -> None:
    caller, rates, alone = someone(), Rates(redis_store, timeout_s=PATIENT_S), LocalBuckets(Stopwatch())

    for need, portion, other in steps:
        draws = [draw(need, of=30, portion=portion, name="a"), draw(other, of=20, name="b")]
        there, here = await rates.draw(caller, draws), alone.draw(caller, draws)
        assert (there.granted, there.short) == (here.granted, here.short)


# ---------------------------------------------------------------- alone


def test_alone_a_bucket_fills_up_by_its_rate() -> None:
    clock = Stopwatch()
    alone = LocalBuckets(clock)

    assert alone.draw("a", [draw(10, of=10, rate=2)]) == Drawn((10,))
    assert alone.draw("a", [draw(5, of=10, rate=2)]) == Drawn(short=0, retry_after_s=2.5)
    clock.now += 2.5
    assert alone.draw("a", [draw(5, of=10, rate=2)]) == Drawn((5,))
    clock.now += 3600
    assert alone.draw("a", [draw(1, of=10, rate=2, portion=100)]) == Drawn((10,))


def test_alone_a_process_remembers_a_bounded_number_of_callers() -> None:
    alone = LocalBuckets(Stopwatch(), callers_max=100)

    for number in range(10_000):
        alone.draw(f"caller {number}", [draw(1, of=1)])

    assert len(alone._levels) == 100
    assert alone.draw("caller 9999", [draw(1, of=1)]).short == 0


# ---------------------------------------------------------------- windows


async def test_a_window_takes_so_many_a_minute_and_says_when_again(rates: Rates) -> None:
    caller = someone()

    assert [await rates.attempt("claims", caller, 3) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert 50 < await rates.attempt("claims", caller, 3) <= 60
    assert await rates.attempt("others", caller, 3) == 0.0
    assert await rates.attempt("claims", someone(), 3) == 0.0


async def test_several_attempts_are_taken_together_or_not_at_all(rates: Rates) -> None:
    caller = someone()

    assert await rates.attempt("claims", caller, 5, 3) == 0.0
    assert await rates.attempt("claims", caller, 5, 3) > 0
    assert await rates.attempt("claims", caller, 5, 2) == 0.0
    assert await rates.attempt("claims", someone(), 5, 6) > 0


async def test_at_once_from_many_processes_a_window_is_exact(redis_store: RedisStore) -> None:
    caller = someone()
    processes = [Rates(redis_store, timeout_s=PATIENT_S) for _ in range(4)]

    waits = await asyncio.gather(
        *(process.attempt("claims", caller, 10) for process in processes for _ in range(10))
    )

    assert waits.count(0.0) == 10


async def test_who_is_known_to_be_refused_asks_nobody(redis_store: RedisStore) -> None:
    caller, clock = someone(), Stopwatch()
    rates = Rates(redis_store, timeout_s=PATIENT_S, clock=clock)
    await rates.attempt("claims", caller, 1)
    wait_s = await rates.attempt("claims", caller, 1)

    for key in await redis_store.client.keys("sg:window*"):
        await redis_store.client.delete(key)
    assert await rates.attempt("claims", caller, 1) == wait_s
    clock.now += 61
    assert await rates.attempt("claims", caller, 1) == 0.0


# ---------------------------------------------------------------- without Redis


async def test_without_redis_the_same_figures_hold_in_this_process(dead_redis: RedisStore) -> None:
    clock = Stopwatch()
    rates = Rates(dead_redis, clock=clock)
    caller = someone()

    assert await rates.draw(caller, [draw(10, of=10, rate=1)]) == Drawn((10,))
    assert away(rates)
    assert AWAY._value.get() == 1
    assert (await rates.draw(caller, [draw(1, of=10, rate=1)])).short == 0
    assert [await rates.attempt("claims", caller, 2) > 0 for _ in range(3)] == [False, False, True]


async def test_redis_killed_frozen_and_back(tmp_path: Path) -> None:
    port = choose_port(tmp_path)
    server = start_valkey(find_valkey(), tmp_path, port)
    store, clock = RedisStore(redis_url(port)), Stopwatch()
    rates, caller = Rates(store, timeout_s=2.0, clock=clock), someone()
    try:
        assert await rates.draw(caller, [draw(10, of=10)]) == Drawn((10,))
        assert not away(rates)

        os.kill(server.pid, signal.SIGSTOP)
        assert await rates.draw(caller, [draw(6, of=10)]) == Drawn((6,)), "a bucket of this process"
        assert away(rates)
        assert (await rates.draw(caller, [draw(6, of=10)])).short == 0
        os.kill(server.pid, signal.SIGCONT)
        server.stop()
        clock.now += 1
        assert await rates.attempt("claims", caller, 5) == 0.0
        assert away(rates)

        server = start_valkey(find_valkey(), tmp_path, port)
        for _ in range(100):  # the connection may pause between its own attempts
            clock.now += 1
            assert await rates.attempt("others", caller, 1_000) == 0.0
            if not away(rates):
                break
            await asyncio.sleep(0.05)
        assert not away(rates)
        assert AWAY._value.get() == 0
        assert await rates.draw(caller, [draw(10, of=10)]) == Drawn((10,)), "Redis forgot, and is asked again"
    finally:
        await store.close()
        server.stop()
