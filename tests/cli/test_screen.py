"""`starguild screen`: the rules of a file, tried on texts before anybody writes by them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.support import Starguild

PROGRAMME: dict[str, Any] = {
    "programme": {"key": "club"},
    "spaces": [{"key": "square"}, {"key": "nursery"}],
    "screening": [
        {"key": "insults", "verdict": "refuse", "words": {"listed": ["jerk", "笨蛋"]}},
        {"key": "phones", "verdict": "hold", "patterns": [r"1[3-9]\d{9}"], "spaces": ["square"]},
        {"key": "links", "verdict": "flag", "links": {"most": 1}, "texts": ["post"]},
        {"key": "haste", "verdict": "refuse", "rate": {"most": 1, "within": "PT1H"}},
        {"key": "planned", "verdict": "hold", "words": {"listed": ["later"]}, "status": "draft"},
    ],
}
TEXTS = """Fine
ｊ.ｅ.ｒ.ｋ

Call １３８００１３８０００, 笨 蛋
[a](https://a.example) [b](https://b.example)
[this](https://a.example "jerk")
See you later
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A programme file, and texts."""
    programme, texts = tmp_path / "club.yaml", tmp_path / "texts.txt"
    programme.write_text(yaml.safe_dump(PROGRAMME, allow_unicode=True), encoding="utf-8")
    texts.write_text(TEXTS, encoding="utf-8")
    return programme, texts


def rules_by_line(document: dict[str, Any]) -> dict[int, list[str]]:
    return {
        one["line"]: [found["rule"] for found in one["findings"]]
        for one in document["texts"]
        if one["findings"]
    }


def test_each_text_is_judged_with_the_rules_that_mind_it(here: Starguild, files: tuple[Path, Path]) -> None:
    tried = here("screen", *files, "--json")

    assert tried.code == 1
    assert rules_by_line(tried.document) == {
        2: ["insults"],
        4: ["insults", "phones"],
        5: ["links"],
        6: ["insults"],
    }
    assert [one["verdict"] for one in tried.document["texts"]] == [
        None,
        "refuse",
        "refuse",
        "flag",
        "refuse",
        None,
    ]
    assert tried.document["texts"][1]["findings"][0]["words"] == ["ｊ.ｅ.ｒ.ｋ"]
    assert (tried.document["tried"], tried.document["untried"]) == (["insults", "phones", "links"], ["haste"])


def test_spaces_kinds_and_drafts_choose_the_rules(here: Starguild, files: tuple[Path, Path]) -> None:
    tried = here("screen", *files, "--space", "nursery", "--comments", "--drafts", "--json")

    assert rules_by_line(tried.document) == {2: ["insults"], 4: ["insults"], 6: ["insults"], 7: ["planned"]}


def test_people_read_a_table_and_texts_that_nobody_minds_are_a_0(
    here: Starguild, files: tuple[Path, Path]
) -> None:
    shown = here("screen", *files)
    assert "insults (ｊ.ｅ.ｒ.ｋ)" in shown.out
    assert "4 of 6 texts are minded by one of 3 rules." in shown.out
    assert "haste" in shown.out

    files[1].write_text("Fine\n", encoding="utf-8")
    assert here("screen", *files).code == 0


def test_what_can_not_be_tried_says_why(here: Starguild, files: tuple[Path, Path], tmp_path: Path) -> None:
    programme, texts = files
    refused = here("screen", programme, texts, "--space", "nowhere")
    assert (refused.code, "nowhere" in refused.last_line) == (2, True)
    bare = tmp_path / "bare.yaml"
    bare.write_text("programme: {key: bare}\n", encoding="utf-8")
    assert here("screen", bare, texts).code == 2
    assert here("screen", programme, tmp_path / "none.txt").code == 2
    wrong = {**PROGRAMME, "screening": [{"key": "x", "verdict": "hold", "patterns": ["("]}]}
    programme.write_text(yaml.safe_dump(wrong), encoding="utf-8")
    assert here("screen", programme, texts).code == 2
