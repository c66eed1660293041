"""`setMemberTier`."""

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import IdempotencyConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.members import Member, load_member
from resolvers.types.tiers import MemberTier


@strawberry.input(description="A tier by hand.")
class SetMemberTierInput:
    member_id: strawberry.ID = strawberry.field(description="Whose tier.")
    ladder: str = strawberry.field(description="The ladder's key.")
    tier: str = strawberry.field(description="The tier's key.")
    until: datetime | None = strawberry.field(
        default=None, description="When it is looked at again; until it is set again when not given."
    )
    reason: str = strawberry.field(description="Why; the member can read it. At most 500 characters.")
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="The tier is set.")
class SetMemberTierSuccess:
    member: Member = strawberry.field(description="The member.")
    tier: MemberTier = strawberry.field(description="Their place on the ladder now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


SetMemberTierResult = Annotated[
    SetMemberTierSuccess | IdempotencyConflictError | NotFoundError | InvalidInputError,
    strawberry.union("SetMemberTierResult", description=RESULT),
]


@strawberry.type
class TierMutations:
    @strawberry.mutation(
        description="Set a member's tier, with a reason; for operators. Set above what they qualify for, they may still "
        "rise further; set below, they stay until then."
    )
    async def set_member_tier(
        self, info: Info, input: Annotated[SetMemberTierInput, INPUT]
    ) -> SetMemberTierResult:
        services, caller = info.context.services, info.context.caller
        target = member_id(input.member_id)
        _, replayed = await services.tier_keeping.set_tier(
            caller,
            target,
            input.ladder,
            input.tier,
            input.until,
            input.reason,
            input.idempotency_key,
        )
        member = await load_member(info, target)
        standings = (await services.tiers.standings(caller, [member.model]))[target]
        standing = next(one for one in standings if one.ladder.key == input.ladder)
        return SetMemberTierSuccess(member=member, tier=MemberTier.of(standing), replayed=replayed)
