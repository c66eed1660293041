"""The page over HTTP: a board's first 50 with their members, and the viewer's last 20 transfers with their causes.

Ours answers it three ways, each by its real endpoint: from MongoDB and Redis; with its services' answers from memory;
and from objects in memory with a schema as small as the peers', which they are measured beside. One core has the
server under load, the other its client and the databases; all take turns, and the best round of each counts.
"""

import asyncio
import http.client
import json
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import orjson

from bench import boards
from bench.loads import Ask, Rate, best, load
from bench.peers.install import FOLDER, NotInstalled
from bench.peers.table import PAGE_PEERS, Peer
from bench.processes import Cores, DidNotStart, Running, confined, python, serving
from bench.report import Line
from bench.world import World

PLACES = 50
ROUNDS = 3
ROUND_S = 2.0
WARM_S = 1.0
_STORES, _SERVICES, _MEMORY = "from the stores", "services' answers from memory", "same JSON from memory"
_STARLETTE, _ASGI = "bare Starlette route, same bytes", "bare ASGI, same bytes"


async def measure(world: World) -> list[Line]:
    """The page beside its peers and floors, then without HTTP, then a board page that has not changed."""
    await boards.fill(world)
    cores = Cores.here()
    with confined(cores):
        lines = await _pages(world, cores)
        for places in (PLACES, 2 * PLACES):
            lines += await _unchanged(world, cores, places)
        return lines


async def _pages(world: World, cores: Cores) -> list[Line]:
    ask = _ask("page.graphql")
    async with AsyncExitStack() as stack, page_file() as file:
        environment = {**boards.environment(world, page_cache=False), "BENCH_PAGE": str(file)}
        stores = await stack.enter_async_context(serving(boards.SERVE, environment, cores.server))
        page = await answer(stores, ask)
        _check_page(page)
        file.write_bytes(page)
        servers = {_STORES: stores}
        for name, what in ((_SERVICES, "services"), (_MEMORY, "objects")):
            command = python("-m", "bench.memory_app", what, "{port}")
            servers[name] = await stack.enter_async_context(serving(command, environment, cores.server))
        servers |= await _floors(stack, file, cores)
        peers, missing = await _peers(stack, PAGE_PEERS, file, cores)
        for name, server in {**servers, **{str(peer): running for peer, running in peers.items()}}.items():
            await _same(name, server, ask, page)
        rates = await in_turn(servers | {peer.name: running for peer, running in peers.items()}, ask, cores)
        lines = [
            _line(f"page of {len(page) / 1024:.0f} KiB, {ours}", rates[ours], floor, rates[floor], "stated")
            for ours in (_STORES, _SERVICES, _MEMORY)
            for floor in ((_STARLETTE, _ASGI) if ours == _MEMORY else (_STARLETTE,))
        ]
        lines += [
            _line(f"page, {ours}", rates[ours], str(peer), rates[peer.name], f"≥ {peer.aim:g}")
            for ours in (_MEMORY, _STORES)
            for peer in peers
        ]
        return lines + missing + _in_process(file, cores)


async def _unchanged(world: World, cores: Cores, places: int) -> list[Line]:
    """A board that nobody changes, asked for by everyone: its bytes are kept. The peer executes it each time."""
    ask = _ask("board.graphql", places)
    async with AsyncExitStack() as stack, page_file() as file:
        environment = boards.environment(world, page_cache=True)
        ours = await stack.enter_async_context(serving(boards.SERVE, environment, cores.server))
        page = await answer(ours, ask)
        file.write_bytes(page)
        servers = {"kept": ours, **await _floors(stack, file, cores)}
        jit = [peer for peer in PAGE_PEERS if "BENCH_JIT" in peer.environment]
        peers, missing = await _peers(stack, jit, file, cores)
        for peer, running in peers.items():
            await _same(str(peer), running, ask, page)
        rates = await in_turn(servers | {p.name: running for p, running in peers.items()}, ask, cores)
        what = f"unchanged board page of {places}, {len(page) / 1024:.0f} KiB"
        return [
            *(_line(what, rates["kept"], str(peer), rates[peer.name], "≥ 5") for peer in peers),
            *missing,
            _line(what, rates["kept"], _ASGI, rates[_ASGI], "≥ 0.8"),
            _line(what, rates["kept"], _STARLETTE, rates[_STARLETTE], "stated"),
        ]


