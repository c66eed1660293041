"""Why, in words."""

from datetime import UTC, datetime

import pytest

from community.recommendations.model import Code, Kind
from community.recommendations.wording import TEXTS, Reason, text_of
from gamification.kit.messages import ValueKind, parse

VALUES = {
    **dict.fromkeys(("seed", "tag", "tier", "unit"), ValueKind.TEXT),
    **dict.fromkeys(("lapses_at", "ends_at"), ValueKind.INSTANT),
    **dict.fromkeys(("left", "value", "goal", "missing", "amount", "points", "price"), ValueKind.NUMBER),
}


@pytest.mark.parametrize("code", list(Code))
def test_every_reason_has_words_in_both_languages(code: Code) -> None:
    texts = TEXTS[code, None]

    assert set(texts) == {"en", "zh"}
    for text in texts.values():
        assert parse(text).faults(VALUES) == []


def test_no_reason_tells_of_segments_or_of_how_many_others() -> None:
    for texts in TEXTS.values():
        for text in texts.values():
            assert "{members" not in text
            assert "{segment" not in text


@pytest.mark.parametrize(
    ("locale", "default", "text"),
    [
        ("zh-Hans", "en", "您已开始：1,200/2,000。"),
        ("en-GB", "zh", "You have begun: 1,200 of 2,000."),
        ("de", "en", "You have begun: 1,200 of 2,000."),
        ("de", "zh", "您已开始：1,200/2,000。"),
        ("de", "fr", "You have begun: 1,200 of 2,000."),
    ],
)
def test_the_language_is_the_readers_else_the_programmes_else_english(
    locale: str, default: str, text: str
) -> None:
    reason = Reason(Code.BEGUN, {"value": 1200, "goal": 2000})

    assert text_of(reason, Kind.TASK, locale, default, "UTC") == text


def test_a_day_is_the_members_own() -> None:
    ends = datetime(2026, 3, 2, 20, tzinfo=UTC)

    text = text_of(Reason(Code.IS_ON, {"ends_at": ends}), Kind.CAMPAIGN, "en", "en", "Asia/Shanghai")

    assert text == "On now, until Mar 3, 2026."
