"""`backfillBadge`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.errors import IdempotencyConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.backfills import BadgeBackfill


@strawberry.input(description="A rule-made badge to award over recorded activity.")
class BackfillBadgeInput:
    badge: str = strawberry.field(
        description="The badge's key; for a preview it may be a draft, its rules too."
    )
    preview: bool = strawberry.field(default=True, description="Only count, and show a sample.")
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="It is under way; `badgeBackfills` tells how far it is.")
class BackfillBadgeSuccess:
    backfill: BadgeBackfill = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


BackfillBadgeResult = Annotated[
    BackfillBadgeSuccess | NotFoundError | InvalidInputError | IdempotencyConflictError,
    strawberry.union("BackfillBadgeResult", description=RESULT),
]


@strawberry.type
class BackfillMutations:
    @strawberry.mutation(
        description="Award a badge over activity that was recorded before its rules took effect, without telling feeds; "
        "for operators. Doing it again awards nothing twice."
    )
    async def backfill_badge(
        self, info: Info, input: Annotated[BackfillBadgeInput, INPUT]
    ) -> BackfillBadgeResult:
        backfill, replayed = await info.context.services.backfills.start(
            info.context.caller, input.badge, input.idempotency_key, is_preview=input.preview
        )
        return BackfillBadgeSuccess(backfill=BadgeBackfill(model=backfill), replayed=replayed)
