"""`validateCoupons`, `redeemCoupons`, `rollBackCoupons`: for the merchant's own servers."""

from datetime import datetime
from typing import Annotated

import strawberry

from gamification.rewards.checkout import Cart, Item
from gamification.rewards.model import Coupon as CouponModel
from resolvers.context import Info
from resolvers.errors import ConflictError, IdempotencyConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.results import INPUT, RESULT
from resolvers.scalars import Long
from resolvers.types.redemptions import Coupon


@strawberry.input(description="Some of an order's things.")
class CouponItemInput:
    sku: str = strawberry.field(description="The merchant's key of it.")
    quantity: int = strawberry.field(description="How many; at least 1.")
    unit_price: Long = strawberry.field(description="Of one, in the currency's smallest part.")


@strawberry.input(description="What is bought, before any coupon.")
class CouponOrderInput:
    order: str = strawberry.field(
        description="The merchant's own name for the order; at most 200 characters."
    )
    currency: str = strawberry.field(description="An ISO 4217 code.")
    amount: Long = strawberry.field(description="All of it, in the currency's smallest part.")
    items: list[CouponItemInput] = strawberry.field(
        default_factory=list, description="What it consists of, for coupons of free items; at most 200."
    )


@strawberry.input(description="Coupons to look at, and to keep for a session.")
class ValidateCouponsInput:
    codes: list[str] = strawberry.field(description="At most 10; none with a session frees what it keeps.")
    order: CouponOrderInput = strawberry.field(description="In which order.")
    session: str | None = strawberry.field(
        default=None,
        description="Keep exactly these coupons for this session of yours, whatever it kept before; at most 200 characters.",
    )
    session_seconds: int = strawberry.field(
        default=900, description="How long they are kept: 1 to 604,800 seconds."
    )


@strawberry.type(description="What one coupon takes off.")
class CouponDiscount:
    coupon: Coupon = strawberry.field(description="Which coupon.")
    amount: Long = strawberry.field(description="In the currency's smallest part.")


@strawberry.type(description="All of the coupons can be used together in this order.")
class ValidateCouponsSuccess:
    discounts: list[CouponDiscount] = strawberry.field(description="In the order in which they are applied.")
    discount: Long = strawberry.field(description="All of them together, in the currency's smallest part.")
    locked_until: datetime | None = strawberry.field(
        description="Until when the session keeps them, exclusive."
    )


ValidateCouponsResult = Annotated[
    ValidateCouponsSuccess | ConflictError | NotFoundError | InvalidInputError,
    strawberry.union("ValidateCouponsResult", description=RESULT),
]


@strawberry.input(description="Coupons to use in an order.")
class RedeemCouponsInput:
    codes: list[str] = strawberry.field(description="1 to 10.")
    order: CouponOrderInput = strawberry.field(description="In which order; one uses coupons once.")
    session: str | None = strawberry.field(
        default=None, description="The session that keeps them, where one does."
    )
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="The coupons are used.")
class RedeemCouponsSuccess:
    discounts: list[CouponDiscount] = strawberry.field(description="In the order in which they were applied.")
    discount: Long = strawberry.field(description="All of them together, in the currency's smallest part.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


RedeemCouponsResult = Annotated[
    RedeemCouponsSuccess | ConflictError | NotFoundError | InvalidInputError | IdempotencyConflictError,
    strawberry.union("RedeemCouponsResult", description=RESULT),
]


@strawberry.input(description="An order whose coupons were not used after all.")
class RollBackCouponsInput:
    order: str = strawberry.field(description="The merchant's own name for it.")
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="The coupons can be used again, until their own expiry.")
class RollBackCouponsSuccess:
    coupons: list[Coupon] = strawberry.field(description="As they are now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


RollBackCouponsResult = Annotated[
    RollBackCouponsSuccess | ConflictError | NotFoundError | IdempotencyConflictError,
    strawberry.union("RollBackCouponsResult", description=RESULT),
]


@strawberry.type
class CouponMutations:
    @strawberry.mutation(
        description="What coupons would take off an order; with a session they are kept for it. For services. (核销前校验)"
    )
    async def validate_coupons(
        self, info: Info, input: Annotated[ValidateCouponsInput, INPUT]
    ) -> ValidateCouponsResult:
        quote = await info.context.services.coupons.validate(
            info.context.caller, input.codes, _cart(input.order), input.session, input.session_seconds
        )
        shown = [(one.coupon, one.amount) for one in quote.discounts]
        return ValidateCouponsSuccess(
            discounts=[_discount(*one) for one in shown],
            discount=Long(sum(amount for _, amount in shown)),
            locked_until=quote.locked_until,
        )

    @strawberry.mutation(description="Use coupons in an order, all or none. For services. (核销)")
    async def redeem_coupons(
        self, info: Info, input: Annotated[RedeemCouponsInput, INPUT]
    ) -> RedeemCouponsResult:
        used, replayed = await info.context.services.coupons.redeem(
            info.context.caller, input.codes, _cart(input.order), input.session, input.idempotency_key
        )
        return RedeemCouponsSuccess(
            discounts=[_discount(*one) for one in used],
            discount=Long(sum(amount for _, amount in used)),
            replayed=replayed,
        )

    @strawberry.mutation(description="Take back the uses of an order's coupons. For services. (撤销核销)")
    async def roll_back_coupons(
        self, info: Info, input: Annotated[RollBackCouponsInput, INPUT]
    ) -> RollBackCouponsResult:
        coupons, replayed = await info.context.services.coupons.roll_back(
            info.context.caller, input.order, input.idempotency_key
        )
        shown = [Coupon(model=one, is_holders=False) for one in coupons]
        return RollBackCouponsSuccess(coupons=shown, replayed=replayed)


def _cart(order: CouponOrderInput) -> Cart:
    items = tuple(Item(item.sku, item.quantity, item.unit_price) for item in order.items)
    return Cart(order.order, order.currency, order.amount, items)


def _discount(coupon: CouponModel, amount: int) -> CouponDiscount:
    return CouponDiscount(coupon=Coupon(model=coupon, is_holders=False), amount=Long(amount))
