"""`useReferralCode`, `reviewReferral`, `noteMemberSignals`."""

from typing import Annotated, Any

import strawberry

from gamification.kit.errors import NotFound
from gamification.referrals import model as domain
from gamification.settlement import referrals as settlement
from resolvers.context import Info
from resolvers.errors import (
    ConflictError,
    Error,
    IdempotencyConflictError,
    InvalidInputError,
    NotFoundError,
)
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_bytes_id
from resolvers.types.members import Member
from resolvers.types.referrals import Referral

ReferralRefusalReason = domain.RefusalReason
strawberry.enum(
    ReferralRefusalReason,
    name="ReferralRefusalReason",
    description="SELF: one's own code. ALIAS: both seem to be one person. CYCLE: one invited the code's owner, directly or "
    "through others. ALREADY_MEMBER: one joined too long ago. ALREADY_REFERRED: by somebody else.",
)
ReferralDecision = settlement.Decision
strawberry.enum(
    ReferralDecision,
    name="ReferralDecision",
    description="CLEAR: nothing is wrong; what had qualified is rewarded. REJECT: nothing is given.",
)


@strawberry.type(description="This member can't use that code; the message says why, for the member to read.")
class ReferralRefusedError(Error):
    reason: ReferralRefusalReason = strawberry.field(description="Why, for programs.")

    @classmethod
    def of(cls, error: Any) -> Any:
        return cls(code=error.code, message=error.message, path=error.path, reason=error.reason)


class ReferralRefusedHandler(strawberry.ExceptionHandler[domain.ReferralRefused, ReferralRefusedError]):
    """Refusals of codes."""

    def handle(self, exception: domain.ReferralRefused, **_: Any) -> ReferralRefusedError:
        shown: ReferralRefusedError = ReferralRefusedError.of(exception)
        return shown


@strawberry.input(
    description="What the programme's own server saw of a member: each at most 320 characters, kept as a digest only."
)
class MemberSignalsInput:
    email: str | None = strawberry.field(
        default=None,
        description="Their e-mail address; tags after `+`, and dots where they mean nothing, don't count.",
    )
    device: str | None = strawberry.field(default=None, description="Any steady name of their device.")
    address: str | None = strawberry.field(
        default=None, description="Their network address, or a hash of it."
    )


@strawberry.input(description="Who was brought, by which code.")
class UseReferralCodeInput:
    code: str = strawberry.field(
        description="As it was given: small letters, blanks and hyphens don't matter."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="For services: who was brought; oneself when not given."
    )
    signals: MemberSignalsInput | None = strawberry.field(default=None, description="For services.")
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="It is noted who brought the member.")
class UseReferralCodeSuccess:
    referral: Referral = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


UseReferralCodeResult = Annotated[
    UseReferralCodeSuccess
    | ReferralRefusedError
    | NotFoundError
    | InvalidInputError
    | IdempotencyConflictError,
    strawberry.union("UseReferralCodeResult", description=RESULT),
]


@strawberry.input(description="A decision on a referral that is not rewarded yet.")
class ReviewReferralInput:
    referral_id: strawberry.ID = strawberry.field(description="Which.")
    decision: ReferralDecision = strawberry.field(description="What is decided.")
    reason: str = strawberry.field(description="Why; both members can read it. At most 500 characters.")
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="It is decided.")
class ReviewReferralSuccess:
    referral: Referral = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


ReviewReferralResult = Annotated[
    ReviewReferralSuccess | NotFoundError | ConflictError | InvalidInputError | IdempotencyConflictError,
    strawberry.union("ReviewReferralResult", description=RESULT),
]


@strawberry.input(description="What was seen of a member, such as at sign-in.")
class NoteMemberSignalsInput:
    member_id: strawberry.ID = strawberry.field(description="Of whom.")
    signals: MemberSignalsInput = strawberry.field(description="What was seen.")


@strawberry.type(description="It is noted.")
class NoteMemberSignalsSuccess:
    member: Member = strawberry.field(description="Of whom.")


NoteMemberSignalsResult = Annotated[
    NoteMemberSignalsSuccess | NotFoundError | InvalidInputError,
    strawberry.union("NoteMemberSignalsResult", description=RESULT),
]


@strawberry.type
class ReferralMutations:
    @strawberry.mutation(
        description="Say who brought a member, soon after they joined; a member says it of themselves, a service of anyone."
    )
    async def use_referral_code(
        self, info: Info, input: Annotated[UseReferralCodeInput, INPUT]
    ) -> UseReferralCodeResult:
        target = member_id(input.member_id) if input.member_id is not None else None
        referral, replayed = await info.context.services.referring.use(
            info.context.caller, target, input.code, _signals(input.signals), input.idempotency_key
        )
        return UseReferralCodeSuccess(referral=Referral.of(referral), replayed=replayed)

    @strawberry.mutation(
        description="Decide on a referral that looks wrong, or reject any that is not rewarded; for moderators and operators."
    )
    async def review_referral(
        self, info: Info, input: Annotated[ReviewReferralInput, INPUT]
    ) -> ReviewReferralResult:
        found = decode_bytes_id(input.referral_id, "Referral")
        if found is None:
            raise NotFound("There is no such referral.", path=["referralId"])
        referral, replayed = await info.context.services.referring.review(
            info.context.caller, found, input.decision, input.reason, input.idempotency_key
        )
        return ReviewReferralSuccess(referral=Referral.of(referral), replayed=replayed)

    @strawberry.mutation(
        description="Note what was seen of a member, so that who invites themselves is known; for services."
    )
    async def note_member_signals(
        self, info: Info, input: Annotated[NoteMemberSignalsInput, INPUT]
    ) -> NoteMemberSignalsResult:
        signals = _signals(input.signals) or domain.Signals()
        member = await info.context.services.referring.note(
            info.context.caller, member_id(input.member_id), signals
        )
        return NoteMemberSignalsSuccess(member=Member.of(member))


def _signals(stated: MemberSignalsInput | None) -> domain.Signals | None:
    return domain.Signals(stated.email, stated.device, stated.address) if stated else None
