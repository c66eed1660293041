"""What one caller and one socket may have and do, counted in this process."""

import time
from collections import Counter
from dataclasses import dataclass

from api.settings import Settings
from gamification.kit.actors import Actor


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """Of one socket; see `api.settings`."""

    init_s: float
    operations_max: int
    operations_a_second: float
    operations_burst: float
    stall_s: float
    heartbeat_s: float


def socket_limits(settings: Settings) -> SocketLimits:
    """The limits that the settings state."""
    return SocketLimits(
        init_s=settings.socket_init_timeout_seconds,
        operations_max=settings.socket_operations_max,
        operations_a_second=settings.socket_operations_per_second,
        operations_burst=settings.socket_operations_burst,
        stall_s=settings.socket_stall_seconds,
        heartbeat_s=settings.socket_ping_seconds,
    )


class Connections:
    """Open sockets and event streams by caller."""

    def __init__(self, per_caller: int) -> None:
        self.per_caller = per_caller
        self._open: Counter[tuple[str, str, str]] = Counter()

    def open(self, actor: Actor) -> bool:
        """Count one more; False where the caller has as many as they may."""
        key = _key(actor)
        if self._open[key] >= self.per_caller:
            return False
        self._open[key] += 1
        return True

    def close(self, actor: Actor) -> None:
        """One that was opened has ended."""
        key = _key(actor)
        self._open[key] -= 1
        if self._open[key] <= 0:
            del self._open[key]

    @property
    def total(self) -> int:
        """How many are open."""
        return self._open.total()


def _key(actor: Actor) -> tuple[str, str, str]:
    return actor.programme_id, actor.role.value, actor.subject


class Allowance:
    """A token bucket: so many at once, and so many a second."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = time.monotonic()

    def take(self) -> bool:
        """Take one; False where none is left."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
