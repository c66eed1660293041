"""Readings of single facts, how they are put together, and what texts sound like."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.belonging.gathering import Gathered, Sum, participation
from community.belonging.index import dimension, graded, margin, mean_of
from community.belonging.indicators import promoter, readings_of, sentiment, step
from community.belonging.model import (
    UNKNOWN,
    Confidence,
    MemberFacts,
    Possible,
    Reading,
    TierShare,
    Tone,
)
from community.belonging.tone import tone_of
from gamification.programmes.definitions import (
    BelongingDimension,
    BelongingIndicator,
    BelongingSettings,
)

EVERYTHING = Possible(rewards=True, spaces=True, referrals=True, knowledge=True, badges=10)
EQUAL = dict.fromkeys(BelongingIndicator, 1)
I = BelongingIndicator  # noqa: E741 - read as a column of names


def test_twelve_indicators_are_four_of_each_dimension() -> None:
    for part in BelongingDimension:
        assert sum(one.dimension is part for one in BelongingIndicator) == 4
    assert I.REFERRAL.dimension is BelongingDimension.BEHAVIOUR
    assert I.NPS.dimension is BelongingDimension.EMOTION
    assert I.PERCEIVED_VALUE.dimension is BelongingDimension.COGNITION


def test_who_did_nothing_has_done_nothing_and_has_felt_who_knows_what() -> None:
    found = readings_of(MemberFacts(), EVERYTHING, BelongingSettings())
    counted = {I.PARTICIPATION, I.REDEMPTION, I.INTERACTION, I.REFERRAL, I.BADGES, I.KNOWLEDGE}
    assert {kind for kind, one in found.items() if one.value == 0.0} == counted
    assert all(found[kind] == UNKNOWN for kind in I if kind not in counted)


@given(st.lists(st.integers(0, 10), min_size=1, max_size=200))
def test_the_mean_of_promoters_is_the_net_score_moved_to_0_to_100(answers: list[int]) -> None:
    promoters, detractors = sum(one >= 9 for one in answers), sum(one <= 6 for one in answers)
    score = 100 * (promoters - detractors) / len(answers)
    assert sum(map(promoter, answers)) / len(answers) == pytest.approx((score + 100) / 2)


def test_steps_of_a_scale_go_from_0_to_100() -> None:
    assert [step(answer, 1, 5) for answer in (1, 2, 3, 5, 9)] == [0.0, 25.0, 50.0, 100.0, 100.0]


def test_texts_that_mention_the_brand_count_twice() -> None:
    assert sentiment([Tone(1.0, mentions=True), Tone(-1.0)]) == Reading(50.0 * (1 + 1 / 3), 2)
    assert sentiment([]) == UNKNOWN


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_a_sum_is_its_mean_and_never_certain(values: list[float]) -> None:
    found = Sum()
    for value in values:
        found.add(value)
    one = found.reading()
    mean = sum(values) / len(values)
    assert one.value == pytest.approx(mean, abs=1e-6)
    spread = sum((value - mean) ** 2 for value in values)
    assert one.error == pytest.approx(math.sqrt(spread + 2500) / len(values), abs=1e-4)


def test_participation_is_each_tiers_share_of_its_target_by_members() -> None:
    tiers = (
        TierShare("basic", 80, 20, 50.0),
        TierShare("gold", 20, 18, 90.0),
        TierShare(None, 100, 50, None),
    )
    assert participation(tiers).value == pytest.approx((80 * 50 + 20 * 100 + 100 * 50) / 200)
    assert participation((TierShare("basic", 10, 0, 0.0),)).value == 100.0
    assert participation(()) == UNKNOWN


def test_a_group_counts_those_who_did_nothing() -> None:
    group = Gathered()
    for facts in (MemberFacts(redemptions=1, active_days=1), MemberFacts()):
        group.add(facts, readings_of(facts, EVERYTHING, BelongingSettings()))
    found = group.readings({})
    assert (found[I.REDEMPTION].value, found[I.REDEMPTION].observations) == (50.0, 2)
    assert found[I.PARTICIPATION].value == 50.0
    assert found[I.NPS] == UNKNOWN


def _known(**values: float) -> dict[BelongingIndicator, Reading]:
    return {one: Reading(values[one.value], 1) if one.value in values else UNKNOWN for one in I}


def test_means_are_of_what_is_known_and_say_how_much_that_is() -> None:
    weights = {**EQUAL, I.NPS: 3, I.SENTIMENT: 0}
    readings = _known(nps=80.0, satisfaction=40.0, sentiment=1.0)
    emotion = dimension(BelongingDimension.EMOTION, readings, weights, None)
    assert (emotion.value, emotion.coverage) == ((3 * 80 + 40) / 4, 4 / 5)
    assert dimension(BelongingDimension.COGNITION, readings, weights, None).value is None
    assert mean_of(I, readings, weights, None).coverage == 4 / 13


def test_changes_are_of_what_is_known_of_both() -> None:
    now, before = _known(nps=80.0, badges=10.0), _known(nps=60.0, redemption=90.0)
    assert mean_of(I, now, EQUAL, before).change == 20.0
    assert mean_of(I, now, EQUAL, _known(redemption=1.0)).change is None


def test_confidence_needs_most_of_the_weight_and_a_narrow_margin() -> None:
    sure = {one: Reading(50.0, 100, 1.0) for one in I}
    off = margin(sure, EQUAL)
    assert off == pytest.approx(1.96 * math.sqrt(12 * (1 / 12) ** 2))
    assert graded(sure, EQUAL) is Confidence.HIGH
    assert graded({one: Reading(50.0, 2, 15.0) for one in I}, EQUAL) is Confidence.MEDIUM
    assert graded({one: Reading(50.0, 2, 30.0) for one in I}, EQUAL) is Confidence.LOW
    few = {one: sure[one] if one.dimension is BelongingDimension.EMOTION else UNKNOWN for one in I}
    assert graded(few, EQUAL) is Confidence.LOW
    own = {one: Reading(50.0, 2) for one in I}
    assert (margin(own, EQUAL), graded(own, EQUAL)) == (None, Confidence.HIGH)
    assert graded({one: Reading(50.0, 0) for one in I}, EQUAL) is Confidence.LOW


@pytest.mark.parametrize(
    ("text", "tone"),
    [
        ("I love it", 1.0),
        ("I do not like it", -1.0),
        ("It isn\u2019t bad at all", 1.0),
        ("Not today. Great!", 1.0),
        ("great but slow", 0.0),
        ("LOVED it, truly wonderful, bit expensive", 1 / 3),
        ("服务很好,我非常喜欢", 1.0),
        ("不喜欢", -1.0),
        ("质量不好,太差了", -1.0),
        ("没有失望", 1.0),
        ("很满意,但是有点贵", 0.0),
        ("The parcel came on Monday", None),
        ("你们几点开门", None),
        ("", None),
    ],
)
def test_tones_are_told_by_words_and_turned_by_denials(text: str, tone: float | None) -> None:
    found = tone_of(text)
    assert found is None if tone is None else found is not None and found.tone == pytest.approx(tone)


@pytest.mark.parametrize(
    ("text", "brand", "mentions"),
    [
        ("I love ACME!", "Acme", True),
        ("I love acmeist poems", "Acme", False),
        ("喜欢星会员的活动", "星会员", True),
        ("我爱Acme的咖啡", "Acme", True),
    ],
)
def test_a_mention_is_a_word_of_its_own(text: str, brand: str, mentions: bool) -> None:
    found = tone_of(text, [brand])
    assert found is not None
    assert found.mentions is mentions


@given(st.text(max_size=300), st.text(min_size=1, max_size=20))
def test_any_text_has_a_tone_from_minus_1_to_1_or_none(text: str, brand: str) -> None:
    found = tone_of(text, [brand])
    assert found is None or -1 <= found.tone <= 1
