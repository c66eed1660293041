"""`dismissRecommendation`, `setPersonalisation`."""

from datetime import datetime
from typing import Annotated

import strawberry

from gamification.kit.errors import InvalidInput
from resolvers.context import Info
from resolvers.errors import ConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_id
from resolvers.types.members import Member
from resolvers.types.recommendations import KINDS

_ACTING = "For services: whose; one's own when not given."


@strawberry.input(description="What not to recommend again.")
class DismissRecommendationInput:
    target_id: strawberry.ID = strawberry.field(
        description="The id of a task, reward, campaign, post, space or member."
    )
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.input(description="Whether to look at what a member does.")
class SetPersonalisationInput:
    personalised: bool = strawberry.field(
        description="False: what they do is not learnt from, and they are recommended what is popular with all."
    )
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.type(description="It is not recommended to them for a while.")
class DismissRecommendationSuccess:
    member: Member = strawberry.field(description="To whom not.")
    until: datetime = strawberry.field(description="Until when: for 90 days.")


@strawberry.type(description="It is as stated.")
class SetPersonalisationSuccess:
    member: Member = strawberry.field(description="Whose.")


DismissRecommendationResult = Annotated[
    DismissRecommendationSuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("DismissRecommendationResult", description=RESULT),
]
SetPersonalisationResult = Annotated[
    SetPersonalisationSuccess | NotFoundError | ConflictError,
    strawberry.union("SetPersonalisationResult", description=RESULT),
]


@strawberry.type
class RecommendationMutations:
    @strawberry.mutation(
        description="Recommend it no more to oneself for 90 days, or by a service to any member; again begins them anew. Of a member "
        "the latest 500 are kept."
    )
    async def dismiss_recommendation(
        self, info: Info, input: Annotated[DismissRecommendationInput, INPUT]
    ) -> DismissRecommendationResult:
        decoded = decode_id(input.target_id)
        if decoded is None or decoded[0] not in KINDS:
            raise InvalidInput("This is nothing that is recommended.", path=["targetId"])
        target = member_id(input.member_id) if input.member_id is not None else None
        member, made = await info.context.services.recommendations.service.dismiss(
            info.context.caller, target, KINDS[decoded[0]], decoded[1]
        )
        return DismissRecommendationSuccess(member=Member.of(member), until=made.until)

    @strawberry.mutation(
        description="Let what one does be looked at for recommendations or not, or by a service for any member. Twice is the same as "
        "once; what was kept of it goes at once."
    )
    async def set_personalisation(
        self, info: Info, input: Annotated[SetPersonalisationInput, INPUT]
    ) -> SetPersonalisationResult:
        target = member_id(input.member_id) if input.member_id is not None else None
        member = await info.context.services.recommendations.service.personalise(
            info.context.caller, target, personalised=input.personalised
        )
        return SetPersonalisationSuccess(member=Member.of(member))
