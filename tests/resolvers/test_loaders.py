import asyncio
from collections.abc import Sequence

import pytest

from resolvers.loaders import ById


class Rows:
    def __init__(self, delay_s: float = 0.0) -> None:
        self.reads: list[list[str]] = []
        self._delay_s = delay_s

    async def __call__(self, keys: Sequence[str]) -> dict[str, str]:
        self.reads.append(list(keys))
        await asyncio.sleep(self._delay_s)
        if "bad" in keys:
            raise ValueError("bad")
        return {key: key.upper() for key in keys if key != "missing"}


async def test_keys_asked_side_by_side_are_one_read() -> None:
    rows = Rows()
    loader = ById(rows, cache=True)
    found = await asyncio.gather(
        loader.load("a"), loader.load_many(["b", "missing", "a"]), loader.load("missing")
    )
    assert tuple(found) == ("A", {"b": "B", "a": "A"}, None)
    assert rows.reads == [["a", "b", "missing"]]


async def test_what_was_asked_is_remembered_even_while_it_is_read() -> None:
    rows = Rows(0.01)
    loader = ById(rows, cache=True)
    first = asyncio.create_task(loader.load("a"))
    await asyncio.sleep(0.005)
    assert await loader.load("a") == await first == await loader.load("a") == "A"
    assert rows.reads == [["a"]]


async def test_without_a_cache_each_turn_reads_anew() -> None:
    rows = Rows()
    loader = ById(rows, cache=False)
    for _ in range(2):
        assert tuple(await asyncio.gather(loader.load("a"), loader.load("a"))) == ("A", "A")
    assert rows.reads == [["a"], ["a"]]


async def test_a_failure_reaches_all_who_asked() -> None:
    loader = ById(Rows(), cache=True)
    failures = await asyncio.gather(loader.load("bad"), loader.load("a"), return_exceptions=True)
    assert [type(failure) for failure in failures] == [ValueError, ValueError]


async def test_one_who_is_cancelled_takes_the_answer_from_nobody() -> None:
    loader = ById(Rows(0.01), cache=True)
    impatient = asyncio.create_task(loader.load("a"))
    patient = asyncio.create_task(loader.load("b"))
    await asyncio.sleep(0.005)
    impatient.cancel()
    assert await patient == "B"
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_thousands_are_read_in_parts() -> None:
    rows = Rows()
    found = await ById(rows, cache=True).load_many([str(number) for number in range(2500)])
    assert len(found) == 2500
    assert [len(read) for read in rows.reads] == [1000, 1000, 500]
