"""Pushing to browsers: a server that stands for the push service reads what it is sent with the browser's own key."""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import http_ece
import jwt
import orjson
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from community import services as wiring
from community.notifications.sending import Ways
from community.notifications.webpush import Pusher, VapidKey, make_key
from community.outbound.client import GuardedClient
from resolvers.relay import encode_id, member_of
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.moderation_world import Desk
from tests.notification_world import told
from tests.resolvers.harness import GraphQL, typed
from tests.resolvers.test_notification_emails import NOON, made, mention, send
from tests.support import Clock

CONTACT = "mailto:ops@club.example"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Browser:
    """A browser that is subscribed: its keys, and where its push service is."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    secret: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def stated(self) -> dict[str, Any]:
        public = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": self.endpoint, "p256dh": b64(public), "auth": b64(self.secret)}

    def read(self, body: bytes) -> Any:
        """What was pushed."""
        plain = http_ece.decrypt(body, private_key=self.private, auth_secret=self.secret, version="aes128gcm")
        return orjson.loads(plain)


@dataclass
class PushService:
    """Notes what it is sent; answers by statuses in turn, then 201."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    service = PushService()

    async def answer(request: web.Request) -> web.Response:
        status = service.statuses.pop(0) if service.statuses else 201
        if status < 300:
            headers = {name.lower(): value for name, value in request.headers.items()}
            service.got.append((request.path, headers, await request.read()))
        return web.Response(status=status, headers={"Retry-After": "120"} if status == 429 else {})

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await runner.cleanup()


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


@pytest.fixture
def key(tmp_path: Path) -> VapidKey:
    make_key(tmp_path / "push.pem")
    return VapidKey(tmp_path / "push.pem", CONTACT)


@pytest.fixture
async def desk(
    mongo: Mongo, redis_store: RedisStore, clock: Clock, outbound: GuardedClient, key: VapidKey
) -> Desk:
    clock.now = NOON
    services = wiring.build(
        mongo,
        redis_store,
        clock,
        member_of=member_of,
        id_of=encode_id,
        outbound=outbound,
        ways=Ways(pusher=Pusher(key, outbound)),
    )
    return await made(services, clock, app_url="https://app.example/inbox?tab=all")


async def subscribed(desk: Desk, service: PushService, name: str = "ann", path: str = "/a") -> Browser:
    browser = Browser(service.url + path)
    actor = desk.club.member_actor(name)
    await desk.graphql.done(actor, "registerPushSubscription", browser.stated)
    return browser


async def browsers(desk: Desk, name: str = "ann") -> list[str]:
    query = "{ me { notificationSettings { pushSubscriptions { endpoint } } } }"
    found = await desk.graphql.read(desk.club.member_actor(name), query)
    return [one["endpoint"] for one in found["me"]["notificationSettings"]["pushSubscriptions"]]


async def log(desk: Desk) -> list[tuple[str, str | None, int]]:
    query = "{ notificationDeliveries(filter: { channel: PUSH }) { nodes { state reason attempts } } }"
    found = await desk.graphql.read(desk.club.operator, query)
    return [
        (one["state"], one["reason"], one["attempts"]) for one in found["notificationDeliveries"]["nodes"]
    ]


async def test_the_browser_alone_can_read_it_and_the_service_knows_who_sends(
    desk: Desk, service: PushService, key: VapidKey
) -> None:
    browser = await subscribed(desk, service)
    await mention(desk)
    await send(desk)
    ((path, headers, body),) = service.got
    assert path == "/a"
    shown = browser.read(body)
    assert shown["title"] == "Bob mentioned you in “Soup”"
    assert shown["body"] == "For you"
    assert shown["kind"] == "MENTIONED"
    assert shown["url"].startswith("https://app.example/inbox?tab=all&notification=")
    assert b"Soup" not in body
    assert (headers["content-encoding"], headers["ttl"]) == ("aes128gcm", "86400")
    assert headers["topic"] == shown["tag"]
    assert len(headers["topic"]) == 32
    scheme, _, rest = headers["authorization"].partition(" ")
    stated = dict(part.split("=", 1) for part in rest.replace(" ", "").split(","))
    assert scheme == "vapid"
    assert stated["k"] == key.public
    raw = base64.urlsafe_b64decode(stated["k"] + "==")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    claims = jwt.decode(stated["t"], public, ["ES256"], audience=service.url, options={"verify_exp": False})
    assert claims["sub"] == CONTACT
    assert claims["exp"] <= (NOON + timedelta(hours=24)).timestamp()
    assert await log(desk) == [("SENT", None, 1)]


