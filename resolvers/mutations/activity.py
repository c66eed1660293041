"""`recordActivities`, `reverseActivity`."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from gamification.activity.model import ActivityOutcome as OutcomeModel
from gamification.activity.model import ActivityStatus as StatusModel
from gamification.activity.model import NewActivity
from gamification.kit.errors import InvalidInput
from resolvers.context import Info
from resolvers.errors import (
    ConflictError,
    Error,
    IdempotencyConflictError,
    InvalidInputError,
    NotFoundError,
    typed,
)
from resolvers.mutations.results import INPUT, RESULT
from resolvers.types.activity import Activity, ActivityStatus


@strawberry.input(description="Something a member did.")
class ActivityInput:
    type: str = strawberry.field(description="An activity type's key.")
    source: str = strawberry.field(description="The system that states it; at most 200 characters.")
    source_id: str = strawberry.field(description="Its id there: the same one is recorded once only.")
    member_external_id: str = strawberry.field(
        description="Whose activity, by the programme's own name for them."
    )
    occurred_at: datetime = strawberry.field(
        description="When it happened; late within the programme's lateness."
    )
    subject: str | None = strawberry.field(default=None, description="What it was about, such as `post:12`.")
    properties: JSON | None = strawberry.field(
        default=None, description="A JSON object by the type's schema; at most 16 KiB."
    )


@strawberry.input(description="A batch.")
class RecordActivitiesInput:
    activities: list[ActivityInput] = strawberry.field(description="At most 500, settled in this order.")


@strawberry.type(description="What became of one activity.")
class ActivityOutcome:
    index: int = strawberry.field(description="Its place in the batch, from 0.")
    status: ActivityStatus = strawberry.field(description="What became of it.")
    activity: Activity | None = strawberry.field(
        description="As recorded, now or before; null where rejected."
    )
    error: Error | None = strawberry.field(description="Why it was rejected.")


@strawberry.type(description="One outcome for each activity.")
class RecordActivitiesPayload:
    outcomes: list[ActivityOutcome] = strawberry.field(description="In the batch's order.")
    recorded: int = strawberry.field(description="How many were recorded now.")
    duplicates: int = strawberry.field(description="How many had been recorded before.")
    rejected: int = strawberry.field(description="How many could not be taken.")


@strawberry.input(description="An activity to take back.")
class ReverseActivityInput:
    source: str = strawberry.field(description="The system that stated it.")
    source_id: str = strawberry.field(description="Its id there.")
    reason: str | None = strawberry.field(default=None, description="Why; at most 500 characters.")


@strawberry.type(description="The activity is taken back.")
class ReverseActivitySuccess:
    activity: Activity = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(
        description="True where it had been taken back before: nothing changed now."
    )


ReverseActivityResult = Annotated[
    ReverseActivitySuccess | NotFoundError | InvalidInputError,
    strawberry.union("ReverseActivityResult", description=RESULT),
]


@strawberry.input(description="A part of an activity to take back: exactly one of `amount` and `lines`.")
class RefundActivityInput:
    source: str = strawberry.field(description="The system that stated it.")
    source_id: str = strawberry.field(description="Its id there.")
    amount: str | None = strawberry.field(
        default=None,
        description="How much of what its type calls the amount, a decimal number such as `12.50`; at most what is left.",
    )
    lines: list[str] | None = strawberry.field(
        default=None, description="The ids of lines that are left; at most 500."
    )
    reason: str | None = strawberry.field(default=None, description="Why; at most 500 characters.")
    idempotency_key: str = strawberry.field(
        description="The sender's own name for the refund: for one activity the same one counts once. "
        "At most 200 characters."
    )


@strawberry.type(description="That part of the activity is taken back.")
class RefundActivitySuccess:
    activity: Activity = strawberry.field(description="As it is now; taken back where nothing is left of it.")
    replayed: bool = strawberry.field(description="True where the refund had been made before.")


RefundActivityResult = Annotated[
    RefundActivitySuccess | ConflictError | IdempotencyConflictError | NotFoundError | InvalidInputError,
    strawberry.union("RefundActivityResult", description=RESULT),
]


@strawberry.type
class ActivityMutations:
    @strawberry.mutation(
        description="Record activity, each once; for services. One that can't be taken leaves the others unharmed."
    )
    async def record_activities(
        self,
        info: Info,
        input: Annotated[RecordActivitiesInput, INPUT],
    ) -> RecordActivitiesPayload:
        batch = [
            NewActivity(
                type=a.type,
                source=a.source,
                source_id=a.source_id,
                member_external_id=a.member_external_id,
                occurred_at=a.occurred_at,
                subject=a.subject,
                properties={} if a.properties is None else a.properties,  # type: ignore[arg-type]
            )
            for a in input.activities
        ]
        outcomes = await info.context.services.recording.record(info.context.caller, batch)
        return payload_of(outcomes)

    @strawberry.mutation(
        description="Take back exactly what an activity caused, as applied; what others justify stays. "
        "Twice is the same as once. For operators and services."
    )
    async def reverse_activity(
        self, info: Info, input: Annotated[ReverseActivityInput, INPUT]
    ) -> ReverseActivityResult:
        activity, replayed = await info.context.services.reversal.reverse(
            info.context.caller, input.source, input.source_id, input.reason
        )
        return ReverseActivitySuccess(activity=Activity.of(activity), replayed=replayed)

    @strawberry.mutation(
        description="Take back a part of an activity, by amount or by lines, as its type's terms of refund say; what "
        "follows from the rest stands. For operators and services."
    )
    async def refund_activity(
        self, info: Info, input: Annotated[RefundActivityInput, INPUT]
    ) -> RefundActivityResult:
        activity, replayed = await info.context.services.refunds.refund(
            info.context.caller,
            input.source,
            input.source_id,
            _decimal(input.amount),
            input.lines or [],
            input.reason,
            input.idempotency_key,
        )
        return RefundActivitySuccess(activity=Activity.of(activity), replayed=replayed)


def _decimal(stated: str | None) -> Decimal | None:
    if stated is None:
        return None
    try:
        amount = Decimal(stated) if len(stated) <= 40 else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise InvalidInput("amount must be a decimal number such as 12.50.", path=["amount"])
    return amount


def payload_of(outcomes: list[OutcomeModel]) -> RecordActivitiesPayload:
    """Domain outcomes as a payload."""
    counts = {status: sum(outcome.status is status for outcome in outcomes) for status in StatusModel}
    return RecordActivitiesPayload(
        outcomes=[
            ActivityOutcome(
                index=outcome.index,
                status=outcome.status,
                activity=Activity.of(outcome.activity) if outcome.activity else None,
                error=typed(outcome.error) if outcome.error else None,
            )
            for outcome in outcomes
        ],
        recorded=counts[StatusModel.RECORDED],
        duplicates=counts[StatusModel.DUPLICATE],
        rejected=counts[StatusModel.REJECTED],
    )
