from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.errors import InvalidInput
from gamification.kit.numbers import LONG_MAX
from gamification.programmes.definitions import Ladder, TierRounding
from gamification.tiers.multipliers import factor_of, multiplied

DOWN, HALF_UP, UP = TierRounding.DOWN, TierRounding.HALF_UP, TierRounding.UP


def ladder(key: str, factor: object, rounding: str = "half_up") -> Ladder:
    tiers = [{"key": "basic", "multipliers": {"points": factor}}]
    return Ladder.model_validate(
        {"key": key, "measures": [{"key": "g", "unit": "g"}], "tiers": tiers, "rounding": rounding}
    )


@pytest.mark.parametrize(
    ("amount", "factor", "rounding", "expected"),
    [
        (5, "1.5", "half_up", 8),
        (5, "1.5", "down", 7),
        (5, "1.5", "up", 8),
        (3, "1.1", "half_up", 3),
        (3, "1.1", "up", 4),
        (10, "1.1", "up", 11),  # exactly, without a float's rest
        (1, "0.5", "half_up", 1),
        (1, "0.4", "half_up", 0),
        (-5, "2", "half_up", -5),
        (0, "2", "half_up", 0),
    ],
)
def test_an_amount_is_multiplied_exactly_and_rounded_once(
    amount: int, factor: str, rounding: str, expected: int
) -> None:
    assert multiplied(amount, Decimal(factor), TierRounding(rounding)) == expected


def test_the_tiers_of_several_ladders_multiply_each_other() -> None:
    held = [(ladder("a", 1.5, "down"), "basic"), (ladder("b", 3), "basic"), (ladder("c", 9), None)]

    assert factor_of(held, "points") == (Decimal("4.5"), TierRounding.DOWN)
    assert factor_of(held, "gems") == (Decimal(1), TierRounding.HALF_UP)


def test_beyond_what_can_be_held_is_refused() -> None:
    with pytest.raises(InvalidInput):
        multiplied(LONG_MAX, Decimal("1.1"), TierRounding.DOWN)


@given(st.integers(1, 10**9), st.decimals("0.0001", 100, places=4))
def test_rounding_is_never_off_by_one(amount: int, factor: Decimal) -> None:
    down, half, up = (multiplied(amount, factor, rounding) for rounding in (DOWN, HALF_UP, UP))

    assert down <= amount * factor <= up
    assert up - down <= 1
    assert abs(half - amount * factor) <= Decimal("0.5")
