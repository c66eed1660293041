"""Loopback ports for embedded servers: any free one, and for kept data the same one again."""

import json
import socket
from pathlib import Path

from storage.embedded.errors import unusable_directory


def choose_port(data_path: Path) -> int:
    """The port that the server of this directory had last, if it is free, else a free one, remembered.

    A replica set stores its own address, and people keep URLs, so a port is worth keeping.
    """
    memory = data_path / "port"
    port = _remembered(memory)
    if port is None or not _is_free(port):
        port = new_port(data_path)
    return port


def new_port(data_path: Path) -> int:
    """A free port, remembered for this directory; nothing holds it until the server is up."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    try:
        (data_path / "port").write_text(json.dumps(port))
    except OSError as error:
        raise unusable_directory(data_path, error) from error
    return port


def _remembered(memory: Path) -> int | None:
    try:
        port = json.loads(memory.read_text())
    except (OSError, ValueError):  # none yet, or a file cut short: any free port will do
        return None
    return port if isinstance(port, int) and 0 < port < 2**16 else None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a connection of the last run that is still closing does not occupy the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
