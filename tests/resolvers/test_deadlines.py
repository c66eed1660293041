"""Time limits that share a timer: who is late is stopped, and only they."""

import asyncio

import pytest

from resolvers.deadlines import Deadlines


async def test_stops_what_takes_too_long_wherever_it_waits() -> None:
    deadlines = Deadlines(0.05)

    with pytest.raises(TimeoutError):
        async with deadlines.job():
            await asyncio.Event().wait()


async def test_what_ends_in_time_is_left_alone_however_many_are_late() -> None:
    deadlines = Deadlines(0.1)

    async def lasts(seconds: float) -> str:
        try:
            async with deadlines.job():
                await asyncio.sleep(seconds)
        except TimeoutError:
            return "stopped"
        return "ended"

    assert await asyncio.gather(*(lasts(s) for s in (0, 30, 0.01, 30))) == [
        "ended",
        "stopped",
        "ended",
        "stopped",
    ]
    await asyncio.sleep(0.2)
    assert await lasts(0) == "ended"
    assert await lasts(30) == "stopped", "the timer looks again after a time without jobs"


async def test_without_a_limit_nothing_is_stopped() -> None:
    async with Deadlines(0).job():
        await asyncio.sleep(0.05)


async def test_a_cancellation_from_outside_stays_one() -> None:
    deadlines = Deadlines(30)

    async def job() -> None:
        async with deadlines.job():
            await asyncio.Event().wait()

    task = asyncio.create_task(job())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


def test_goes_on_in_another_loop() -> None:
    deadlines = Deadlines(0.05)

    async def late() -> None:
        with pytest.raises(TimeoutError):
            async with deadlines.job():
                await asyncio.Event().wait()

    asyncio.run(late())
    asyncio.run(late())
