"""A plain HTTP client for machines without wrk: `python -m bench.client URL CONNECTIONS SECONDS METHOD HEADERS BODIES SALT`.

It sends what `wrk.lua` sends, and prints the same line of JSON.
"""

import asyncio
import itertools
import json
import statistics
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import uvloop


async def _run() -> None:
    url, connections, seconds, method, headers, bodies, salt = sys.argv[1:8]
    parts = urlsplit(url)
    head = f"{method} {parts.path or '/'} HTTP/1.1\r\nhost: {parts.netloc}\r\n"
    head += "".join(line + "\r\n" for line in Path(headers).read_text().splitlines())  # noqa: ASYNC240
    turn = itertools.cycle(Path(bodies).read_bytes().splitlines() or [b""])  # noqa: ASYNC240
    numbers = itertools.count(1)
    took: list[float] = []
    failed = 0
    until = time.perf_counter() + float(seconds)

    async def caller() -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while (began := time.perf_counter()) < until:
            body = next(turn).replace(b"@N@", f"{salt}{next(numbers)}".encode())
            writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(answer.split(b"content-length:")[1].split(b"\r\n")[0]))
            took.append(time.perf_counter() - began)
            failed += not answer.startswith(b"http/1.1 200")
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(int(connections))))
    cuts = statistics.quantiles(took, n=100)
    print(
        json.dumps(
            {
                "requests": len(took),
                "seconds": time.perf_counter() - began,
                "p50_ms": cuts[49] * 1000,
                "p99_ms": cuts[98] * 1000,
                "failed": failed,
            }
        )
    )


if __name__ == "__main__":
    uvloop.run(_run())
