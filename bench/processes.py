"""Servers in processes of their own, each confined to a core, so that what is measured never disturbs the measuring."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

_START_SECONDS_MAX = 40.0
_STOP_SECONDS_MAX = 20.0


@dataclass(frozen=True, slots=True)
class Cores:
    """Which core has the server under load, and which one everything else. On a machine of one core they share it."""

    server: int
    others: int

    @classmethod
    def here(cls) -> "Cores":
        """The first and the last that this machine allows."""
        allowed = sorted(os.sched_getaffinity(0))
        return cls(allowed[0], allowed[-1])


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens."""

    pid: int
    port: int


class DidNotStart(Exception):
    """Why, in the server's own last words."""


@asynccontextmanager
async def serving(
    command: Sequence[str], environment: Mapping[str, str], core: int
) -> AsyncIterator[Running]:
    """Start a server that listens on `$PORT`, also written `{port}` in its command. Raises: DidNotStart."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs meanwhile
            [part.replace("{port}", str(port)) for part in command],
            env={**os.environ, **environment, "PORT": str(port)},
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        )
        try:
            confine([process.pid], {core})
            await _until_listening(process, port)
            yield Running(process.pid, port)
        except _Ended:
            complaints.seek(0)
            last = complaints.read().decode(errors="replace").strip().splitlines()[-3:]
            raise DidNotStart(" | ".join(last) or "it ended without a word") from None
        finally:
            process.terminate()
            try:
                await asyncio.to_thread(process.wait, _STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def python(*arguments: str) -> tuple[str, ...]:
    """A command of this very Python."""
    return (sys.executable, *arguments)


def confine(pids: Sequence[int], cores: set[int]) -> None:
    """Keep processes, with their threads and children, on these cores."""
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)
            children = (thread / "children").read_text().split()
            confine([int(child) for child in children], cores)


@contextmanager
def confined(cores: Cores) -> Iterator[None]:
    """Within: this process and what it has started, the databases, are on the core that servers under load are not."""
    before = os.sched_getaffinity(0)
    confine([os.getpid()], {cores.others})
    try:
        yield
    finally:
        confine([os.getpid()], before)


def children() -> list[int]:
    """What this process has started and runs, the databases for one."""
    found = [task / "children" for task in Path("/proc/self/task").iterdir()]
    return [int(child) for children in found for child in children.read_text().split()]


def cpu_s(pid: int) -> float:
    """The processor time that a process has used, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Ended(Exception):
    pass


async def _until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(int(_START_SECONDS_MAX * 10)):
        if process.poll() is not None:
            raise _Ended
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        return
    raise _Ended
