"""The shared connection, on a real server: everyone gets their own answer, whatever becomes of the others."""

import asyncio
import random
import uuid

import pytest
from redis.exceptions import ResponseError

from storage.embedded import Endpoints
from storage.redis import RedisStore
from tests.storage.relay import opened, relayed


@pytest.fixture
def key() -> str:
    return f"mux:{uuid.uuid4().hex}"


async def test_a_thousand_at_once_get_their_own_answers_while_others_are_cancelled(
    redis_store: RedisStore, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    draw = random.Random(5)
    for number in range(100):
        await redis_store.execute("HSET", key, number, f"value {number}")

    async def ask(number: int) -> None:
        await asyncio.sleep(draw.random() / 50)
        assert await redis_store.execute("HGET", key, number) == f"value {number}".encode()

    for _ in range(5):
        asks = [asyncio.create_task(ask(draw.randrange(100))) for _ in range(1000)]
        for _ in range(20):
            await asyncio.sleep(0.001)
            for task in draw.sample(asks, 20):
                task.cancel()
        outcomes = await asyncio.gather(*asks, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} <= {type(None), asyncio.CancelledError}
        assert outcomes.count(None) > 500
    assert "never retrieved" not in caplog.text


async def test_an_error_reaches_its_caller_only(redis_store: RedisStore, key: str) -> None:
    await redis_store.execute("SET", key, "text")

    found = await asyncio.gather(
        redis_store.execute("GET", key),
        redis_store.execute("ZCARD", key),
        redis_store.execute("NOSUCHCOMMAND"),
        redis_store.execute("STRLEN", key),
        return_exceptions=True,
    )

    assert found[0] == b"text"
    assert isinstance(found[1], ResponseError)
    assert "WRONGTYPE" in str(found[1])
    assert isinstance(found[2], ResponseError)
    assert found[3] == 4


async def test_many_sent_together_are_answered_in_order_or_fail_together(
    redis_store: RedisStore, key: str
) -> None:
    assert await redis_store.execute_all([("RPUSH", key, n) for n in range(50)]) == list(range(1, 51))
    assert await redis_store.execute_all([]) == []
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await redis_store.execute_all([("LLEN", key), ("GET", key), ("LLEN", key)])
    assert await redis_store.execute("LLEN", key) == 50


async def test_what_is_sent_in_one_turn_of_the_loop_is_one_write(
    endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(endpoints.redis_url) as store:
        await store.execute("PING")
        line = store._multiplexer._line
        assert line is not None
        written: list[bytes] = []
        write = line._writer.write

        def note(data: bytes) -> None:
            written.append(data)
            write(data)

        monkeypatch.setattr(line._writer, "write", note)

        await asyncio.gather(*(store.execute("ECHO", n) for n in range(100)))

        assert len(written) == 1


async def test_answers_that_come_byte_by_byte_are_put_together(endpoints: Endpoints, key: str) -> None:
    async with relayed(endpoints, split=True) as (store, _):
        await store.execute("ZADD", key, *(part for n in range(20) for part in (n, f"m{n}")))

        pages = await asyncio.gather(*(store.execute("ZRANGE", key, n, n + 2) for n in range(15)))

        assert pages == [[f"m{n + step}".encode() for step in range(3)] for n in range(15)]


async def test_answers_of_megabytes_come_whole_and_between_small_ones(
    redis_store: RedisStore, key: str
) -> None:
    big = bytes(range(256)) * 20_000
    await redis_store.execute("SET", key, big)
    try:
        found = await asyncio.gather(
            *(
                redis_store.execute("GET", key) if n % 5 == 0 else redis_store.execute("ECHO", n)
                for n in range(50)
            )
        )
        assert found == [big if n % 5 == 0 else str(n).encode() for n in range(50)]
    finally:
        await redis_store.execute("DEL", key)


async def test_scripts_go_on_after_the_server_forgot_them_beneath_many_callers(
    redis_store: RedisStore, key: str
) -> None:
    script = redis_store.script(f"-- {key}\nreturn redis.call('INCRBY', KEYS[1], ARGV[1])")

    async def forget() -> None:
        await redis_store.execute("SCRIPT", "FLUSH")

    for _ in range(5):
        await asyncio.gather(
            *(script([key], [1]) for _ in range(50)), forget(), *(script([key], [1]) for _ in range(50))
        )

    assert await script([key], [0]) == 500


async def test_pushed_messages_are_no_answers(
    endpoints: Endpoints, redis_store: RedisStore, key: str
) -> None:
    async with opened(f"{endpoints.redis_url}?protocol=3") as store:
        await store.execute("CLIENT", "TRACKING", "ON")
        connection = await store.execute("CLIENT", "ID")
        for n in range(20):
            assert await store.execute("GET", key) == (str(n - 1).encode() if n else None)
            await redis_store.execute("SET", key, n)

        assert await store.execute("ECHO", "x") == b"x"
        assert await store.execute("CLIENT", "ID") == connection
