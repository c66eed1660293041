"""What is asked in one turn of the loop is one call, and each caller is answered for themselves."""

import asyncio

import pytest

from storage.batching import Batcher


class Squares:
    def __init__(self, *, in_turn: bool = False) -> None:
        self.calls: list[tuple[str, list[int]]] = []
        self.called = asyncio.Event()
        self.batcher: Batcher[str, int, dict[int, int]] = Batcher(self._call, in_turn=in_turn)

    async def _call(self, group: str, keys: list[int]) -> dict[int, int]:
        self.calls.append((group, keys))
        self.called.set()
        await asyncio.sleep(0.005)
        if 13 in keys:
            raise ValueError("unlucky")
        return {key: key * key for key in keys}


async def test_one_turn_is_one_call_a_group() -> None:
    squares = Squares()

    found = await asyncio.gather(
        *(squares.batcher.ask(g, k) for g, k in (("a", [1, 2]), ("b", [2]), ("a", [2, 3])))
    )

    assert squares.calls == [("a", [1, 2, 3]), ("b", [2])]
    assert found == [{1: 1, 2: 4, 3: 9}, {2: 4}, {1: 1, 2: 4, 3: 9}]


async def test_who_asks_while_a_call_is_under_way_gets_a_new_one() -> None:
    squares = Squares()
    early = asyncio.create_task(squares.batcher.ask("a", [1]))
    await squares.called.wait()

    assert await squares.batcher.ask("a", [1]) == {1: 1}
    assert await early == {1: 1}
    assert squares.calls == [("a", [1]), ("a", [1])]


async def test_in_turn_the_next_call_gathers_until_the_one_before_is_over() -> None:
    squares = Squares(in_turn=True)
    early = asyncio.create_task(squares.batcher.ask("a", [13]))
    await squares.called.wait()

    asks = []
    for key in (1, 2, 3):
        asks.append(asyncio.create_task(squares.batcher.ask("a", [key])))
        await asyncio.sleep(0)

    assert [found[key] for key, found in zip((1, 2, 3), await asyncio.gather(*asks), strict=True)] == [
        1,
        4,
        9,
    ]
    with pytest.raises(ValueError, match="unlucky"):
        await early
    assert squares.calls == [("a", [13]), ("a", [1, 2, 3])]


async def test_a_failure_reaches_all_who_asked_and_nobody_after() -> None:
    squares = Squares()

    outcomes = await asyncio.gather(*(squares.batcher.ask("a", [k]) for k in (1, 13)), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [ValueError, ValueError]
    assert await squares.batcher.ask("a", [2]) == {2: 4}
    assert squares.batcher._open == {}


async def test_one_who_leaves_takes_nothing_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    squares = Squares()
    asks = [asyncio.create_task(squares.batcher.ask("a", [k])) for k in (1, 2, 13)]
    left = asyncio.create_task(squares.batcher.ask("b", [13]))
    await squares.called.wait()
    for task in (asks[0], left):
        task.cancel()

    outcomes = await asyncio.gather(*asks, left, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [
        asyncio.CancelledError,
        ValueError,
        ValueError,
        asyncio.CancelledError,
    ]
    assert "never retrieved" not in caplog.text
