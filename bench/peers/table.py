"""The peers that answer the page: who they are, how each is started, what the aim beside it is."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path

from bench.peers.install import FOLDER, NotInstalled, peers_node, peers_python, version_of


@dataclass(frozen=True, slots=True)
class Peer:
    """One server. `aim` is how many times its rate ours should reach at least."""

    name: str
    package: str
    aim: float
    arguments: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def is_node(self) -> bool:
        """Whether Node runs it, else Python."""
        return self.arguments[0].endswith(".mjs")

    def command(self) -> tuple[str, ...]:
        """What starts it; installs it where it is not yet. Raises: NotInstalled."""
        return (peers_node() if self.is_node else peers_python(), *self.arguments)

    @property
    def version(self) -> str:
        """Of the package that is installed."""
        return _npm_version(self.package) if self.is_node else _pip_version(self.package)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def _uvicorn(app: str) -> tuple[str, ...]:
    options = ("--host", "127.0.0.1", "--port", "{port}", "--loop", "uvloop", "--http", "httptools")
    return (
        "-m",
        "uvicorn",
        "--app-dir",
        str(FOLDER),
        app,
        *options,
        "--log-level",
        "error",
        "--no-access-log",
    )


def _script(name: str) -> tuple[str, ...]:
    return (str(FOLDER / name),)


_PRODUCTION = {"NODE_ENV": "production"}
PAGE_PEERS = (
    Peer("Ariadne", "ariadne", 15, _uvicorn("ariadne_page:app")),
    Peer("Graphene", "graphene", 15, _uvicorn("graphene_page:app")),
    Peer("Apollo Server", "@apollo/server", 3, _script("apollo.mjs"), _PRODUCTION),
    Peer("graphql-yoga", "graphql-yoga", 2, _script("yoga.mjs"), _PRODUCTION),
    Peer("mercurius", "mercurius", 1.5, _script("mercurius.mjs"), _PRODUCTION),
    Peer("mercurius with jit", "mercurius", 0.7, _script("mercurius.mjs"), _PRODUCTION | {"BENCH_JIT": "1"}),
)


def versions() -> str:
    """Of what the peers stand on, in a line."""
    found = []
    parts: tuple[tuple[str, Callable[[], str]], ...] = (
        ("Node", lambda: version_of(peers_node()).removeprefix("v")),
        ("graphql-js", lambda: _npm_version("graphql")),
        ("Fastify", lambda: _npm_version("fastify")),
        ("graphql-jit", lambda: _npm_version("graphql-jit")),
        ("graphql-core of Ariadne and Graphene", lambda: _pip_version("graphql-core")),
        ("uvicorn", lambda: _pip_version("uvicorn")),
    )
    for name, ask in parts:
        try:
            found.append(f"{name} {ask()}")
        except NotInstalled:
            found.append(f"{name}: not installed")
    return ", ".join(found)


def _npm_version(package: str) -> str:
    try:
        stated = json.loads((FOLDER / "node_modules" / package / "package.json").read_text())
    except OSError as error:
        raise NotInstalled(package) from error
    return str(stated["version"])


def _pip_version(package: str) -> str:
    places = [str(place) for place in Path(FOLDER / ".venv").glob("lib/python*/site-packages")]
    found: list[Distribution] = list(distributions(name=package, path=places))
    if not found:
        raise NotInstalled(package)
    return found[0].version
