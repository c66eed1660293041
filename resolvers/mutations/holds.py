"""`authorisePoints`, `capturePoints`, `releasePoints`."""

from datetime import timedelta
from typing import Annotated

import strawberry

from gamification.kit.errors import NotFound
from gamification.ledger.holds import Hold as HoldModel
from gamification.ledger.service import balance_of
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
from resolvers.scalars import Long
from resolvers.types.holds import Hold
from resolvers.types.ledger import Balance

_KEY = "The same key with the same input acts once."


@strawberry.input(description="Points to set aside.")
class AuthorisePointsInput:
    member_id: strawberry.ID = strawberry.field(description="Whose points.")
    unit: str = strawberry.field(description="The unit's key.")
    amount: Long = strawberry.field(description="In the unit's smallest part; at least 1.")
    ttl_seconds: int = strawberry.field(
        description="How long they are set aside unless captured or released: 1 to 7776000 (90 days)."
    )
    reference: str = strawberry.field(
        description="What for, such as `order:17`; the member can read it. At most 200 characters."
    )
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.input(description="A hold to capture.")
class CapturePointsInput:
    hold_id: strawberry.ID = strawberry.field(description="Which hold.")
    amount: Long | None = strawberry.field(
        default=None,
        description="How much of it to spend, at least 1; the rest is released. All when not given.",
    )
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.input(description="A hold to release.")
class ReleasePointsInput:
    hold_id: strawberry.ID = strawberry.field(description="Which hold.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(description="The points are set aside.")
class AuthorisePointsSuccess:
    hold: Hold = strawberry.field(description="As it is now.")
    balance: Balance = strawberry.field(description="The balance now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


@strawberry.type(description="The hold is captured.")
class CapturePointsSuccess:
    hold: Hold = strawberry.field(description="As it is now; its `transfer` is the spending.")
    balance: Balance = strawberry.field(description="The balance now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


@strawberry.type(description="The hold is released.")
class ReleasePointsSuccess:
    hold: Hold = strawberry.field(description="As it is now.")
    balance: Balance = strawberry.field(description="The balance now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


AuthorisePointsResult = Annotated[
    AuthorisePointsSuccess
    | InsufficientPointsError
    | IdempotencyConflictError
    | NotFoundError
    | InvalidInputError,
    strawberry.union("AuthorisePointsResult", description=RESULT),
]
CapturePointsResult = Annotated[
    CapturePointsSuccess | ConflictError | IdempotencyConflictError | NotFoundError | InvalidInputError,
    strawberry.union("CapturePointsResult", description=RESULT),
]
ReleasePointsResult = Annotated[
    ReleasePointsSuccess | ConflictError | IdempotencyConflictError | NotFoundError | InvalidInputError,
    strawberry.union("ReleasePointsResult", description=RESULT),
]


@strawberry.type
class HoldMutations:
    @strawberry.mutation(
        description="Set a member's points aside, soonest expiry first, for a spending under way; "
        "for operators and services."
    )
    async def authorise_points(
        self, info: Info, input: Annotated[AuthorisePointsInput, INPUT]
    ) -> AuthorisePointsResult:
        hold, replayed = await info.context.services.holds.authorise(
            info.context.caller,
            member_id(input.member_id),
            input.unit,
            input.amount,
            timedelta(seconds=input.ttl_seconds),
            input.reference,
            input.idempotency_key,
        )
        return AuthorisePointsSuccess(
            hold=Hold.of(hold), balance=await _balance(info, hold), replayed=replayed
        )

    @strawberry.mutation(
        description="Spend points that were set aside, all or some; the rest comes back with its old expiry. "
        "For operators and services."
    )
    async def capture_points(
        self, info: Info, input: Annotated[CapturePointsInput, INPUT]
    ) -> CapturePointsResult:
        hold, replayed = await info.context.services.holds.capture(
            info.context.caller, _hold_id(input.hold_id), input.amount, input.idempotency_key
        )
        return CapturePointsSuccess(hold=Hold.of(hold), balance=await _balance(info, hold), replayed=replayed)

    @strawberry.mutation(
        description="Give back points that were set aside, with their old expiry; for operators and services."
    )
    async def release_points(
        self, info: Info, input: Annotated[ReleasePointsInput, INPUT]
    ) -> ReleasePointsResult:
        hold, replayed = await info.context.services.holds.release(
            info.context.caller, _hold_id(input.hold_id), input.idempotency_key
        )
        return ReleasePointsSuccess(hold=Hold.of(hold), balance=await _balance(info, hold), replayed=replayed)


def _hold_id(stated: str) -> bytes:
    found = decode_bytes_id(stated, "Hold")
    if found is None:
        raise NotFound("There is no such hold.", path=["holdId"])
    return found


async def _balance(info: Info, hold: HoldModel) -> Balance:
    accounts = await info.context.services.stores.ledger.accounts([hold.account_id])
    return Balance.of(balance_of(accounts[hold.account_id]))
