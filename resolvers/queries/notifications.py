"""`notificationDeliveries`: what became of notifications by email and push."""

from datetime import datetime
from typing import Annotated

import strawberry

from community.notifications import log
from resolvers.context import Info
from resolvers.mutations.members import member_id
from resolvers.relay import After, Before, Connection, First, Last, connect, window
from resolvers.types.notification_settings import (
    DELIVERIES,
    DeliveryReason,
    DeliveryState,
    NotificationDelivery,
)
from resolvers.types.notifications import NotificationChannel, NotificationKind


@strawberry.input(description="Which deliveries to list.")
class NotificationDeliveryFilter:
    member_id: strawberry.ID | None = strawberry.field(default=None, description="Only this member's.")
    kind: NotificationKind | None = strawberry.field(default=None, description="Only of this kind.")
    channel: NotificationChannel | None = strawberry.field(default=None, description="Only by this way.")
    state: DeliveryState | None = strawberry.field(default=None, description="Only in this state.")
    reason: DeliveryReason | None = strawberry.field(default=None, description="Only for this reason.")
    since: datetime | None = strawberry.field(default=None, description="Only of then or later.")


@strawberry.type
class NotificationQueries:
    @strawberry.field(
        description="What became of notifications by email and push, latest first, 90 days back. For operators and services."
    )
    async def notification_deliveries(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            NotificationDeliveryFilter | None, strawberry.argument(description="All of them when not given.")
        ] = None,
    ) -> Connection[NotificationDelivery]:
        stated = filter or NotificationDeliveryFilter()
        wanted = log.DeliveryFilter(
            member_id(stated.member_id) if stated.member_id is not None else None,
            stated.kind,
            stated.channel,
            stated.state,
            stated.reason,
            stated.since,
        )
        page = await info.context.services.notifications.log.page(
            info.context.caller, wanted, window(first, after, last, before, of=DELIVERIES)
        )
        return connect(page, lambda one: NotificationDelivery(model=one), DELIVERIES)
