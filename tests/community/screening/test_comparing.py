"""Rules on what else was written: likeness and rate, as pure decisions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from community.screening.comparing import Subject, alike, print_for, too_many
from community.screening.likeness import fingerprint_of
from community.screening.model import Text
from community.screening.remembered import Remembered
from gamification.programmes.definitions import DuplicateRule, ScreenedKind, ScreeningRule

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ANN, BOB = b"ann", b"bob"
SPAM = "Buy the very best watches for the lowest price of all, only today and only here!"
SUBJECT = Subject("club", ANN, b"new", NOW, is_new=True)
POST, COMMENT = ScreenedKind.POST, ScreenedKind.COMMENT


def written(
    name: bytes,
    author: bytes = BOB,
    text: str = SPAM,
    hours: float = 1,
    kind: ScreenedKind = POST,
    space: str = "square",
) -> Remembered:
    return Remembered(name, author, kind, space, NOW - timedelta(hours=hours), fingerprint_of(text).hashes)


def duplicates(**stated: Any) -> ScreeningRule:
    return ScreeningRule.model_validate({"key": "d", "verdict": "hold", "duplicates": stated})


def rate(most: int, **stated: Any) -> ScreeningRule:
    terms = {"most": most, "within": "PT1H"}
    return ScreeningRule.model_validate({"key": "r", "verdict": "refuse", "rate": terms, **stated})


@pytest.mark.parametrize(
    ("stated", "texts", "like"),
    [
        ({}, [written(b"1")], b"1"),
        ({}, [written(b"1", text=f"{SPAM} Really!"), written(b"2")], b"2"),
        ({}, [written(b"1", text="Something else altogether, about the weather and the trains.")], None),
        ({}, [written(b"new")], None),  # itself, before an edit
        ({"within": "PT2H"}, [written(b"1", hours=3)], None),
        ({"of": "own"}, [written(b"1"), written(b"2", ANN)], b"2"),
        ({"of": "own"}, [written(b"1")], None),
        ({"of": "others"}, [written(b"1"), written(b"2", ANN)], b"1"),
        ({"of": "others"}, [written(b"2", ANN)], None),
        ({"most": 1}, [written(b"1")], None),
        ({"most": 1}, [written(b"1"), written(b"2")], b"2"),
        ({"percent": 100}, [written(b"1", text=f"{SPAM} Really, my dear old friends!")], None),
        ({"shortest": 200}, [written(b"1")], None),
    ],
)
def test_a_text_is_held_against_what_was_written_lately(
    stated: dict[str, Any], texts: list[Remembered], like: bytes | None
) -> None:
    rule = duplicates(**stated)
    assert rule.duplicates is not None
    found = alike(rule, rule.duplicates, SUBJECT, fingerprint_of(SPAM), texts)

    assert (found.like if found else None) == like
    if found is not None:
        assert (found.limit, found.like_kind) == (rule.duplicates.percent, POST)
        assert found.found is not None
        assert found.found >= rule.duplicates.percent


def test_what_was_fingerprinted_otherwise_is_not_compared() -> None:
    rule = duplicates()
    assert rule.duplicates is not None
    old = Remembered(b"1", BOB, POST, "square", NOW, ())

    assert alike(rule, rule.duplicates, SUBJECT, fingerprint_of(SPAM), [old]) is None


def test_only_texts_of_some_length_have_a_fingerprint() -> None:
    def has(text: str, *shortest: int) -> bool:
        rules = [DuplicateRule(shortest=one) for one in shortest]
        return print_for(rules, Text(POST, "square", "", text)) is not None

    assert has("x" * 40, 40)
    assert not has("x" * 39, 40)
    assert has("x" * 20, 40, 20)
    assert not has("!" * 100, 40)
    assert not has("x" * 100)


def test_one_text_more_than_a_rule_lets_is_too_many() -> None:
    def count(rule: ScreeningRule, lately: list[Remembered]) -> int | None:
        assert rule.rate is not None
        found = too_many(rule, rule.rate.most, rule.rate.within, SUBJECT, lately)
        return found.found if found else None

    lately = [
        written(b"1", ANN, hours=0.1),
        written(b"2", ANN, hours=0.2, kind=COMMENT),
        written(b"3", ANN, hours=0.3, space="makers"),
        written(b"4", ANN, hours=1),
        written(b"new", ANN, hours=0.1),
    ]
    assert count(rate(3), lately) == 4
    assert count(rate(4), lately) is None
    assert count(rate(2, texts=["post"]), lately) == 3
    assert count(rate(1, spaces=["makers"]), lately) == 2
    assert count(rate(1, texts=["comment"], spaces=["makers"]), lately) is None
