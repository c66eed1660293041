"""Several awaitables at once, at the price of those that wait: what is ready needs no task and no turn of the loop."""

from asyncio import Future, ensure_future
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, TypeVar

from graphql.pyutils import gather_with_cancel

T = TypeVar("T")


async def together(awaitables: Sequence[Awaitable[T]]) -> list[T]:
    """Their results, in order. They run one after the other until one has to wait; from then on all that are left
    run at once. What fails first fails for all, and the rest are cancelled or never begun."""
    results: list[T] = []
    for place, awaitable in enumerate(awaitables):
        left = awaitables[place + 1 :]
        begun: list[Future[T]] = []
        try:
            results.append(await _Watched(awaitable, lambda: begun.extend(map(ensure_future, left))))  # noqa: B023
        except BaseException:
            await _end(begun, left)
            raise
        if begun:
            results += await gather_with_cancel(*begun)
            break
    return results


class _Watched(Awaitable[T]):
    """An awaitable that says when it first has to wait. It goes on in the task that it began in, as whatever it
    holds on to there (a time limit, say) asks of it."""

    def __init__(self, awaitable: Awaitable[T], on_wait: Callable[[], None]) -> None:
        self._awaitable = awaitable
        self._on_wait = on_wait

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self._awaitable.__await__()
        try:
            waiting = next(steps)
            self._on_wait()
            while True:
                try:
                    sent = yield waiting
                except BaseException as error:  # noqa: BLE001 - thrown on to whom it is meant for
                    waiting = steps.throw(error)
                else:
                    waiting = steps.send(sent)
        except StopIteration as done:
            result: T = done.value
            return result


async def _end(begun: list["Future[T]"], left: Sequence[Awaitable[T]]) -> None:
    """Nothing goes on behind the caller's back, nor complains that it was never awaited."""
    for future in begun:
        future.cancel()
    for future in begun:
        try:
            await future
        except BaseException:  # noqa: BLE001, S112 - the first failure is the one that is told
            continue
    if not begun:
        for awaitable in left:
            close = getattr(awaitable, "close", None)
            if close is not None:
                close()
