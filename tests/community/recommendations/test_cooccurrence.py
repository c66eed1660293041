"""What is chosen together."""

from math import log1p

import pytest

from community.recommendations.cooccurrence import BASKET_MAX, gains, neighbours_of


def test_a_gain_is_how_much_likelier_an_item_is_with_another_shrunk_towards_chance() -> None:
    baskets = [["a", "b"]] * 3 + [["a"]] + [["c"]] * 4

    found = neighbours_of(baskets, prior=10.0)

    # 3 of 8 chose b, so that 10 more would be 3.75 by chance; 3 chose both.
    (near,) = found["a"]
    assert (near.item, near.members) == ("b", 3)
    assert near.gain == pytest.approx(log1p(3 / 3.75))
    assert "c" not in found


def test_what_one_member_alone_chose_together_says_nothing() -> None:
    assert neighbours_of([["a", "b"], ["a"], ["b"]]) == {}
    assert neighbours_of([]) == {}
    assert neighbours_of([[]]) == {}


def test_twice_in_a_basket_is_as_once() -> None:
    assert neighbours_of([["a", "b", "a"]] * 2) == neighbours_of([["b", "a"]] * 2)


def test_of_who_chose_very_much_the_latest_counts() -> None:
    many = [str(number) for number in range(BASKET_MAX + 50)]

    found = neighbours_of([many, many], most=BASKET_MAX * 2)

    assert "0" not in found
    assert len(found[many[-1]]) == BASKET_MAX - 1


def test_those_neighbours_are_kept_that_come_out_first_and_not_the_rare_ones() -> None:
    rare = [["a", f"rare{number}"] for number in range(5) for _ in range(2)]
    common = [["a", "common"]] * 3 + [["common"]] * 90

    (kept,) = neighbours_of(rare + common, most=1)["a"]

    assert kept.item == "common"


def test_more_of_what_one_chose_speaks_for_an_item_but_not_so_many_times_more() -> None:
    near = neighbours_of([["a", "b", "x"]] * 4 + [["c"]] * 20)
    one, both = gains([("a", 1.0)], near), gains([("a", 1.0), ("b", 1.0)], near)

    assert one["x"][0] < both["x"][0] < 2 * one["x"][0]
    assert one["x"][1:] == ("a", 4)
    assert gains([], near) == {}
    # What was long ago counts less, and what says more of a liking is named.
    assert gains([("a", 0.1), ("b", 1.0)], near)["x"][1] == "b"


def test_what_is_chosen_together_is_the_same_however_members_are_ordered() -> None:
    baskets = [["a", "b", "c"], ["b", "c"], ["c", "a"], ["a", "b"], ["d"]] * 3

    assert neighbours_of(baskets) == neighbours_of(baskets[::-1])
