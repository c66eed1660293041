import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.cli.support import Serve, Starguild, free_port, wait_until_gone

# Each has servers of its own; side by side they would only slow each other down.
pytestmark = pytest.mark.xdist_group("embedded")

QUERY = {"query": "{ me { externalId } programme { key } }"}


def ask(serving: Serve, role: str, query: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {serving.ready['tokens'][role]}"}
    return httpx.post(serving.ready["graphql"], json={"query": query}, headers=headers)


def test_it_is_alive_and_ready(serving: Serve) -> None:
    base = f"http://127.0.0.1:{serving.port}"
    assert httpx.get(f"{base}/healthz").status_code == 200
    ready = httpx.get(serving.ready["ready"])
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert "server" not in ready.headers


def test_the_printed_tokens_work(serving: Serve) -> None:
    assert set(serving.ready["tokens"]) == {"member", "moderator", "operator", "service"}
    member = ask(serving, "member", QUERY["query"]).json()
    assert member["data"] == {"me": {"externalId": "demo"}, "programme": {"key": "demo"}}
    for role in ("moderator", "operator", "service"):
        assert ask(serving, role, "{ programme { key } }").json()["data"] == {"programme": {"key": "demo"}}


def test_a_port_in_use_is_one_line(serving: Serve, starguild: Starguild) -> None:
    refused = starguild("serve", PORT=str(serving.port))
    assert (refused.code, refused.out) == (3, "")
    assert refused.err.count("\n") == 1
    assert f"Port {serving.port} is in use" in refused.last_line


def test_a_data_directory_in_use_is_one_line(serving: Serve, beside: Starguild) -> None:
    refused = beside("serve", PORT=str(free_port()))
    assert (refused.code, refused.out) == (3, "")
    assert str(serving.process.pid) in refused.last_line


def test_an_address_that_is_not_ours_is_one_line(starguild: Starguild) -> None:
    refused = starguild("serve", "--host", "192.0.2.1", PORT=str(free_port()))
    assert (refused.code, refused.out) == (3, "")
    assert "192.0.2.1" in refused.last_line


def test_commands_beside_it_use_its_servers(serving: Serve, beside: Starguild, tmp_path: Path) -> None:
    played = beside("simulate", "--rate", "50", "--seconds", "1", "--json")
    assert played.code == 0
    assert played.document["recorded"] >= 25
    assert "Starting" not in played.err
    board = ask(serving, "member", '{ leaderboard(key: "points") { period { size } } }').json()
    assert board["data"]["leaderboard"]["period"]["size"] > 0

    verified = beside("verify", "--programme", "demo", "--json")
    assert (verified.code, verified.document["ok"]) == (0, True)
    assert verified.document["counts"]["activities"] == played.document["recorded"]

    rebuilt = beside("rebuild", "leaderboards", "--programme", "demo", "--json")
    assert rebuilt.code == 0
    assert rebuilt.document["records"]["points all"] > 0
    assert beside("rebuild", "hot", "--programme", "demo", "--json").document["posts"] == 0
    searched = beside("rebuild", "search", "--programme", "demo", "--json")
    assert (searched.code, searched.document["texts"], searched.document["names"]) == (0, 0, 0)

    file = tmp_path / "club.yaml"
    file.write_text("programme: {key: club}\nunits: [{key: stars}]\n")
    applied = beside("apply", file, "--json")
    assert (applied.code, applied.document["version"]) == (0, 1)
    token = beside("token", "--role", "operator", "--programme", "club").out.strip()
    answer = httpx.post(
        serving.ready["graphql"],
        json={"query": "{ programme { key } }"},
        headers={"authorization": f"Bearer {token}"},
    )
    assert answer.json()["data"] == {"programme": {"key": "club"}}


def test_a_check_of_a_programme_that_is_not_there_is_a_2(serving: Serve, beside: Starguild) -> None:
    for command in (["verify"], *(["rebuild", what] for what in ("leaderboards", "search", "hot"))):
        refused = beside(*command, "--programme", "nowhere", "--json")
        assert refused.code == 2
        assert "nowhere" in refused.document["error"]["message"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_stops_its_servers_and_the_next_start_finds_its_data(
    tmp_path: Path, starguild: Starguild, how: signal.Signals
) -> None:
    first = Serve(tmp_path / "data", tmp_path / "first.log", "--no-worker")
    pids = first.server_pids
    assert len(pids) == 2
    headers = {"authorization": f"Bearer {first.ready['tokens']['member']}"}
    # A socket that is still open must not hold the end up.
    with socket.create_connection(("127.0.0.1", first.port)):
        assert first.stop(how) == 0
    wait_until_gone(pids)
    assert "Traceback" not in first.err
    applied = starguild("apply", Path("programmes/demo.yaml").resolve(), "--json")
    assert (applied.code, applied.document["changes"]) == (0, [])
    second = Serve(tmp_path / "data", tmp_path / "second.log")
    try:
        answer = httpx.post(second.ready["graphql"], json=QUERY, headers=headers)
        assert answer.json()["data"]["me"] == {"externalId": "demo"}
    finally:
        assert second.stop() == 0
