"""`followMember`, `unfollowMember`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.members import Member


@strawberry.input(description="Whom to follow, or to follow no more.")
class FollowMemberInput:
    member_id: strawberry.ID = strawberry.field(description="Whom.")
    follower_id: strawberry.ID | None = strawberry.field(
        default=None, description="For services: who follows; oneself when not given."
    )


@strawberry.type(description="They are followed.")
class FollowMemberSuccess:
    member: Member = strawberry.field(description="Who is followed.")
    changed: bool = strawberry.field(description="False where they were followed before.")


@strawberry.type(description="They are not followed.")
class UnfollowMemberSuccess:
    member: Member = strawberry.field(description="Who is not followed.")
    changed: bool = strawberry.field(description="False where they were not followed before either.")


FollowMemberResult = Annotated[
    FollowMemberSuccess | InvalidInputError | NotFoundError,
    strawberry.union("FollowMemberResult", description=RESULT),
]
UnfollowMemberResult = Annotated[
    UnfollowMemberSuccess | InvalidInputError | NotFoundError,
    strawberry.union("UnfollowMemberResult", description=RESULT),
]


@strawberry.type
class FollowMutations:
    @strawberry.mutation(
        description="Follow a member, 1000 at most; twice is the same as once. Boards show friends among themselves."
    )
    async def follow_member(
        self, info: Info, input: Annotated[FollowMemberInput, INPUT]
    ) -> FollowMemberResult:
        member, changed = await info.context.services.follows.follow(
            info.context.caller, _follower(input), member_id(input.member_id)
        )
        return FollowMemberSuccess(member=Member.of(member), changed=changed)

    @strawberry.mutation(description="Follow a member no more; twice is the same as once.")
    async def unfollow_member(
        self, info: Info, input: Annotated[FollowMemberInput, INPUT]
    ) -> UnfollowMemberResult:
        member, changed = await info.context.services.follows.unfollow(
            info.context.caller, _follower(input), member_id(input.member_id)
        )
        return UnfollowMemberSuccess(member=Member.of(member), changed=changed)


def _follower(input: FollowMemberInput) -> bytes | None:
    return member_id(input.follower_id) if input.follower_id is not None else None
