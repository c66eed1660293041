"""How subscriptions that each look for themselves rest between two messages."""

import asyncio
import math


async def rest(seconds: float) -> None:
    """Wait that long at least and twice that at most, until all who rest so long wake at once: who looks at the same moment
    as others shares what is read with them."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[None] = loop.create_future()
    beat = math.ceil(loop.time() / seconds + 1) * seconds
    timer = loop.call_at(beat, _wake, waiting)
    try:
        await waiting
    finally:
        timer.cancel()


def _wake(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)
