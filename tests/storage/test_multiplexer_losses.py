"""The shared connection when the server, the network or a caller goes away, or is slow."""

import asyncio
import contextlib
import socket
import uuid
from pathlib import Path

import pytest
from redis.exceptions import TimeoutError as RedisTimeout

from storage.embedded import Endpoints, find_valkey
from storage.embedded.valkey import redis_url, start_valkey, stop_valkey
from storage.redis import RedisStore, RedisUnavailable
from tests.storage.relay import Relay, opened, relayed, says, turns, until


@pytest.fixture
def key() -> str:
    return f"mux:{uuid.uuid4().hex}"


async def test_what_was_in_flight_when_the_connection_broke_fails_and_only_the_repeatable_goes_again(
    endpoints: Endpoints, redis_store: RedisStore, key: str
) -> None:
    async with relayed(endpoints) as (store, relay):
        await store.execute("SET", key, 0)
        relay.answering.clear()
        once = asyncio.create_task(store.execute("INCR", key))
        again = asyncio.create_task(store.execute("GET", key, repeatable=True))
        await until(lambda: says(redis_store, b"1", "GET", key))

        relay.cut()
        relay.answering.set()

        with pytest.raises(RedisUnavailable):
            await once
        assert await again == b"1"
        assert relay.connections == 2


async def test_a_server_that_dies_under_load_fails_what_waits_and_is_found_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    child = await asyncio.to_thread(start_valkey, find_valkey(), tmp_path, port)
    failed = 0
    stop = False

    async def load() -> None:
        nonlocal failed
        number = 0
        while not stop:
            number += 1
            try:
                assert await store.execute("ECHO", number) == str(number).encode()
            except RedisUnavailable:
                failed += 1
                await asyncio.sleep(0.01)

    async with opened(redis_url(port)) as store:
        await store.execute("PING")
        loads = [asyncio.create_task(load()) for _ in range(50)]
        await asyncio.sleep(0.1)
        await asyncio.to_thread(child.stop)
        await until(lambda: bool(failed))
        assert not await store.is_alive()
        child = await asyncio.to_thread(start_valkey, find_valkey(), tmp_path, port)
        await until(store.is_alive)
        stop = True
        await asyncio.gather(*loads)
        assert await store.execute("ECHO", "back") == b"back"
    await asyncio.to_thread(stop_valkey, child, keep_data=False)
    assert "never retrieved" not in caplog.text


