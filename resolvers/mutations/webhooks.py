"""`createWebhookEndpoint`, `updateWebhookEndpoint`, `deleteWebhookEndpoint`, `enableWebhookEndpoint`,
`disableWebhookEndpoint`, `rotateWebhookSecret`, `replayWebhookDelivery`, `replayWebhookEvents`, `sendTestWebhookEvent`."""

from typing import Annotated

import strawberry

from community.webhooks.model import delivery_id
from community.webhooks.service import EndpointChanges, missing
from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.errors import ConflictError, InvalidInputError, NotFoundError
from resolvers.mutations.results import INPUT, RESULT
from resolvers.relay import decode_bytes_id
from resolvers.scalars import Long
from resolvers.types.webhooks import WebhookDelivery, WebhookEndpoint, load_delivery

_URL = (
    "What is called by POST: https://, 2048 characters at most, no user name or password in it, a host on the public internet, "
    "and port 443, 80 or one from 1024 on. No two endpoints of a programme have the same."
)
_TYPES = "Names of event types; all when not given."
_PARALLEL = "How many requests may be open there at once, 1 to 16. With 1 a request begins once the one before has ended."
_ENDPOINT = "The endpoint."


@strawberry.input(description="A new endpoint.")
class CreateWebhookEndpointInput:
    url: str = strawberry.field(description=_URL)
    description: str = strawberry.field(default="", description="For operators: 200 characters at most.")
    event_types: list[str] | None = strawberry.field(default=None, description=_TYPES)
    parallel: int = strawberry.field(default=4, description=_PARALLEL)
    enabled: bool = strawberry.field(
        default=True,
        description="False: events are logged, to be read by `webhookEvents`, and none is sent until it is enabled.",
    )


@strawberry.input(description="What to change of an endpoint; what is not given stays.")
class UpdateWebhookEndpointInput:
    endpoint_id: strawberry.ID = strawberry.field(description=_ENDPOINT)
    url: str | None = strawberry.field(default=None, description=_URL)
    description: str | None = strawberry.field(default=None, description="200 characters at most.")
    event_types: list[str] | None = strawberry.field(default=None, description="Names of event types.")
    all_event_types: bool = strawberry.field(default=False, description="True: it is sent every type.")
    parallel: int | None = strawberry.field(default=None, description=_PARALLEL)


@strawberry.input(description="Which endpoint to forget.")
class DeleteWebhookEndpointInput:
    endpoint_id: strawberry.ID = strawberry.field(description=_ENDPOINT)


@strawberry.input(description="Which endpoint to enable, and from where on.")
class EnableWebhookEndpointInput:
    endpoint_id: strawberry.ID = strawberry.field(description=_ENDPOINT)
    after: Long | None = strawberry.field(
        default=None,
        description="An event's number: what did not succeed up to it is left out, what did not after it is sent. The log's "
        "`head` leaves out all there is. When not given, it goes on where it stopped.",
    )


@strawberry.input(description="Which endpoint to disable.")
class DisableWebhookEndpointInput:
    endpoint_id: strawberry.ID = strawberry.field(description=_ENDPOINT)


@strawberry.input(description="Which endpoint gets a new secret.")
class RotateWebhookSecretInput:
    endpoint_id: strawberry.ID = strawberry.field(description=_ENDPOINT)
    overlap_hours: int = strawberry.field(
        default=24, description="For how many hours the one before signs too: 0 to 168."
    )


@strawberry.input(description="What to send again.")
class ReplayWebhookDeliveryInput:
    delivery_id: strawberry.ID = strawberry.field(description="The delivery, whatever came of it.")


@strawberry.input(description="Which events to send again.")
class ReplayWebhookEventsInput:
    endpoint_id: strawberry.ID = strawberry.field(description="Where; an endpoint that is enabled.")
    after: Long = strawberry.field(description="Only events after this number; 0: from the oldest on.")
    until: Long | None = strawberry.field(
        default=None, description="Only events up to this number; to the newest when not given."
    )
    types: list[str] | None = strawberry.field(
        default=None, description="Only events of these types; those of the endpoint when not given."
    )


