"""`enterContest`, `voteInContest`, `disqualifyEntry`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import ConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.posts import acting, post_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.contests import ContestEntry, contests_of

_ACTING = "For services: whose; one's own when not given."
_CONTEST = "The contest's key."
_STORY = "The story's post."


@strawberry.input(description="Which story to enter into which contest.")
class EnterContestInput:
    contest: str = strawberry.field(description=_CONTEST)
    post_id: strawberry.ID = strawberry.field(description=_STORY)
    enters: bool = strawberry.field(default=True, description="False: take it out again.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="Which story to vote for.")
class VoteInContestInput:
    contest: str = strawberry.field(description=_CONTEST)
    post_id: strawberry.ID = strawberry.field(description=_STORY)
    votes: bool = strawberry.field(default=True, description="False: take one's vote back.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="Which story to put out of a contest.")
class DisqualifyEntryInput:
    contest: str = strawberry.field(description=_CONTEST)
    post_id: strawberry.ID = strawberry.field(description=_STORY)
    reason: str = strawberry.field(description="Why; its author reads it. At most 500 characters.")
    disqualified: bool = strawberry.field(default=True, description="False: let it in again.")


@strawberry.type(description="It is as stated.")
class ContestSuccess:
    entry: ContestEntry = strawberry.field(description="The story in the contest as it is now.")


ContestResult = Annotated[
    ContestSuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("ContestResult", description=RESULT),
]


@strawberry.type
class ContestMutations:
    @strawberry.mutation(
        description="Enter one's story into a contest, or take it out while stories are entered; twice is the same as once. For "
        "its author, and services for them. Conflicts: CONTEST_STATE, CONTEST_LIMIT, POST_STATE."
    )
    async def enter_contest(self, info: Info, input: Annotated[EnterContestInput, INPUT]) -> ContestResult:
        entry = await info.context.services.contests.enter(
            info.context.caller,
            acting(input.member_id),
            input.contest,
            post_id(input.post_id),
            enters=input.enters,
        )
        return ContestSuccess(entry=ContestEntry(model=entry, seen=(await contests_of(info))[entry.contest]))

    @strawberry.mutation(
        description="Vote for another's story, or take one's vote back while voting is open; twice is the same as once. For "
        "members who read the space, and services for any of them. Conflicts: CONTEST_STATE, CONTEST_LIMIT."
    )
    async def vote_in_contest(self, info: Info, input: Annotated[VoteInContestInput, INPUT]) -> ContestResult:
        entry = await info.context.services.contests.vote(
            info.context.caller,
            acting(input.member_id),
            input.contest,
            post_id(input.post_id),
            votes=input.votes,
        )
        return ContestSuccess(entry=ContestEntry(model=entry, seen=(await contests_of(info))[entry.contest]))

    @strawberry.mutation(
        description="Put a story out of a contest, or let it in again, until there are results; twice is the same as once. For "
        "who looks after the space. Conflict: CONTEST_STATE."
    )
    async def disqualify_entry(
        self, info: Info, input: Annotated[DisqualifyEntryInput, INPUT]
    ) -> ContestResult:
        entry = await info.context.services.contests.disqualify(
            info.context.caller,
            input.contest,
            post_id(input.post_id),
            input.reason,
            disqualified=input.disqualified,
        )
        return ContestSuccess(entry=ContestEntry(model=entry, seen=(await contests_of(info))[entry.contest]))
