"""`python -m bench [intake] [page] [nakama] [million] [redis] [live] [flashsale] [community] [insights] [recommendations] [rehearse] [webhooks]`: all of them when none is named."""

import argparse
import sys
import time

import uvloop
from rich.console import Console

from api.runtime import tune_garbage_collection
from bench import (
    community,
    flashsale,
    insights,
    intake,
    live,
    million,
    nakama,
    page,
    ranks,
    recommendations,
    rehearse,
    webhooks,
)
from bench.loads import Failed, client
from bench.peers.table import versions
from bench.processes import DidNotStart
from bench.report import Line, machine, show, version_of
from bench.world import world
from storage.embedded import find_mongod, find_valkey

_BENCHMARKS = {
    "intake": intake.measure,
    "page": page.measure,
    "nakama": nakama.measure,
    "million": million.measure,
    "redis": ranks.measure,
    "live": live.measure,
    "flashsale": flashsale.measure,
    "community": community.measure,
    "insights": insights.measure,
    "recommendations": recommendations.measure,
    "rehearse": rehearse.measure,
    "webhooks": webhooks.measure,
}
_ABOUT = {
    "intake": "Intake through all rules",
    "page": "Page over HTTP, server on one core",
    "nakama": "Boards over HTTP, server and databases on one core",
    "million": "Board of a million, in process",
    "redis": "Redis, 32 callers at once, in process",
    "live": "Board of ten over sockets, server on one core",
    "flashsale": "Flash sale over HTTP, server on one core",
    "community": "Community of 20,000 posts, in process",
    "insights": "Reports over a million activities, in process",
    "recommendations": "Recommendations on real data, hit rate at 10",
    "rehearse": "Rehearsal of a year of real purchases, in process",
    "webhooks": "Webhooks, in process",
}


async def run(wanted: list[str], console: Console) -> None:
    """Measure, then print one table."""
    console.print(f"python -m bench {' '.join(wanted)}")
    console.print(machine())
    console.print(f"{version_of(find_mongod())}; {version_of(find_valkey())}")
    groups: dict[str, list[Line]] = {}
    async with world() as servers:
        for name in wanted:
            began = time.perf_counter()
            try:
                groups[_ABOUT[name]] = await _BENCHMARKS[name](servers)
            except (RuntimeError, OSError, Failed, DidNotStart) as error:
                groups[_ABOUT[name]] = [Line("failed", str(error)[:500], "", None, "")]
            print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    console.print(f"Client: {client()}. Peers on {versions()}.\n")
    show(console, groups)


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *_BENCHMARKS], help="which benchmarks")
    names = parser.parse_args().names or list(_BENCHMARKS)
    tune_garbage_collection()
    uvloop.run(run(names, Console(width=230)))


if __name__ == "__main__":
    main()
