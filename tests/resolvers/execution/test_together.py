"""Several awaitables at once: order, waiting, failure and cancellation."""

import asyncio
import gc
import warnings

import pytest

from resolvers.execution.together import together


async def _ready(value: int) -> int:
    return value


async def _after(turns: int, value: int, log: list[str] | None = None) -> int:
    for _ in range(turns):
        await asyncio.sleep(0)
    if log is not None:
        log.append(f"done {value}")
    return value


async def test_gives_results_in_order_whoever_is_ready_first() -> None:
    found = await together([_after(5, 1), _ready(2), _after(1, 3), _ready(4)])

    assert found == [1, 2, 3, 4]
    assert await together([]) == []


async def test_what_is_ready_takes_no_turn_of_the_loop() -> None:
    turned: list[bool] = []
    asyncio.get_running_loop().call_soon(turned.append, True)

    assert await together([_ready(1), _ready(2)]) == [1, 2]

    assert turned == []


async def test_those_that_wait_wait_at_once() -> None:
    first, second = asyncio.Event(), asyncio.Event()

    async def meets(mine: asyncio.Event, theirs: asyncio.Event) -> None:
        mine.set()
        await asyncio.wait_for(theirs.wait(), 5)

    await together([meets(first, second), meets(second, first)])


async def test_a_time_limit_within_one_holds_for_that_one() -> None:
    async def limited() -> str:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            return "stopped"
        return "went on"

    assert await together([limited(), limited(), limited()]) == ["stopped"] * 3


async def test_the_first_failure_is_told_and_the_rest_are_cancelled() -> None:
    log: list[str] = []

    async def fails() -> int:
        await asyncio.sleep(0)
        raise ValueError("no")

    async def lasts() -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        return 0

    for several in ([fails(), lasts()], [_after(1, 1), lasts(), fails()]):
        with pytest.raises(ValueError, match="no"):
            await together(several)

    assert log == ["cancelled"] * 2


async def test_what_was_never_begun_does_not_complain() -> None:
    async def fails() -> int:
        raise ValueError("at once")

    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        with pytest.raises(ValueError, match="at once"):
            await together([fails(), _ready(1), _ready(2)])
        gc.collect()

    assert complaints == []


async def test_cancelling_the_caller_cancels_all() -> None:
    log: list[str] = []

    async def lasts(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            log.append(name)

    task = asyncio.create_task(together([lasts("a"), lasts("b"), lasts("c")]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(log) == ["a", "b", "c"]


async def test_takes_futures_too() -> None:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[int] = loop.create_future()
    loop.call_soon(future.set_result, 7)

    assert await together([future, _ready(8)]) == [7, 8]
