"""Other servers that send a board of ten to sockets: what a delivered message costs them, beside ours."""

import asyncio
from dataclasses import dataclass

from bench.peers.install import FOLDER, NotInstalled, peers_node
from bench.processes import Cores, DidNotStart, python, serving
from bench.report import Line
from bench.watching import Outcome, watched


@dataclass(frozen=True, slots=True)
class LivePeer:
    """One server. `sockets` and `rate` are what it bears: Strawberry's own starves at 1,000 sockets x 10 a second."""

    name: str
    script: str
    aim: float
    sockets: int
    rate: int

    def command(self) -> tuple[str, ...]:
        """What starts it. Raises: NotInstalled."""
        if self.script.endswith(".mjs"):
            return (peers_node(), str(FOLDER / self.script))
        app = f"bench.peers.{self.script}:app"
        return python("-m", "uvicorn", app, "--port", "{port}", "--log-level", "error", "--no-access-log")


PEERS = (
    LivePeer("Strawberry's own subscriptions on uvicorn", "live_strawberry", 30, 1000, 1),
    LivePeer("graphql-ws on Node", "live_graphql_ws.mjs", 5, 1000, 10),
)


async def beside(ours: Outcome, cores: Cores) -> list[Line]:
    """A line for each peer: its processor time for a message as so many times ours."""
    lines = []
    for peer in PEERS:
        what = f"CPU a delivered message, beside {peer.name}"
        try:
            theirs = await _load(peer, cores)
        except (NotInstalled, DidNotStart) as reason:
            lines.append(Line(what, "", f"not installed: {reason}", None, f"≥ {peer.aim:g}"))
            continue
        lines.append(
            Line(
                what,
                f"{ours.cpu_us:.1f} µs ({ours.sockets:,} sockets)",
                f"{theirs.told}  {peer.sockets:,} sockets x {peer.rate} /s",
                theirs.cpu_us / ours.cpu_us,
                f"≥ {peer.aim:g}",
            )
        )
    return lines


async def _load(peer: LivePeer, cores: Cores) -> Outcome:
    command = await asyncio.to_thread(peer.command)
    environment = {"BENCH_RATE": str(peer.rate), "NODE_ENV": "production"}
    async with serving(command, environment, cores.server) as server:
        await asyncio.sleep(0.5)
        return await watched(server, peer.sockets, "", None)
