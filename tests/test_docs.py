"""What the documents name is there: files, tests, settings."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from api.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "bench/README.md",
        ROOT / "conformance/README.md",
    ]
)
SECURITY = ROOT / "docs/operating/security.md"
EDGE_CASES = ROOT / "docs/edge-cases.md"
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_TEST = re.compile(r"`(tests/[\w/]+\.py)?::(\w+)`")
_SETTING = re.compile(r"`STARGUILD_([A-Z_]+)`")


@cache
def defined_in(path: str) -> set[str]:
    """The names of a file's tests."""
    tree = ast.parse((ROOT / path).read_text())
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def named_tests(document: Path) -> list[tuple[str, str]]:
    """File and name of each test in a document; one without a file is of the file before it in its row."""
    found = []
    for line in document.read_text().splitlines():
        path = ""
        for stated, name in _TEST.findall(line):
            path = stated or path
            found.append((path, name))
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = [link for link in _LINK.findall(_CODE.sub("", document.read_text())) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", [SECURITY, EDGE_CASES], ids=lambda path: path.name)
def test_every_test_of_the_threat_model_and_the_edge_cases_exists(document: Path) -> None:
    named = named_tests(document)
    assert len(named) > 80
    missing = [f"{path}::{name}" for path, name in named if not path or name not in defined_in(path)]
    assert missing == []


def test_every_edge_case_names_a_test() -> None:
    rows = [line for line in EDGE_CASES.read_text().splitlines() if line.startswith("| ")]
    assert [row for row in rows if not row.startswith("| What must hold") and not _TEST.search(row)] == []


def test_every_threat_names_a_test() -> None:
    tables = [
        line
        for line in SECURITY.read_text().partition("## Tokens")[2].splitlines()
        if line.startswith("| ") and not line.startswith("| Threat")
    ]
    assert len(tables) > 40
    assert [line for line in tables if not _TEST.search(line)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_setting_that_is_named_exists(document: Path) -> None:
    stated = {name.lower() for name in _SETTING.findall(document.read_text())}
    assert {name for name in stated if not name.endswith("_")} - set(Settings.model_fields) == set()
