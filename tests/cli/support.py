"""The console command as people run it: processes of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "api.cli"]
SECRET = "a-secret-for-tests-of-32-bytes-or-more"
_SETTINGS = ("PORT", "MONGODB_URL", "REDIS_URL", "STARGUILD_")


@dataclass(frozen=True)
class Run:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        assert self.out.count("\n") == 1, self.out
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def last_line(self) -> str:
        """The last line on standard error; there is no traceback above it."""
        assert "Traceback" not in self.err
        return self.err.strip().splitlines()[-1]


class Starguild(Protocol):
    """What the `starguild` fixture is."""

    def __call__(self, *arguments: str | Path, **variables: str) -> Run: ...


def environment(data_dir: Path, **variables: str) -> dict[str, str]:
    """The environment without settings, but for these."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    return {
        **bare,
        "STARGUILD_DATA_DIR": str(data_dir),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
        "TERM": "dumb",
        **variables,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(data_dir: Path, *arguments: str | Path, **variables: str) -> Run:
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=environment(data_dir, **variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


class Serve:
    """A `serve --json` with its embedded servers."""

    def __init__(self, data_dir: Path, errors: Path, *arguments: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self._errors = errors
        with errors.open("wb") as stderr:
            self.process = subprocess.Popen(
                [*COMMAND, "serve", "--json", "--port", str(self.port), *arguments],
                env=environment(data_dir),
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.err
        self.ready: dict[str, Any] = json.loads(line)

    @property
    def err(self) -> str:
        return self._errors.read_text()

    @property
    def server_pids(self) -> list[int]:
        state = json.loads((self.data_dir / "servers.json").read_text())
        return [server["pid"] for server in state["servers"]]

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Stop it like that; its exit code."""
        self.process.send_signal(how)
        assert self.process.stdout is not None
        try:
            code = self.process.wait(30)
            assert self.process.stdout.read() == "", "one object and nothing else on standard output"
            return code
        finally:
            self.process.kill()
            self.process.stdout.close()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 20
    while any(map(is_running, pids)):
        assert time.monotonic() < deadline, "the embedded servers still run"
        time.sleep(0.02)
