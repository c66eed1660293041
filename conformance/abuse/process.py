"""What the server process has used: processor time and memory, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

from conformance.checks import Failure, Skipped
from conformance.target import Target

MEBIBYTE = 1024 * 1024
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor seconds since the start, and resident bytes."""

    cpu_seconds: float
    resident_bytes: int


def usage(target: Target) -> Usage:
    """Raises: Skipped where the system has no /proc, Failure where the process is gone."""
    folder = Path("/proc", str(target.pid))
    if not Path("/proc/self/stat").exists():
        raise Skipped("the server's processor time can't be read here: there is no /proc")
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        pages = int((folder / "statm").read_text().split()[1])
    except OSError:
        raise Failure("the server is gone") from None
    ticks = int(fields[11]) + int(fields[12])
    return Usage(ticks / _TICKS, pages * os.sysconf("SC_PAGE_SIZE"))
