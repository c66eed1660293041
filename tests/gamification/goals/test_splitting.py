"""Dividing a sum: exact to the point, in proportion, and the same whatever order participants come in."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gamification.goals.splitting import Part, divide
from gamification.kit.numbers import LONG_MAX
from gamification.programmes.definitions import SplitBy

WEIGHTS = st.lists(st.integers(1, LONG_MAX), min_size=1, max_size=60)
AMOUNTS = st.integers(1, LONG_MAX)


def parts(*weights: int) -> list[Part]:
    return [Part(number.to_bytes(16, "big"), weight, number + 1) for number, weight in enumerate(weights)]


def shares(amount: int, by: SplitBy, *weights: int) -> list[int]:
    found = divide(amount, parts(*weights), by)
    return [found[part.id] for part in parts(*weights)]


def test_what_is_left_goes_to_the_largest_remainders() -> None:
    # 100 × 1/6, 2/6, 3/6 is 16.67, 33.33, 50.
    assert shares(100, SplitBy.CONTRIBUTION, 1, 2, 3) == [17, 33, 50]


def test_of_equal_remainders_the_greater_contribution_comes_first_then_who_began_first() -> None:
    # 10 × 1/4, 1/4, 2/4 is 2.5, 2.5, 5: the two halves are equal, and the first began first.
    assert shares(10, SplitBy.CONTRIBUTION, 1, 1, 2) == [3, 2, 5]
    # 1 × 1/4, 3/4 → 0, 1; 2 × 1/4, 3/4 is 0.5, 1.5: the greater one.
    assert shares(2, SplitBy.CONTRIBUTION, 1, 3) == [0, 2]
    assert shares(2, SplitBy.CONTRIBUTION, 3, 1) == [2, 0]


def test_evenly_the_rest_goes_to_who_contributed_most() -> None:
    assert shares(11, SplitBy.EVENLY, 5, 1, 9) == [4, 3, 4]
    assert shares(2, SplitBy.EVENLY, 5, 1, 9) == [1, 0, 1]


def test_nobody_shares_nothing() -> None:
    assert divide(100, [], SplitBy.CONTRIBUTION) == {}


@given(AMOUNTS, WEIGHTS, st.sampled_from(SplitBy))
def test_shares_are_exactly_the_sum_and_within_a_point_of_the_part(
    amount: int, weights: list[int], by: SplitBy
) -> None:
    found = shares(amount, by, *weights)

    assert sum(found) == amount
    for share, weight in zip(found, weights, strict=True):
        part = Fraction(1, len(weights)) if by is SplitBy.EVENLY else Fraction(weight, sum(weights))
        assert abs(share - amount * part) < 1


@given(AMOUNTS, WEIGHTS, st.sampled_from(SplitBy), st.randoms(use_true_random=False))
def test_the_order_of_participants_changes_nothing(
    amount: int, weights: list[int], by: SplitBy, random: object
) -> None:
    stated = parts(*weights)
    shuffled = list(stated)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert divide(amount, stated, by) == divide(amount, shuffled, by)


@given(AMOUNTS, WEIGHTS)
def test_who_contributed_more_never_gets_less(amount: int, weights: list[int]) -> None:
    found = sorted(zip(weights, shares(amount, SplitBy.CONTRIBUTION, *weights), strict=True))

    assert all(share <= more for (weight, share), (greater, more) in pairwise(found) if weight < greater)
