"""Clients that watch a board over sockets, and what that costs the server which they watch."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.processes import Running, cpu_s

FIRST = int(os.environ.get("BENCH_LIVE_FIRST", "10"))
SECONDS = float(os.environ.get("BENCH_LIVE_SECONDS", "10"))
QUERY = (
    f'subscription {{ leaderboardUpdated(key: "score", first: {FIRST}) {{ revision '
    "entries { rank score member { id displayName } } } }"
)
"""Whatever is watched must answer this."""

Write = Callable[[], Coroutine[None, None, None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one load gave. `seconds` of processor time are the server's while it was measured."""

    sockets: int
    cpu_s: float
    bytes_per_socket: float
    seen: dict[str, Any]

    @property
    def cpu_us(self) -> float:
        """The server's processor time for a delivered message."""
        return self.cpu_s * 1e6 / max(1, int(self.seen["delivered"]))

    @property
    def told(self) -> str:
        """In a line."""
        seen = self.seen
        return (
            f"{seen['delivered'] / seen['seconds']:,.0f} /s, {self.cpu_us:.1f} µs a message "
            f"({100 * self.cpu_s / seen['seconds']:.0f} % of the core), p50 {seen['p50_ms']} ms, p99 {seen['p99_ms']} ms, "
            f"{self.bytes_per_socket / 1024:.0f} KiB a socket"
        )


async def watched(server: Running, sockets: int, token: str, write: Write | None) -> Outcome:
    """Let so many clients of a process of their own watch while somebody writes."""
    before = _resident_bytes(server.pid)
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.live_client", str(server.port), str(sockets), str(SECONDS), token, QUERY),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert client.stdin is not None
    assert client.stdout is not None

    async def told() -> dict[str, Any]:
        line = await asyncio.wait_for(client.stdout.readline(), 240)  # type: ignore[union-attr]
        if not line:
            raise RuntimeError("the clients ended early; see above")
        found: dict[str, Any] = json.loads(line)
        return found

    try:
        await told()
        after = _resident_bytes(server.pid)
        writing = asyncio.create_task(write()) if write else None
        await asyncio.sleep(3)
        client.stdin.write(b"\n")
        await told()
        cpu = cpu_s(server.pid)
        await told()
        cpu = cpu_s(server.pid) - cpu
        if writing:
            if writing.done():
                writing.result()  # raises what ended it
            writing.cancel()
            await asyncio.wait([writing])
        client.stdin.write(b"\n")
        return Outcome(sockets, cpu, (after - before) / sockets, await told())
    finally:
        if client.returncode is None:
            client.kill()
        await client.wait()


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
