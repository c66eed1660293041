"""What rules find in a text by itself, and which verdict is the heaviest."""

from typing import Any

import pytest
from pydantic import ValidationError

from community.screening.model import Finding, Judgement, Spot, Text, TextPart
from community.screening.screen import SPOTS_MAX, ReadyRule, fresh, look_into, screen_by
from gamification.programmes.definitions import ScreenedKind, ScreeningRule, ScreeningVerdict

POST, COMMENT = ScreenedKind.POST, ScreenedKind.COMMENT
REFUSE, HOLD, FLAG = ScreeningVerdict.REFUSE, ScreeningVerdict.HOLD, ScreeningVerdict.FLAG


def rule(key: str = "r", verdict: str = "hold", **stated: Any) -> ScreeningRule:
    return ScreeningRule.model_validate({"key": key, "verdict": verdict, **stated})


def ready(*rules: ScreeningRule) -> list[ReadyRule]:
    return [ReadyRule.of(one) for one in rules]


def look(text: Text, *rules: ScreeningRule) -> list[Finding]:
    return look_into(text, ready(*rules))


def spots(finding: Finding) -> list[tuple[str, str]]:
    return [(spot.part.value, spot.words) for spot in finding.spots]


def test_words_are_named_with_where_they_stand() -> None:
    text = Text(POST, "square", "B A D news", "very ｂａｄ", ("bad",))
    (found,) = look(text, rule(words={"listed": ["bad"]}))

    assert found.spots == (
        Spot(TextPart.TITLE, 0, 5, "B A D"),
        Spot(TextPart.TEXT, 5, 8, "ｂａｄ"),
        Spot(TextPart.TAGS, 0, 3, "bad"),
    )
    assert (found.rule, found.verdict, found.found, found.limit) == ("r", HOLD, None, None)


def test_patterns_are_looked_for_in_the_normal_form_whatever_the_case() -> None:
    phone = rule(patterns=[r"1[3-9]\d{9}", r"wei ?xin\s*[:：]?\s*\w+"])
    (found,) = look(
        Text(POST, "square", "", "Call １３８００１３８０００ or WEIXIN： abc_1 or 1380013"), phone
    )

    assert spots(found) == [("text", "１３８００１３８０００"), ("text", "WEIXIN： abc_1")]
    assert look(Text(POST, "square", "", "call me"), phone) == []
    (upper,) = look(Text(POST, "square", "", "see bad"), rule(patterns=["B[A-Z]D"]))
    assert spots(upper) == [("text", "bad")]


def test_a_pattern_takes_time_by_the_length_of_the_text_alone() -> None:
    """With an engine that goes back this one takes longer than the universe is old."""
    assert look(Text(POST, "square", "", "x" * 20_000), rule(patterns=["(x+x+)+y"])) == []


def test_no_more_places_are_named_than_a_few() -> None:
    (found,) = look(Text(POST, "square", "", "bad " * 100), rule(words={"listed": ["bad"]}))

    assert len(found.spots) == SPOTS_MAX


def test_links_and_mentions_are_counted() -> None:
    text = Text(POST, "square", links=("https://a.example", "https://b.example"), mentions=3)
    links, mentions = look(text, rule("l", links={"most": 1}), rule("m", "flag", mentions={"most": 2}))

    assert (links.found, links.limit, links.hosts) == (2, 1, ("a.example", "b.example"))
    assert (mentions.found, mentions.limit) == (3, 2)
    assert look(text, rule(links={"most": 2}), rule(mentions={"most": 3})) == []


def test_a_rule_is_about_the_texts_and_spaces_that_it_states() -> None:
    screen = screen_by(
        [
            rule("everywhere", words={"listed": ["x"]}),
            rule("comments", words={"listed": ["x"]}, texts=["comment"]),
            rule("square", words={"listed": ["x"]}, spaces=["square"]),
            rule("draft", words={"listed": ["x"]}, status="draft"),
        ]
    )

    def keys(kind: ScreenedKind, space: str) -> list[str]:
        return [one.rule.key for one in screen.about(kind, space)]

    assert keys(POST, "square") == ["everywhere", "square"]
    assert keys(COMMENT, "makers") == ["everywhere", "comments"]


@pytest.mark.parametrize(
    ("verdicts", "heaviest", "deciding"),
    [
        ([], None, None),
        ([FLAG], FLAG, "0"),
        ([FLAG, HOLD, FLAG], HOLD, "1"),
        ([HOLD, REFUSE, HOLD, REFUSE], REFUSE, "1"),
    ],
)
def test_the_heaviest_verdict_counts_and_the_first_rule_that_has_it(
    verdicts: list[ScreeningVerdict], heaviest: ScreeningVerdict | None, deciding: str | None
) -> None:
    judged = Judgement(tuple(Finding(str(number), one) for number, one in enumerate(verdicts)))

    assert judged.verdict is heaviest
    assert (judged.deciding.rule if judged.deciding else None) == deciding
    assert judged.is_held is (heaviest is HOLD)


def test_what_an_edit_leaves_as_it_was_is_not_found_anew() -> None:
    words, links = rule("w", words={"listed": ["bad", "worse"]}), rule("l", links={"most": 0})

    def found(text: str, *hosts: str) -> list[Finding]:
        return look(Text(POST, "s", "", text, (), tuple(f"https://{host}" for host in hosts)), words, links)

    def new(before: list[Finding], after: list[Finding]) -> list[str]:
        return [finding.rule for finding in fresh(after, before)]

    assert new(found("bad"), found("a bad bad typo")) == []
    assert new(found("bad"), found("bad and worse")) == ["w"]
    assert new(found("fine"), found("bad")) == ["w"]
    assert new(found("bad"), found("fine")) == []
    assert new(found("", "a.example"), found("", "a.example")) == []
    assert new(found("", "a.example"), found("", "b.example")) == ["l"]
    assert new(found("", "a.example"), found("", "a.example", "a.example/2")) == ["l"]
    assert new(found("bad " * 30), found("bad " * 31)) == ["w"]  # what is more than is named may be new


@pytest.mark.parametrize(
    ("stated", "complaint"),
    [
        ({}, "exactly one of"),
        ({"words": {"listed": ["x"]}, "mentions": {"most": 1}}, "exactly one of"),
        ({"words": {"listed": []}}, "at least 1"),
        ({"words": {"listed": ["***"]}}, "no letter or digit"),
        ({"words": {"listed": ["x" * 61]}}, "at most 60"),
        ({"patterns": ["(?=x)"]}, "no pattern of RE2"),
        ({"patterns": [r"(a)\1"]}, "no pattern of RE2"),
        ({"patterns": ["["]}, "no pattern of RE2"),
        ({"patterns": ["x*"]}, "found in the empty text"),
        ({"patterns": [r"(\p{L}{1,30}x){3}"]}, "too large"),
        ({"patterns": ["x{2000}"]}, "no pattern of RE2"),
        ({"links": {"allowed": ["https://a.example"]}}, "pattern"),
        ({"duplicates": {"percent": 60}}, "greater than or equal to 70"),
        ({"duplicates": {"within": "P1Y"}}, "less than or equal to 90 days"),
        ({"rate": {"most": 0, "within": "PT1H"}}, "greater than or equal to 1"),
        ({"first": {"texts": 51}}, "less than or equal to 50"),
        ({"mentions": {"most": 1}, "texts": []}, "at least 1"),
        ({"mentions": {"most": 1}, "verdict": "delete"}, "verdict"),
    ],
)
def test_a_rule_that_can_not_be_taken_says_why(stated: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError) as refused:
        rule(**stated)

    assert complaint in str(refused.value)
