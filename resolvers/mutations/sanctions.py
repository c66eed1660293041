"""`sanctionMember`, `liftSanction`, `appealStatement`, `blockMember`, `unblockMember`."""

from datetime import datetime
from typing import Annotated

import strawberry

from gamification.kit.errors import InvalidInput, NotFound
from resolvers.context import Info
from resolvers.errors import ConflictError, IdempotencyConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.posts import acting
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_bytes_id
from resolvers.types.members import Member
from resolvers.types.sanctions import ModerationStatement, Sanction, SanctionKind

_ACTING = "For services: who; oneself when not given."


@strawberry.input(description="What to lay on whom.")
class SanctionMemberInput:
    member_id: strawberry.ID = strawberry.field(description="The member.")
    kind: SanctionKind = strawberry.field(description="What it is.")
    idempotency_key: str = strawberry.field(
        description="Any text of 1 to 200 characters; the same again does nothing twice."
    )
    until: datetime | None = strawberry.field(
        default=None, description="Until when; for good when not given. A suspension has an end."
    )
    reason: str | None = strawberry.field(
        default=None, description="What the member reads; at most 500 characters."
    )
    template: str | None = strawberry.field(
        default=None, description="The key of the programme's template, in place of `reason`."
    )


@strawberry.input(description="Which sanction to lift.")
class LiftSanctionInput:
    sanction_id: strawberry.ID = strawberry.field(description="The sanction.")
    reason: str | None = strawberry.field(default=None, description="Why; at most 500 characters.")


@strawberry.input(description="Against which decision to appeal.")
class AppealStatementInput:
    statement_id: strawberry.ID = strawberry.field(description="The statement that one got.")
    text: str = strawberry.field(description="Why; 1 to 2000 characters.")


@strawberry.input(description="Whom to block, or no more.")
class BlockMemberInput:
    blocked_id: strawberry.ID = strawberry.field(description="The other member.")
    member_id: strawberry.ID | None = strawberry.field(default=None, description=_ACTING)


@strawberry.type(description="The sanction is laid.")
class SanctionMemberSuccess:
    sanction: Sanction = strawberry.field(
        description="The sanction. A ban that a second moderator has to confirm is not on yet."
    )
    replayed: bool = strawberry.field(description="Whether it had been laid before with this key.")


@strawberry.type(description="The sanction does not go on.")
class LiftSanctionSuccess:
    sanction: Sanction = strawberry.field(description="The sanction as it is now.")


@strawberry.type(description="The appeal waits for a moderator who did not decide it.")
class AppealStatementSuccess:
    statement: ModerationStatement = strawberry.field(description="The statement with the appeal.")


@strawberry.type(description="It is as stated.")
class BlockMemberSuccess:
    member: Member = strawberry.field(description="The other member.")
    blocked: bool = strawberry.field(description="Whether they are blocked now.")


SanctionMemberResult = Annotated[
    SanctionMemberSuccess | InvalidInputError | NotFoundError | IdempotencyConflictError,
    strawberry.union("SanctionMemberResult", description=RESULT),
]
LiftSanctionResult = Annotated[
    LiftSanctionSuccess | InvalidInputError | NotFoundError,
    strawberry.union("LiftSanctionResult", description=RESULT),
]
AppealStatementResult = Annotated[
    AppealStatementSuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("AppealStatementResult", description=RESULT),
]
BlockMemberResult = Annotated[
    BlockMemberSuccess | InvalidInputError | NotFoundError,
    strawberry.union("BlockMemberResult", description=RESULT),
]


@strawberry.type
class SanctionMutations:
    @strawberry.mutation(
        description="Warn, mute, limit, suspend or ban a member; what goes on of that kind is replaced. The member gets a "
        "statement of the reasons, but for a shadow limit. For moderators, operators and services."
    )
    async def sanction_member(
        self, info: Info, input: Annotated[SanctionMemberInput, INPUT]
    ) -> SanctionMemberResult:
        if input.reason is not None and input.template is not None:
            raise InvalidInput("State a reason or a template, not both.", path=["template"])
        sanction, replayed = await info.context.services.moderating.sanctioning.sanction(
            info.context.caller,
            member_id(input.member_id),
            input.kind,
            input.until,
            input.reason,
            input.template,
            input.idempotency_key,
        )
        return SanctionMemberSuccess(sanction=Sanction.of(sanction), replayed=replayed)

    @strawberry.mutation(
        description="End a sanction before its time; twice is the same as once. For moderators, operators and services."
    )
    async def lift_sanction(
        self, info: Info, input: Annotated[LiftSanctionInput, INPUT]
    ) -> LiftSanctionResult:
        raw = decode_bytes_id(input.sanction_id, "Sanction")
        sanction = await info.context.services.moderating.sanctioning.lift(
            info.context.caller, raw or b"", input.reason
        )
        return LiftSanctionSuccess(sanction=Sanction.of(sanction))

    @strawberry.mutation(
        description="Appeal against a decision that one was told of, once, banned or not; twice the same is the same as once. "
        "Conflict: APPEAL_CLOSED."
    )
    async def appeal_statement(
        self, info: Info, input: Annotated[AppealStatementInput, INPUT]
    ) -> AppealStatementResult:
        raw = decode_bytes_id(input.statement_id, "ModerationStatement")
        if raw is None:
            raise NotFound("There is no such statement.", path=["statementId"])
        statement = await info.context.services.moderating.appealing.appeal(
            info.context.caller, raw, input.text
        )
        return AppealStatementSuccess(statement=ModerationStatement.of(statement))

    @strawberry.mutation(
        description="See nothing of a member in the community any more, nor they of one, and neither follows the other; "
        "they are not told. Twice is the same as once."
    )
    async def block_member(self, info: Info, input: Annotated[BlockMemberInput, INPUT]) -> BlockMemberResult:
        blocked = await info.context.services.blocks.block(
            info.context.caller, acting(input.member_id), member_id(input.blocked_id)
        )
        return BlockMemberSuccess(member=Member.of(blocked), blocked=True)

    @strawberry.mutation(description="See a member again; twice is the same as once.")
    async def unblock_member(
        self, info: Info, input: Annotated[BlockMemberInput, INPUT]
    ) -> BlockMemberResult:
        blocked = await info.context.services.blocks.unblock(
            info.context.caller, acting(input.member_id), member_id(input.blocked_id)
        )
        return BlockMemberSuccess(member=Member.of(blocked), blocked=False)
