"""`acceptAnswer`, `withdrawAcceptance`, `offerBounty`, `raiseBounty`, `endBounty`."""

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
from resolvers.mutations.comments import comment_id
from resolvers.mutations.posts import acting, post_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.scalars import Long
from resolvers.types.posts import Post, load_post
from resolvers.types.questions import Bounty

_ACTING = "For services: whose; one's own when not given."
_QUESTION = "The question."
_KEY = "Any text of 1 to 200 characters; the same again does nothing twice."


@strawberry.input(description="Which answer to accept.")
class AcceptAnswerInput:
    comment_id: strawberry.ID = strawberry.field(description="A comment that answers the question directly.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="Which question.")
class OwnQuestionInput:
    post_id: strawberry.ID = strawberry.field(description=_QUESTION)
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="How much to offer for an answer.")
class OfferBountyInput:
    post_id: strawberry.ID = strawberry.field(description=_QUESTION)
    amount: Long = strawberry.field(description="In the unit's smallest part, within the programme's bounds.")
    idempotency_key: str = strawberry.field(description=_KEY)
    days: int | None = strawberry.field(
        default=None, description="For how long, at most the programme's days, which it is when not given."
    )
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="How much more to offer.")
class RaiseBountyInput:
    post_id: strawberry.ID = strawberry.field(description=_QUESTION)
    amount: Long = strawberry.field(description="So much more than is offered now.")
    idempotency_key: str = strawberry.field(description=_KEY)
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.type(description="It is as stated.")
class QuestionSuccess:
    post: Post = strawberry.field(description="The question as it is now.")


@strawberry.type(description="The points are set aside.")
class OfferBountySuccess:
    bounty: Bounty = strawberry.field(description="The bounty as it is now.")
    replayed: bool = strawberry.field(description="Whether that had been done before with this key.")


@strawberry.type(description="The bounty is settled.")
class EndBountySuccess:
    bounty: Bounty = strawberry.field(description="The bounty as it is now.")


QuestionResult = Annotated[
    QuestionSuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("QuestionResult", description=RESULT),
]
OfferBountyResult = Annotated[
    OfferBountySuccess
    | InvalidInputError
    | NotFoundError
    | ConflictError
    | InsufficientPointsError
    | IdempotencyConflictError,
    strawberry.union("OfferBountyResult", description=RESULT),
]
EndBountyResult = Annotated[
    EndBountySuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("EndBountyResult", description=RESULT),
]


@strawberry.type
class QuestionMutations:
    @strawberry.mutation(
        description="Accept an answer instead of any other; twice is the same as once. For who asked, and who looks after the "
        "space. Conflicts: ANSWER_SETTLED where the asker can't change it any more, POST_STATE, COMMENT_STATE, POST_LOCKED."
    )
    async def accept_answer(self, info: Info, input: Annotated[AcceptAnswerInput, INPUT]) -> QuestionResult:
        question = await info.context.services.questions.accept(
            info.context.caller, acting(input.member_id), comment_id(input.comment_id)
        )
        return await _success(info, question.id)

    @strawberry.mutation(
        description="Have no answer accepted; twice is the same as once. For who asked, and who looks after the space. "
        "Conflicts: ANSWER_SETTLED, POST_STATE, POST_LOCKED."
    )
    async def withdraw_acceptance(
        self, info: Info, input: Annotated[OwnQuestionInput, INPUT]
    ) -> QuestionResult:
        question = await info.context.services.questions.withdraw(
            info.context.caller, acting(input.member_id), post_id(input.post_id)
        )
        return await _success(info, question.id)

    @strawberry.mutation(
        description="Set points aside for who answers one's question. For who asked, and services for any member. Conflicts: "
        "BOUNTY_OPEN, BOUNTY_LIMIT, ANSWER_SETTLED where an answer is accepted, POST_STATE."
    )
    async def offer_bounty(self, info: Info, input: Annotated[OfferBountyInput, INPUT]) -> OfferBountyResult:
        bounty, replayed = await info.context.services.bounties.offer(
            info.context.caller,
            acting(input.member_id),
            post_id(input.post_id),
            input.amount,
            input.days,
            input.idempotency_key,
        )
        return OfferBountySuccess(bounty=Bounty.of(bounty), replayed=replayed)

    @strawberry.mutation(
        description="Offer more for an answer; it is offered for another day at least. For who asked, and services for any "
        "member. Conflicts: BOUNTY_OPEN where none is, POST_STATE."
    )
    async def raise_bounty(self, info: Info, input: Annotated[RaiseBountyInput, INPUT]) -> OfferBountyResult:
        bounty, replayed = await info.context.services.bounties.raise_by(
            info.context.caller,
            acting(input.member_id),
            post_id(input.post_id),
            input.amount,
            input.idempotency_key,
        )
        return OfferBountySuccess(bounty=Bounty.of(bounty), replayed=replayed)

    @strawberry.mutation(
        description="End one's bounty before its time: it goes to the answer that is accepted, or comes back where nobody has "
        "answered; twice is the same as once. Conflict: BOUNTY_OPEN where neither is so."
    )
    async def end_bounty(self, info: Info, input: Annotated[OwnQuestionInput, INPUT]) -> EndBountyResult:
        bounty = await info.context.services.bounties.end(
            info.context.caller, acting(input.member_id), post_id(input.post_id)
        )
        return EndBountySuccess(bounty=Bounty.of(bounty))


async def _success(info: Info, post: bytes) -> QuestionSuccess:
    found = await load_post(info, post)
    assert found is not None  # noqa: S101 - the caller has just acted on it
    return QuestionSuccess(post=found)
