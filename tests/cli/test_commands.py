import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.support import COMMAND, ROOT, Starguild, environment

PURCHASES = """ID DATE NUM DOLLARS
 00001 19970101  1   11.77
 00002 19970112  1   12.00
 00002 19970112  5   77.00
 00002 19970113  5   77.99
 00003 nonsense  5   77.99
"""


def test_apply_prints_the_difference(elsewhere: Starguild, tmp_path: Path) -> None:
    file = tmp_path / "club.yaml"
    file.write_text("programme: {key: club}\nunits: [{key: stars}]\nbadges: [{key: first}]\n")
    tried = elsewhere("apply", file, "--dry-run", "--json")
    assert (tried.code, tried.document["dryRun"], tried.document["version"]) == (0, True, 1)
    made = elsewhere("apply", file)
    assert made.code == 0
    assert "stars" in made.out
    assert "added" in made.out
    file.write_text("programme: {key: club}\nunits: [{key: stars, floor: 1}]\n")
    changed = elsewhere("apply", file, "--json").document
    assert [
        (change["section"], change["key"], change["change"], change["version"])
        for change in changed["changes"]
    ] == [
        ("units", "stars", "changed", 2),
        ("badges", "first", "archived", 2),
    ]
    assert changed["changes"][0]["fields"] == ["floor"]
    again = elsewhere("apply", file)
    assert again.out == "Nothing differs; programme club stays at version 2.\n"


def test_import_purchases_twice(elsewhere: Starguild, tmp_path: Path) -> None:
    file = tmp_path / "purchases.txt"
    file.write_text(PURCHASES)
    first = elsewhere("import", "purchases", file, "--programme", "shop", "--json")
    assert first.code == 0
    counts = {
        name: first.document[name] for name in ("recorded", "duplicates", "rejected", "skipped", "members")
    }
    assert counts == {"recorded": 4, "duplicates": 0, "rejected": 0, "skipped": 1, "members": 2}
    again = elsewhere("import", "purchases", file, "--programme", "shop")
    assert again.code == 0
    assert "duplicates" in again.out
    verified = elsewhere("verify", "--programme", "shop", "--json")
    assert verified.document["counts"]["activities"] == 4
    assert verified.document["ok"]


def test_import_says_what_was_rejected(elsewhere: Starguild, tmp_path: Path) -> None:
    file = tmp_path / "purchases.txt"
    file.write_text(PURCHASES)
    strict = tmp_path / "shop.yaml"
    strict.write_text(
        (ROOT / "programmes" / "purchases.yaml")
        .read_text()
        .replace("key: cdnow", "key: shop")
        .replace("maximum: 1000000", "maximum: 77.5")
    )
    assert elsewhere("apply", strict).code == 0
    done = elsewhere("import", "purchases", file, "--programme", "shop", "--json")
    assert (done.code, done.document["rejected"], done.document["recorded"]) == (1, 1, 3)
    assert "line:5" in done.document["reasons"][0]


def test_simulate_refuses_a_programme_that_it_can_not_play(elsewhere: Starguild, tmp_path: Path) -> None:
    file = tmp_path / "club.yaml"
    file.write_text("programme: {key: club}\n")
    assert elsewhere("apply", file).code == 0
    refused = elsewhere("simulate", "--rate", "1", "--programme", "club", "--seconds", "1")
    assert refused.code == 2
    assert "reading.logged" in refused.err


@pytest.mark.xdist_group("embedded")
@pytest.mark.parametrize("command", [["worker"], ["simulate", "--rate", "5"]])
def test_what_runs_until_stopped_stops_cleanly(tmp_path: Path, command: list[str]) -> None:
    log = tmp_path / "log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*COMMAND, *command], env=environment(tmp_path / "data"), stdout=subprocess.DEVNULL, stderr=errors
        )
    try:
        deadline = time.monotonic() + 90
        while "Ctrl-C" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(90) == 0
    finally:
        process.kill()
        process.wait()
    said = log.read_text()
    assert "Traceback" not in said
    assert "Stopping the embedded servers" in said
