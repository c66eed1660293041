"""`python -m conformance [suite ...]`: all suites when none is named. Exits with 1 where a MUST failed."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from conformance import abuse, npm, requests, sockets, tools
from conformance.checks import Check, Outcome, attempt_all
from conformance.report import exit_code, show
from conformance.serving import serving
from conformance.target import Target

Suite = Callable[[Target], Awaitable[list[Outcome]]]
_AT_ONCE = 8


def _table(name: str, checks: tuple[Check, ...], at_once: int = _AT_ONCE) -> Suite:
    async def run(target: Target) -> list[Outcome]:
        return await attempt_all(name, checks, target, at_once=at_once)

    return run


def _script(name: str, file: str) -> Suite:
    async def run(target: Target) -> list[Outcome]:
        return await npm.script(name, file, target)

    return run


SUITES: dict[str, Suite] = {
    "graphql-http": _script("graphql-http", "audit.mjs"),
    "http": _table("http", requests.CHECKS),
    "sockets": _table("sockets", sockets.CHECKS),
    "graphql-ws": _script("graphql-ws", "graphql-ws.mjs"),
    "graphql-sse": _script("graphql-sse", "graphql-sse.mjs"),
    "apollo": _script("apollo", "apollo.mjs"),
    "urql": _script("urql", "urql.mjs"),
    "generated": tools.generated,
    "schemathesis": tools.schemathesis,
    "schema": _script("schema", "lint.mjs"),
    "code": tools.code,
    # One at a time: what each costs the server is measured.
    "abuse": _table("abuse", abuse.CHECKS, at_once=1),
}


async def run(wanted: list[str], outcomes: list[Outcome]) -> None:
    """Start a server, make the suites one after another, and add what became of them."""
    async with serving() as target:
        for name in wanted:
            began = time.perf_counter()
            outcomes += await SUITES[name](target)
            print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__)
    parser.add_argument("suites", nargs="*", choices=[[], *SUITES], help="which suites")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every outcome to a file, too")
    stated = parser.parse_args()
    outcomes: list[Outcome] = []
    interrupted = False
    try:
        asyncio.run(run(stated.suites or list(SUITES), outcomes))
    except KeyboardInterrupt:
        interrupted = True
    show(Console(), outcomes)
    if stated.json:
        stated.json.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1))
    sys.exit(130 if interrupted else exit_code(outcomes))


if __name__ == "__main__":
    main()
