"""A private mongod as a replica set of one, which is what transactions and change streams ask for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from storage.embedded.child import Child, answers
from storage.embedded.errors import unusable_directory

_REPLICA_SET = "rs0"

Client = MongoClient[dict[str, Any]]


def start_mongod(binary: Path, data_path: Path, port: int, *, ephemeral: bool) -> Child:
    """Start mongod on its data and wait until it takes writes.

    Raises:
        EmbeddedServerError: it died or took too long; it is stopped.
    """
    settled = data_path / "replica_set_port"
    new = not (data_path / "WiredTiger").exists()
    if not new and _read(settled) != str(port):
        new = not _move_replica_set(binary, data_path, port, ephemeral=ephemeral)
    child = _spawn(binary, data_path, port, "--replSet", _REPLICA_SET, ephemeral=ephemeral)
    with _administered(child) as client:
        if new:
            members = [{"_id": 0, "host": _address(port)}]
            client.admin.command("replSetInitiate", {"_id": _REPLICA_SET, "members": members})
        child.wait_until(lambda: _is_primary(client))
        try:
            settled.write_text(str(port))
        except OSError as error:
            raise unusable_directory(data_path, error) from error
    return child


def mongodb_url(port: int) -> str:
    """The URL for an application: it follows the replica set."""
    return f"mongodb://{_address(port)}/?replicaSet={_REPLICA_SET}"


def _spawn(binary: Path, data_path: Path, port: int, *more: str, ephemeral: bool) -> Child:
    arguments = [
        *("--dbpath", str(data_path)),
        *("--port", str(port)),
        *("--bind_ip", "127.0.0.1"),
        "--nounixsocket",  # else it leaves a socket file in the common temporary folder
        *("--oplogSize", "128" if ephemeral else "512"),  # MB; the default is a twentieth of the disk
        *("--wiredTigerCacheSizeGB", "1"),  # the default is half of the memory
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        # A process that is killed leaves its transaction open; nobody else can write the same until it lapses.
        *("--setParameter", "transactionLifetimeLimitSeconds=10"),
        "--quiet",
        *more,
    ]
    if ephemeral:
        # A test's journal needs no 300 MB laid out beforehand; what is written to it and when stays the same.
        arguments += ["--wiredTigerEngineConfigString", "log=(file_max=16MB,prealloc=false)"]
    return Child.spawn(binary, arguments, port=port, data_path=data_path)


def _move_replica_set(binary: Path, data_path: Path, port: int, *, ephemeral: bool) -> bool:
    """Write the new address into the replica set's stored configuration; False where there is none.

    A member finds itself by its address. Started as a member it would first ask whoever has its old port
    now, for up to half a minute, so this is done by a mongod that is no member.
    """
    child = _spawn(binary, data_path, port, ephemeral=ephemeral)
    with _administered(child) as client:
        change = {"$set": {"members.0.host": _address(port)}, "$inc": {"version": 1}}
        found = client.local["system.replset"].update_one({"_id": _REPLICA_SET}, change)
    child.stop()
    return found.matched_count == 1


@contextmanager
def _administered(child: Child) -> Iterator[Client]:
    """A client of this one server, once it answers; where the block fails the server is stopped.

    Raises:
        EmbeddedServerError: the server died, took too long or refused a command.
    """
    # Short timeouts: another's server may have taken the port and say nothing at all.
    client = Client(
        _address(child.port), directConnection=True, connectTimeoutMS=2000, serverSelectionTimeoutMS=2000
    )
    with child.stopped_on_error(), client:
        child.wait_until(lambda: answers(child.port))  # quicker to notice than the driver
        child.wait_until(lambda: _is_process(client, child.pid))
        try:
            yield client
        except PyMongoError as error:
            raise child.failure(str(error)) from error


def _address(port: int) -> str:
    return f"127.0.0.1:{port}"


def _is_process(client: Client, pid: int) -> bool:
    """Whether it is our child that answers, and not another's server that was quicker to take the port."""
    try:
        return bool(client.admin.command("serverStatus")["pid"] == pid)
    except PyMongoError:
        return False  # still coming up


def _is_primary(client: Client) -> bool:
    try:
        return bool(client.admin.command("hello").get("isWritablePrimary"))
    except PyMongoError:
        return False  # an election closes connections


def _read(file: Path) -> str | None:
    try:
        return file.read_text()
    except FileNotFoundError:
        return None
