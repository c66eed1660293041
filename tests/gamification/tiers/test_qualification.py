from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gamification.programmes.definitions import Ladder
from gamification.tiers.qualification import alternatives, cutoffs_of, lowest, qualified

GROWTH = {"key": "growth", "unit": "growth"}
SPEND = {"key": "spend", "counter": "spend"}


def ladder(**stated: Any) -> Ladder:
    return Ladder.model_validate({"key": "club", **stated})


def thresholds(match: str = "all") -> Ladder:
    return ladder(
        measures=[GROWTH, SPEND],
        tiers=[
            {"key": "basic"},
            {"key": "silver", "requires": {"growth": 100}},
            {"key": "gold", "requires": {"growth": 500, "spend": 1000}, "match": match},
        ],
    )


PYRAMID = ladder(
    measures=[GROWTH],
    pyramid="growth",
    keep={"cycle": "monthly"},
    tiers=[{"key": "base"}, {"key": "gold", "share_percent": 10}, {"key": "diamond", "share_percent": 1}],
)
MATRIX = ladder(
    measures=[GROWTH, SPEND],
    matrix={
        "rows": {"measure": "spend", "bands": [0, 100, 1000]},
        "columns": {"measure": "growth", "bands": [0, 10]},
        "cells": [["basic", "basic"], ["basic", "silver"], ["silver", "gold"]],
    },
    tiers=[{"key": "basic"}, {"key": "silver"}, {"key": "gold"}],
)


@pytest.mark.parametrize(
    ("figures", "place"),
    [
        ({}, 0),
        ({"growth": 99}, 0),
        ({"growth": 100}, 1),
        ({"growth": 500, "spend": 999}, 1),
        ({"growth": 500, "spend": 1000}, 2),
        ({"growth": -5}, 0),
    ],
)
def test_the_highest_tier_whose_conditions_all_hold(figures: dict[str, int], place: int) -> None:
    assert qualified(thresholds(), figures) == place


def test_any_condition_is_enough_where_the_tier_says_so() -> None:
    assert qualified(thresholds("any"), {"spend": 1000}) == 2
    assert qualified(thresholds("any"), {"growth": 500}) == 2
    assert qualified(thresholds("any"), {"growth": 499, "spend": 999}) == 1


def test_without_a_tier_for_everybody_there_may_be_none() -> None:
    strict = ladder(measures=[GROWTH], tiers=[{"key": "silver", "requires": {"growth": 1}}])

    assert (qualified(strict, {}), lowest(strict), qualified(strict, {"growth": 1})) == (-1, -1, 0)


@pytest.mark.parametrize(
    ("spend", "growth", "tier"),
    [(0, 0, 0), (99, 999, 0), (100, 9, 0), (100, 10, 1), (1000, 0, 1), (1000, 10, 2), (9999, 9999, 2)],
)
def test_a_matrix_gives_the_tier_of_the_cell(spend: int, growth: int, tier: int) -> None:
    assert qualified(MATRIX, {"spend": spend, "growth": growth}) == tier


def test_a_matrix_says_which_corners_lead_to_a_tier() -> None:
    assert alternatives(MATRIX, 1, None) == ({"spend": 100, "growth": 10}, {"spend": 1000})
    assert alternatives(MATRIX, 2, None) == ({"spend": 1000, "growth": 10},)


def test_a_pyramid_takes_its_shares_from_the_top() -> None:
    histogram = dict.fromkeys(range(1, 201), 1)

    cutoffs = cutoffs_of(PYRAMID, histogram, 200)

    assert cutoffs == {"diamond": 199, "gold": 179}  # 2 of 200, and 22 of 200
    assert [qualified(PYRAMID, {"growth": g}, cutoffs) for g in (200, 199, 198, 179, 178, 0)] == [
        2,
        2,
        1,
        1,
        0,
        0,
    ]


def test_who_ties_with_the_last_within_a_share_is_within() -> None:
    assert cutoffs_of(PYRAMID, {50: 5, 40: 95}, 100) == {"diamond": 50, "gold": 40}


def test_nobody_is_on_top_by_nothing() -> None:
    assert cutoffs_of(PYRAMID, {0: 100}, 100) == {}
    assert cutoffs_of(PYRAMID, {0: 98, 7: 2}, 100) == {"diamond": 7, "gold": 7}


