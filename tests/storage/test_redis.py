import asyncio
import uuid

import pytest

from storage.doorbells import Doorbells
from storage.embedded import Endpoints
from storage.redis import RedisStore, RedisUnavailable
from tests.storage.relay import relayed, until


async def test_a_script_runs_again_after_the_server_forgot_it(redis_store: RedisStore) -> None:
    script = redis_store.script("return redis.call('INCR', KEYS[1])")
    key = f"n:{uuid.uuid4().hex}"

    await script(keys=[key])
    await redis_store.client.script_flush()

    assert await script(keys=[key]) == 2


async def test_says_when_nobody_answers(redis_store: RedisStore, dead_redis: RedisStore) -> None:
    assert await redis_store.is_alive()
    assert not await dead_redis.is_alive()
    with pytest.raises(RedisUnavailable):
        await dead_redis.client.get("x")


async def test_a_bell_rings_for_its_key_only(redis_store: RedisStore) -> None:
    channel = f"c:{uuid.uuid4().hex}"
    bells = Doorbells(redis_store, [channel])
    await bells.start()
    await asyncio.wait_for(bells.connected.wait(), 5)
    with bells.listening("p|board|all") as mine, bells.listening("p|board|2026") as other:
        await redis_store.publish(channel, [b"p|board|all|7", b"p|board|all|8"])

        assert await mine.wait(5)
        assert not await mine.wait(0.05)
        assert not await other.wait(0.01)
    await bells.stop()


async def test_a_bell_is_gone_once_nobody_listens(redis_store: RedisStore) -> None:
    bells = Doorbells(redis_store, ["c"])
    with bells.listening("a"), bells.listening("a"):
        pass

    assert bells._bells == {}


async def test_after_a_lost_connection_every_bell_rings(
    endpoints: Endpoints, redis_store: RedisStore
) -> None:
    store, channel = RedisStore(endpoints.redis_url), f"c:{uuid.uuid4().hex}"
    bells = Doorbells(store, [channel])
    for _ in range(2):
        await bells.start()
        await asyncio.wait_for(bells.connected.wait(), 5)
    with bells.listening("x") as bell:
        await redis_store.client.client_kill_filter(_type="pubsub")

        assert await bell.wait(5)
        await asyncio.wait_for(bells.connected.wait(), 5)
        await redis_store.publish(channel, [b"x|1"])
        assert await bell.wait(5)
    await bells.stop()
    await store.close()


async def test_a_connection_that_says_nothing_any_more_is_given_up(
    endpoints: Endpoints, redis_store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.redis._QUIET_S", 0.05)
    monkeypatch.setattr("storage.redis._DEAF_S", 0.3)
    channel = f"c:{uuid.uuid4().hex}"
    async with relayed(endpoints) as (store, relay):
        bells = Doorbells(store, [channel])
        await bells.start()
        await asyncio.wait_for(bells.connected.wait(), 5)
        await asyncio.sleep(0.6)  # it is quiet, and asked, and answers
        assert (bells.connected.is_set(), relay.connections) == (True, 1)
        with bells.listening("x") as bell:
            relay.answering.clear()
            await until(lambda: not bells.connected.is_set())
            relay.answering.set()
            await asyncio.wait_for(bells.connected.wait(), 10)
            assert await bell.wait(5)  # whatever was said meanwhile
            await redis_store.publish(channel, [b"x|1"])
            assert await bell.wait(5)
        await bells.stop()
        assert not bells.connected.is_set()


@pytest.mark.parametrize("how", ["cancelled", "a fault of who hears"])
async def test_who_listens_listens_again_whatever_ended_it(
    redis_store: RedisStore, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = f"c:{uuid.uuid4().hex}"
    bells = Doorbells(redis_store, [channel])
    await bells.start()
    await asyncio.wait_for(bells.connected.wait(), 5)
    with bells.listening("x") as bell:
        if how == "cancelled":
            assert bells._listener._task is not None
            bells._listener._task.cancel()
        else:
            with monkeypatch.context() as broken, bells.hearing("x", lambda: 1 / 0):  # type: ignore[arg-type]
                broken.setattr("storage.redis.log.error", lambda *_, **__: None)
                await redis_store.publish(channel, [b"x|1"])
                await until(lambda: not bells.connected.is_set())
        assert await bell.wait(5)
        await asyncio.wait_for(bells.connected.wait(), 5)
        await redis_store.publish(channel, [b"x|2"])
        assert await bell.wait(5)
    await bells.stop()
