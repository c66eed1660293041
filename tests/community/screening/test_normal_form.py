"""The form in which texts are compared with lists, and where each character of it stands in the text as it was written."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from community.screening.normal import normal_form

DISGUISES = st.sampled_from(
    [
        *(
            "f",
            "u",
            "c",
            "k",
            "F",
            "Ｆ",
            "ｆ",
            "𝓯",
            "Ⓕ",
            "🅵",
            "ᴜ",
            "с",
            "ԁ",
            "ſ",
            "ß",
            "ﬁ",
            "İ",
            "é",
            "e\u0301",
        ),
        *("法", "轮", "功", "灣", "ｶ", "ﾞ", "か", "\u3099", "한", "ᄒ", "\u1161", "\u11ab", "ส", "วั"),
        *("\u200b", "\u200d", "\u00ad", "\ufe0f", "\u0336", "\u0301", "\u3164", "\u2800", "\u202e"),
        *(" ", "\n", "\u3000", "\u00a0", "*", "。", "，", "😀", "👨‍👩‍👧", "1", "٣"),
    ]
)
TEXTS = st.one_of(st.text(max_size=40), st.lists(DISGUISES, max_size=30).map("".join))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Hello THERE", "hello there"),
        ("Ｈｅｌｌｏ　１２", "hello 12"),
        ("f\u200bu\u200dc\u00adk\ufeff", "fuck"),
        ("f\u0336u\u0336c\u0336k\u0336", "fuck"),
        ("fùćk", "fuck"),
        ("𝓯𝓾𝓬𝓴 Ⓕⓤⓒⓚ 🅵🆄🅲🅺 ғᴜᴄᴋ", "fuck fuck fuck fuck"),
        ("Straße ﬁn", "strasse fin"),
        ("İstanbul", "istanbul"),
        ("臺灣 法輪功", "台湾 法轮功"),
        ("ｶﾞ が か\u3099 か\u200b\u3099", "ガ が が が"),
        ("ᄒ\u1161\u11ab", "한"),
        ("a\tb\u00a0c\nd", "a b c\nd"),
        ("！？，．", "!?,."),
    ],
)
def test_what_looks_the_same_is_the_same(written: str, read: str) -> None:
    assert normal_form(written).text == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("fuсk", "fuck"),  # a Cyrillic letter among Latin ones
        ("ѕех", "sex"),  # all three Cyrillic, none to be told from Latin
        ("город", "город"),
        ("Это как раз то", "это как раз то"),  # Russian words of letters that only resemble
        ("αβγ", "αβγ"),
        ("pαypal", "paypal"),
    ],
)
def test_letters_of_other_scripts_are_read_as_latin_where_they_pass_for_it(written: str, read: str) -> None:
    assert normal_form(written).text == read


@given(TEXTS)
@example("か\u200b\u3099")
@example("\u0301a")
def test_each_character_stems_from_a_place_in_the_text(text: str) -> None:
    normal = normal_form(text)

    assert len(normal.text) == len(normal.starts) == len(normal.ends)
    assert list(normal.starts) == sorted(normal.starts)
    assert all(0 <= start < end <= len(text) for start, end in zip(normal.starts, normal.ends, strict=True))


@given(TEXTS)
def test_the_place_that_a_character_stems_from_reads_as_it_does(text: str) -> None:
    normal = normal_form(text)
    for position, character in enumerate(normal.text):
        alone = normal_form(text[slice(*normal.span(position, position + 1))]).text
        if not alone.isascii() and character.isascii():
            continue  # which Latin letter a foreign one passes for depends on its neighbours
        assert character in alone


@given(TEXTS, st.data())
def test_a_stretch_maps_back_to_what_it_was_written_as(text: str, data: st.DataObject) -> None:
    """Every stretch of the normal form is found again in the stretch of the original that it maps to."""
    normal = normal_form(text)
    if not normal.text:
        return
    start = data.draw(st.integers(0, len(normal.text) - 1))
    end = data.draw(st.integers(start + 1, len(normal.text)))
    begun, ended = normal.span(start, end)

    again = normal_form(text[begun:ended])
    assert len(again.text) >= end - start
    assert begun == normal.starts[start]
    assert ended == normal.ends[end - 1]


@given(TEXTS)
def test_the_normal_form_is_its_own(text: str) -> None:
    once = normal_form(text).text

    assert normal_form(once).text == once


@given(TEXTS)
def test_texts_that_unicode_takes_for_the_same_are_the_same(text: str) -> None:
    composed = normal_form(unicodedata.normalize("NFC", text)).text

    assert composed == normal_form(unicodedata.normalize("NFD", text)).text


@given(TEXTS, st.lists(st.integers(0, 40), max_size=5))
def test_what_can_not_be_seen_changes_nothing(text: str, places: list[int]) -> None:
    hidden = text
    for place in places:
        hidden = f"{hidden[:place]}\u200b{hidden[place:]}"

    assert normal_form(hidden).text == normal_form(text).text
