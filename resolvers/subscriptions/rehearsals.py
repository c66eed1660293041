"""`rehearsalProgress`: how far a rehearsal is, until it is finished."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from gamification.kit.actors import Permission
from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.relay import decode_bytes_id
from resolvers.subscriptions.resting import rest
from resolvers.types.rehearsals import RehearsalProgress

REST_SECONDS = 0.5


@strawberry.type
class RehearsalSubscriptions:
    @strawberry.subscription(
        description="How far a rehearsal is, now and whenever that changes, at most once in half a second. It ends as the rehearsal "
        "does. For operators."
    )
    async def rehearsal_progress(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
    ) -> AsyncGenerator[RehearsalProgress, None]:
        services, caller = info.context.services, info.context.caller
        caller.require(Permission.PROGRAMME_REHEARSE)
        raw, told = decode_bytes_id(id, "Rehearsal"), None
        while True:
            found = await services.rehearsals.find(caller, raw) if raw is not None else None
            if found is None:
                raise NotFound("There is no such rehearsal; they are kept for some time only.", path=["id"])
            if found != told:
                told = found
                yield RehearsalProgress(model=found)
            if not found.is_open:
                return
            await rest(REST_SECONDS)
