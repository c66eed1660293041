"""What coupons take off together: never more than there is, and the same in whatever order they are presented."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gamification.programmes.definitions import CouponTerms, DiscountBasis, Stacking
from gamification.rewards.checkout import Cart, Presented, discounts
from gamification.rewards.model import Coupon, CouponState

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def presented(number: int, **terms: object) -> Presented:
    stated = CouponTerms.model_validate({"stacking": Stacking.TOGETHER, "currency": "CNY", **terms})
    coupon = Coupon(bytes([number]) * 16, "p", "r", f"CODE{number}", CouponState.ISSUED)
    return Presented(coupon, stated)


COUPONS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"off": st.integers(1, 10_000)}),
        st.fixed_dictionaries(
            {
                "percent": st.integers(1, 100),
                "basis": st.sampled_from(DiscountBasis),
                "priority": st.integers(0, 3),
            }
        ),
    ),
    min_size=1,
    max_size=6,
)


@given(COUPONS, st.integers(0, 20_000), st.randoms())
def test_the_order_of_presenting_changes_nothing(
    terms: list[dict[str, object]], amount: int, chance: object
) -> None:
    cart = Cart("o", "CNY", amount)
    coupons = [presented(number, **stated) for number, stated in enumerate(terms)]
    shuffled = list(coupons)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    found = discounts(cart, coupons, NOW, None)

    assert found == discounts(cart, shuffled, NOW, None)
    assert 0 <= sum(one.amount for one in found) <= amount
    assert all(one.amount >= 0 for one in found)


def test_a_percentage_is_of_what_is_stated_and_rounded_down() -> None:
    cart = Cart("o", "CNY", 999)
    off = presented(1, off=100, priority=0)

    for basis, amount in ((DiscountBasis.REMAINING, 89), (DiscountBasis.INITIAL, 99)):
        percent = presented(2, percent=10, basis=basis, priority=1)
        assert [one.amount for one in discounts(cart, [percent, off], NOW, None)] == [100, amount]
