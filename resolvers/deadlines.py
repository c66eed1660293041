"""Time limits for many short jobs: one timer looks after all of them, where a timer each would cost more than the
job of a small query."""

import asyncio
from types import TracebackType

_LOOKS = 20
"""In the time of one limit: how much later than stated a job may be stopped, as a part of it."""
_LOOK_S_MAX = 0.25


class Deadlines:
    """Jobs that may each take `limit_s` seconds (0: any time), and at most a twentieth or a quarter of a second more."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._look_s = min(limit_s / _LOOKS, _LOOK_S_MAX)
        self._running: dict[asyncio.Timeout, float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_looking = False

    def job(self) -> "Job":
        """To be entered by `async with`. Raises there: TimeoutError."""
        return Job(self)

    def begin(self, timeout: asyncio.Timeout) -> None:
        """Count from now; the jobs stay in the order of their ends, as they all have the same time."""
        if not self.limit_s:
            return
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._running, self._is_looking = loop, {}, False
        self._running[timeout] = loop.time() + self.limit_s
        if not self._is_looking:
            self._is_looking = True
            loop.call_later(self._look_s, self._look, loop)

    def end(self, timeout: asyncio.Timeout) -> None:
        """It has come to its end."""
        self._running.pop(timeout, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self._loop:
            return
        now = loop.time()
        late = []
        for timeout, ends_at in self._running.items():
            if ends_at > now:
                break
            late.append(timeout)
        for timeout in late:
            del self._running[timeout]
            timeout.reschedule(now)
        self._is_looking = bool(self._running)
        if self._is_looking:
            loop.call_later(self._look_s, self._look, loop)


class Job:
    """One job's time. It is asyncio's own time-out, told late of its end."""

    __slots__ = ("_deadlines", "_timeout")

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines

    async def __aenter__(self) -> None:
        self._timeout = asyncio.Timeout(None)
        await self._timeout.__aenter__()
        self._deadlines.begin(self._timeout)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadlines.end(self._timeout)
        await self._timeout.__aexit__(kind, error, trace)
