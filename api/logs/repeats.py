"""Warnings that anybody's request can provoke, such as one a read while a server is away, must not fill the disk.

Of each kind of warning one line a second is written; it says how many of its kind were left out before it
(`left_out`). Errors are never left out: their callers hold an id that finds them.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable

import structlog
from structlog.typing import EventDict

INTERVAL_S = 1.0
KINDS_MAX = 1_000
"""Remembered; beyond, the kind that came longest ago is forgotten."""


class Repeats:
    """Lets one of a kind pass in each interval."""

    def __init__(
        self,
        interval_s: float = INTERVAL_S,
        kinds_max: int = KINDS_MAX,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval_s, self._kinds_max, self._clock = interval_s, kinds_max, clock
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def admit(self, kind: str) -> int | None:
        """How many of the kind were left out since the last that passed; None leaves this one out, too."""
        now = self._clock()
        passed_at, left_out = self._seen.get(kind, (float("-inf"), 0))
        if now - passed_at < self._interval_s:
            self._seen[kind] = (passed_at, left_out + 1)
            return None
        self._seen[kind] = (now, 0)
        self._seen.move_to_end(kind)
        if len(self._seen) > self._kinds_max:
            self._seen.popitem(last=False)
        return left_out


class OwnRepeats:
    """A processor for our own warnings; the event is the kind, whatever it was about."""

    def __init__(self, repeats: Repeats) -> None:
        self._repeats = repeats

    def __call__(self, _logger: object, method: str, event: EventDict) -> EventDict:
        if method != "warning":
            return event
        left_out = self._repeats.admit(str(event.get("event")))
        if left_out is None:
            raise structlog.DropEvent
        if left_out:
            event["left_out"] = left_out
        return event


class ForeignRepeats(logging.Filter):
    """The same for libraries' warnings, such as uvicorn's about what is no HTTP; our own come by another way."""

    def __init__(self, repeats: Repeats) -> None:
        super().__init__()
        self._repeats = repeats

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING or not isinstance(record.msg, str):
            return True
        left_out = self._repeats.admit(f"{record.name} {record.msg}")
        if left_out:
            record.msg = f"{record.msg} (left out before: {left_out})"
        return left_out is not None
