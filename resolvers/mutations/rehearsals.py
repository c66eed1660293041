"""`startRehearsal`, `cancelRehearsal`."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from gamification.kit.errors import LimitExceeded, NotFound
from gamification.rehearsal.service import Draft
from resolvers.context import Info
from resolvers.errors import ConflictError, IdempotencyConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.members import json_object
from resolvers.mutations.programme import InvalidDocumentError
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_bytes_id
from resolvers.types.programme import DefinitionKind
from resolvers.types.rehearsals import Rehearsal, RehearsalOrder

DEFINITIONS_MAX = 100


@strawberry.input(description="A definition of the draft, whole.")
class RehearsedDefinitionInput:
    kind: DefinitionKind = strawberry.field(description="What it defines.")
    definition: JSON = strawberry.field(
        description="As in the programme file, its key included. It takes the place of the one of its key, or is added; it takes "
        "effect unless it states another status."
    )


@strawberry.input(description="A draft that is kept in the programme.")
class RehearsedDraftInput:
    kind: DefinitionKind = strawberry.field(description="What it defines.")
    key: str = strawberry.field(description="Its key.")


@strawberry.input(
    description="What is rehearsed: a whole programme; or this one with other definitions, with drafts of its own published, or "
    "both. It is checked as publishing would check it."
)
class StartRehearsalInput:
    document: JSON | None = strawberry.field(
        default=None, description="A whole programme file as JSON; its key is the token's programme."
    )
    definitions: list[RehearsedDefinitionInput] = strawberry.field(
        default_factory=list, description="At most 100."
    )
    publish: list[RehearsedDraftInput] = strawberry.field(
        default_factory=list, description="Drafts that take effect in the rehearsal; at most 100."
    )
    from_: datetime = strawberry.field(
        name="from", description="Activity counts that happened then or after."
    )
    to: datetime = strawberry.field(description="And before then; at most 400 days later.")
    order: RehearsalOrder = strawberry.field(
        default=RehearsalOrder.HAPPENED, description="In which order it is played."
    )
    idempotency_key: str = strawberry.field(description="The same key with the same input acts once.")


@strawberry.type(description="It is under way; `rehearsalProgress` tells how far it is.")
class StartRehearsalSuccess:
    rehearsal: Rehearsal = strawberry.field(description="As it is now.")
    replayed: bool = strawberry.field(description="True where the key had acted before.")


StartRehearsalResult = Annotated[
    StartRehearsalSuccess
    | InvalidDocumentError
    | InvalidInputError
    | NotFoundError
    | ConflictError
    | IdempotencyConflictError,
    strawberry.union("StartRehearsalResult", description=RESULT),
]


@strawberry.input(description="Which rehearsal.")
class CancelRehearsalInput:
    rehearsal_id: strawberry.ID = strawberry.field(description="Its global id.")


@strawberry.type(description="It has ended, or had before.")
class CancelRehearsalSuccess:
    rehearsal: Rehearsal = strawberry.field(description="As it is now.")


CancelRehearsalResult = Annotated[
    CancelRehearsalSuccess | NotFoundError,
    strawberry.union("CancelRehearsalResult", description=RESULT),
]


@strawberry.type
class RehearsalMutations:
    @strawberry.mutation(
        description="Play recorded activity by rules that are not published: what they would give, to whom, at what cost, beside what "
        "happened. It changes nothing. Three of a programme may be under way. For operators."
    )
    async def start_rehearsal(
        self, info: Info, input: Annotated[StartRehearsalInput, INPUT]
    ) -> StartRehearsalResult:
        for name, stated in (("definitions", input.definitions), ("publish", input.publish)):
            if len(stated) > DEFINITIONS_MAX:
                raise LimitExceeded(f"At most {DEFINITIONS_MAX} {name}.", path=[name], limit=DEFINITIONS_MAX)
        draft = Draft(
            input.document,
            tuple(
                (one.kind.value, json_object(one.definition, "definition") or {}) for one in input.definitions
            ),
            tuple((one.kind.value, one.key) for one in input.publish),
        )
        rehearsal, replayed = await info.context.services.rehearsals.start(
            info.context.caller, draft, input.from_, input.to, input.order, input.idempotency_key
        )
        return StartRehearsalSuccess(rehearsal=Rehearsal(model=rehearsal), replayed=replayed)

    @strawberry.mutation(
        description="End a rehearsal that is not finished. Again is the same as once. For operators."
    )
    async def cancel_rehearsal(
        self, info: Info, input: Annotated[CancelRehearsalInput, INPUT]
    ) -> CancelRehearsalResult:
        raw = decode_bytes_id(input.rehearsal_id, "Rehearsal")
        if raw is None:
            raise NotFound("There is no such rehearsal.", path=["rehearsalId"])
        rehearsal = await info.context.services.rehearsals.cancel(info.context.caller, raw)
        return CancelRehearsalSuccess(rehearsal=Rehearsal(model=rehearsal))