async def test_a_server_that_is_no_longer_the_primary_is_looked_for_anew(tmp_path: Path, key: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    child = await asyncio.to_thread(start_valkey, find_valkey(), tmp_path, port)
    try:
        async with opened(redis_url(port)) as store:
            first = await store.execute("CLIENT", "ID")
            await store.execute("REPLICAOF", "127.0.0.1", 1)
            with pytest.raises(RedisUnavailable):
                await store.execute("SET", key, 1)
            await store.execute("REPLICAOF", "NO", "ONE", repeatable=True)
            await store.execute("SET", key, 1)
            assert await store.execute("CLIENT", "ID") != first
    finally:
        await asyncio.to_thread(stop_valkey, child, keep_data=False)


async def test_silence_is_given_up_and_a_late_answer_confuses_nobody(endpoints: Endpoints, key: str) -> None:
    async with relayed(endpoints, timeout_s=0.5) as (store, relay):
        await store.execute("SET", key, "mine")
        relay.answering.clear()
        with pytest.raises(RedisTimeout):
            await store.execute("ECHO", "late")

        relay.answering.set()
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(*RedisUnavailable):
                    assert await store.execute("GET", key) == b"mine"
                    break
        assert relay.connections >= 2


async def test_a_caller_that_has_no_patience_shifts_no_answer(endpoints: Endpoints) -> None:
    async with relayed(endpoints) as (store, relay):
        await store.execute("PING")
        relay.answering.clear()
        hasty = [asyncio.create_task(asyncio.wait_for(store.execute("ECHO", n), 0.01)) for n in range(10)]
        patient = [asyncio.create_task(store.execute("ECHO", f"p{n}")) for n in range(10)]
        outcomes = await asyncio.gather(*hasty, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {TimeoutError}

        relay.answering.set()

        assert await asyncio.gather(*patient) == [f"p{n}".encode() for n in range(10)]
        assert relay.connections == 1


async def test_a_quiet_connection_is_kept(endpoints: Endpoints) -> None:
    async with relayed(endpoints, timeout_s=0.3) as (store, relay):
        await until(store.is_alive)
        line, connections = store._multiplexer._line, relay.connections
        assert line is not None

        await asyncio.sleep(1)

        assert (store._multiplexer._line, relay.connections) == (line, connections)


async def test_silence_counts_from_when_something_was_asked(endpoints: Endpoints) -> None:
    async with relayed(endpoints) as (store, relay):
        await store.execute("PING")
        line = store._multiplexer._line
        assert line is not None
        assert line._watch is not None
        line._heard_at -= 1000
        relay.answering.clear()
        asked = asyncio.create_task(store.execute("ECHO", 1))
        await turns(3)

        line._watch.cancel()
        line._look()
        await turns(3)

        relay.answering.set()
        assert await asked == b"1"


async def test_callers_beyond_the_bound_wait_their_turn(
    endpoints: Endpoints, redis_store: RedisStore, key: str
) -> None:
    async with relayed(endpoints, in_flight_max=3) as (store, relay):
        await store.execute("PING")
        relay.answering.clear()
        tasks = [asyncio.create_task(store.execute("RPUSH", key, n)) for n in range(10)]
        await until(lambda: says(redis_store, 3, "LLEN", key))
        await turns()
        assert await redis_store.execute("LLEN", key) == 3
        tasks[0].cancel()
        tasks[9].cancel()

        relay.answering.set()
        await asyncio.gather(*tasks, return_exceptions=True)

        assert await redis_store.execute("LRANGE", key, 0, -1) == [str(n).encode() for n in range(9)]
        assert await asyncio.gather(*(store.execute("ECHO", n) for n in range(10))) == [
            str(n).encode() for n in range(10)
        ]


async def test_a_server_that_does_not_read_is_not_fed_without_end(endpoints: Endpoints, key: str) -> None:
    async with relayed(endpoints) as (store, relay):
        await store.execute("PING")
        line = store._multiplexer._line
        assert line is not None
        relay.taking.clear()
        tasks = []
        for _ in range(40):
            tasks.append(asyncio.create_task(store.execute("APPEND", key, bytes(1_000_000))))
            await turns(1)
        await turns()
        assert line._writer.transport.get_write_buffer_size() < 5_000_000

        relay.taking.set()
        lengths = await asyncio.gather(*tasks)

        assert lengths == [1_000_000 * (n + 1) for n in range(40)]
        await store.execute("DEL", key)


async def test_a_server_that_never_reads_again_is_given_up_and_nobody_waits_for_ever(
    endpoints: Endpoints, key: str
) -> None:
    async with relayed(endpoints, timeout_s=0.5) as (store, relay):
        await store.execute("PING")
        relay.taking.clear()
        tasks = [asyncio.create_task(store.execute("APPEND", key, bytes(1_000_000))) for _ in range(40)]

        async with asyncio.timeout(30):
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(outcome, RedisUnavailable) for outcome in outcomes)

        relay.taking.set()
        await until(store.is_alive)


async def test_one_caller_that_leaves_while_connecting_takes_nothing_from_the_others(
    endpoints: Endpoints,
) -> None:
    async with relayed(endpoints) as (store, relay):
        relay.answering.clear()
        tasks = [asyncio.create_task(store.execute("ECHO", n)) for n in range(5)]
        await turns()
        tasks[0].cancel()
        await turns(3)
        relay.answering.set()

        found = await asyncio.gather(*tasks, return_exceptions=True)

        assert isinstance(found[0], asyncio.CancelledError)
        assert found[1:] == [b"1", b"2", b"3", b"4"]
        assert relay.connections == 1


async def test_where_nobody_listens_callers_are_told_at_once_and_often(dead_redis: RedisStore) -> None:
    for _ in range(3):
        outcomes = await asyncio.gather(
            *(dead_redis.execute("PING", repeatable=True) for _ in range(100)), return_exceptions=True
        )
        assert all(isinstance(outcome, RedisUnavailable) for outcome in outcomes)


async def test_closing_fails_what_waits_and_all_that_comes_later(endpoints: Endpoints) -> None:
    async with Relay(endpoints.redis_url).running() as relay:
        store = RedisStore(relay.url)
        await store.execute("PING")
        relay.answering.clear()
        waiting = asyncio.create_task(store.execute("ECHO", 1))
        await turns(3)

        await store.close()

        with pytest.raises(RedisUnavailable):
            await waiting
        with pytest.raises(RedisUnavailable):
            await store.execute("PING")


async def test_closing_while_connecting_tells_who_waits(endpoints: Endpoints) -> None:
    async with Relay(endpoints.redis_url).running() as relay:
        relay.answering.clear()
        store = RedisStore(relay.url)
        waiting = asyncio.create_task(store.execute("ECHO", 1))
        await turns(3)

        await store.close()

        with pytest.raises(RedisUnavailable):
            await waiting
