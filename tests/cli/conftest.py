"""The console command as people run it, with a data directory of its own.

- `starguild`: runs a command to its end; gives its exit code, standard output and standard error.
- `serving`: a `serve` that runs for the whole module, and what it said when it was ready.
- `here`: the same within the test's process, which is quicker.
- `elsewhere`: as `starguild`, on the servers of the test process, with a database that no other test has.
- `beside`: as `starguild`, with the data directory of `serving`.
"""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.application import app
from storage.embedded import Endpoints
from tests.cli.support import SECRET, Run, Serve, Starguild, environment, run


@pytest.fixture
def starguild(tmp_path: Path) -> Starguild:
    """Runs commands with a data directory that no other test has."""
    return lambda *arguments, **variables: run(tmp_path / "data", *arguments, **variables)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Starguild:
    """Runs commands in the test's own process: for those that start no server and set up no logs."""

    def run_here(*arguments: str | Path, **variables: str) -> Run:
        wanted = environment(tmp_path / "data", **variables)
        for name in set(os.environ) - set(wanted):
            monkeypatch.delenv(name)
        for name, value in wanted.items():
            monkeypatch.setenv(name, value)
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
        return Run(done.exit_code, done.stdout, done.stderr)

    return run_here


@pytest.fixture
def elsewhere(endpoints: Endpoints, tmp_path: Path) -> Starguild:
    """Runs commands on servers that they need not start."""
    variables = {
        "MONGODB_URL": endpoints.mongodb_url,
        "REDIS_URL": endpoints.redis_url,
        "STARGUILD_DATABASE": f"cli_{uuid.uuid4().hex[:12]}",
        "STARGUILD_JWT_SECRET": SECRET,
    }
    return lambda *arguments, **more: run(tmp_path / "data", *arguments, **{**variables, **more})


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """A running `serve`."""
    folder = tmp_path_factory.mktemp("serving")
    made = Serve(folder / "data", folder / "errors.log")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def beside(serving: Serve) -> Starguild:
    """Runs commands beside that `serve`."""
    return lambda *arguments, **variables: run(serving.data_dir, *arguments, **variables)
