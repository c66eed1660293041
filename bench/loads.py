"""Load over HTTP from a process of its own: wrk where it is on PATH, else `bench.client`."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.processes import Running, cpu_s, python

CONNECTIONS = 16
_SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for, over and over: the bodies in turn. In one, `@N@` stands for a text that no other request
    has."""

    path: str = "/graphql"
    bodies: Sequence[bytes] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    connections: int = CONNECTIONS


@dataclass(frozen=True, slots=True)
class Rate:
    """What one server answered. `cpu_us` is the server's processor time for a request, `beside_us` that of the databases
    where it was asked for."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    requests: int
    beside_us: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.per_second:,.0f} /s, p50 {self.p50_ms:.1f} ms, p99 {self.p99_ms:.1f} ms, "
            f"CPU {self.cpu_us:,.0f} µs" + (f" + {self.beside_us:,.0f}" if self.beside_us else "")
        )


class Failed(Exception):
    """Some requests were not answered with success."""


def best(rates: Sequence[Rate]) -> Rate:
    """The round that was disturbed least, with the least processor time of any."""
    quickest = max(rates, key=lambda rate: rate.per_second)
    least = min(rates, key=lambda rate: rate.cpu_us + rate.beside_us)
    return replace(quickest, cpu_us=least.cpu_us, beside_us=least.beside_us)


async def load(
    server: Running, ask: Ask, seconds: float, core: int, salt: str = "", beside: Sequence[int] = ()
) -> Rate:
    """Ask for so long, from that core; `beside` are processes whose time counts apart. Raises: Failed."""
    with tempfile.TemporaryDirectory(prefix="starguild-load-") as folder:
        headers, bodies = Path(folder) / "headers", Path(folder) / "bodies"
        headers.write_text("".join(f"{name}: {value}\n" for name, value in ask.headers.items()))
        bodies.write_bytes(b"".join(body + b"\n" for body in ask.bodies))
        method = "POST" if ask.bodies else "GET"
        url = f"http://127.0.0.1:{server.port}{ask.path}"
        stated = (method, str(headers), str(bodies), salt or "-")
        before, before_beside = cpu_s(server.pid), sum(map(cpu_s, beside))
        seen = await _ask(url, ask.connections, seconds, core, stated)
        used, used_beside = cpu_s(server.pid) - before, sum(map(cpu_s, beside)) - before_beside
    if seen["failed"] or not seen["requests"]:
        raise Failed(f"{seen['failed']} of {seen['requests']} requests failed: {url}")
    return Rate(
        seen["requests"] / seen["seconds"],
        seen["p50_ms"],
        seen["p99_ms"],
        used / seen["requests"] * 1e6,
        int(seen["requests"]),
        used_beside / seen["requests"] * 1e6,
    )


def client() -> str:
    """Which client makes the load."""
    return (
        "wrk" if shutil.which("wrk") else "bench.client, Python: beyond some 6,000 a second it is the limit"
    )


async def _ask(
    url: str, connections: int, seconds: float, core: int, stated: tuple[str, ...]
) -> dict[str, float]:
    found = shutil.which("wrk")
    if found:
        command: tuple[str, ...] = (found, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s")
        command += ("--timeout", "20s", "-s", str(_SCRIPT), url, "--", *stated)
    else:
        command = python("-m", "bench.client", url, str(connections), str(seconds), *stated)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    os.sched_setaffinity(process.pid, {core})
    output, _ = await process.communicate()
    lines = [line for line in output.decode().splitlines() if line.startswith("{")]
    if process.returncode or not lines:
        raise Failed(f"{command[0]} ended with {process.returncode}: {output.decode()[-300:]}")
    answer: dict[str, float] = json.loads(lines[-1])
    return answer
