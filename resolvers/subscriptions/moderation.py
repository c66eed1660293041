"""`moderationQueueUpdated`: what waits for moderators, now and whenever that changes."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from community.bells import queue_key
from gamification.kit.errors import Forbidden
from resolvers.context import Info
from resolvers.queries.moderation import ModerationCaseFilter
from resolvers.scalars import Long
from resolvers.subscriptions.resting import rest
from resolvers.types.moderation import ModerationCase, ModerationQueue
from storage.paging import Window

_COALESCED_S = 0.2
_RECHECK_S = 10.0


@strawberry.type
class ModerationSubscriptions:
    @strawberry.subscription(
        description="What waits for moderators, now and whenever that changes: at most one message in 200 ms, always the "
        "newest state. For moderators and operators, and for those who look after a space what is of it; it ends with "
        "FORBIDDEN for who does not any more."
    )
    async def moderation_queue_updated(
        self,
        info: Info,
        filter: Annotated[
            ModerationCaseFilter | None, strawberry.argument(description="What is open when not given.")
        ] = None,
    ) -> AsyncGenerator[ModerationQueue, None]:
        services, caller = info.context.services, info.context.caller
        wanted = (filter or ModerationCaseFilter()).as_domain()
        reading = services.moderating.reading
        told: object = None
        with services.doorbells.listening(queue_key(caller.programme_id)) as bell:
            while True:
                # Who may see what is asked each time: roles change while somebody watches.
                info.context.look()
                viewer = await info.context.viewer()
                state = await reading.state(viewer, wanted)
                if state is None:
                    raise Forbidden("This is for those who look after a space.")
                if state != told:
                    told = state
                    page = await reading.queue(viewer, wanted, Window(1))
                    first = ModerationCase.of(page.rows[0]) if page.rows else None
                    yield ModerationQueue(waiting=Long(state.waiting), first=first)
                # Rung while sleeping, it is there at once; what a lost ring would have told is found in a while.
                await rest(_COALESCED_S)
                await bell.wait(_RECHECK_S)
