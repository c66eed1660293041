"""The command line, run as people run it: a process of its own, against the tests' servers and a fresh database."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.embedded import Endpoints

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
SECRET = "a-secret-for-tests-a-secret-for-tests"


def shared_data(*parts: str) -> Path:
    """A file or folder of the shared data; skips the test where it is absent."""
    found = DATA.joinpath(*parts)
    if not found.exists():
        pytest.skip(f"the shared data is absent: ../shared/data/{'/'.join(parts)}")
    return found


Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def environment(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the processes of one test module see: one database of their own."""
    return {
        **os.environ,
        "MONGODB_URL": endpoints.mongodb_url,
        "REDIS_URL": endpoints.redis_url,
        "STARGUILD_DATABASE": f"e2e_{uuid.uuid4().hex[:12]}",
        "STARGUILD_JWT_SECRET": SECRET,
        "STARGUILD_DATA_DIR": str(tmp_path_factory.mktemp("data")),
    }


@pytest.fixture(scope="module")
def starguild(environment: dict[str, str]) -> Run:
    """`starguild("verify", "--programme", "qc")`: the exit code and the JSON object on standard output."""

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        finished = subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments, "--json"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Traceback" not in finished.stderr, finished.stderr
        return finished.returncode, json.loads(finished.stdout)

    return run
