"""How one text differs from another."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.writing.changes import ChangeKind, Part, between


def test_words_and_characters_that_differ_are_named() -> None:
    assert between("one two three", "one 2 three") == [
        Part(ChangeKind.SAME, "one "),
        Part(ChangeKind.REMOVED, "two"),
        Part(ChangeKind.ADDED, "2"),
        Part(ChangeKind.SAME, " three"),
    ]
    assert between("今天读书", "今天写书") == [
        Part(ChangeKind.SAME, "今天"),
        Part(ChangeKind.REMOVED, "读"),
        Part(ChangeKind.ADDED, "写"),
        Part(ChangeKind.SAME, "书"),
    ]


def test_long_texts_are_compared_by_lines() -> None:
    lines = [f"line {number} of many\n" for number in range(1000)]
    changed = [*lines[:500], "another\n", *lines[501:]]

    parts = between("".join(lines), "".join(changed))
    assert [part.kind for part in parts] == [
        ChangeKind.SAME,
        ChangeKind.REMOVED,
        ChangeKind.ADDED,
        ChangeKind.SAME,
    ]


@given(st.text(alphabet="ab \n今天", max_size=60), st.text(alphabet="ab \n今天", max_size=60))
def test_the_parts_make_up_both_texts(before: str, after: str) -> None:
    parts = between(before, after)

    assert "".join(part.text for part in parts if part.kind is not ChangeKind.ADDED) == before
    assert "".join(part.text for part in parts if part.kind is not ChangeKind.REMOVED) == after
    assert all(part.text for part in parts)


_LONG = [
    ("a\n" * 9_999 + "b", "b\n" * 9_999 + "a"),
    ("a\n" * 10_000, "a\n" * 5_000 + "b\n" * 4_999),
    ("a b " * 5_000, "b a " * 5_000),
    ("\u7684\u4e00" * 10_000, "\u4e00\u7684" * 10_000),
]


@pytest.mark.parametrize(("before", "after"), _LONG, ids=["lines", "half", "words", "characters"])
def test_no_texts_take_long_to_compare(before: str, after: str) -> None:
    began = time.perf_counter()
    parts = between(before, after)

    assert time.perf_counter() - began < 1
    assert "".join(part.text for part in parts if part.kind is not ChangeKind.ADDED) == before
    assert "".join(part.text for part in parts if part.kind is not ChangeKind.REMOVED) == after


def test_a_small_change_of_a_long_text_is_shown_by_words() -> None:
    before = "word " * 3_999 + "end"
    assert between(before, "word " * 2_000 + "other " + "word " * 1_999 + "end") == [
        Part(ChangeKind.SAME, "word " * 2_000),
        Part(ChangeKind.ADDED, "other "),
        Part(ChangeKind.SAME, "word " * 1_999 + "end"),
    ]
