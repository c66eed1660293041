"""The embedded servers, on the real binaries: what a newcomer, a second command and a crash meet."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from pymongo import MongoClient

from storage.embedded import (
    EmbeddedServerError,
    EmbeddedServers,
    Endpoints,
    find_mongod,
    find_valkey,
    running,
)
from storage.embedded.child import command_line
from storage.embedded.errors import explain_failure

# Each test has servers of its own; side by side they would only slow each other down.
pytestmark = pytest.mark.xdist_group("embedded")

ROOT = Path(__file__).parents[2]


def mongo_client(endpoints: Endpoints) -> MongoClient[dict[str, Any]]:
    return MongoClient(endpoints.mongodb_url, serverSelectionTimeoutMS=5000)


def redis_client(endpoints: Endpoints) -> redis.Redis:
    return redis.Redis.from_url(endpoints.redis_url, decode_responses=True)


def server_pids(data_dir: Path) -> list[int]:
    state = json.loads((data_dir / "servers.json").read_text())
    return [server["pid"] for server in state["servers"]]


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Ended; a zombie, which only waits for its parent to take note, has an empty command line."""
    return command_line(pid) is None


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def other_mongod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a stand-in for mongod first on PATH: a shell script that fails as the real one does elsewhere."""

    def put(script: str) -> None:
        binary = executable(tmp_path / "bin" / "mongod", script)
        monkeypatch.setenv("PATH", f"{binary.parent}{os.pathsep}{os.environ['PATH']}")

    return put


def test_gives_a_primary_that_runs_transactions_and_a_valkey(tmp_path: Path) -> None:
    with EmbeddedServers.start(tmp_path, ephemeral=True) as servers:
        with mongo_client(servers.endpoints) as client, client.start_session() as session:
            with session.start_transaction():
                client.shop.carts.insert_one({"_id": 1}, session=session)
            assert client.shop.carts.count_documents({}) == 1
        with redis_client(servers.endpoints) as cache:
            assert cache.set("a", "1")


def test_second_start_finds_the_data_on_the_same_ports(tmp_path: Path) -> None:
    with EmbeddedServers.start(tmp_path) as first:
        with mongo_client(first.endpoints) as client:
            client.shop.carts.insert_one({"_id": 1})
        with redis_client(first.endpoints) as cache:
            cache.set("a", "1")
    with EmbeddedServers.start(tmp_path) as second:
        assert second.endpoints == first.endpoints
        with mongo_client(second.endpoints) as client:
            assert client.shop.carts.count_documents({}) == 1
        with redis_client(second.endpoints) as cache:
            assert cache.get("a") == "1"


def test_moves_to_another_port_when_the_kept_one_is_taken(tmp_path: Path) -> None:
    with EmbeddedServers.start(tmp_path, redis=False) as first, mongo_client(first.endpoints) as client:
        client.shop.carts.insert_one({"_id": 1})
    port = int((tmp_path / "mongodb" / "port").read_text())
    with socket.create_server(("127.0.0.1", port)), EmbeddedServers.start(tmp_path, redis=False) as second:
        assert second.endpoints != first.endpoints
        with mongo_client(second.endpoints) as client:
            assert client.shop.carts.count_documents({}) == 1
            client.shop.carts.insert_one({"_id": 2})


def test_takes_another_port_when_one_is_lost_at_the_last_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedServers.start(tmp_path / "a", ephemeral=True) as first:
        ports = {name: int((tmp_path / "a" / name / "port").read_text()) for name in ("mongodb", "valkey")}
        # The port was found free, and another's server has it by the time ours is up.
        monkeypatch.setattr("storage.embedded.servers.choose_port", lambda path: ports[path.name])
        with EmbeddedServers.start(tmp_path / "b", ephemeral=True) as second:
            assert second.endpoints.mongodb_url != first.endpoints.mongodb_url
            assert second.endpoints.redis_url != first.endpoints.redis_url


def test_valkey_killed_before_its_snapshot_comes_back_empty(tmp_path: Path) -> None:
    with EmbeddedServers.start(tmp_path, mongo=False) as servers, redis_client(servers.endpoints) as cache:
        cache.set("board", "yesterday")
    with EmbeddedServers.start(tmp_path, mongo=False) as servers:
        with redis_client(servers.endpoints) as cache:
            assert cache.get("board") == "yesterday"
        os.kill(server_pids(tmp_path)[0], signal.SIGKILL)
    with EmbeddedServers.start(tmp_path, mongo=False) as servers, redis_client(servers.endpoints) as cache:
        assert cache.get("board") is None


def test_starts_only_what_is_asked_for(tmp_path: Path) -> None:
    with EmbeddedServers.start(tmp_path, mongo=False, ephemeral=True) as servers:
        assert servers.endpoints.mongodb_url == ""
        assert not (tmp_path / "mongodb").exists()
        assert running(tmp_path) == servers.endpoints


def test_another_process_finds_running_servers_and_none_after_stop(tmp_path: Path) -> None:
    ask = (
        "import sys, pathlib, storage.embedded as e;"
        "found = e.running(pathlib.Path(sys.argv[1])); print(found.redis_url if found else None)"
    )
    command = [sys.executable, "-c", ask, str(tmp_path)]
    with EmbeddedServers.start(tmp_path, mongo=False, ephemeral=True) as servers:
        pids = server_pids(tmp_path)
        assert stat.S_IMODE((tmp_path / "servers.json").stat().st_mode) == 0o600
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
        assert found == servers.endpoints.redis_url
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert found == "None"
    assert all(is_gone(pid) for pid in pids)
    assert not (tmp_path / "servers.json").exists()


def test_second_starter_is_told_who_has_the_directory(tmp_path: Path) -> None:
    with EmbeddedServers.start(tmp_path, mongo=False, ephemeral=True):
        with pytest.raises(EmbeddedServerError) as error:
            EmbeddedServers.start(tmp_path)
        assert f"belong to process {os.getpid()}" in one_line(error)


def test_stale_state_file_is_ignored_and_removed(tmp_path: Path) -> None:
    state = {
        "owner_pid": 2**22 - 1,
        "endpoints": {"mongodb_url": "mongodb://127.0.0.1:1/", "redis_url": "redis://127.0.0.1:1/0"},
        # A process id that was given out again, here to this test: it must be left alone.
        "servers": [{"name": "mongod", "pid": os.getpid(), "port": 1}],
    }
    (tmp_path / "servers.json").write_text(json.dumps(state))
    assert running(tmp_path) is None
    assert not (tmp_path / "servers.json").exists()


def test_unreadable_state_file_is_no_state(tmp_path: Path) -> None:
    (tmp_path / "servers.json").write_text('{"owner_pid": 1')
    assert running(tmp_path) is None
    with EmbeddedServers.start(tmp_path, mongo=False, ephemeral=True) as servers:
        assert running(tmp_path) == servers.endpoints


def test_not_running_once_a_server_has_died(tmp_path: Path) -> None:
    with EmbeddedServers.start(tmp_path, mongo=False, ephemeral=True) as servers:
        pid = server_pids(tmp_path)[0]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: running(tmp_path) is None)
        servers.stop()
        servers.stop()


def kill_a_parent(data_dir: Path) -> list[int]:
    """Start servers in a process of their own, write something, kill that process; the servers' pids."""
    program = textwrap.dedent(
        """
        import pathlib, sys, time
        from pymongo import MongoClient
        from storage.embedded import EmbeddedServers
        servers = EmbeddedServers.start(pathlib.Path(sys.argv[1]))
        MongoClient(servers.endpoints.mongodb_url).shop.carts.insert_one({"_id": 1})
        print("up", flush=True)
        time.sleep(60)
        """
    )
    command = [sys.executable, "-c", program, str(data_dir)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        pids = server_pids(data_dir)
        parent.kill()
    return pids


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    pids = kill_a_parent(tmp_path)
    assert len(pids) == 2
    wait_until(lambda: all(is_gone(pid) for pid in pids))
    assert running(tmp_path) is None


def test_start_right_after_a_killed_parent_finds_its_data(tmp_path: Path) -> None:
    pids = kill_a_parent(tmp_path)  # mongod is still closing its files
    with EmbeddedServers.start(tmp_path) as servers:
        assert all(is_gone(pid) for pid in pids)
        with mongo_client(servers.endpoints) as client:
            assert client.shop.carts.count_documents({}) == 1


def test_ctrl_c_in_the_terminal_does_not_reach_the_servers(tmp_path: Path) -> None:
    with EmbeddedServers.start(tmp_path, mongo=False, ephemeral=True):
        pid = server_pids(tmp_path)[0]
        assert os.getpgid(pid) != os.getpgid(0)
        assert os.getsid(pid) != os.getsid(0)


# Failures: each is one line that says what to do.


def one_line(error: pytest.ExceptionInfo[EmbeddedServerError]) -> str:
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


@pytest.mark.parametrize(("find", "name"), [(find_mongod, "mongod"), (find_valkey, "valkey-server")])
def test_missing_binary_says_how_to_get_one(
    find: Callable[[], Path], name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("storage.embedded.binaries.importlib.util.find_spec", lambda _name: None)
    with pytest.raises(EmbeddedServerError) as error:
        find()
    message = one_line(error)
    assert name in message
    assert "requirements/embedded.txt" in message
    assert "MONGODB_URL" in message


def test_missing_binary_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("storage.embedded.binaries.importlib.util.find_spec", lambda _name: None)
    with pytest.raises(EmbeddedServerError):
        EmbeddedServers.start(tmp_path / "data")
    assert not (tmp_path / "data" / "servers.json").exists()
    assert running(tmp_path / "data") is None


def test_path_comes_before_the_wheels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other_mongod: Callable[[str], None]
) -> None:
    other_mongod("exit 1")
    assert find_mongod() == tmp_path / "bin" / "mongod"
    executable(tmp_path / "redis" / "redis-server", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "redis"))
    assert find_valkey() == tmp_path / "redis" / "redis-server"


