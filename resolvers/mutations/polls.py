"""`setPoll`, `votePoll`, `closePoll`; a poll begins with `createPost`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import ConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.poll_input import PollInput, terms_of
from resolvers.mutations.posts import acting, post_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.posts import Post, load_post

_ACTING = "For services: whose; one's own when not given."
_POLL = "The poll's post."


@strawberry.input(description="What to vote on instead, in a poll that is not published yet.")
class SetPollInput:
    post_id: strawberry.ID = strawberry.field(description=_POLL)
    poll: PollInput = strawberry.field(description="All of it: what is not stated is as in a new one.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="How to vote.")
class VotePollInput:
    post_id: strawberry.ID = strawberry.field(description=_POLL)
    choices: list[int] = strawberry.field(
        description="The options' indexes, of a ranked poll the best first; none withdraws one's vote."
    )
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="Which poll to close.")
class ClosePollInput:
    post_id: strawberry.ID = strawberry.field(description=_POLL)
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.type(description="It is as stated.")
class PollSuccess:
    post: Post = strawberry.field(description="The poll's post as it is now.")


PollResult = Annotated[
    PollSuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("PollResult", description=RESULT),
]


@strawberry.type
class PollMutations:
    @strawberry.mutation(
        description="Change what a poll is about before it is published. For its author. Conflict: POST_STATE."
    )
    async def set_poll(self, info: Info, input: Annotated[SetPollInput, INPUT]) -> PollResult:
        post = await info.context.services.polls.change(
            info.context.caller,
            acting(input.member_id),
            post_id(input.post_id),
            input.poll.options,
            terms_of(input.poll),
        )
        return PollSuccess(post=Post.of(post))

    @strawberry.mutation(
        description="Vote, instead of however one did before; twice is the same as once. For members who read the space, and "
        "services for any of them. Conflicts: POLL_CLOSED, VOTE_FINAL where votes can't be changed, POST_STATE."
    )
    async def vote_poll(self, info: Info, input: Annotated[VotePollInput, INPUT]) -> PollResult:
        poll = await info.context.services.polls.vote(
            info.context.caller, acting(input.member_id), post_id(input.post_id), input.choices
        )
        return await _success(info, poll.id)

    @strawberry.mutation(
        description="Let a poll take no votes any more; twice is the same as once. For its author, and who looks after the "
        "space. Conflict: POST_STATE."
    )
    async def close_poll(self, info: Info, input: Annotated[ClosePollInput, INPUT]) -> PollResult:
        poll = await info.context.services.polls.close(
            info.context.caller, acting(input.member_id), post_id(input.post_id)
        )
        return await _success(info, poll.id)


async def _success(info: Info, post: bytes) -> PollSuccess:
    found = await load_post(info, post)
    assert found is not None  # noqa: S101 - the caller has just acted on it
    return PollSuccess(post=found)
