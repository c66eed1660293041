"""Processor time of this process and of the servers it started, which another program's noise moves less than a rate."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class ProcessorTime:
    """Seconds used so far: `python` by this process, `mongod` by its child of that name (0 without a /proc)."""

    python: float
    mongod: float

    @classmethod
    def now(cls) -> Self:
        """As of now."""
        return cls(time.process_time(), _of_child("mongod"))

    def since(self, before: Self, count: int) -> str:
        """What each of `count` things cost since then."""
        python, mongod = self.python - before.python, self.mongod - before.mongod
        return f"Python {python / count * 1e6:,.0f} µs, mongod {mongod / count * 1e6:,.0f} µs each"


def _of_child(name: str) -> float:
    """Source: proc(5), /proc/pid/stat: after the name in parentheses come state, parent and, tenth and eleventh after
    that, user and system time in clock ticks."""
    for stat in _PROC.glob("[0-9]*/stat"):
        try:
            before, _, after = stat.read_text().rpartition(")")
        except OSError:
            continue  # it ended meanwhile
        fields = after.split()
        if before.partition("(")[2] == name and int(fields[1]) == os.getpid():
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0
