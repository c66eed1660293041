from pathlib import Path
from typing import Any

import pytest

from api.programme_files import FILE_BYTES_MAX, bundled, read_programme
from gamification.programmes.checks import check
from gamification.programmes.document import Problem
from gamification.programmes.parsing import parse


def read(tmp_path: Path, text: str | bytes) -> dict[str, Any]:
    file = tmp_path / "programme.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_programme(file)


@pytest.mark.parametrize("name", ["demo", "stackexchange", "purchases"])
def test_the_bundled_programmes_are_sound(name: str) -> None:
    check(parse(bundled(name)))


def test_on_and_no_are_text_and_only_true_and_false_are_not(tmp_path: Path) -> None:
    found = read(tmp_path, "on: [a]\nno: off\nyes: y\nt: true\nf: False\nn: null\ne:\nq: 'true'\n")
    assert found == {
        "on": ["a"],
        "no": "off",
        "yes": "y",
        "t": True,
        "f": False,
        "n": None,
        "e": None,
        "q": "true",
    }


def test_numbers_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    found = read(tmp_path, "a: 12\nb: -3\nc: 1.5\nd: 1e3\ne: 012\nf: 1:30\ng: 1_000\nh: 0x10\ni: .inf\n")
    assert found == {
        "a": 12,
        "b": -3,
        "c": 1.5,
        "d": 1000.0,
        "e": "012",
        "f": "1:30",
        "g": "1_000",
        "h": "0x10",
        "i": ".inf",
    }


def test_times_are_left_to_their_fields(tmp_path: Path) -> None:
    assert read(tmp_path, "at: 2026-01-01T00:00:00Z\nday: 2026-01-01\n") == {
        "at": "2026-01-01T00:00:00Z",
        "day": "2026-01-01",
    }


def test_anchors_and_merges_work(tmp_path: Path) -> None:
    found = read(tmp_path, "base: &b { a: 1 }\nmore:\n  <<: *b\n  c: 2\n")
    assert found["more"] == {"a": 1, "c": 2}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", ":3:1", "stated twice"),
        ("a:\n  b: [1\n", ":3:1", "expected"),
        ("a: !!python/object/apply:os.system ['true']\n", ":1:4", "could not determine a constructor"),
        ("a: &x [*x]\n", ":1:4", "refers to what holds it"),
        ("a: *nobody\n", ":1:4", "undefined alias"),
        ("- a\n- b\n", "", "mapping"),
        ("", "", "mapping"),
        ("just text", "", "mapping"),
        (b"a: \xff\n", "", "UTF-8"),
        (b"a: \x00\n", "", "YAML"),
        ("a: 1\n---\nb: 2\n", ":2:1", "another document"),
        ("[" * 5000, "", "nested"),
        ("{a: 1, ? [x]: 2}", ":1:10", "unhashable"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(tmp_path: Path, text: str, place: str, message: str) -> None:
    with pytest.raises(Problem) as caught:
        read(tmp_path, text)
    ((where, what),) = caught.value.problems
    assert where.endswith(f"programme.yaml{place}")
    assert message in what


def test_a_file_that_blows_up_is_refused(tmp_path: Path) -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10)]
    with pytest.raises(Problem, match="far too large"):
        read(tmp_path, "l0: &l0 [x]\n" + "\n".join(levels))


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="bytes"):
        read(tmp_path, "a: " + "x" * FILE_BYTES_MAX)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="No such file"):
        read_programme(tmp_path / "none.yaml")
    with pytest.raises(Problem, match="missing from this installation"):
        bundled("none")
