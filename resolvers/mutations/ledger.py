"""`adjustPoints`, `spendPoints`."""

from typing import Annotated

import strawberry

from gamification.ledger.service import balance_of
from resolvers.context import Info
from resolvers.errors import (
    IdempotencyConflictError,
    InsufficientPointsError,
    InvalidInputError,
    NotFoundError,
)
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.scalars import Long
from resolvers.types.ledger import Balance, Transfer


@strawberry.input(description="A correction by hand.")
class AdjustPointsInput:
    member_id: strawberry.ID = strawberry.field(description="Whose points.")
    unit: str = strawberry.field(description="The unit's key.")
    amount: Long = strawberry.field(description="Signed, in the unit's smallest part; not 0.")
    reason: str = strawberry.field(description="Why; the member can read it. At most 500 characters.")
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.input(description="A spending.")
class SpendPointsInput:
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="For services: whose points; one's own when not given."
    )
    unit: str = strawberry.field(description="The unit's key.")
    amount: Long = strawberry.field(description="In the unit's smallest part; at least 1.")
    reason: str = strawberry.field(default="spent", description="What for; at most 500 characters.")
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="The points are adjusted.")
class AdjustPointsSuccess:
    transfer: Transfer = strawberry.field(description="What was posted.")
    balance: Balance = strawberry.field(description="The balance now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


@strawberry.type(description="The points are spent.")
class SpendPointsSuccess:
    transfer: Transfer = strawberry.field(description="What was posted.")
    balance: Balance = strawberry.field(description="The balance now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


AdjustPointsResult = Annotated[
    AdjustPointsSuccess
    | InsufficientPointsError
    | IdempotencyConflictError
    | NotFoundError
    | InvalidInputError,
    strawberry.union("AdjustPointsResult", description=RESULT),
]
SpendPointsResult = Annotated[
    SpendPointsSuccess
    | InsufficientPointsError
    | IdempotencyConflictError
    | NotFoundError
    | InvalidInputError,
    strawberry.union("SpendPointsResult", description=RESULT),
]


@strawberry.type
class LedgerMutations:
    @strawberry.mutation(description="Correct a member's points, with a reason; for operators and services.")
    async def adjust_points(
        self, info: Info, input: Annotated[AdjustPointsInput, INPUT]
    ) -> AdjustPointsResult:
        transfer_id, replayed = await info.context.services.points.adjust(
            info.context.caller,
            member_id(input.member_id),
            input.unit,
            input.amount,
            input.reason,
            input.idempotency_key,
        )
        transfer, balance = await posted(info, transfer_id)
        return AdjustPointsSuccess(transfer=transfer, balance=balance, replayed=replayed)

    @strawberry.mutation(
        description="Spend points, soonest expiry first: one's own, or by a service anyone's."
    )
    async def spend_points(self, info: Info, input: Annotated[SpendPointsInput, INPUT]) -> SpendPointsResult:
        caller = info.context.caller
        target = member_id(input.member_id) if input.member_id is not None else None
        transfer_id, replayed = await info.context.services.points.spend(
            caller, target, input.unit, input.amount, input.reason, input.idempotency_key
        )
        transfer, balance = await posted(info, transfer_id)
        return SpendPointsSuccess(transfer=transfer, balance=balance, replayed=replayed)


async def posted(info: Info, transfer_id: bytes) -> tuple[Transfer, Balance]:
    """A transfer, and the balance of its account now."""
    ledger = info.context.services.stores.ledger
    transfer = (await ledger.transfers(info.context.caller.programme_id, [transfer_id]))[transfer_id]
    account = (await ledger.accounts([transfer.account_id]))[transfer.account_id]
    return Transfer.of(transfer), Balance.of(balance_of(account))
