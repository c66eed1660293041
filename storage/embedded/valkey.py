"""A private Valkey (or Redis) server; what it holds can be rebuilt, so it is kept only across clean stops."""

import socket
from pathlib import Path

from storage.embedded.child import Child

_SNAPSHOT = "dump.rdb"


def start_valkey(binary: Path, data_path: Path, port: int) -> Child:
    """Start the server, wait until it answers, and use up the snapshot that it has read.

    A snapshot is read once. If the server dies before it writes the next, it comes back empty, which the
    application notices and repairs, and not with boards of yesterday, which nobody would notice.

    Raises:
        EmbeddedServerError: it died or took too long; it is stopped.
    """
    arguments = [
        *("--port", str(port)),
        *("--bind", "127.0.0.1"),
        *("--protected-mode", "yes"),
        *("--dir", str(data_path)),
        *("--dbfilename", _SNAPSHOT),
        *("--save", ""),
        *("--appendonly", "no"),
        *("--daemonize", "no"),
    ]
    child = Child.spawn(binary, arguments, port=port, data_path=data_path)
    with child.stopped_on_error():
        # Not merely PING: another's server may have been quicker to take the port.
        child.wait_until(lambda: f"process_id:{child.pid}\r\n" in _ask(child.port, "INFO server"))
        (data_path / _SNAPSHOT).unlink(missing_ok=True)
    return child


def stop_valkey(child: Child, *, keep_data: bool) -> None:
    """End the server; with ``keep_data`` it writes its snapshot first."""
    refused = _ask(child.port, "SHUTDOWN SAVE" if keep_data else "SHUTDOWN NOSAVE")
    if refused.startswith("-"):  # it could not save: its data can be rebuilt, so it ends all the same
        child.stop()
    else:
        child.wait_for_exit()


def redis_url(port: int) -> str:
    """The URL for an application."""
    return f"redis://127.0.0.1:{port}/0"


def _ask(port: int, command: str) -> str:
    """One inline command and its answer, up to 64 KiB; empty where the connection closed or failed."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(command.encode() + b"\r\n")
            return connection.recv(65536).decode(errors="replace")
    except OSError:
        return ""
