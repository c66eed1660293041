"""`joinSpace`, `leaveSpace`, `admitSpaceMember`, `removeSpaceMember`, `setSpaceRole`."""

from typing import Annotated

import strawberry

from community.spaces.model import SpaceRights
from resolvers.context import Info
from resolvers.errors import ConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.spaces import Space, SpaceMembership, SpaceRole, build_space

_SPACE = "The space's key."
_ACTING = "For services: who; oneself when not given."


@strawberry.input(description="Which space to be in, or to leave.")
class JoinSpaceInput:
    space: str = strawberry.field(description=_SPACE)
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="Whom to let in.")
class AdmitSpaceMemberInput:
    space: str = strawberry.field(description=_SPACE)
    member_id: strawberry.ID = strawberry.field(description="Who waits, or whom to add.")


@strawberry.input(description="Whom to put out.")
class RemoveSpaceMemberInput:
    space: str = strawberry.field(description=_SPACE)
    member_id: strawberry.ID = strawberry.field(description="Who is in it, or waits.")
    bar: bool = strawberry.field(
        default=False, description="They can't come back until they are let in again."
    )
    reason: str | None = strawberry.field(default=None, description="At most 500 characters.")


@strawberry.input(description="Who is to have which role.")
class SetSpaceRoleInput:
    space: str = strawberry.field(description=_SPACE)
    member_id: strawberry.ID = strawberry.field(description="Who; they are in it from now on.")
    role: SpaceRole = strawberry.field(description="What they are to be.")


@strawberry.type(description="They are in the space, or wait to be let in.")
class JoinSpaceSuccess:
    membership: SpaceMembership = strawberry.field(description="The member in it.")
    space: Space = strawberry.field(description="The space, as the member may use it now.")


@strawberry.type(description="They are not in the space.")
class LeaveSpaceSuccess:
    space: Space = strawberry.field(description="The space, as the member may use it now.")


@strawberry.type(description="They are in the space.")
class SpaceMemberSuccess:
    membership: SpaceMembership = strawberry.field(description="The member in it.")


@strawberry.type(description="They are not in the space.")
class RemoveSpaceMemberSuccess:
    membership: SpaceMembership | None = strawberry.field(description="The bar; null where there is none.")


JoinSpaceResult = Annotated[
    JoinSpaceSuccess | ConflictError | NotFoundError,
    strawberry.union("JoinSpaceResult", description=RESULT),
]
LeaveSpaceResult = Annotated[
    LeaveSpaceSuccess | NotFoundError, strawberry.union("LeaveSpaceResult", description=RESULT)
]
SpaceMemberResult = Annotated[
    SpaceMemberSuccess | NotFoundError, strawberry.union("SpaceMemberResult", description=RESULT)
]
RemoveSpaceMemberResult = Annotated[
    RemoveSpaceMemberSuccess | InvalidInputError | NotFoundError,
    strawberry.union("RemoveSpaceMemberResult", description=RESULT),
]


@strawberry.type
class SpaceMutations:
    @strawberry.mutation(
        description="Be in a space, or ask to be let in; twice is the same as once. For members, and services for any "
        "member. Conflicts: SPACE_NOT_OPEN, SPACE_BARRED."
    )
    async def join_space(self, info: Info, input: Annotated[JoinSpaceInput, INPUT]) -> JoinSpaceResult:
        membership, rights = await info.context.services.spaces.join(
            info.context.caller, input.space, _acting(input)
        )
        return JoinSpaceSuccess(
            membership=SpaceMembership(model=membership), space=await build_space(info, rights)
        )

    @strawberry.mutation(
        description="Be in a space no more, or ask no more; twice is the same as once. For members, and services for any "
        "member."
    )
    async def leave_space(self, info: Info, input: Annotated[JoinSpaceInput, INPUT]) -> LeaveSpaceResult:
        rights: SpaceRights = await info.context.services.spaces.leave(
            info.context.caller, input.space, _acting(input)
        )
        return LeaveSpaceSuccess(space=await build_space(info, rights))

    @strawberry.mutation(
        description="Let a member into a space: who waits, whoever else is to be in it, or who was barred. For who looks "
        "after the space, staff and services."
    )
    async def admit_space_member(
        self, info: Info, input: Annotated[AdmitSpaceMemberInput, INPUT]
    ) -> SpaceMemberResult:
        found = await info.context.services.spaces.admit(
            info.context.caller, input.space, member_id(input.member_id)
        )
        return SpaceMemberSuccess(membership=SpaceMembership(model=found))

    @strawberry.mutation(
        description="Put a member out of a space, or refuse who waits. For who looks after the space, of members with a lower "
        "role in it; staff and services of any."
    )
    async def remove_space_member(
        self, info: Info, input: Annotated[RemoveSpaceMemberInput, INPUT]
    ) -> RemoveSpaceMemberResult:
        found = await info.context.services.spaces.put_out(
            info.context.caller,
            input.space,
            member_id(input.member_id),
            bar=input.bar,
            reason=input.reason,
        )
        return RemoveSpaceMemberSuccess(membership=SpaceMembership(model=found) if found else None)

    @strawberry.mutation(
        description="Give a member a role in a space. For its owners, below their own; operators and services any."
    )
    async def set_space_role(
        self, info: Info, input: Annotated[SetSpaceRoleInput, INPUT]
    ) -> SpaceMemberResult:
        found = await info.context.services.spaces.set_role(
            info.context.caller, input.space, member_id(input.member_id), input.role
        )
        return SpaceMemberSuccess(membership=SpaceMembership(model=found))


def _acting(input: JoinSpaceInput) -> bytes | None:
    return member_id(input.member_id) if input.member_id is not None else None
