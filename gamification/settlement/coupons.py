"""Coupons at the merchant's till: looking at them, keeping them for a session, using them, rolling that back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, InvalidInput, LimitExceeded, NotFound
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.members.profile import check_text
from gamification.rewards.checkout import Cart, Discount, Presented, discounts
from gamification.rewards.model import Coupon, CouponUse, Lock, coupon_id
from gamification.rewards.orders import CouponOrder, OrderRepository, order_id
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit

CODES_MAX = 10
ITEMS_MAX = 200
SESSION_SECONDS_MAX = 7 * 24 * 3600
_NAME_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Quote:
    """What coupons take off an order; `locked_until` where a session keeps them."""

    discounts: tuple[Discount, ...]
    locked_until: datetime | None = None


class CouponService:
    """`validateCoupons`, `redeemCoupons`, `rollBackCoupons`: for the merchant's own servers only."""

    def __init__(self, settlement: SettlementService, orders: OrderRepository) -> None:
        self._settlement = settlement
        self._orders = orders

    async def validate(
        self, actor: Actor, codes: Sequence[str], cart: Cart, session: str | None, seconds: int
    ) -> Quote:
        """What these coupons would take off. With a session they are kept for it for so long, instead of whatever it had
        before: nobody else can use them meanwhile, and no codes at all give all of it free.

        Raises: Forbidden, NotFound, InvalidInput, Conflict with the reason why one can't be used.
        """
        actor.require(Permission.COUPONS_USE)
        _check(codes, cart, least=0 if session else 1)
        if session is not None:
            check_text(session, "session", _NAME_LENGTH_MAX)
            if not 0 < seconds <= SESSION_SECONDS_MAX:
                raise InvalidInput(
                    f"sessionSeconds must be 1 to {SESSION_SECONDS_MAX}.",
                    path=["sessionSeconds"],
                    limit=SESSION_SECONDS_MAX,
                )

        async def body(work: Unit) -> Quote:
            presented = await self._present(work, codes)
            found = tuple(discounts(cart, presented, work.space.now, session))
            if session is None:
                return Quote(found)
            until = work.space.now + timedelta(seconds=seconds)
            await self._lock(work, session, [one.coupon for one in presented], until)
            return Quote(found, until)

        return await self._settlement.run(actor.programme_id, body)

    async def redeem(
        self, actor: Actor, codes: Sequence[str], cart: Cart, session: str | None, key: str
    ) -> tuple[list[tuple[Coupon, int]], bool]:
        """Use these coupons in an order, all or none: (coupon, what it took off) pairs, and whether this was a replay.
        What the session has kept beside is free again.

        Raises: Forbidden, NotFound, InvalidInput, IdempotencyConflict, Conflict with the reason why one can't be used.
        """
        actor.require(Permission.COUPONS_USE)
        _check(codes, cart, least=1)

        async def body(work: Unit) -> dict[str, Any]:
            before = await self._orders.find(actor.programme_id, cart.order, work.tx)
            if before is not None and before.rolled_back_at is None:
                raise Conflict("The order has used coupons already.", path=["order"])
            presented = await self._present(work, codes)
            found = discounts(cart, presented, work.space.now, session)
            if session is not None:
                await self._lock(work, session, [], work.space.now)
            for one in found:
                self._use(work, actor, cart, one)
            used = tuple(one.coupon.id for one in found)
            wanted = order_id(actor.programme_id, cart.order)
            order = CouponOrder(wanted, actor.programme_id, cart.order, used, work.space.now)
            await self._orders.save(order, work.tx)
            return {"used": [[one.coupon.id, one.amount] for one in found]}

        items = [[item.sku, item.quantity, item.unit_price] for item in cart.items]
        payload = {"use": [list(codes), cart.order, cart.currency, cart.amount, items, session]}
        result, replayed = await self._settlement.run_once(actor, key, "redeemCoupons", payload, body)
        coupons = await self._settlement.stores.rewards.coupons([found for found, _ in result["used"]])
        return [(coupons[found], amount) for found, amount in result["used"]], replayed

    async def roll_back(self, actor: Actor, order: str, key: str) -> tuple[list[Coupon], bool]:
        """Take back the uses of an order, as where it was returned: its coupons can be used again, until their own
        expiry. Raises: Forbidden, NotFound, IdempotencyConflict, Conflict where that was done before."""
        actor.require(Permission.COUPONS_USE)

        async def body(work: Unit) -> dict[str, Any]:
            found = await self._orders.find(actor.programme_id, order, work.tx)
            if found is None:
                raise NotFound("There is no such order.", path=["order"])
            if found.rolled_back_at is not None:
                raise Conflict("The order has been rolled back before.", path=["order"])
            for coupon in (await self._load(work, found.coupons)).values():
                uses = tuple(
                    evolve(use, rolled_back_at=work.space.now)
                    if use.order == order and use.rolled_back_at is None
                    else use
                    for use in coupon.uses
                )
                _put(work, evolve(coupon, uses=uses))
            await self._orders.save(evolve(found, rolled_back_at=work.space.now), work.tx)
            return {"coupons": list(found.coupons)}

        result, replayed = await self._settlement.run_once(
            actor, key, "rollBackCoupons", {"roll back": order}, body
        )
        coupons = await self._settlement.stores.rewards.coupons(result["coupons"])
        return [coupons[found] for found in result["coupons"]], replayed

    async def _present(self, work: Unit, codes: Sequence[str]) -> list[Presented]:
        """The coupons of these codes with the terms by which they were issued. Raises: NotFound."""
        programme_id = work.space.catalogue.programme_id
        ids = [coupon_id(programme_id, code) for code in codes]
        coupons = await self._load(work, ids)
        issued = [one.redemption for one in coupons.values() if one.redemption is not None]
        redemptions = await work.stores.rewards.by_ids(issued, work.tx)
        presented = []
        for index, found in enumerate(ids):
            coupon = coupons.get(found)
            redemption = redemptions.get(coupon.redemption) if coupon and coupon.redemption else None
            if coupon is None or redemption is None:
                raise NotFound("There is no such coupon.", path=["codes", str(index)])
            version = redemption.cause.programme_version
            then = await self._settlement.programmes.catalogue(programme_id, version, work.tx)
            terms = then.rewards[coupon.reward].coupon
            assert terms is not None  # noqa: S101 - by them it was issued
            presented.append(Presented(coupon, terms))
        return presented

    async def _load(self, work: Unit, ids: Sequence[bytes]) -> dict[bytes, Coupon]:
        shelf = work.space.shelf
        found = await work.stores.rewards.coupons(set(ids) - shelf.coupons.keys(), work.tx)
        work.know_all(found)
        shelf.coupons |= found
        return {one: shelf.coupons[one] for one in ids if one in shelf.coupons}

    async def _lock(self, work: Unit, session: str, coupons: Sequence[Coupon], until: datetime) -> None:
        """Keep exactly these for the session."""
        programme_id, now = work.space.catalogue.programme_id, work.space.now
        wanted = [coupon.id for coupon in coupons]
        before = await self._orders.locked_in(programme_id, session, work.tx)
        for coupon in (await self._load(work, [*before, *wanted])).values():
            others = tuple(lock for lock in coupon.locks if lock.session != session and lock.until > now)
            mine = (Lock(session, until),) if coupon.id in wanted else ()
            if (locks := (*others, *mine)) != coupon.locks:
                work.space.shelf.put_coupon(evolve(coupon, locks=locks))
        await self._orders.lock(programme_id, session, wanted, until, work.tx)

    def _use(self, work: Unit, actor: Actor, cart: Cart, discount: Discount) -> None:
        coupon = work.space.shelf.coupons[discount.coupon.id]
        use = CouponUse(
            derived_id("coupon use", coupon.id, len(coupon.uses)),
            cart.order,
            work.space.now,
            f"{actor.role}:{actor.subject}",
            discount.amount,
            cart.amount,
        )
        _put(work, evolve(coupon, uses=(*coupon.uses, use)))


def _put(work: Unit, coupon: Coupon) -> None:
    """Keep a changed coupon, and tell its holder."""
    work.space.shelf.put_coupon(coupon)
    if coupon.member_id is not None:
        body = {"redemption": coupon.redemption, "status": "done"}
        work.space.tell(coupon.member_id, FeedKind.REDEMPTION_CHANGED, body)


def _check(codes: Sequence[str], cart: Cart, least: int) -> None:
    if not least <= len(codes) <= CODES_MAX:
        raise LimitExceeded(f"{least} to {CODES_MAX} codes are taken.", path=["codes"], limit=CODES_MAX)
    check_text(cart.order, "order", _NAME_LENGTH_MAX)
    if len(cart.items) > ITEMS_MAX:
        raise LimitExceeded(f"At most {ITEMS_MAX} items are taken.", path=["items"], limit=ITEMS_MAX)
    if cart.amount < 0 or any(item.quantity < 1 or item.unit_price < 0 for item in cart.items):
        raise InvalidInput("Amounts and prices are 0 at least, quantities 1.", path=["amount"], limit=0)