@strawberry.input(description="Which endpoint to try.")
class SendTestWebhookEventInput:
    endpoint_id: strawberry.ID = strawberry.field(description="The endpoint, enabled or not.")


@strawberry.type(description="It is done.")
class WebhookEndpointSuccess:
    endpoint: WebhookEndpoint = strawberry.field(description="As it is now.")


@strawberry.type(description="There is a new secret.")
class WebhookSecretSuccess:
    endpoint: WebhookEndpoint = strawberry.field(description="As it is now.")
    signing_secret: str = strawberry.field(
        description="`whsec_` and Base64: what checks signatures. It is shown this once; where it is lost, rotate it."
    )


@strawberry.type(description="It is forgotten.")
class DeleteWebhookEndpointSuccess:
    deleted: bool = strawberry.field(description="False where there was none, or no more.")


@strawberry.type(description="It is sent soon.")
class WebhookDeliverySuccess:
    delivery: WebhookDelivery = strawberry.field(description="As it is now: PENDING.")


@strawberry.type(description="They are sent soon.")
class ReplayWebhookEventsSuccess:
    endpoint: WebhookEndpoint = strawberry.field(description="As it was.")
    count: int = strawberry.field(description="How many events are sent: 10000 at most.")
    through: Long = strawberry.field(
        description="State it as `after` to go on where there are more; else it is the last number looked at."
    )


WebhookEndpointResult = Annotated[
    WebhookEndpointSuccess | NotFoundError | InvalidInputError | ConflictError,
    strawberry.union("WebhookEndpointResult", description=RESULT),
]
WebhookSecretResult = Annotated[
    WebhookSecretSuccess | NotFoundError | InvalidInputError | ConflictError,
    strawberry.union("WebhookSecretResult", description=RESULT),
]
DeleteWebhookEndpointResult = Annotated[
    DeleteWebhookEndpointSuccess | InvalidInputError,
    strawberry.union("DeleteWebhookEndpointResult", description=RESULT),
]
WebhookDeliveryResult = Annotated[
    WebhookDeliverySuccess | NotFoundError | ConflictError,
    strawberry.union("WebhookDeliveryResult", description=RESULT),
]
ReplayWebhookEventsResult = Annotated[
    ReplayWebhookEventsSuccess | NotFoundError | InvalidInputError | ConflictError,
    strawberry.union("ReplayWebhookEventsResult", description=RESULT),
]


