"""Lists of words in Chinese and English: what is found however it is disguised, and what is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.screening.normal import normal_form
from community.screening.words import GAP_MAX, Reading, WordList


def found(words: list[str] | str, text: str, *, leet: bool = False) -> list[str]:
    """What of a text is found, as it is written there."""
    listed = WordList([words] if isinstance(words, str) else words, leet=leet)
    return [text[start:end] for start, end in listed.find(Reading(normal_form(text)))]


ENGLISH = [
    "fuck",
    "FUCK",
    "ＦＵＣＫ",
    "f u c k",
    "f.u.c.k",
    "f-u-c-k",
    "f * u * c * k",
    "fu.ck",
    "f_uck",
    "fu*ck",
    "f\u200bu\u200cc\u200dk",
    "fu\u00adck",
    "f😀uck",
    "Ｆ\u200b u　c\u3000k",
    "fuсk",
    "fùçk",
    "𝓯𝓾𝓬𝓴",
    "ⓕⓤⓒⓚ",
    "f\nu\nc\nk",
]
CHINESE = [
    "加微信",
    "加 微 信",
    "加　微　信",
    "加*微*信",
    "加.微.信",
    "加-微信",
    "加 微信",
    "加微 信",
    "加\u200b微\u200d信",
    "加😀微😀信",
    "加｜微｜信",
    "加\n微\n信",
    "加，微，信",
    "加…微…信",
]


@pytest.mark.parametrize("disguise", ENGLISH)
@pytest.mark.parametrize("around", ["{}", "so {} you", "({})", "呵呵{}呵呵", "so {}!", "\n{}\n"])
def test_an_english_word_is_found_in_disguise(disguise: str, around: str) -> None:
    text = around.format(disguise)

    assert found("fuck", text) == [disguise]
    assert found("Ｆuck", text) == [disguise]


@pytest.mark.parametrize("disguise", CHINESE)
@pytest.mark.parametrize("around", ["{}", "请{}吧", "请 {} 吧", "call{}now", "「{}」"])
def test_a_chinese_word_is_found_in_disguise_amid_others(disguise: str, around: str) -> None:
    text = around.format(disguise)

    assert found("加微信", text) == [disguise]


def test_traditional_and_simplified_characters_are_the_same() -> None:
    assert found("臺獨", "台独 臺獨 台獨") == ["台独", "臺獨", "台獨"]
    assert found("台独", "支持臺獨") == ["臺獨"]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("cunt", "Scunthorpe"),
        ("ass", "a classic passage, assess, was so, as soon, as-so"),
        ("tit", "a title at it. It"),
        ("penis", "the-pen-is-mightier, the pen is mightier, /the/pen/is/mine"),
        ("the rapist", "a therapist"),
        ("sex", "Essex, is ex, s ex"),
        ("hell", "hello, shell, he'll, he’ll"),
        ("加微信", "加微，信不信由你"),
        ("方法轮", "这个方法。轮到你了"),
        ("法轮", "这个方法，轮到你了；方法 轮流用"),
        ("法轮", "方法\n轮到你"),
        ("微信", "微小的信心"),
        ("ai", "a i"),
        ("vx", "vx123 svx"),
        ("cop", "город"),
    ],
)
def test_what_only_looks_like_it_is_left_alone(word: str, text: str) -> None:
    assert found(word, text) == []


def test_words_have_the_bounds_of_their_script() -> None:
    assert found("ass", "kick-ass, ass! 你ass呢") == ["ass", "ass", "ass"]
    assert found("赌", "网赌吧") == ["赌"]
    assert found("加v信", "请加V信吧") == ["加V信"]
    assert found("v信", "加v信, ve信, ov信") == ["v信"]


def test_a_star_lets_a_word_go_on() -> None:
    assert found("vx*", "vx123 vxabc svx") == ["vx", "vx"]
    assert found("*coin", "bitcoin coins") == ["coin"]
    assert found("*casin*", "supercasinos") == ["casin"]


def test_a_phrase_is_found_whatever_stands_between_its_words() -> None:
    assert found("free money", "FREE   money, free-money, free\nmoney, f r e e m o n e y") == [
        "FREE   money",
        "free-money",
        "free\nmoney",
        "f r e e m o n e y",
    ]
    assert found("free money", "freemoney") == []
    assert found("加 微信", "加微信 加 微信") == ["加微信", "加 微信"]


def test_digits_and_signs_are_letters_only_where_a_list_says_so() -> None:
    text = "5h1t $h!t sh1t a55 100% 1ll"

    assert found(["shit", "ass", "ill"], text) == []
    assert found(["shit", "ass", "ill"], text, leet=True) == ["5h1t", "$h!t", "sh1t", "a55", "1ll"]
    assert found(["sh1t"], text) == ["sh1t"]


def test_the_longest_of_those_that_begin_together_is_named() -> None:
    assert found(["法轮", "法轮功"], "法轮功") == ["法轮功"]
    assert found(["ab", "ab cd"], "ab cd") == ["ab cd"]


def test_more_than_a_few_signs_are_not_seen_through() -> None:
    assert found("加微信", f"加{'*' * GAP_MAX}微信") == [f"加{'*' * GAP_MAX}微信"]
    assert found("加微信", f"加{'*' * (GAP_MAX + 1)}微信") == []


LETTERS = st.text("abcdefgh", min_size=3, max_size=8)
SIGNS = st.text("*.-_~\u200b😀", max_size=GAP_MAX)


@given(LETTERS, st.data())
def test_a_word_is_found_whatever_signs_are_put_between_its_letters(word: str, data: st.DataObject) -> None:
    written = word[0] + "".join(data.draw(SIGNS) + one for one in word[1:])
    text = f"xx {written} yy"

    assert found(word, text) == [written]


@given(st.text("你好世界天地", min_size=2, max_size=5), st.data())
def test_a_chinese_word_is_found_whatever_signs_are_put_between(word: str, data: st.DataObject) -> None:
    written = word[0] + "".join(data.draw(SIGNS) + one for one in word[1:])

    assert written in found(word, f"甲{written}乙")


@given(st.text("abc *.你好", max_size=30), st.lists(st.text("abc你好", min_size=1, max_size=4), max_size=5))
def test_what_is_found_has_the_letters_of_a_word(text: str, words: list[str]) -> None:
    for hit in found(words, text):
        assert "".join(one for one in hit if one.isalnum()) in words


def test_ten_thousand_words_are_looked_for_in_one_pass() -> None:
    words = [f"w{number}x" for number in range(10_000)]

    assert found(words, "so w77x and w9999x") == ["w77x", "w9999x"]
