"""`awardBadge`, `revokeBadge`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import ConflictError, IdempotencyConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_bytes_id
from resolvers.types.badges import BadgeAward
from resolvers.types.members import Member


@strawberry.input(description="A badge to award by hand.")
class AwardBadgeInput:
    member_id: strawberry.ID = strawberry.field(description="To whom.")
    badge: str = strawberry.field(description="The badge's key.")
    occurrence: str | None = strawberry.field(
        default=None, description="For what, exactly where it repeats per key."
    )
    level: int | None = strawberry.field(default=None, description="One of its levels, where it has some.")
    reason: str = strawberry.field(description="Why; the member can read it. At most 500 characters.")
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="The badge is awarded.")
class AwardBadgeSuccess:
    award: BadgeAward = strawberry.field(description="As it stands now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


AwardBadgeResult = Annotated[
    AwardBadgeSuccess | NotFoundError | InvalidInputError | ConflictError | IdempotencyConflictError,
    strawberry.union("AwardBadgeResult", description=RESULT),
]


@strawberry.input(description="A badge to take away.")
class RevokeBadgeInput:
    member_id: strawberry.ID = strawberry.field(description="From whom.")
    badge: str = strawberry.field(description="The badge's key.")
    occurrence: str | None = strawberry.field(
        default=None, description="Which one, where it repeats per key."
    )
    reason: str = strawberry.field(description="Why; the member can read it. At most 500 characters.")
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="The badge is taken away; no rule gives it back, a person may.")
class RevokeBadgeSuccess:
    award: BadgeAward = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


RevokeBadgeResult = Annotated[
    RevokeBadgeSuccess | NotFoundError | InvalidInputError | IdempotencyConflictError,
    strawberry.union("RevokeBadgeResult", description=RESULT),
]


@strawberry.input(description="Which awards to show on one's profile.")
class SetShowcaseInput:
    awards: list[strawberry.ID] = strawberry.field(
        description="Ids of one's own standing awards, in the order in which others see them; at most 12, or none."
    )


@strawberry.type(description="The profile shows these awards.")
class SetShowcaseSuccess:
    member: Member = strawberry.field(description="Whose profile it is.")


SetShowcaseResult = Annotated[
    SetShowcaseSuccess | InvalidInputError | NotFoundError,
    strawberry.union("SetShowcaseResult", description=RESULT),
]


@strawberry.type
class BadgeMutations:
    @strawberry.mutation(
        description="Choose the awards that one's own profile shows; replaces the last choice."
    )
    async def set_showcase(self, info: Info, input: Annotated[SetShowcaseInput, INPUT]) -> SetShowcaseResult:
        # What is no award's id is one that nobody holds.
        awards = [decode_bytes_id(found, "BadgeAward") or b"" for found in input.awards]
        member = await info.context.services.badges.choose(info.context.caller, awards)
        return SetShowcaseSuccess(member=Member.of(member))

    @strawberry.mutation(description="Award a badge by hand, with a reason; for staff and services.")
    async def award_badge(self, info: Info, input: Annotated[AwardBadgeInput, INPUT]) -> AwardBadgeResult:
        award, replayed = await info.context.services.honours.award(
            info.context.caller,
            member_id(input.member_id),
            input.badge,
            input.occurrence,
            input.level or 0,
            input.reason,
            input.idempotency_key,
        )
        return AwardBadgeSuccess(award=BadgeAward.of(award), replayed=replayed)

    @strawberry.mutation(description="Revoke a badge, with a reason; for staff and services.")
    async def revoke_badge(self, info: Info, input: Annotated[RevokeBadgeInput, INPUT]) -> RevokeBadgeResult:
        award, replayed = await info.context.services.honours.revoke(
            info.context.caller,
            member_id(input.member_id),
            input.badge,
            input.occurrence,
            input.reason,
            input.idempotency_key,
        )
        return RevokeBadgeSuccess(award=BadgeAward.of(award), replayed=replayed)
