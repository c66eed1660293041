"""`setTrustLevel`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.members import Member


@strawberry.input(description="How far to trust whom.")
class SetTrustLevelInput:
    member_id: strawberry.ID = strawberry.field(description="The member.")
    reason: str = strawberry.field(description="Why; at most 500 characters, for the log.")
    level: int | None = strawberry.field(
        default=None, description="0 to 4, which then stays; null lets it be assessed again."
    )


@strawberry.type(description="It is as stated.")
class SetTrustLevelSuccess:
    member: Member = strawberry.field(description="The member.")
    level: int = strawberry.field(description="Their level now.")
    pinned: bool = strawberry.field(description="Whether it stays.")


SetTrustLevelResult = Annotated[
    SetTrustLevelSuccess | InvalidInputError | NotFoundError,
    strawberry.union("SetTrustLevelResult", description=RESULT),
]


@strawberry.type
class TrustMutations:
    @strawberry.mutation(
        description="Set a member's trust level by hand, or let it be assessed again; twice is the same as once. For "
        "moderators, operators and services."
    )
    async def set_trust_level(
        self, info: Info, input: Annotated[SetTrustLevelInput, INPUT]
    ) -> SetTrustLevelResult:
        found = member_id(input.member_id)
        trust = await info.context.services.trust.set_level(
            info.context.caller, found, input.level, input.reason
        )
        member = (await info.context.services.members.by_ids(info.context.caller, [found]))[found]
        return SetTrustLevelSuccess(member=Member.of(member), level=trust.level, pinned=trust.pinned)
