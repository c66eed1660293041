"""That `serve` hands its limits of connections on to the server."""

import socket
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.embedded import Endpoints
from tests.cli.support import COMMAND, SECRET, environment, free_port

REQUEST = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def port(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Of a `serve` with small limits."""
    folder = tmp_path_factory.mktemp("limits")
    found = free_port()
    variables = {
        "MONGODB_URL": endpoints.mongodb_url,
        "REDIS_URL": endpoints.redis_url,
        "STARGUILD_DATABASE": f"cli_{uuid.uuid4().hex[:12]}",
        "STARGUILD_JWT_SECRET": SECRET,
        "STARGUILD_HEADER_TIMEOUT_SECONDS": "1",
        "STARGUILD_CONNECTIONS_MAX": "4",
        "STARGUILD_HSTS_SECONDS": "60",
    }
    with (folder / "errors.log").open("wb") as errors:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--json", "--port", str(found)],
            env=environment(folder / "data", **variables),
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    assert process.stdout is not None
    assert process.stdout.readline(), Path(folder / "errors.log").read_text()
    yield found
    process.terminate()
    process.wait(30)
    process.stdout.close()


def answer(connection: socket.socket) -> bytes:
    """Up to the end of the next headers, or of the connection."""
    connection.settimeout(PATIENCE_S)
    found = b""
    while b"\r\n\r\n" not in found and (part := connection.recv(4096)):
        found += part
    return found


def test_a_silent_connection_is_closed(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        assert answer(connection) == b""


def test_headers_by_setting(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(REQUEST)
        assert b"strict-transport-security: max-age=60\r\n" in answer(connection)


def test_beyond_the_most_connections_it_answers_503(port: int) -> None:
    opened = [socket.create_connection(("127.0.0.1", port)) for _ in range(6)]
    try:
        opened[-1].sendall(REQUEST)
        assert answer(opened[-1]).startswith(b"HTTP/1.1 503 ")
    finally:
        for connection in opened:
            connection.close()
