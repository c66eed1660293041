"""A board page of 50 with members over HTTP, beside the same bytes served by a bare Starlette route.

Each server is a uvicorn process of its own; the client is here, on keep-alive connections.
"""

import asyncio
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import orjson

from api.auth import issue_token
from bench.report import Line
from bench.world import DATABASE, World
from gamification.kit.actors import Role

SECRET = "benchmark-secret-benchmark-secret-benchmark"
QUERY = """query Page($key: String!) {
  leaderboard(key: $key) { name period { key revision entries(first: 50) {
    edges { node { rank score achievedAt member { id displayName avatarUrl } } } pageInfo { hasNextPage } } } }
}"""
REQUESTS = 1_500
CONNECTIONS = 8


async def measure(world: World) -> list[Line]:
    """Needs the programme that `intake` filled."""
    token = issue_token(
        SECRET, subject="m0", role=Role.MEMBER, programme="bench", lifetime=timedelta(hours=1)
    )
    body = orjson.dumps({"query": QUERY, "variables": {"key": "all_time"}})
    environment = {
        **os.environ,
        "MONGODB_URL": world.endpoints.mongodb_url,
        "REDIS_URL": world.endpoints.redis_url,
        "STARGUILD_DATABASE": DATABASE,
        "STARGUILD_JWT_SECRET": SECRET,
    }
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    async with _server(["-m", "api.cli", "serve", "--no-worker"], environment) as port:
        answer = await _answer(port, "POST", "/graphql", headers, body)
        page = orjson.loads(answer)
        if "errors" in page or len(page["data"]["leaderboard"]["period"]["entries"]["edges"]) != 50:
            raise RuntimeError(f"the page is not as it should be: {answer[:300]!r}")
        ours = await _load(port, "POST", "/graphql", headers, body)
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        Path(file.name).write_bytes(answer)  # noqa: ASYNC240 - nothing else runs meanwhile
        bare = {**environment, "BENCH_BYTES": file.name}
        async with _server(["-m", "uvicorn", "bench.bare:app", "--log-level", "warning"], bare) as port:
            floor = await _load(port, "GET", "/", {}, b"")
    return [
        Line(
            f"board page of 50 with members over HTTP ({len(answer) / 1024:.1f} KiB)",
            f"{ours[0]:,.0f} /s, p50 {ours[1]:.1f} ms, p99 {ours[2]:.1f} ms",
            f"{floor[0]:,.0f} /s, p99 {floor[2]:.1f} ms  bare Starlette route, same bytes",
            ours[0] / floor[0],
            "stated",
        )
    ]


@asynccontextmanager
async def _server(arguments: list[str], environment: dict[str, str]) -> AsyncIterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs meanwhile
        [sys.executable, *arguments, "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await _until_listening(port)
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.to_thread(process.wait, 20)


async def _until_listening(port: int) -> None:
    for _ in range(300):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        return
    raise RuntimeError("the server did not start")


async def _load(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[float, float, float]:
    """(requests a second, p50 ms, p99 ms) over CONNECTIONS connections, after a warm-up."""
    await asyncio.gather(*(_requests(port, method, path, headers, body, 20) for _ in range(CONNECTIONS)))
    began = time.perf_counter()
    each = await asyncio.gather(
        *(_requests(port, method, path, headers, body, REQUESTS // CONNECTIONS) for _ in range(CONNECTIONS))
    )
    elapsed = time.perf_counter() - began
    times = [took for one in each for took in one]
    cuts = statistics.quantiles(times, n=100)
    return len(times) / elapsed, cuts[49] * 1000, cuts[98] * 1000


async def _answer(port: int, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_request(method, path, headers, body))
    answer = await _read(reader)
    writer.close()
    return answer


async def _requests(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes, count: int
) -> list[float]:
    """Seconds that each of `count` requests took, one after another on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = _request(method, path, headers, body)
    times = []
    for _ in range(count):
        began = time.perf_counter()
        writer.write(request)
        await _read(reader)
        times.append(time.perf_counter() - began)
    writer.close()
    return times


def _request(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _read(reader: asyncio.StreamReader) -> bytes:
    """One answer's body. Raises: RuntimeError for any status but 200."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(head.decode())
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    return await reader.readexactly(length)