async def test_clients_learn_what_to_subscribe_by(desk: Desk, key: VapidKey) -> None:
    query = "{ me { notificationSettings { pushKey channels } } }"
    found = await desk.graphql.read(desk.club.member_actor("ann"), query)
    assert found["me"]["notificationSettings"] == {"pushKey": key.public, "channels": ["IN_APP", "PUSH"]}


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_forgotten(desk: Desk, service: PushService, status: int) -> None:
    await subscribed(desk, service)
    service.statuses = [status]
    await mention(desk)
    await send(desk)
    assert await browsers(desk) == []
    assert await log(desk) == [("SUPPRESSED", "NO_ADDRESS", 1)]


async def test_what_is_not_taken_now_is_pushed_later_to_who_has_not_got_it(
    desk: Desk, service: PushService
) -> None:
    await subscribed(desk, service, path="/a")
    await subscribed(desk, service, path="/b")
    service.statuses = [201, 429]
    await mention(desk)
    await send(desk)
    assert await log(desk) == [("QUEUED", "UNREACHABLE", 1)]
    desk.club.clock.advance(timedelta(seconds=119))
    assert await send(desk) == 0
    desk.club.clock.advance(timedelta(seconds=1))
    await send(desk)
    assert sorted(path for path, _, _ in service.got) == ["/a", "/b"]
    assert await log(desk) == [("SENT", None, 2)]


async def test_what_is_refused_is_not_tried_again(desk: Desk, service: PushService) -> None:
    await subscribed(desk, service)
    service.statuses = [403]
    await mention(desk)
    await send(desk)
    assert await log(desk) == [("FAILED", "REFUSED", 1)]
    assert len(await browsers(desk)) == 1


async def test_many_reactions_push_once_until_they_are_read(desk: Desk, service: PushService) -> None:
    browser = await subscribed(desk, service)
    post = await desk.post("ann", "Mine")
    for name in ("bob", "cyd"):
        await desk.react(name, post)
        await told(desk.club)
    await send(desk)
    assert [browser.read(body)["title"] for _, _, body in service.got] == [
        "Cyd and 1 other reacted to your post “Mine”"
    ]


async def test_a_browser_is_its_latest_users(desk: Desk, service: PushService) -> None:
    browser = await subscribed(desk, service)
    await desk.graphql.done(desk.club.member_actor("bob"), "registerPushSubscription", browser.stated)
    assert (await browsers(desk), await browsers(desk, "bob")) == ([], [browser.endpoint])
    stated = {"endpoint": browser.endpoint}
    for name, removed in (("ann", False), ("bob", True), ("bob", False)):
        actor = desk.club.member_actor(name)
        done = await desk.graphql.done(actor, "removePushSubscription", stated, "removed")
        assert done["removed"] is removed


async def test_of_many_browsers_the_oldest_go(desk: Desk, service: PushService) -> None:
    for number in range(22):
        await subscribed(desk, service, path=f"/{number}")
        desk.club.clock.advance(timedelta(seconds=1))
    assert await browsers(desk) == [f"{service.url}/{number}" for number in range(2, 22)]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"endpoint": "ftp://push.example/x"}, "endpoint"),
        ({"endpoint": "https://10.0.0.1/x"}, "endpoint"),
        ({"endpoint": "https://169.254.169.254/x"}, "endpoint"),
        ({"endpoint": "https://user@push.example/x"}, "endpoint"),
        ({"endpoint": "https://push.example/" + "x" * 1000}, "endpoint"),
        ({"p256dh": "AAAA"}, "p256dh"),
        ({"auth": "!"}, "auth"),
        ({"auth": b64(bytes(17))}, "auth"),
    ],
)
async def test_what_is_no_subscription_is_refused(desk: Desk, change: dict[str, Any], path: str) -> None:
    stated = {**Browser("https://push.example/x").stated, **change}
    result = await desk.graphql.mutate(desk.club.member_actor("ann"), "registerPushSubscription", stated)
    typed(result, "InvalidInputError", path=path)


async def test_where_nothing_is_pushed_no_browser_is_kept(
    mongo: Mongo, redis_store: RedisStore, clock: Clock, desk: Desk
) -> None:
    stated = Browser("https://push.example/x").stated
    without = GraphQL(wiring.build(mongo, redis_store, clock))
    result = await without.mutate(desk.club.member_actor("ann"), "registerPushSubscription", stated)
    typed(result, "ConflictError", "UNAVAILABLE")
