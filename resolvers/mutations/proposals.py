"""`supportProposal`, `answerProposal`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import ConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.posts import acting, post_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.posts import Post, load_post
from resolvers.types.proposals import ProposalState

_PROPOSAL = "The proposal's post."


@strawberry.input(description="Which proposal to support.")
class SupportProposalInput:
    post_id: strawberry.ID = strawberry.field(description=_PROPOSAL)
    supports: bool = strawberry.field(default=True, description="False: no more.")
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="For services: whose; one's own when not given."
    )


@strawberry.input(description="What to answer for the club.")
class AnswerProposalInput:
    post_id: strawberry.ID = strawberry.field(description=_PROPOSAL)
    version: int = strawberry.field(description="The proposal's `version` as it was read.")
    state: ProposalState = strawberry.field(
        description="What it becomes: ANSWERED, ACCEPTED or DECLINED; DONE of what was accepted."
    )
    body: str = strawberry.field(description="Markdown, 1 to 5000 characters; members read it.")


@strawberry.type(description="It is as stated.")
class ProposalSuccess:
    post: Post = strawberry.field(description="The proposal's post as it is now.")


ProposalResult = Annotated[
    ProposalSuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("ProposalResult", description=RESULT),
]


@strawberry.type
class ProposalMutations:
    @strawberry.mutation(
        description="Support another's proposal, or no more; twice is the same as once. For members who read the space, and "
        "services for any of them. Conflicts: PROPOSAL_STATE once it was answered, POST_STATE."
    )
    async def support_proposal(
        self, info: Info, input: Annotated[SupportProposalInput, INPUT]
    ) -> ProposalResult:
        proposal = await info.context.services.proposals.support(
            info.context.caller,
            acting(input.member_id),
            post_id(input.post_id),
            supports=input.supports,
        )
        return await _success(info, proposal.id)

    @strawberry.mutation(
        description="Answer a proposal for the club, before or after it has enough support; its author and supporters are told. "
        "For moderators, operators and services. Conflicts: STALE_VERSION, PROPOSAL_STATE, POST_STATE."
    )
    async def answer_proposal(
        self, info: Info, input: Annotated[AnswerProposalInput, INPUT]
    ) -> ProposalResult:
        proposal = await info.context.services.proposals.answer(
            info.context.caller, post_id(input.post_id), input.version, input.state, input.body
        )
        return await _success(info, proposal.id)


async def _success(info: Info, post: bytes) -> ProposalSuccess:
    found = await load_post(info, post)
    assert found is not None  # noqa: S101 - the caller has just acted on it
    return ProposalSuccess(post=found)
