"""Screening rules in a programme's file: what they name is there, and what is wrong is told with its place."""

from typing import Any

import pytest

from gamification.programmes.checks import check
from gamification.programmes.document import Document, Problem
from gamification.programmes.parsing import parse


def checked(*spaces: dict[str, Any], **rule: Any) -> Document:
    """A programme with one rule, and these spaces."""
    screening = [{"key": "r", "verdict": "hold", "mentions": {"most": 1}, **rule}]
    document = parse({"programme": {"key": "p"}, "spaces": list(spaces), "screening": screening})
    check(document)
    return document


def test_a_sound_rule_is_taken() -> None:
    (rule,) = checked(
        {"key": "square"},
        spaces=["square"],
        texts=["comment"],
        when="member.attributes.level < 2",
        message={"en": "Later", "zh": "稍后"},
    ).screening

    assert rule.is_about(rule.texts[0], "square")


@pytest.mark.parametrize(
    ("spaces", "stated", "place", "message"),
    [
        ([], {"spaces": ["square"]}, "screening.r.spaces", "square"),
        ([{"key": "square", "status": "draft"}], {"spaces": ["square"]}, "screening.r", "still a draft"),
        ([], {"when": "activity.amount > 1"}, "screening.r.when", "decided by the member alone"),
        ([], {"when": "member."}, "screening.r.when", "member."),
        ([], {"mentions": {}}, "screening.r.mentions.most", "required"),
        ([], {"mentions": None}, "screening.r", "exactly one of"),
        ([], {"mentions": None, "patterns": ["(a"]}, "screening.r.patterns.0", "no pattern of RE2"),
        ([], {"mentions": None, "words": {"listed": ["!"]}}, "screening.r.words.listed.0", "no letter"),
        ([], {"verdict": "delete"}, "screening.r.verdict", "refuse"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    spaces: list[dict[str, Any]], stated: dict[str, Any], place: str, message: str
) -> None:
    with pytest.raises(Problem) as refused:
        checked(*spaces, **stated)

    said = dict(refused.value.problems)
    assert message in said[place]
