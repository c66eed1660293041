"""One call for all that is asked in one turn of the event loop, or while the call before is under way."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Generic, TypeVar

G = TypeVar("G", bound=Hashable)
K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


@dataclass(slots=True, eq=False)
class _Batch(Generic[K, R]):
    keys: dict[K, None] = field(default_factory=dict)
    waiting: list["asyncio.Future[R]"] = field(default_factory=list)


class Batcher(Generic[G, K, R]):
    """Gathers keys of one group until the loop turns, then calls once. Nothing is kept: who asks in the next turn, or
    while a call is under way, is answered by a new call, so that nobody sees what was read before they asked. With
    `in_turn` there is one call at a time, over all groups, and the next gathers until it is over: for writes, which are
    cheaper together and lose nothing by waiting."""

    def __init__(self, call: Callable[[G, list[K]], Awaitable[R]], *, in_turn: bool = False) -> None:
        self._call = call
        self._turn: AbstractAsyncContextManager[None] = asyncio.Lock() if in_turn else nullcontext()
        self._open: dict[G, _Batch[K, R]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def ask(self, group: G, keys: Iterable[K]) -> R:
        """What the call returned for these keys and those that others asked at the same time. Raises: what it raised."""
        batch = self._open.get(group)
        if batch is None:
            batch = self._open[group] = _Batch()
            task = asyncio.create_task(self._run(group), name="batch")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        batch.keys.update(dict.fromkeys(keys))
        # One each, so that one caller's cancellation doesn't take the answer from the others.
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        batch.waiting.append(future)
        return await future

    async def _run(self, group: G) -> None:
        async with self._turn:
            await self._answer(group, self._open.pop(group))

    async def _answer(self, group: G, batch: _Batch[K, R]) -> None:
        try:
            result = await self._call(group, list(batch.keys))
        except asyncio.CancelledError:
            for future in batch.waiting:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is theirs who asked
            for future in batch.waiting:
                if not future.done():
                    future.set_exception(error)
        else:
            for future in batch.waiting:
                if not future.done():
                    future.set_result(result)
