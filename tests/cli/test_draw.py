"""`starguild draw verify` with nothing but a file, and `export`."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import ROOT, Starguild

PAGE = (ROOT / "docs/lottery.md").read_text()
SCHEDULED, INSTANT = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))


def saved(tmp_path: Path, document: Any) -> Path:
    file = tmp_path / "draw.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


@pytest.mark.parametrize("document", [SCHEDULED, INSTANT], ids=["scheduled", "instant"])
def test_computes_a_published_draw_again(here: Starguild, tmp_path: Path, document: dict[str, Any]) -> None:
    hashes = ["--seed-hash", document["seed_hash"].upper(), "--odds-hash", document["odds_hash"]]
    shown = here("draw", "verify", saved(tmp_path, document), *hashes)
    told = here("draw", "verify", saved(tmp_path, document), *hashes, "--json")

    assert shown.code == told.code == 0
    assert "seed: as stated" in shown.out
    assert "Everything that could be checked is as stated." in shown.out
    assert (told.document["ok"], told.document["wrong"], told.document["open"]) == (True, [], [])
    assert not (tmp_path / "data").exists()


def test_names_what_is_wrong_and_ends_with_1(here: Starguild, tmp_path: Path) -> None:
    forged = {**SCHEDULED, "winners": [*SCHEDULED["winners"][:2], ["mug", 2, "ab" * 32]]}
    shown = here("draw", "verify", saved(tmp_path, forged))
    told = here("draw", "verify", saved(tmp_path, forged), "--json")

    assert shown.code == told.code == 1
    assert "winners: WRONG" in shown.out
    assert f"winners: place 3: the file says mug number 2 to {'ab' * 32}" in shown.out
    assert "The draw is not as stated." in shown.out
    assert [one["part"] for one in told.document["wrong"]] == ["winners"]


def test_another_hash_than_the_one_published_before_is_wrong(here: Starguild, tmp_path: Path) -> None:
    told = here("draw", "verify", saved(tmp_path, SCHEDULED), "--entrants-hash", "00" * 32, "--json")
    assert (told.code, [one["part"] for one in told.document["wrong"]]) == (1, ["entrants_hash"])


def test_without_hashes_of_before_it_says_what_is_missing(here: Starguild, tmp_path: Path) -> None:
    shown = here("draw", "verify", saved(tmp_path, SCHEDULED))
    assert "Compare its hashes with those published before" in shown.err


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "no draw of the format"),
        ({**SCHEDULED, "seed": 7}, "not what it should be"),
    ],
)
def test_what_is_no_draw_is_a_2(here: Starguild, tmp_path: Path, document: Any, message: str) -> None:
    shown = here("draw", "verify", saved(tmp_path, document))
    assert (shown.code, message in shown.err) == (2, True)
    assert here("draw", "verify", tmp_path / "none.json").code == 2


def test_a_round_that_is_not_there_is_not_exported(starguild: Starguild) -> None:
    shown = starguild("draw", "export", "raffle", "spring", "--programme", "none")
    assert (shown.code, shown.out) == (2, "")
    assert "There is no round 'spring'" in shown.err
