import asyncio
import uuid

import pytest

from storage.doorbells import Doorbells
from storage.embedded import Endpoints
from storage.redis import RedisStore, RedisUnavailable


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