def test_missing_shared_library_names_the_package(
    tmp_path: Path, other_mongod: Callable[[str], None]
) -> None:
    other_mongod(
        "echo 'mongod: error while loading shared libraries: libcurl.so.4: "
        "cannot open shared object file: No such file or directory' >&2; exit 127"
    )
    with pytest.raises(EmbeddedServerError) as error:
        EmbeddedServers.start(tmp_path / "data")
    assert "libcurl.so.4" in one_line(error)
    assert "apt-get install libcurl4" in one_line(error)
    # Valkey had come up by then: it is stopped, and the directory is free again.
    with EmbeddedServers.start(tmp_path / "data", mongo=False, ephemeral=True):
        pass


def test_binary_of_another_machine(tmp_path: Path, other_mongod: Callable[[str], None]) -> None:
    other_mongod("")
    (tmp_path / "bin" / "mongod").write_bytes(b"\x7fELF nonsense")
    with pytest.raises(EmbeddedServerError) as error:
        EmbeddedServers.start(tmp_path / "data", redis=False)
    assert "install one that fits this machine" in one_line(error)


def test_processor_without_avx(tmp_path: Path, other_mongod: Callable[[str], None]) -> None:
    other_mongod("kill -ILL $$")
    with pytest.raises(EmbeddedServerError) as error:
        EmbeddedServers.start(tmp_path / "data", redis=False)
    assert "AVX" in one_line(error)


