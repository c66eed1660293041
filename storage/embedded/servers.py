"""Start, find and stop the embedded servers of a data directory."""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from storage.embedded.binaries import find_mongod, find_valkey
from storage.embedded.child import Child, answers, end_leftover, is_server
from storage.embedded.errors import EmbeddedServerError, PortInUseError
from storage.embedded.mongo import mongodb_url, start_mongod
from storage.embedded.ports import choose_port, new_port
from storage.embedded.state import DataDirectory, Endpoints, Lock, RunningServer, State
from storage.embedded.valkey import redis_url, start_valkey, stop_valkey

Progress = Callable[[str], None]

_PORT_TRIES_MAX = 3


class EmbeddedServers:
    """The servers of one data directory, owned by this process until ``stop``.

    Start them from a thread that lives as long as they should, best the main one: see ``Child``.
    """

    def __init__(
        self,
        directory: DataDirectory,
        lock: Lock,
        *,
        mongo: Child | None,
        redis: Child | None,
        ephemeral: bool,
    ) -> None:
        self._directory = directory
        self._lock = lock
        self._mongo = mongo
        self._redis = redis
        self._ephemeral = ephemeral
        self._owner_pid = os.getpid()
        self._stopped = False
        self.endpoints = Endpoints(
            mongodb_url=mongodb_url(mongo.port) if mongo else "",
            redis_url=redis_url(redis.port) if redis else "",
        )

    @classmethod
    def start(
        cls,
        data_dir: Path,
        *,
        mongo: bool = True,
        redis: bool = True,
        ephemeral: bool = False,
        on_progress: Progress | None = None,
    ) -> "EmbeddedServers":
        """Start the servers asked for and return when MongoDB takes writes and Valkey answers.

        ``ephemeral`` is for tests, whose data nobody reads again. Data in ``data_dir`` is found by the next
        start; ``on_progress`` is told in plain words what happens.

        Raises:
            EmbeddedServerError: a binary is missing, a server does not come up, or the directory is another
                process's or can't be written; everything started so far is stopped again.
        """
        say = on_progress or (lambda _text: None)
        directory = DataDirectory(data_dir)
        directory.make()
        lock = directory.try_lock()
        if lock is None:
            raise directory.in_use()
        with ExitStack() as undo:
            undo.callback(lock.release)
            _end_leftovers(directory)
            # Both binaries are looked for before either is run: better no server than one of two.
            mongod_binary = find_mongod() if mongo else None
            valkey_binary = find_valkey() if redis else None
            mongo_child = redis_child = None
            if valkey_binary:
                redis_child = _start_valkey(directory, valkey_binary, say)
                undo.callback(stop_valkey, redis_child, keep_data=not ephemeral)
            if mongod_binary:
                mongo_child = _start_mongod(directory, mongod_binary, say, ephemeral=ephemeral)
                undo.callback(mongo_child.stop)
            servers = cls(directory, lock, mongo=mongo_child, redis=redis_child, ephemeral=ephemeral)
            servers._publish()
            undo.pop_all()
        return servers

    def stop(self) -> None:
        """Stop the servers cleanly, remove the state file and give up the directory; twice is once."""
        # A forked copy of this object owns neither the processes nor the state file.
        if self._stopped or os.getpid() != self._owner_pid:
            return
        self._stopped = True
        self._directory.forget()
        try:
            if self._mongo:
                self._mongo.terminate()  # takes its time; Valkey is stopped meanwhile
            if self._redis:
                stop_valkey(self._redis, keep_data=not self._ephemeral)
            if self._mongo:
                self._mongo.wait_for_exit()
        finally:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _publish(self) -> None:
        """Write the state file, so that other processes find the servers."""
        children = [child for child in (self._mongo, self._redis) if child]
        servers = tuple(RunningServer(child.name, child.pid, child.port) for child in children)
        self._directory.write(State(self._owner_pid, self.endpoints, servers))


def running(data_dir: Path) -> Endpoints | None:
    """The endpoints of servers that a live process owns and that answer, else None.

    A state file whose owner is gone is removed, and so is whatever server that owner left behind.

    Raises:
        EmbeddedServerError: the directory can't be read or written.
    """
    directory = DataDirectory(data_dir)
    state = directory.read()
    if state is None:
        return None
    lock = directory.try_lock()
    if lock is not None:
        with lock:
            _end_leftovers(directory)
        return None
    alive = all(
        is_server(server.pid, server.name, server.port) and answers(server.port) for server in state.servers
    )
    return state.endpoints if alive else None


def _end_leftovers(directory: DataDirectory) -> None:
    """End the servers of an owner that was killed, and its state file; the caller holds the lock."""
    state = directory.read()
    for server in state.servers if state else ():
        end_leftover(server.pid, server.name, server.port)
    directory.forget()


def _start_mongod(directory: DataDirectory, binary: Path, say: Progress, *, ephemeral: bool) -> Child:
    data_path = directory.make_folder(directory.path / "mongodb")
    say(f"Starting MongoDB ({binary})")
    began = time.monotonic()
    child = _on_free_port(data_path, lambda port: start_mongod(binary, data_path, port, ephemeral=ephemeral))
    say(f"MongoDB answers on 127.0.0.1:{child.port} after {time.monotonic() - began:.1f} s")
    return child


def _start_valkey(directory: DataDirectory, binary: Path, say: Progress) -> Child:
    data_path = directory.make_folder(directory.path / "valkey")
    say(f"Starting Valkey ({binary})")
    child = _on_free_port(data_path, lambda port: start_valkey(binary, data_path, port))
    say(f"Valkey answers on 127.0.0.1:{child.port}")
    return child


def _on_free_port(data_path: Path, start: Callable[[int], Child]) -> Child:
    """Start a server on its directory's port, or on a new one where another process was quicker."""
    port = choose_port(data_path)
    for _ in range(_PORT_TRIES_MAX):
        try:
            return start(port)
        except PortInUseError:
            port = new_port(data_path)
    raise EmbeddedServerError(f"No free loopback port for the server of {data_path}: start again")
