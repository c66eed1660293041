"""`reserveFlashSale`, `buyReserved`, `releaseReservation`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import (
    ConflictError,
    IdempotencyConflictError,
    InsufficientPointsError,
    InvalidInputError,
    NotFoundError,
)
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_bytes_id
from resolvers.types.flash_sales import Reservation
from resolvers.types.redemptions import Redemption


@strawberry.input(description="A piece to reserve.")
class ReserveFlashSaleInput:
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="For services: for whom; for oneself when not given."
    )
    sale: str = strawberry.field(description="The sale's key.")
    idempotency_key: str = strawberry.field(
        description="The same key reserves one piece at most; an answer that reserved none is not kept."
    )


@strawberry.type(description="The piece is kept for the member, to be bought in time.")
class ReserveFlashSaleSuccess:
    reservation: Reservation = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


ReserveFlashSaleResult = Annotated[
    ReserveFlashSaleSuccess | ConflictError | NotFoundError | InvalidInputError | IdempotencyConflictError,
    strawberry.union("ReserveFlashSaleResult", description=RESULT),
]


@strawberry.input(description="A reservation to buy.")
class BuyReservedInput:
    reservation: strawberry.ID = strawberry.field(description="Which one.")
    deliver_to: str | None = strawberry.field(
        default=None,
        description="Where it shall go, exactly for goods that are delivered; at most 1,000 characters.",
    )
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="The piece is bought for the sale's price.")
class BuyReservedSuccess:
    redemption: Redemption = strawberry.field(description="What it became.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


BuyReservedResult = Annotated[
    BuyReservedSuccess
    | InsufficientPointsError
    | ConflictError
    | NotFoundError
    | InvalidInputError
    | IdempotencyConflictError,
    strawberry.union("BuyReservedResult", description=RESULT),
]


@strawberry.input(description="A reservation to give back.")
class ReleaseReservationInput:
    reservation: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type(description="The piece is on sale again.")
class ReleaseReservationSuccess:
    reservation: Reservation = strawberry.field(description="As it is now.")


ReleaseReservationResult = Annotated[
    ReleaseReservationSuccess | ConflictError | NotFoundError,
    strawberry.union("ReleaseReservationResult", description=RESULT),
]


@strawberry.type
class FlashSaleMutations:
    @strawberry.mutation(
        description="Reserve a piece of a flash sale: for oneself, or by a service for anyone. Answers at once: reserved, or "
        "SOLD_OUT, SALE_NOT_OPEN, SALE_LIMIT_REACHED. (抢购)"
    )
    async def reserve_flash_sale(
        self, info: Info, input: Annotated[ReserveFlashSaleInput, INPUT]
    ) -> ReserveFlashSaleResult:
        target = member_id(input.member_id) if input.member_id is not None else None
        reservation, replayed = await info.context.services.flash_claims.reserve(
            info.context.caller, target, input.sale, input.idempotency_key
        )
        return ReserveFlashSaleSuccess(reservation=Reservation(model=reservation), replayed=replayed)

    @strawberry.mutation(description="Buy what was reserved, within its time.")
    async def buy_reserved(self, info: Info, input: Annotated[BuyReservedInput, INPUT]) -> BuyReservedResult:
        redemption, replayed = await info.context.services.flash_claims.buy(
            info.context.caller,
            decode_bytes_id(input.reservation, "Reservation") or b"",
            input.deliver_to,
            input.idempotency_key,
        )
        return BuyReservedSuccess(redemption=Redemption.of(redemption), replayed=replayed)

    @strawberry.mutation(description="Give back what was reserved; twice is like once.")
    async def release_reservation(
        self, info: Info, input: Annotated[ReleaseReservationInput, INPUT]
    ) -> ReleaseReservationResult:
        reservation = await info.context.services.flash_claims.release(
            info.context.caller, decode_bytes_id(input.reservation, "Reservation") or b""
        )
        return ReleaseReservationSuccess(reservation=Reservation(model=reservation))
