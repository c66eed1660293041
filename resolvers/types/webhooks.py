"""Endpoints that a programme's events are sent to, the events, and what became of sending each."""

from datetime import datetime
from typing import Annotated

import orjson
import strawberry

from community.webhooks import model as domain
from community.webhooks import shapes
from resolvers.context import Info
from resolvers.fields import batched, of_model
from resolvers.relay import After, Before, Connection, First, Last, Listing, Node, connect, global_id, window
from resolvers.scalars import Long

DELIVERIES = Listing("webhook deliveries", (int, bytes))
WebhookDisabledBecause = domain.DisabledBecause
strawberry.enum(
    WebhookDisabledBecause,
    name="WebhookDisabledBecause",
    description="OPERATOR: an operator disabled it, or made it so. GONE: it answered 410. FAILING: nothing that was sent there "
    "succeeded for five days, in ten attempts or more.",
)
WebhookDeliveryState = domain.DeliveryState
strawberry.enum(
    WebhookDeliveryState,
    name="WebhookDeliveryState",
    description="PENDING until an attempt SUCCEEDED, or the last one FAILED. CANCELLED: left out when the endpoint was enabled "
    "again.",
)


@strawberry.type(description="A type of event that is sent.")
class WebhookEventType:
    model: strawberry.Private[shapes.EventType]
    name: str = of_model("name", description="As in the payload's `type`.")
    description: str = of_model("description", description="When it is sent, in English.")

    @strawberry.field(description="The JSON Schema (2020-12) of the whole payload, as JSON.")
    def schema(self) -> str:
        return orjson.dumps(shapes.schema_of(self.model)).decode()


async def _payloads(events: "list[WebhookEvent]", info: Info) -> list[str]:
    reading = info.context.services.webhooks.reading
    found = await reading.bodies(info.context.caller, [event.model for event in events])
    return [found[event.model.id] for event in events]


@strawberry.type(description="Something that happened in the programme. Readable by operators and services.")
class WebhookEvent(Node):
    model: strawberry.Private[domain.Event]
    id: strawberry.ID = global_id("WebhookEvent")
    webhook_id: str = of_model(
        "webhook_id",
        description="The `webhook-id` of whatever attempt to send it: the same for every endpoint.",
    )
    type: str = of_model("type", description="The event type's name.")
    timestamp: datetime = of_model("at", description="When it happened.")
    payload: str = batched(
        _payloads, description="The JSON text that is sent: `type`, `timestamp` and `data`."
    )

    @strawberry.field(
        description="Its place in the programme's log, from 1, without gaps; null for a test event, which is not in it."
    )
    def number(self) -> Long | None:
        return Long(self.model.number) if self.model.number is not None else None


@strawberry.type(description="A part of the log of events.")
class WebhookEventLog:
    events: list[WebhookEvent] = strawberry.field(description="In the order of their numbers.")
    through: Long = strawberry.field(
        description="State it as `after` to go on. All up to it were looked at, whatever their types."
    )
    head: Long = strawberry.field(
        description="The newest event's number: once `through` is it, there is no more."
    )
    forgotten: Long = strawberry.field(
        description="Events up to this number are not kept any more: after 30 days."
    )


@strawberry.type(description="One request to an endpoint.")
class WebhookAttempt:
    model: strawberry.Private[domain.Attempt]
    at: datetime = of_model("at", description="When it began: the `webhook-timestamp`.")
    duration_ms: int = of_model("duration_ms", description="How long it took, in milliseconds.")
    status: int | None = of_model(
        "status", description="The answer's HTTP status; null where there was none."
    )
    error: str | None = of_model(
        "error", description="Why there was no answer, after a code and a colon; null where there was one."
    )
    response: str | None = of_model(
        "excerpt",
        description="How the answer's body begins, 1 KiB at most. Text of whoever answered: never show it as HTML.",
    )


@strawberry.type(description="A secret that signs what an endpoint is sent; it is never shown again.")
class WebhookSecret:
    model: strawberry.Private[domain.Secret]
    made_at: datetime = of_model("made_at", description="When it was made.")
    expires_at: datetime | None = of_model(
        "expires_at", description="When it signs no more, once another took its place; null for the newest."
    )


async def _events(deliveries: "list[WebhookDelivery]", info: Info) -> "list[WebhookEvent | None]":
    reading = info.context.services.webhooks.reading
    ids = [one.model.event_id for one in deliveries]
    found = await reading.events_by_ids(info.context.caller, ids)
    return [WebhookEvent(model=found[one]) if one in found else None for one in ids]


async def _endpoints(deliveries: "list[WebhookDelivery]", info: Info) -> "list[WebhookEndpoint | None]":
    reading = info.context.services.webhooks.reading
    ids = [one.model.endpoint_id for one in deliveries]
    found = await reading.endpoints_by_ids(info.context.caller, ids)
    return [WebhookEndpoint(model=found[one]) if one in found else None for one in ids]


