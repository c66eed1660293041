"""`webhookEndpoints`, `webhookEvents`, `webhookEventTypes`."""

from typing import Annotated

import strawberry

from community.webhooks.types import TYPES
from resolvers.context import Info
from resolvers.relay import PAGE_SIZE_DEFAULT, First, check_page_size
from resolvers.scalars import Long
from resolvers.types.webhooks import WebhookEndpoint, WebhookEvent, WebhookEventLog, WebhookEventType


@strawberry.type
class WebhookQueries:
    @strawberry.field(
        description="Where the programme's events are sent, the oldest endpoint first; ten at most. For operators and services."
    )
    async def webhook_endpoints(self, info: Info) -> list[WebhookEndpoint]:
        found = await info.context.services.webhooks.reading.endpoints(info.context.caller)
        return [WebhookEndpoint(model=one) for one in found]

    @strawberry.field(
        description="What happened, in order, for whoever was away: the next events of the log after a number. Events are logged "
        "from when the programme first has an endpoint, enabled or not, and kept for 30 days. For operators and services."
    )
    async def webhook_events(
        self,
        info: Info,
        after: Annotated[
            Long, strawberry.argument(description="Only events after this number; 0: from the oldest on.")
        ] = Long(0),  # noqa: B008 - a number
        types: Annotated[
            list[str] | None,
            strawberry.argument(description="Only events of these types; all when not given."),
        ] = None,
        first: First = None,
    ) -> WebhookEventLog:
        check_page_size("first", first)
        found = await info.context.services.webhooks.reading.log(
            info.context.caller, after, types, first or PAGE_SIZE_DEFAULT
        )
        return WebhookEventLog(
            events=[WebhookEvent(model=one) for one in found.events],
            through=Long(found.through),
            head=Long(found.head),
            forgotten=Long(found.forgotten),
        )

    @strawberry.field(description="Every type of event, with the JSON Schema of its payload.")
    async def webhook_event_types(self, info: Info) -> list[WebhookEventType]:
        _ = info.context.caller
        return [WebhookEventType(model=one) for one in TYPES.values()]
