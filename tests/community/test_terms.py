"""What a text is found by, and what a query asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.search.query import LENGTH_MAX, parse
from community.search.ranking import matches, relevance
from community.writing.terms import IMPACT_MAX, indexed, terms_of
from gamification.kit.errors import InvalidInput
from gamification.kit.folding import fold, places
from gamification.members.naming import name_terms, needed

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x4E40), min_size=1, max_size=30)
WORDS = st.text(st.sampled_from("abcdefghi "), min_size=1, max_size=30)
MIXED = st.lists(st.one_of(HAN, WORDS, st.text(max_size=20)), max_size=6).map("".join)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ　１２", "abc 12"),
        ("Café Ångström", "cafe angstrom"),
        ("STRASSE Straße", "strasse strasse"),
        ("機器學習", "机器学习"),
        ("ｶﾒﾗ が", "カメラ か\u3099".replace("か\u3099", "が")),
        ("한국", "한국"),
        ("ﬁne", "fine"),
    ],
)
def test_what_reads_the_same_has_one_spelling(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_each_character_of_a_folded_text_comes_from_one_of_the_text(text: str) -> None:
    at = places(text)

    assert len(at) == len(fold(text)) + 1
    assert at == sorted(at)
    assert at[-1] == len(text)


def test_a_text_is_found_by_stems_characters_pairs_and_words() -> None:
    assert set(terms_of("Running 产品和服务")) == {
        "run",
        *"产品和服务",
        *("产品", "品和", "和服", "服务"),
        *("=产品", "=和", "=服务"),
    }


@given(st.text(), st.text(), st.lists(st.text(max_size=10), max_size=3))
def test_terms_are_in_order_once_each_with_an_impact_in_its_bounds(
    title: str, body: str, tags: list[str]
) -> None:
    found = indexed(title, body, tags)

    assert list(found.terms) == sorted(set(found.terms))
    assert len(found.impacts) == len(found.terms)
    assert all(1 <= impact <= IMPACT_MAX for impact in found.impacts)


def test_a_title_says_more_than_a_tag_a_tag_more_than_a_text_and_a_short_text_more_than_a_long_one() -> None:
    impacts = [
        dict(zip(found.terms, found.impacts, strict=True))["lantern"]
        for found in (
            indexed("Lanterns", "x"),
            indexed("x", "x", ["lanterns"]),
            indexed("x", "lanterns"),
            indexed("x", "lanterns " + "word " * 300),
        )
    ]

    assert impacts == sorted(impacts, reverse=True)
    assert len(set(impacts)) == 4


@given(HAN, HAN, HAN)
def test_a_text_is_found_by_any_run_of_characters_in_it_however_it_is_cut(
    before: str, looked_for: str, after: str
) -> None:
    query = parse(looked_for)
    found = indexed("", before + looked_for + after)

    assert matches(query, found, "")
    assert 0 < relevance(query, found) <= IMPACT_MAX


@given(MIXED)
def test_whatever_is_asked_is_read_or_refused(text: str) -> None:
    try:
        query = parse(text)
    except InvalidInput:
        return
    assert len(text) <= LENGTH_MAX
    assert query.required
    assert query.weight > 0
    assert matches(query, indexed("", text), text) or query.excluded or query.phrases


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("和服", {"和服"}),
        ("量子计算机", {"量子", "计算", "算机"}),
        ("学习的方法", {"学习", "方法"}),
        ("机", {"机"}),
        ("iPhone手机", {"iphon", "手机"}),
        ("the lanterns of", {"lantern"}),
        ("the who", {"the", "who"}),
        ('"学习的方法"', {"学习", "习的", "的方", "方法"}),
    ],
)
def test_what_a_text_must_have(text: str, required: set[str]) -> None:
    assert set(parse(text).required) == required


def test_a_minus_within_a_word_excludes_nothing() -> None:
    assert parse("live-music -loud").excluded == (("loud",),)
    assert set(parse("live-music").required) == {"live", "music"}


@given(st.text(min_size=1, max_size=60))
def test_a_name_is_found_by_itself(name: str) -> None:
    terms = name_terms(name)
    exact, beginnings = needed([fold(name)])

    assert set(exact) <= set(terms)
    assert all(any(term.startswith(one) for term in terms) for one in beginnings)
