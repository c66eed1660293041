"""How alike two texts are, by their fingerprints."""

import pytest

from community.screening.likeness import Fingerprint, fingerprint_of, percent_alike

ENGLISH = (
    "Dear friends, I have earned ten thousand a month from home with this simple method, and so can you; "
    "write to my private number today and I will show you everything for free."
)
CHINESE = "各位朋友，我在家用这个简单的方法每个月赚了一万多，你也可以；今天加我的私人号码，我免费教你全部内容，名额有限先到先得。"


def alike(one: str, other: str) -> int:
    return percent_alike(fingerprint_of(one).hashes, fingerprint_of(other).hashes)


def share_a_band(one: Fingerprint, other: Fingerprint) -> bool:
    return bool(set(one.bands) & set(other.bands))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ENGLISH, ENGLISH.upper()),
        (ENGLISH, ENGLISH.replace(" ", "   ").replace(",", " -")),
        (ENGLISH, "\u200b".join(ENGLISH)),
        (CHINESE, CHINESE.replace("，", " ")),
        (CHINESE, CHINESE.replace("个", "個").replace("赚", "賺")),
    ],
)
def test_a_disguised_copy_is_the_same_text(one: str, other: str) -> None:
    assert alike(one, other) == 100


@pytest.mark.parametrize(
    ("one", "other", "least"),
    [
        (ENGLISH, ENGLISH.replace("ten thousand", "five thousand"), 80),
        (ENGLISH, f"{ENGLISH} Ann", 85),
        (CHINESE, CHINESE.replace("一万", "两万"), 75),
        (CHINESE, f"{CHINESE}小李", 80),
    ],
)
def test_a_copy_with_a_word_changed_is_much_alike_and_found(one: str, other: str, least: int) -> None:
    assert alike(one, other) >= least
    assert share_a_band(fingerprint_of(one), fingerprint_of(other))


def test_different_texts_are_little_alike() -> None:
    other = (
        "Does anybody know when the meeting on Saturday begins, and whether we may bring the children along?"
    )

    assert alike(ENGLISH, other) < 20
    assert alike(CHINESE, "请问周六的聚会几点开始，可以带孩子一起去吗？需要自己带水和零食吗？") < 20
    assert alike(ENGLISH, CHINESE) < 20


def test_a_fingerprint_is_the_same_each_time_and_has_its_length_in_letters() -> None:
    print_of = fingerprint_of("Ab, 你!")

    assert print_of == fingerprint_of("ab你")
    assert print_of.length == 3
    assert (len(print_of.hashes), len(print_of.bands)) == (64, 16)
    assert fingerprint_of("").length == 0
