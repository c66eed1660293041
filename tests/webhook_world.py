"""What tests of webhooks hold in their hands: a receiver on this machine, and an endpoint that is sent to it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema_rs
import orjson
from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from community.webhooks.service import EndpointChanges
from community.webhooks.shapes import schema_of
from community.webhooks.types import TYPES
from gamification.settlement.following import Following
from resolvers.relay import encode_id
from storage.paging import Window
from tests.resolvers.harness import GraphQL
from tests.support import ProgrammeUnderTest

Answer = Callable[["Received"], Awaitable[web.StreamResponse]]
SEEN = (
    "id url description enabled eventTypes parallel cursor disabledBecause failingSince failures pausedUntil"
)


class Checking(Webhook):
    """The receiver's own library, by a clock that tests may move."""

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        super().__init__(secret)
        self._now = now

    def _Webhook__verify_timestamp(  # noqa: N802 - as Python names the private method that it takes the place of
        self, stated: str
    ) -> datetime:
        at = datetime.fromtimestamp(float(stated), tz=UTC)
        if abs(at - self._now()) > timedelta(minutes=5):
            raise WebhookVerificationError("Message timestamp too old or too new")
        return at


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def payload(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Receiver:
    """A server that notes what it gets and answers as it is told: by statuses in turn, the last for ever, or by a function."""

    port: int = 0
    statuses: list[int] = field(default_factory=lambda: [200])
    answer: Answer | None = None
    got: list[Received] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def payloads(self) -> list[Any]:
        return [one.payload for one in self.got]

    @property
    def types(self) -> list[str]:
        return [one.payload["type"] for one in self.got]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        found = Received(request.path, headers, await request.read())
        self.got.append(found)
        self.arrived.set()
        if self.answer is not None:
            return await self.answer(found)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return web.Response(status=status, text=f"status {status}")


@asynccontextmanager
async def receiving(**stated: Any) -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver(**stated)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", receiver.port)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def hooked(graphql: GraphQL, club: ProgrammeUnderTest, url: str, **stated: Any) -> dict[str, Any]:
    """A new endpoint, with its secret."""
    given = {"url": url, **stated}
    made = await graphql.done(
        club.operator, "createWebhookEndpoint", given, f"signingSecret endpoint {{ {SEEN} }}"
    )
    return {**made["endpoint"], "secret": made["signingSecret"]}


def following(club: ProgrammeUnderTest) -> Following:
    """The consumer of the backlog."""
    return next(one for one in club.services.followings if one.consumer == "webhooks")


async def told(club: ProgrammeUnderTest) -> int:
    """Log what happened in this programme."""
    return await following(club).run_due(club.key)


async def sent(club: ProgrammeUnderTest) -> int:
    """Log what happened in this programme, and send what is due; how many attempts were made."""
    await told(club)
    return await club.services.webhooks.sender.run_due(club.key)


async def now_of(graphql: GraphQL, club: ProgrammeUnderTest, endpoint: dict[str, Any]) -> dict[str, Any]:
    """The endpoint as it is by now."""
    asked = f"query ($id: ID!) {{ node(id: $id) {{ ... on WebhookEndpoint {{ {SEEN} }} }} }}"
    found: dict[str, Any] = (await graphql.read(club.operator, asked, {"id": endpoint["id"]}))["node"]
    return found


DELIVERY = (
    "id state type number nextAttemptAt attemptCount endedAt "
    "attempts { at durationMs status error response } event { webhookId number type payload }"
)


async def deliveries(
    graphql: GraphQL, club: ProgrammeUnderTest, endpoint: dict[str, Any], state: str | None = None
) -> list[dict[str, Any]]:
    """An endpoint's deliveries, the oldest event first."""
    asked = f"""query ($id: ID!, $state: WebhookDeliveryState) {{ node(id: $id) {{ ... on WebhookEndpoint {{
        deliveries(last: 50, state: $state) {{ nodes {{ {DELIVERY} }} }} }} }} }}"""
    found = await graphql.read(club.operator, asked, {"id": endpoint["id"], "state": state})
    rows: list[dict[str, Any]] = found["node"]["deliveries"]["nodes"][::-1]
    return rows


def checked(received: Received, secret: str, now: Callable[[], datetime]) -> Any:
    """The payload, as the receiver's library takes it, which must be as the type's schema says, and no more."""
    payload = Checking(secret, now).verify(received.body, received.headers)
    assert_by_schema(payload)
    return payload


def assert_by_schema(payload: Any) -> None:
    """It is what its type's schema says, and holds no field that the schema does not name."""
    schema = schema_of(TYPES[payload["type"]])
    jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(payload)
    _assert_named(payload, schema)


def _assert_named(value: Any, schema: Any) -> None:
    if isinstance(value, dict):
        assert set(value) <= set(schema["properties"]), (value, sorted(schema["properties"]))
        for name, below in value.items():
            _assert_named(below, schema["properties"][name])


_HOOKED: dict[tuple[str, str], bytes] = {}
_SILENT = socket.socket()
_SILENT.bind(("127.0.0.1", 0))
NOWHERE = f"http://127.0.0.1:{_SILENT.getsockname()[1]}/hooks"
"""Where nobody listens: a port that is taken, and at which no connection is."""


async def hooked_up(club: ProgrammeUnderTest, name: str) -> None:
    """Have an endpoint that gets nothing through, one that is disabled, and in the log what the member does then."""
    webhooks = club.services.webhooks
    on, _ = await webhooks.endpoints.create(
        club.operator, NOWHERE, EndpointChanges(types=("activity.recorded",)), enabled=True
    )
    off, _ = await webhooks.endpoints.create(
        club.operator, f"{NOWHERE}/off", EndpointChanges(), enabled=False
    )
    await webhooks.endpoints.rotate(club.operator, on.id, 168)
    await club.do("visit", name)
    await sent(club)
    page = await webhooks.reading.deliveries(on, None, Window(1))
    (delivery,) = page.rows
    for label, found in (("on", on.id), ("off", off.id)):
        _HOOKED[club.key, label] = found
    _HOOKED[club.key, "delivery"] = delivery.id
    _HOOKED[club.key, "event"] = delivery.event_id


def is_hooked_up(club: ProgrammeUnderTest) -> bool:
    """Whether `hooked_up` was there."""
    return (club.key, "on") in _HOOKED


def webhook_gid(club: ProgrammeUnderTest, label: str) -> str:
    """The global id of what `hooked_up` made: the endpoints `on` and `off`, the `delivery`, the `event`."""
    kinds = {"delivery": "WebhookDelivery", "event": "WebhookEvent"}
    return encode_id(kinds.get(label, "WebhookEndpoint"), _HOOKED.get((club.key, label), bytes(12)))
