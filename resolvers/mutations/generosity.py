"""`givePoints`, `donatePoints`."""

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
from resolvers.mutations.ledger import posted
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_bytes_id
from resolvers.scalars import Long
from resolvers.types.good_causes import GoodCause, build_cause
from resolvers.types.ledger import Balance, Transfer

_WHOSE = "For services: whose points; one's own when not given."
_KEY = "The same key with the same input acts once."


@strawberry.input(description="Points for another member.")
class GivePointsInput:
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_WHOSE)
    receiver_id: strawberry.ID = strawberry.field(description="Who gets them.")
    unit: str = strawberry.field(description="The unit's key; its definition must allow gifts.")
    amount: Long = strawberry.field(description="In the unit's smallest part; at least 1.")
    message: str = strawberry.field(
        default="given", description="What for; both can read it. At most 500 characters."
    )
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.input(description="Points for a good cause.")
class DonatePointsInput:
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_WHOSE)
    cause: str = strawberry.field(description="The cause's key.")
    amount: Long = strawberry.field(description="Of the cause's unit, in its smallest part; at least 1.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(description="The points are the other member's now.")
class GivePointsSuccess:
    transfer: Transfer = strawberry.field(description="What was posted to the giver's account.")
    balance: Balance = strawberry.field(description="The giver's balance now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


@strawberry.type(description="The points are given to the cause.")
class DonatePointsSuccess:
    transfer: Transfer = strawberry.field(description="What was posted.")
    balance: Balance = strawberry.field(description="The balance now.")
    cause: GoodCause = strawberry.field(description="With what is raised now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


GivePointsResult = Annotated[
    GivePointsSuccess
    | InsufficientPointsError
    | ConflictError
    | IdempotencyConflictError
    | NotFoundError
    | InvalidInputError,
    strawberry.union("GivePointsResult", description=RESULT),
]
DonatePointsResult = Annotated[
    DonatePointsSuccess
    | InsufficientPointsError
    | ConflictError
    | IdempotencyConflictError
    | NotFoundError
    | InvalidInputError,
    strawberry.union("DonatePointsResult", description=RESULT),
]


@strawberry.type
class GenerosityMutations:
    @strawberry.mutation(
        description="Give points to another member, soonest expiry first; they keep their expiry. One's own, or by a "
        "service anyone's."
    )
    async def give_points(self, info: Info, input: Annotated[GivePointsInput, INPUT]) -> GivePointsResult:
        receiver = decode_bytes_id(input.receiver_id, "Member")
        transfer_id, replayed = await info.context.services.generosity.give(
            info.context.caller,
            member_id(input.member_id) if input.member_id is not None else None,
            receiver or b"",
            input.unit,
            input.amount,
            input.message,
            input.idempotency_key,
        )
        transfer, balance = await posted(info, transfer_id)
        return GivePointsSuccess(transfer=transfer, balance=balance, replayed=replayed)

    @strawberry.mutation(
        description="Give points to a good cause, soonest expiry first: one's own, or by a service anyone's."
    )
    async def donate_points(
        self, info: Info, input: Annotated[DonatePointsInput, INPUT]
    ) -> DonatePointsResult:
        transfer_id, replayed = await info.context.services.generosity.donate(
            info.context.caller,
            member_id(input.member_id) if input.member_id is not None else None,
            input.cause,
            input.amount,
            input.idempotency_key,
        )
        transfer, balance = await posted(info, transfer_id)
        cause = (await info.context.catalogue()).causes[input.cause]
        return DonatePointsSuccess(
            transfer=transfer, balance=balance, cause=await build_cause(info, cause), replayed=replayed
        )
