"""Coupons: a code of one's own, from a pool that was imported or made when it is issued."""

from gamification.kit.records import evolve
from gamification.programmes.definitions import CatalogueReward, CodeSource
from gamification.rewards.codes import make_code
from gamification.rewards.kinds.base import Moment, ends_at
from gamification.rewards.model import Coupon, CouponState, Redemption, coupon_id
from gamification.rewards.shelf import Shelf


class CouponKind:
    """Taken back, its code is void for good: it may have been seen."""

    waits = False

    def issue(
        self, shelf: Shelf, redemption: Redemption, reward: CatalogueReward, moment: Moment
    ) -> Redemption:
        terms = reward.coupon
        assert terms is not None  # noqa: S101 - its kind says so
        if terms.codes.source is CodeSource.IMPORTED:
            coupon = shelf.next_code(reward.key)
        else:
            code = make_code(terms.codes)
            found = coupon_id(redemption.programme_id, code)
            coupon = Coupon(found, redemption.programme_id, reward.key, code, CouponState.AVAILABLE)
        ends = ends_at(moment.now, terms.lasts, terms.until, moment.time_zone)
        shelf.put_coupon(
            evolve(
                coupon,
                state=CouponState.ISSUED,
                member_id=redemption.member_id,
                redemption=redemption.id,
                issued_at=moment.now,
                expires_at=ends,
                uses_max=terms.uses,
            )
        )
        return evolve(redemption, coupon=coupon.id, starts_at=moment.now, expires_at=ends)

    def take_back(self, shelf: Shelf, redemption: Redemption, *, to_stock: bool) -> None:
        coupon = _of(shelf, redemption)
        if coupon is not None:
            shelf.put_coupon(evolve(coupon, state=CouponState.VOID, locks=()))

    def is_used(self, shelf: Shelf, redemption: Redemption) -> bool:
        coupon = _of(shelf, redemption)
        return coupon is not None and coupon.used > 0


def _of(shelf: Shelf, redemption: Redemption) -> Coupon | None:
    return shelf.coupons.get(redemption.coupon) if redemption.coupon is not None else None
