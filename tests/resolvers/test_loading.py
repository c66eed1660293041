"""Loaders, of which some callers are cancelled."""

import asyncio
from collections.abc import Sequence

import pytest

from resolvers.loading import Loader


async def lengths(keys: Sequence[str]) -> list[int]:
    await asyncio.sleep(0)
    return [len(key) for key in keys]


async def load(loader: Loader[str, int], key: str) -> int:
    return await loader.load(key)


async def test_who_waits_for_what_another_was_cancelled_over_still_gets_it() -> None:
    loader = Loader[str, int](lengths)
    gone, other = asyncio.create_task(load(loader, "abc")), asyncio.create_task(load(loader, "abc"))
    await asyncio.sleep(0)

    gone.cancel()

    assert await asyncio.wait_for(other, 5) == 3
    assert gone.cancelled()


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("cache", [True, False])
async def test_who_comes_after_all_were_cancelled_gets_theirs(turns: int, cache: bool) -> None:
    loader = Loader[str, int](lengths, cache=cache)
    gone = [asyncio.create_task(load(loader, key)) for key in ("a", "ab")]
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    for _ in range(turns):
        await asyncio.sleep(0)

    assert await asyncio.wait_for(load(loader, "abc"), 5) == 3
    assert await asyncio.wait_for(load(loader, "ab"), 5) == 2


async def test_what_fails_fails_for_who_waits_and_for_nobody_else() -> None:
    async def fail(keys: Sequence[str]) -> list[int]:
        await asyncio.sleep(0)
        raise LookupError(keys[0])

    loader = Loader[str, int](fail)
    gone, other = asyncio.create_task(load(loader, "a")), asyncio.create_task(load(loader, "a"))
    await asyncio.sleep(0)
    gone.cancel()

    with pytest.raises(LookupError):
        await other
