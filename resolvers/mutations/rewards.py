"""`redeemReward`, `advanceRedemption`, `cancelRedemption`, `setWish`, `importCouponCodes`."""

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
from resolvers.types.members import Member
from resolvers.types.redemptions import Redemption, RedemptionStatus
from resolvers.types.rewards import Reward, build_reward


@strawberry.input(description="A reward to redeem for its price.")
class RedeemRewardInput:
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="For services: whose points; one's own when not given."
    )
    reward: str = strawberry.field(description="The reward's key.")
    deliver_to: str | None = strawberry.field(
        default=None,
        description="Where it shall go, exactly for goods that are delivered; at most 1,000 characters.",
    )
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="The reward is the member's, or on its way.")
class RedeemRewardSuccess:
    redemption: Redemption = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


RedeemRewardResult = Annotated[
    RedeemRewardSuccess
    | InsufficientPointsError
    | ConflictError
    | NotFoundError
    | InvalidInputError
    | IdempotencyConflictError,
    strawberry.union("RedeemRewardResult", description=RESULT),
]


@strawberry.input(description="How far a redemption is.")
class AdvanceRedemptionInput:
    redemption: strawberry.ID = strawberry.field(description="Which one.")
    status: RedemptionStatus = strawberry.field(
        description="PROCESSING, SHIPPED, DONE or FAILED; each only from one before it."
    )
    note: str | None = strawberry.field(
        default=None, description="The member can read it; at most 500 characters."
    )
    reference: str | None = strawberry.field(
        default=None, description="Such as a parcel's number; the member can read it; at most 200 characters."
    )
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="The redemption has gone on.")
class AdvanceRedemptionSuccess:
    redemption: Redemption = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


AdvanceRedemptionResult = Annotated[
    AdvanceRedemptionSuccess | ConflictError | NotFoundError | InvalidInputError | IdempotencyConflictError,
    strawberry.union("AdvanceRedemptionResult", description=RESULT),
]


@strawberry.input(description="A redemption to cancel.")
class CancelRedemptionInput:
    redemption: strawberry.ID = strawberry.field(description="Which one.")
    reason: str = strawberry.field(description="Why; the member can read it. At most 500 characters.")
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="The redemption is cancelled; what the reward states for its state came back.")
class CancelRedemptionSuccess:
    redemption: Redemption = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


CancelRedemptionResult = Annotated[
    CancelRedemptionSuccess | ConflictError | NotFoundError | InvalidInputError | IdempotencyConflictError,
    strawberry.union("CancelRedemptionResult", description=RESULT),
]


@strawberry.input(description="A reward to put on one's own wish list, or to take off.")
class SetWishInput:
    reward: str = strawberry.field(description="The reward's key.")
    wished: bool = strawberry.field(
        default=True, description="Whether it shall be on the list, which holds 100."
    )


@strawberry.type(description="The wish list is as stated.")
class SetWishSuccess:
    member: Member = strawberry.field(description="Whose list it is.")


SetWishResult = Annotated[
    SetWishSuccess | NotFoundError | ConflictError, strawberry.union("SetWishResult", description=RESULT)
]


@strawberry.input(description="Codes for the pool of a coupon whose codes are imported.")
class ImportCouponCodesInput:
    reward: str = strawberry.field(description="The reward's key.")
    codes: list[str] = strawberry.field(
        description="1 to 1,000 codes of 6 to 100 characters; letters' case, blanks and hyphens tell none apart."
    )


@strawberry.type(description="The codes are in the pool. Importing again changes nothing.")
class ImportCouponCodesSuccess:
    reward: Reward = strawberry.field(description="Whose pool it is.")
    imported: int = strawberry.field(description="How many were new.")
    duplicates: int = strawberry.field(description="How many were there already, in this pool or another.")


ImportCouponCodesResult = Annotated[
    ImportCouponCodesSuccess | NotFoundError | InvalidInputError,
    strawberry.union("ImportCouponCodesResult", description=RESULT),
]


@strawberry.type
class RewardMutations:
    @strawberry.mutation(
        description="Redeem a reward for points: for oneself, or by a service for anyone. (兑换)"
    )
    async def redeem_reward(
        self, info: Info, input: Annotated[RedeemRewardInput, INPUT]
    ) -> RedeemRewardResult:
        target = member_id(input.member_id) if input.member_id is not None else None
        redemption, replayed = await info.context.services.redemptions.redeem(
            info.context.caller, target, input.reward, input.deliver_to, input.idempotency_key
        )
        return RedeemRewardSuccess(redemption=Redemption.of(redemption), replayed=replayed)

    @strawberry.mutation(description="Say how far a redemption is; for operators and services.")
    async def advance_redemption(
        self, info: Info, input: Annotated[AdvanceRedemptionInput, INPUT]
    ) -> AdvanceRedemptionResult:
        redemption, replayed = await info.context.services.redemptions.advance(
            info.context.caller,
            decode_bytes_id(input.redemption, "Redemption") or b"",
            input.status,
            input.note,
            input.reference,
            input.idempotency_key,
        )
        return AdvanceRedemptionSuccess(redemption=Redemption.of(redemption), replayed=replayed)

    @strawberry.mutation(
        description="Cancel a redemption: one's own while it is pending, by operators and services any."
    )
    async def cancel_redemption(
        self, info: Info, input: Annotated[CancelRedemptionInput, INPUT]
    ) -> CancelRedemptionResult:
        redemption, replayed = await info.context.services.redemptions.cancel(
            info.context.caller,
            decode_bytes_id(input.redemption, "Redemption") or b"",
            input.reason,
            input.idempotency_key,
        )
        return CancelRedemptionSuccess(redemption=Redemption.of(redemption), replayed=replayed)

    @strawberry.mutation(description="Put a reward on one's own wish list, or take it off.")
    async def set_wish(self, info: Info, input: Annotated[SetWishInput, INPUT]) -> SetWishResult:
        member = await info.context.services.rewards.wish(
            info.context.caller, input.reward, wished=input.wished
        )
        return SetWishSuccess(member=Member.of(member))

    @strawberry.mutation(description="Fill the pool of a coupon's codes; for operators and services.")
    async def import_coupon_codes(
        self, info: Info, input: Annotated[ImportCouponCodesInput, INPUT]
    ) -> ImportCouponCodesResult:
        reward, new, known = await info.context.services.rewards.import_codes(
            info.context.caller, input.reward, input.codes
        )
        return ImportCouponCodesSuccess(
            reward=await build_reward(info, reward), imported=new, duplicates=known
        )