def test_data_of_another_mongod(tmp_path: Path) -> None:
    """A second mongod on the same files, which our own lock can't know of."""
    with EmbeddedServers.start(tmp_path / "a", redis=False, ephemeral=True):
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "mongodb").symlink_to(tmp_path / "a" / "mongodb")
        with pytest.raises(EmbeddedServerError) as error:
            EmbeddedServers.start(tmp_path / "b", redis=False, ephemeral=True)
    assert "Another mongod uses" in one_line(error)


def test_data_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedServerError) as error:
        EmbeddedServers.start(tmp_path / "file")
    assert "STARGUILD_DATA_DIR" in one_line(error)


def test_damaged_snapshot_may_be_removed(tmp_path: Path) -> None:
    (tmp_path / "valkey").mkdir()
    (tmp_path / "valkey" / "dump.rdb").write_text("no snapshot")
    with pytest.raises(EmbeddedServerError) as error:
        EmbeddedServers.start(tmp_path, mongo=False)
    assert f"can't read {tmp_path}/valkey/dump.rdb: remove that file" in one_line(error)


MONGOD_LOG = """\
{"t":{"$date":"2026-01-01T00:00:00.000Z"},"s":"I","c":"CONTROL","msg":"Permission denied is only talked of here"}
{"t":{"$date":"2026-01-01T00:00:00.001Z"},"s":"%s","c":"STORAGE","msg":"Startup","attr":{"error":"%s"}}
{"t":{"$date":"2026-01-01T00:00:00.002Z"},"s":"I","c":"CONTROL","msg":"Shutting down","attr":{"exitCode":100}}
{"t":{"$date":"2026-01-01T0"""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("UPGRADE PROBLEM: found version 8.0", "written by another version of mongod"),
        ("DBPathInUse: Unable to lock the lock file", "Another mongod uses"),
        ("Location28596: Unable to determine status: Permission denied", "can't write to"),
        ("Something new", "its last word: Startup: Something new"),
    ],
)
def test_explains_what_mongod_logs(error: str, told: str, tmp_path: Path) -> None:
    assert told in str(explain_failure("mongod", MONGOD_LOG % ("F", error), 100, tmp_path))


def test_a_calm_log_is_quoted_by_its_last_line(tmp_path: Path) -> None:
    message = str(explain_failure("mongod", MONGOD_LOG % ("I", "nothing"), None, tmp_path))
    assert "did not answer in time" in message
    assert "can't write" not in message


def test_a_silent_death(tmp_path: Path) -> None:
    assert "its last word: nothing" in str(explain_failure("valkey-server", "", 1, tmp_path))
