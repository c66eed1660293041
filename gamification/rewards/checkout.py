"""What coupons take off an order, and whether they may: pure. Money is whole, in the currency's smallest part."""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from gamification.kit.errors import Conflict, ErrorCode
from gamification.kit.records import record
from gamification.programmes.definitions import CouponTerms, DiscountBasis, Stacking
from gamification.rewards.model import Coupon, CouponState


@record(frozen=True, slots=True)
class Item:
    """Some of an order's things."""

    sku: str
    quantity: int
    unit_price: int


@record(frozen=True, slots=True)
class Cart:
    """What is bought, before any coupon. `order` is the merchant's own name for it."""

    order: str
    currency: str
    amount: int
    items: tuple[Item, ...] = ()


@record(frozen=True, slots=True)
class Presented:
    """A coupon that is to be used, with the terms by which it was issued."""

    coupon: Coupon
    terms: CouponTerms


@record(frozen=True, slots=True)
class Discount:
    """What one coupon takes off."""

    coupon: Coupon
    amount: int


def discounts(
    cart: Cart, presented: Sequence[Presented], now: datetime, session: str | None
) -> list[Discount]:
    """What each takes off, in the order in which they are applied; together never more than the order amounts to.

    Raises: Conflict (COUPON_NOT_USABLE, COUPON_EXPIRED, COUPON_USED_UP, COUPON_LOCKED, COUPONS_DO_NOT_STACK,
    COUPON_NOT_APPLICABLE) where one of them may not be used: it is all or none.
    """
    for one in presented:
        check_usable(one.coupon, now, session)
    check_stack(presented)
    remaining, found = cart.amount, list[Discount]()
    left = {item.sku: item.quantity for item in cart.items}
    for one in sorted(presented, key=lambda one: (one.terms.priority, one.coupon.id)):
        amount = min(_taken_off(cart, one.terms, remaining, left), remaining)
        remaining -= amount
        found.append(Discount(one.coupon, amount))
    return found


def check_usable(coupon: Coupon, now: datetime, session: str | None) -> None:
    """One more use must be left, beside those that other sessions keep for themselves; at the instant at which a lock is
    over, it is. Raises: Conflict."""
    if coupon.state is not CouponState.ISSUED:
        raise _refused(ErrorCode.COUPON_NOT_USABLE, "The coupon is not in use.")
    if coupon.expires_at is not None and coupon.expires_at <= now:
        raise _refused(ErrorCode.COUPON_EXPIRED, "The coupon has expired.")
    unused = coupon.uses_max - coupon.used
    if unused <= 0:
        raise _refused(ErrorCode.COUPON_USED_UP, "The coupon has been used.")
    locked = sum(lock.until > now and lock.session != session for lock in coupon.locks)
    if unused <= locked:
        raise _refused(ErrorCode.COUPON_LOCKED, "The coupon is in another order that is being paid.")


def check_stack(presented: Sequence[Presented]) -> None:
    """They must go together: each once, none that is for itself, one of a category. Raises: Conflict."""
    if len({one.coupon.id for one in presented}) < len(presented):
        raise _refused(ErrorCode.COUPONS_DO_NOT_STACK, "A coupon is used once in an order.")
    if len(presented) > 1 and any(one.terms.stacking is Stacking.ALONE for one in presented):
        raise _refused(ErrorCode.COUPONS_DO_NOT_STACK, "One of the coupons is not used with others.")
    categories = [one.terms.category for one in presented if one.terms.category is not None]
    if len(set(categories)) < len(categories):
        raise _refused(ErrorCode.COUPONS_DO_NOT_STACK, "Two of the coupons are of one category.")


def _taken_off(cart: Cart, terms: CouponTerms, remaining: int, left: dict[str, int]) -> int:
    """What a coupon takes off where enough remains. `left`: of which items there are how many that are not free yet."""
    if terms.currency is not None and terms.currency != cart.currency:
        raise _refused(ErrorCode.COUPON_NOT_APPLICABLE, f"The coupon is for {terms.currency}.")
    if terms.minimum is not None and cart.amount < terms.minimum:
        raise _refused(
            ErrorCode.COUPON_NOT_APPLICABLE, "The order is too small for the coupon.", terms.minimum
        )
    if terms.off is not None:
        return terms.off
    if terms.percent is not None:
        base = cart.amount if terms.basis is DiscountBasis.INITIAL else remaining
        share = int((Decimal(base) * terms.percent / 100).to_integral_value(ROUND_FLOOR))
        return share if terms.off_max is None else min(share, terms.off_max)
    wanted = terms.free_item
    price = next((item.unit_price for item in cart.items if item.sku == wanted), None)
    if wanted is None or price is None or left[wanted] < 1:
        raise _refused(ErrorCode.COUPON_NOT_APPLICABLE, f"The coupon is for {wanted}, which the order lacks.")
    left[wanted] -= 1
    return price


def _refused(code: ErrorCode, message: str, limit: int | None = None) -> Conflict:
    return Conflict(message, code=code, path=["codes"], limit=limit)