@strawberry.type(
    description="An event on its way to an endpoint. Readable by operators and services; kept for 30 days."
)
class WebhookDelivery(Node):
    model: strawberry.Private[domain.Delivery]
    id: strawberry.ID = global_id("WebhookDelivery")
    state: WebhookDeliveryState = of_model("state", description="What became of it.")
    type: str = of_model("type", description="The event type's name.")
    next_attempt_at: datetime | None = of_model(
        "due_at", description="When it is next attempted; null once it has ended."
    )
    attempt_count: int = of_model("made", description="How often it was attempted.")
    ended_at: datetime | None = of_model("ended_at", description="When it ended; null while it is PENDING.")
    event: WebhookEvent | None = batched(_events, description="The event; null once it is not kept any more.")
    endpoint: "WebhookEndpoint | None" = batched(_endpoints, description="Where it is sent.")

    @strawberry.field(description="The event's number; null for a test event.")
    def number(self) -> Long | None:
        return Long(self.model.number) if self.model.number else None

    @strawberry.field(description="The last 20 attempts, the oldest first.")
    def attempts(self) -> list[WebhookAttempt]:
        return [WebhookAttempt(model=one) for one in self.model.attempts]


@strawberry.type(description="Where events are sent. Readable by operators and services.")
class WebhookEndpoint(Node):
    model: strawberry.Private[domain.Endpoint]
    id: strawberry.ID = global_id("WebhookEndpoint")
    url: str = of_model("url", description="What is called, by POST.")
    description: str = of_model("description", description="What an operator wrote about it.")
    enabled: bool = of_model("enabled", description="Whether events are sent there.")
    parallel: int = of_model(
        "parallel",
        description="How many requests may be open there at once, 1 to 16. With 1 a request begins once the one before has "
        "ended.",
    )
    made_at: datetime = of_model("made_at", description="When it was made.")
    disabled_at: datetime | None = of_model(
        "disabled_at", description="Since when it is disabled; null while it is enabled."
    )
    disabled_because: WebhookDisabledBecause | None = of_model(
        "disabled_because", description="Why it is disabled; null while it is enabled."
    )
    failing_since: datetime | None = of_model(
        "failing_since",
        description="Since when nothing that is sent there succeeds; null where the last did.",
    )
    failures: int = of_model("failures", description="How many attempts have failed since one succeeded.")
    paused_until: datetime | None = of_model(
        "paused_until",
        description="Until when it asked, by `Retry-After`, to be left alone; may lie in the past.",
    )

    @strawberry.field(description="The types of events that it is sent, in order; null: all of them.")
    def event_types(self) -> list[str] | None:
        return list(self.model.types) if self.model.types is not None else None

    @strawberry.field(
        description="The number of the last event that was taken from the log for it. What lies after it, and deliveries that "
        "are PENDING, is yet to be sent."
    )
    def cursor(self) -> Long:
        return Long(self.model.cursor)

    @strawberry.field(description="What signs, the newest first: three at most.")
    def signing_secrets(self, info: Info) -> list[WebhookSecret]:
        now = info.context.services.now()
        return [
            WebhookSecret(model=one)
            for one in self.model.secrets
            if one.expires_at is None or now < one.expires_at
        ]

    @strawberry.field(description="What was sent there, and is on its way: the newest event first.")
    async def deliveries(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        state: Annotated[
            WebhookDeliveryState | None, strawberry.argument(description="Only in this state.")
        ] = None,
    ) -> Connection[WebhookDelivery]:
        page = await info.context.services.webhooks.reading.deliveries(
            self.model, state, window(first, after, last, before, of=DELIVERIES)
        )
        return connect(page, lambda one: WebhookDelivery(model=one), DELIVERIES)


async def load_endpoint(info: Info, raw: bytes) -> WebhookEndpoint | None:
    """An endpoint as the caller sees it."""
    reading = info.context.services.webhooks.reading
    found = (await reading.endpoints_by_ids(info.context.caller, [raw])).get(raw)
    return WebhookEndpoint(model=found) if found is not None else None


async def load_delivery(info: Info, raw: bytes) -> WebhookDelivery | None:
    """A delivery as the caller sees it."""
    reading = info.context.services.webhooks.reading
    found = (await reading.deliveries_by_ids(info.context.caller, [raw])).get(raw)
    return WebhookDelivery(model=found) if found is not None else None


async def load_event(info: Info, raw: bytes) -> WebhookEvent | None:
    """An event as the caller sees it."""
    reading = info.context.services.webhooks.reading
    found = (await reading.events_by_ids(info.context.caller, [raw])).get(raw)
    return WebhookEvent(model=found) if found is not None else None
