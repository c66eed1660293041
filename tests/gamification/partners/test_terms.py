"""Rates and what is owed, as laws."""

from hypothesis import given
from hypothesis import strategies as st

from gamification.partners.model import Line, Side, Way
from gamification.partners.terms import RATE_MAX, net_of, owed, quote

RATES = st.integers(1, RATE_MAX)
AMOUNTS = st.integers(1, 2**53 - 1)


def way(take: int, give: int, price: int = 0, per_points: int = 1) -> Way:
    return Way(Side.FIRST, "a", "b", take, give, price=price, per_points=per_points)


@given(RATES, RATES, AMOUNTS)
def test_what_is_given_is_at_most_the_rate_of_what_is_taken(take: int, give: int, stated: int) -> None:
    taken, gives = quote(way(take, give), stated)

    assert 0 <= taken <= stated
    assert gives * take <= taken * give
    # As much is given as for all that was stated, and not one point less would do.
    assert gives == stated * give // take
    assert not gives or (taken - 1) * give < gives * take


@given(RATES, RATES, AMOUNTS, AMOUNTS)
def test_two_exchanges_give_no_more_than_one(take: int, give: int, one: int, other: int) -> None:
    both = quote(way(take, give), one + other)[1]

    assert quote(way(take, give), one)[1] + quote(way(take, give), other)[1] <= both


@given(AMOUNTS, st.integers(0, 10**9), RATES)
def test_what_is_owed_is_never_more_than_the_price(points: int, price: int, per_points: int) -> None:
    assert owed(way(1, 1, price, per_points), points) * per_points <= points * price


def test_what_both_owe_is_set_against_each_other() -> None:
    lines = [
        Line(1, 0, Side.FIRST, "a", "b", 1, 1, 3, 2, 30),
        Line(1, 1, Side.SECOND, "b", "a", 1, 1, 3, 2, 50),
    ]
    assert net_of(lines) == -20
