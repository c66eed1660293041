"""`rehearsal`, `rehearsals`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.relay import (
    After,
    Before,
    Connection,
    First,
    Last,
    connect,
    decode_bytes_id,
    window,
)
from resolvers.types.rehearsals import REHEARSALS, Rehearsal, load_rehearsal


@strawberry.type
class RehearsalQueries:
    @strawberry.field(
        description="A rehearsal by its id; for operators, null for others and once it is forgotten."
    )
    async def rehearsal(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
    ) -> Rehearsal | None:
        raw = decode_bytes_id(id, "Rehearsal")
        return await load_rehearsal(info, raw) if raw is not None else None

    @strawberry.field(description="The programme's rehearsals, newest first; for operators.")
    async def rehearsals(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Rehearsal]:
        page = await info.context.services.rehearsals.page(
            info.context.caller, window(first, after, last, before, of=REHEARSALS)
        )
        return connect(page, lambda one: Rehearsal(model=one), REHEARSALS)