def test_a_share_of_less_than_one_member_holds_none() -> None:
    assert cutoffs_of(PYRAMID, dict.fromkeys(range(1, 51), 1), 50) == {"gold": 46}


def test_before_its_first_review_a_pyramid_lifts_nobody() -> None:
    assert qualified(PYRAMID, {"growth": 10**6}) == 0
    assert alternatives(PYRAMID, 2, None) == ()


@given(st.dictionaries(st.integers(0, 50), st.integers(1, 30), max_size=30), st.integers(1, 1000))
def test_a_pyramids_tiers_hold_their_shares_but_for_ties(histogram: dict[int, int], more: int) -> None:
    population = sum(histogram.values()) + more

    cutoffs = cutoffs_of(PYRAMID, histogram, population)

    for tier, percent in (("diamond", 1), ("gold", 11)):
        if tier in cutoffs:
            above = sum(count for figure, count in histogram.items() if figure > cutoffs[tier])
            share = population * percent // 100
            assert above < share or (tier == "gold" and above < max(share, population // 100))
    assert cutoffs.get("gold", 0) <= cutoffs.get("diamond", 51)


@given(
    st.dictionaries(st.sampled_from(["growth", "spend"]), st.integers(0, 2000)),
    st.sampled_from(["growth", "spend"]),
    st.integers(0, 2000),
    st.sampled_from([thresholds(), thresholds("any"), MATRIX]),
)
def test_more_never_means_a_lower_tier(figures: dict[str, int], key: str, more: int, by: Ladder) -> None:
    assert qualified(by, {**figures, key: figures.get(key, 0) + more}) >= qualified(by, figures)


BAD: list[tuple[str, dict[str, Any]]] = [
    ("a tier twice", {"tiers": [{"key": "a"}, {"key": "a", "requires": {"growth": 1}}]}),
    ("an unknown measure", {"tiers": [{"key": "a", "requires": {"nope": 1}}]}),
    ("nothing for a higher tier", {"tiers": [{"key": "a"}, {"key": "b"}]}),
    ("a share without a pyramid", {"tiers": [{"key": "a", "share_percent": 5}]}),
    (
        "a pyramid without periods",
        {"pyramid": "growth", "tiers": [{"key": "a"}, {"key": "b", "share_percent": 5}]},
    ),
    (
        "shares of more than all",
        {
            "pyramid": "growth",
            "keep": {"cycle": "monthly"},
            "tiers": [{"key": "a", "share_percent": 50}, {"key": "b", "share_percent": 51}],
        },
    ),
    ("a review without periods", {"rise": "review", "tiers": [{"key": "a"}]}),
    ("both kinds of keep", {"keep": {"lasts": "P1Y", "cycle": "yearly"}, "tiers": [{"key": "a"}]}),
    ("a window in months", {"measures": [{**GROWTH, "rolling": "P1M"}], "tiers": [{"key": "a"}]}),
    ("a measure of two things", {"measures": [{**GROWTH, "counter": "c"}], "tiers": [{"key": "a"}]}),
    ("a multiplier of nothing", {"tiers": [{"key": "a", "multipliers": {"points": 0}}]}),
    (
        "a matrix that goes down",
        {
            "tiers": [{"key": "a"}, {"key": "b"}],
            "matrix": {
                "rows": {"measure": "growth", "bands": [0, 1]},
                "columns": {"measure": "growth", "bands": [0, 1]},
                "cells": [["a", "b"], ["a", "a"]],
            },
        },
    ),
    (
        "a matrix with a hole",
        {
            "tiers": [{"key": "a"}],
            "matrix": {
                "rows": {"measure": "growth", "bands": [0, 1]},
                "columns": {"measure": "growth", "bands": [0, 1]},
                "cells": [["a", "a"], ["a"]],
            },
        },
    ),
]


@pytest.mark.parametrize(("fault", "stated"), BAD, ids=[fault for fault, _ in BAD])
def test_a_ladder_that_makes_no_sense_is_refused(fault: str, stated: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ladder(**{"measures": [GROWTH], **stated})
