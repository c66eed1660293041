"""`eraseMember`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.privacy import MemberErasure


@strawberry.input(description="Whom to erase.")
class EraseMemberInput:
    member_id: strawberry.ID | None = strawberry.field(default=None, description="Oneself when not given.")
    confirm_external_id: str = strawberry.field(
        description="The member's `externalId`, stated once more: there is no way back."
    )


@strawberry.type(
    description="The member is erased: on no board, past ones too, and no token is theirs. What needs time goes on by "
    "itself, see `erasure.doneAt`."
)
class EraseMemberSuccess:
    erasure: MemberErasure = strawberry.field(description="How far it has come.")
    erased_before: bool = strawberry.field(description="Whether that was done before; then nothing changed.")


EraseMemberResult = Annotated[
    EraseMemberSuccess | InvalidInputError | NotFoundError,
    strawberry.union("EraseMemberResult", description=RESULT),
]


@strawberry.type
class PrivacyMutations:
    @strawberry.mutation(
        description="Erase a member for good: oneself, or by operators and services anyone. Points left expire, open orders "
        "are cancelled with the refund that their reward states; the ledger stays balanced, under a pseudonym. Asking again "
        "changes nothing. Nobody joins by the external id for 30 days; who does later is new."
    )
    async def erase_member(self, info: Info, input: Annotated[EraseMemberInput, INPUT]) -> EraseMemberResult:
        target = member_id(input.member_id) if input.member_id is not None else None
        erasure, before = await info.context.services.erasures.erase(
            info.context.caller, target, input.confirm_external_id
        )
        return EraseMemberSuccess(erasure=MemberErasure.of(erasure), erased_before=before)