async def in_turn(servers: dict[str, Running], ask: Ask, cores: Cores) -> dict[str, Rate]:
    """The best round of each server, all of them once a round, after a warm-up."""
    for server in servers.values():
        await load(server, ask, WARM_S, cores.others)
    rounds: dict[str, list[Rate]] = {name: [] for name in servers}
    for _ in range(ROUNDS):
        for name, server in servers.items():
            rounds[name].append(await load(server, ask, ROUND_S, cores.others))
    return {name: best(seen) for name, seen in rounds.items()}


async def _floors(stack: AsyncExitStack, file: Path, cores: Cores) -> dict[str, Running]:
    found = {}
    for name, app in ((_STARLETTE, "bench.bare:app"), (_ASGI, "bench.bare:asgi")):
        command = python("-m", "uvicorn", app, "--port", "{port}", "--log-level", "error", "--no-access-log")
        server = serving((*command, "--lifespan", "off"), {"BENCH_BYTES": str(file)}, cores.server)
        found[name] = await stack.enter_async_context(server)
    return found


async def _peers(
    stack: AsyncExitStack, wanted: tuple[Peer, ...] | list[Peer], file: Path, cores: Cores
) -> tuple[dict[Peer, Running], list[Line]]:
    """Those that run, and a line for each that does not."""
    found, missing = {}, []
    for peer in wanted:
        try:
            command = await asyncio.to_thread(peer.command)
            environment = {**peer.environment, "BENCH_PAGE": str(file)}
            found[peer] = await stack.enter_async_context(serving(command, environment, cores.server))
        except (NotInstalled, DidNotStart) as reason:
            missing.append(
                Line(f"beside {peer.name}", "", f"not installed: {reason}", None, f"≥ {peer.aim:g}")
            )
    return found, missing


def _in_process(file: Path, cores: Cores) -> list[Line]:
    command = python("-m", "bench.in_process", str(file), str(cores.server))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    us: dict[str, float] = json.loads(done.stdout)
    ours = f"{us['ours']:.0f} µs of processor time"
    return [
        Line(
            "page in process, same JSON from memory",
            ours,
            f"{us['hand']:.0f} µs  a dictionary written out for it, then orjson",
            us["ours"] / us["hand"],
            "≤ 4",
        ),
        Line(
            "page in process, same JSON from memory",
            ours,
            f"{us['strawberry']:.0f} µs  Strawberry's executor with ParserCache and ValidationCache, then orjson",
            us["strawberry"] / us["ours"],
            "≥ 12",
        ),
    ]


def _line(what: str, ours: Rate, beside: str, theirs: Rate, aim: str) -> Line:
    return Line(
        what,
        str(ours),
        f"{theirs}  {beside}",
        ours.per_second / theirs.per_second,
        aim,
        theirs.cpu_us / ours.cpu_us,
    )


def _ask(document: str, places: int = PLACES) -> Ask:
    query = (FOLDER / document).read_text()
    body = orjson.dumps({"query": query, "variables": {"key": boards.BOARDS[0], "places": places}})
    return Ask(bodies=[body], headers=boards.headers())


@asynccontextmanager
async def page_file() -> AsyncIterator[Path]:
    """A file for the page's bytes, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="starguild-page-") as folder:
        yield Path(folder) / "page.json"


async def answer(server: Running, ask: Ask) -> bytes:
    """One answer's body. Raises: RuntimeError for any status but 200."""

    def get() -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("POST", ask.path, ask.bodies[0], dict(ask.headers))
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {body[:300]!r}")
        return body

    return await asyncio.to_thread(get)


def _check_page(page: bytes) -> None:
    found = orjson.loads(page)
    if "errors" in found:
        raise RuntimeError(f"the page has errors: {found['errors']}"[:600])
    edges = found["data"]["leaderboard"]["period"]["entries"]["edges"]
    transfers = found["data"]["me"]["ledger"]["nodes"]
    if len(edges) != PLACES or len(transfers) != 20 or not all(t["cause"]["activity"] for t in transfers):
        raise RuntimeError("the page is not as it should be")


async def _same(name: str, server: Running, ask: Ask, page: bytes) -> None:
    """Raises: RuntimeError where a server answers anything else."""
    found, wanted = orjson.loads(await answer(server, ask)), orjson.loads(page)
    if found.get("data") != wanted["data"] or found.get("errors"):
        raise RuntimeError(f"{name} gives another page: {json.dumps(found)[:300]}")
