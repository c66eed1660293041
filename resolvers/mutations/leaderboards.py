"""`grantAttempts`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import ConflictError, IdempotencyConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.members import member_id
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.leaderboards import LeaderboardAttempts


@strawberry.input(description="More attempts on a board that counts them.")
class GrantAttemptsInput:
    member_id: strawberry.ID = strawberry.field(description="To whom.")
    leaderboard: str = strawberry.field(description="The board's key.")
    period: str | None = strawberry.field(
        default=None, description="The period's key; the present one by default."
    )
    attempts: int = strawberry.field(description="How many more: 1 to 1000.")
    reason: str = strawberry.field(description="Why; at most 500 characters.")
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="The attempts are granted.")
class GrantAttemptsSuccess:
    attempts: LeaderboardAttempts = strawberry.field(description="What the member had then.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


GrantAttemptsResult = Annotated[
    GrantAttemptsSuccess | NotFoundError | InvalidInputError | ConflictError | IdempotencyConflictError,
    strawberry.union("GrantAttemptsResult", description=RESULT),
]


@strawberry.type
class LeaderboardMutations:
    @strawberry.mutation(
        description="Let a member try more often in a period of a board; for staff and services."
    )
    async def grant_attempts(
        self, info: Info, input: Annotated[GrantAttemptsInput, INPUT]
    ) -> GrantAttemptsResult:
        attempts, replayed = await info.context.services.attempts.grant(
            info.context.caller,
            member_id(input.member_id),
            input.leaderboard,
            input.period,
            input.attempts,
            input.reason,
            input.idempotency_key,
        )
        return GrantAttemptsSuccess(attempts=LeaderboardAttempts.of(attempts), replayed=replayed)
