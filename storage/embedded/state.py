"""What is known of a data directory's servers: who runs them, where they answer, and a lock on both."""

import fcntl
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from storage.embedded.errors import EmbeddedServerError, unusable_directory


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the servers answer; a server that was not asked for has an empty URL."""

    mongodb_url: str
    redis_url: str


@dataclass(frozen=True, slots=True)
class RunningServer:
    """One running server: the name of its binary, its process and its loopback port."""

    name: str
    pid: int
    port: int


@dataclass(frozen=True, slots=True)
class State:
    """The content of the state file."""

    owner_pid: int
    endpoints: Endpoints
    servers: tuple[RunningServer, ...]


class DataDirectory:
    """The lock and the state file of a data directory."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()  # the servers outlive a change of the working directory
        self._state_file = self.path / "servers.json"
        self._lock_file = self.path / "servers.lock"

    def make(self) -> None:
        """Create the directory, for its owner only.

        Raises:
            EmbeddedServerError: it can't be made.
        """
        self.make_folder(self.path)

    def make_folder(self, path: Path) -> Path:
        """Create a folder in the directory, for its owner only, and return it."""
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise unusable_directory(path, error) from error
        return path

    def try_lock(self) -> "Lock | None":
        """The lock that the owner of the servers holds as long as they run, None if another has it.

        The kernel lets go of it when its holder dies, so a lock that can be had means servers without owner.
        """
        try:
            descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise unusable_directory(self.path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return Lock(descriptor)

    def read(self) -> State | None:
        """The state file, None where there is none or it can't be understood."""
        try:
            return _parse(json.loads(self._state_file.read_text()))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, state: State) -> None:
        """Write the state file in one step, readable by its owner only."""
        try:
            # mkstemp gives mode 0600; a rename is seen whole or not at all.
            descriptor, name = tempfile.mkstemp(dir=self.path, prefix=".servers-")
            with os.fdopen(descriptor, "w") as file:
                json.dump(asdict(state), file, indent=2)
            Path(name).replace(self._state_file)
        except OSError as error:
            raise unusable_directory(self.path, error) from error

    def forget(self) -> None:
        """Remove the state file."""
        self._state_file.unlink(missing_ok=True)

    def in_use(self) -> EmbeddedServerError:
        """The error for a second starter."""
        state = self.read()
        by = f"process {state.owner_pid}" if state else "another process"
        return EmbeddedServerError(
            f"The embedded servers in {self.path} belong to {by}: stop it first, "
            "or set STARGUILD_DATA_DIR to another directory"
        )


class Lock:
    """A held lock; a context manager that lets go of it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Let others have it."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _parse(document: Any) -> State:
    return State(
        owner_pid=int(document["owner_pid"]),
        endpoints=Endpoints(**document["endpoints"]),
        servers=tuple(RunningServer(**server) for server in document["servers"]),
    )