@strawberry.type
class WebhookMutations:
    @strawberry.mutation(
        description="Have events sent to a URL, from now on. The secret is shown once. For operators. Conflicts: another endpoint "
        "has the URL, or there are ten."
    )
    async def create_webhook_endpoint(
        self, info: Info, input: Annotated[CreateWebhookEndpointInput, INPUT]
    ) -> WebhookSecretResult:
        stated = EndpointChanges(
            description=input.description, types=_types(input.event_types), parallel=input.parallel
        )
        endpoint, secret = await info.context.services.webhooks.endpoints.create(
            info.context.caller, input.url, stated, enabled=input.enabled
        )
        return WebhookSecretSuccess(endpoint=WebhookEndpoint(model=endpoint), signing_secret=secret)

    @strawberry.mutation(
        description="Change an endpoint. For operators. Conflict: another endpoint has the URL."
    )
    async def update_webhook_endpoint(
        self, info: Info, input: Annotated[UpdateWebhookEndpointInput, INPUT]
    ) -> WebhookEndpointResult:
        stated = EndpointChanges(
            input.url, input.description, _types(input.event_types), input.all_event_types, input.parallel
        )
        endpoint = await info.context.services.webhooks.endpoints.update(
            info.context.caller, _endpoint(input.endpoint_id), stated
        )
        return WebhookEndpointSuccess(endpoint=WebhookEndpoint(model=endpoint))

    @strawberry.mutation(description="Forget an endpoint with all its deliveries. For operators.")
    async def delete_webhook_endpoint(
        self, info: Info, input: Annotated[DeleteWebhookEndpointInput, INPUT]
    ) -> DeleteWebhookEndpointResult:
        raw = decode_bytes_id(input.endpoint_id, "WebhookEndpoint") or b""
        deleted = await info.context.services.webhooks.endpoints.delete(info.context.caller, raw)
        return DeleteWebhookEndpointSuccess(deleted=deleted)

    @strawberry.mutation(
        description="Send events to an endpoint again. For operators. Nothing happens to one that is enabled."
    )
    async def enable_webhook_endpoint(
        self, info: Info, input: Annotated[EnableWebhookEndpointInput, INPUT]
    ) -> WebhookEndpointResult:
        endpoint = await info.context.services.webhooks.endpoints.enable(
            info.context.caller, _endpoint(input.endpoint_id), input.after
        )
        return WebhookEndpointSuccess(endpoint=WebhookEndpoint(model=endpoint))

    @strawberry.mutation(
        description="Send nothing to an endpoint until it is enabled; what it has not got waits, 30 days at most. For operators."
    )
    async def disable_webhook_endpoint(
        self, info: Info, input: Annotated[DisableWebhookEndpointInput, INPUT]
    ) -> WebhookEndpointResult:
        endpoint = await info.context.services.webhooks.endpoints.disable(
            info.context.caller, _endpoint(input.endpoint_id)
        )
        return WebhookEndpointSuccess(endpoint=WebhookEndpoint(model=endpoint))

    @strawberry.mutation(
        description="Make a new secret, which is shown once. Until the overlap is over what is sent has a signature by the one "
        "before too. For operators."
    )
    async def rotate_webhook_secret(
        self, info: Info, input: Annotated[RotateWebhookSecretInput, INPUT]
    ) -> WebhookSecretResult:
        endpoint, secret = await info.context.services.webhooks.endpoints.rotate(
            info.context.caller, _endpoint(input.endpoint_id), input.overlap_hours
        )
        return WebhookSecretSuccess(endpoint=WebhookEndpoint(model=endpoint), signing_secret=secret)

    @strawberry.mutation(
        description="Send one event to its endpoint again, with the same `webhook-id`. For operators. Conflict: the endpoint is "
        "disabled."
    )
    async def replay_webhook_delivery(
        self, info: Info, input: Annotated[ReplayWebhookDeliveryInput, INPUT]
    ) -> WebhookDeliveryResult:
        raw = decode_bytes_id(input.delivery_id, "WebhookDelivery")
        if raw is None:
            raise NotFound("There is no such delivery.", path=["deliveryId"])
        delivery = await info.context.services.webhooks.reading.replay(info.context.caller, raw)
        return WebhookDeliverySuccess(delivery=WebhookDelivery(model=delivery))

    @strawberry.mutation(
        description="Send events of the log to an endpoint, again or for the first time, each with its own `webhook-id`. For "
        "operators. Conflict: the endpoint is disabled."
    )
    async def replay_webhook_events(
        self, info: Info, input: Annotated[ReplayWebhookEventsInput, INPUT]
    ) -> ReplayWebhookEventsResult:
        endpoint, count, through = await info.context.services.webhooks.reading.replay_log(
            info.context.caller, _endpoint(input.endpoint_id), input.after, input.until, input.types
        )
        return ReplayWebhookEventsSuccess(
            endpoint=WebhookEndpoint(model=endpoint), count=count, through=Long(through)
        )

    @strawberry.mutation(
        description="Send an event of the type `webhook.test` to an endpoint, once. What became of it is in the delivery. For "
        "operators."
    )
    async def send_test_webhook_event(
        self, info: Info, input: Annotated[SendTestWebhookEventInput, INPUT]
    ) -> WebhookDeliveryResult:
        endpoint, event = await info.context.services.webhooks.endpoints.test(
            info.context.caller, _endpoint(input.endpoint_id)
        )
        found = await load_delivery(info, delivery_id(endpoint.id, event.id))
        if found is None:
            raise missing()
        return WebhookDeliverySuccess(delivery=found)


def _types(stated: list[str] | None) -> tuple[str, ...] | None:
    return tuple(stated) if stated is not None else None


def _endpoint(stated: strawberry.ID) -> bytes:
    """The id's bytes. Raises: NotFound."""
    found = decode_bytes_id(stated, "WebhookEndpoint")
    if found is None:
        raise missing()
    return found
