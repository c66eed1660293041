"""`python -m bench [intake] [page] [million] [redis] [live]`: all of them when none is named."""

import argparse
import sys
import time

import uvloop
from rich.console import Console

from api.runtime import tune_garbage_collection
from bench import board_page, intake, live, million, ranks
from bench.report import Line, machine, show, version_of
from bench.world import world
from storage.embedded import find_mongod, find_valkey

_BENCHMARKS = {
    "intake": intake.measure,
    "page": board_page.measure,
    "million": million.measure,
    "redis": ranks.measure,
    "live": live.measure,
}


async def run(wanted: list[str], console: Console) -> None:
    """Measure, then print one table."""
    console.print(f"python -m bench {' '.join(wanted)}")
    console.print(machine())
    console.print(f"{version_of(find_mongod())}; {version_of(find_valkey())}")
    lines: list[Line] = []
    async with world() as servers:
        for name in wanted:
            began = time.perf_counter()
            lines += await _BENCHMARKS[name](servers)
            print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    show(console, lines)


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *_BENCHMARKS], help="which benchmarks")
    names = parser.parse_args().names or list(_BENCHMARKS)
    if "page" in names and "intake" not in names:
        names = ["intake", *names]
    tune_garbage_collection()
    uvloop.run(run(names, Console(width=200)))


if __name__ == "__main__":
    main()
