"""`mergeMembers`, `linkIdentity`, `unlinkIdentity`."""

from typing import Annotated

import strawberry

from gamification.kit.errors import NotFound
from gamification.members.model import Identity
from resolvers.context import Info
from resolvers.errors import ConflictError, IdempotencyConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.queries.members import IdentityInput
from resolvers.relay import decode_bytes_id
from resolvers.types.members import Member
from resolvers.types.merging import MemberMerge, MergeBlockedError


@strawberry.input(description="Which account is merged into which.")
class MergeMembersInput:
    from_: strawberry.ID = strawberry.field(name="from", description="The account that goes.")
    into: strawberry.ID = strawberry.field(description="The member that is left.")
    reason: str = strawberry.field(description="Why; at most 500 characters.")
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="The two are one.")
class MergeMembersSuccess:
    merge: MemberMerge = strawberry.field(description="What was done.")
    member: Member | None = strawberry.field(description="The member that is left, as they are now.")
    replayed: bool = strawberry.field(description="Whether this is the answer of the first time.")


MergeMembersResult = Annotated[
    MergeMembersSuccess
    | MergeBlockedError
    | ConflictError
    | InvalidInputError
    | NotFoundError
    | IdempotencyConflictError,
    strawberry.union("MergeMembersResult", description=RESULT),
]


@strawberry.input(description="Whose identity.")
class LinkIdentityInput:
    member_id: strawberry.ID = strawberry.field(description="Whose it is.")
    identity: IdentityInput = strawberry.field(description="The other system's name for them.")


@strawberry.type(description="The identity is the member's.")
class LinkIdentitySuccess:
    member: Member = strawberry.field(description="As they are now.")
    linked: bool = strawberry.field(description="False where it was theirs before; then nothing changed.")


LinkIdentityResult = Annotated[
    LinkIdentitySuccess | ConflictError | InvalidInputError | NotFoundError,
    strawberry.union("LinkIdentityResult", description=RESULT),
]


@strawberry.input(description="Which identity is to be nobody's.")
class UnlinkIdentityInput:
    member_id: strawberry.ID = strawberry.field(description="Whose it is.")
    identity: IdentityInput = strawberry.field(description="The other system's name for them.")


@strawberry.type(description="The identity is not the member's.")
class UnlinkIdentitySuccess:
    member: Member = strawberry.field(description="As they are now.")
    unlinked: bool = strawberry.field(
        description="False where it was not theirs before; then nothing changed."
    )


UnlinkIdentityResult = Annotated[
    UnlinkIdentitySuccess | NotFoundError,
    strawberry.union("UnlinkIdentityResult", description=RESULT),
]


def account_id(global_id: str, name: str) -> bytes:
    """An account's id. Raises: NotFound for what is none, naming that field."""
    found = decode_bytes_id(global_id, "Member")
    if found is None:
        raise NotFound("There is no such member.", path=[name])
    return found


@strawberry.type
class MergeMutations:
    @strawberry.mutation(
        description="Merge an account into another member's, for good; for operators and services. Its points, badges, "
        "progress, scores and all else become the member's, its external id and identities find them, and what it did is "
        "taken back from them. `mergePreview` says before what would happen."
    )
    async def merge_members(
        self, info: Info, input: Annotated[MergeMembersInput, INPUT]
    ) -> MergeMembersResult:
        merge, replayed = await info.context.services.merges.merge(
            info.context.caller,
            account_id(input.from_, "from"),
            account_id(input.into, "into"),
            input.reason,
            input.idempotency_key,
        )
        found = await info.context.services.members.by_ids(info.context.caller, [merge.into_id])
        member = found.get(merge.into_id)
        return MergeMembersSuccess(
            merge=MemberMerge.of(merge), member=Member.of(member) if member else None, replayed=replayed
        )

    @strawberry.mutation(
        description="Link a name by which another system knows a member, such as of an app, a shop or a mini-program. One "
        "that is another member's is refused with IDENTITY_TAKEN: those two may be one person, see `mergeMembers`. For "
        "operators and services."
    )
    async def link_identity(
        self, info: Info, input: Annotated[LinkIdentityInput, INPUT]
    ) -> LinkIdentityResult:
        identity = Identity(input.identity.provider, input.identity.subject)
        member, linked = await info.context.services.members.link(
            info.context.caller, member_id(input.member_id), identity
        )
        return LinkIdentitySuccess(member=Member.of(member), linked=linked)

    @strawberry.mutation(
        description="Unlink a name by which another system knew a member; it is free then. For operators and services."
    )
    async def unlink_identity(
        self, info: Info, input: Annotated[UnlinkIdentityInput, INPUT]
    ) -> UnlinkIdentityResult:
        identity = Identity(input.identity.provider, input.identity.subject)
        member, unlinked = await info.context.services.members.unlink(
            info.context.caller, member_id(input.member_id), identity
        )
        return UnlinkIdentitySuccess(member=Member.of(member), unlinked=unlinked)
