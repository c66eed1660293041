"""Fixtures for every test that needs the real servers.

The servers are MongoDB and Valkey, started once in each test process at first use (under a second) and stopped
at its end; tests that need no server start none. Nothing is wiped between tests: a fresh programme isolates.

- `endpoints`: the servers' URLs (`mongodb_url`, `redis_url`), for tests that start processes of their own.
- `mongo`, `redis_store`: connections for the whole session; all collections and indexes are there.
- `clock`: tells the time to `services`. It runs; `clock.now = ...` stops it, `clock.advance(timedelta)` stops it
  later, and every test begins with a running one again.
- `services`: the domain over these servers (`gamification.services.Services`), by `clock`; `live`: told of every change.
- `dead_redis`: a store whose server never answers; `services_without_redis`: the same domain over it.
- `programme`: makes programmes. `await programme({"units": [...], ...}, time_zone="Asia/Shanghai")` applies the
  sections under a key of its own, the keywords as the programme's settings, and gives a
  `tests.support.ProgrammeUnderTest`: actors `operator`, `moderator`, `service`, `member_actor(name)`, and
  `join`, `do`, `record`, `reverse`, `balance`, `awards`, `progress`, `ranking` and more.

Hypothesis draws the same examples at every run; `HYPOTHESIS_PROFILE=search` draws new ones, and more of them.
Property tests on the servers state theirs with `@on_servers(examples)` of `tests.support`.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, settings

from api.runtime import tune_garbage_collection
from community import services as wiring
from community.notifications.sending import Ways
from community.notifications.smtp import SmtpMailer, terms_of
from community.notifications.webpush import Pusher, VapidKey, make_key
from community.outbound.addresses import networks_of
from community.outbound.client import GuardedClient
from community.outbound.urls import OutboundRules
from community.services import INDEXES, Services
from gamification.credentials.service import Issuing
from resolvers.relay import encode_id, member_of
from storage.embedded import EmbeddedServers, Endpoints
from storage.mongo import Mongo
from storage.redis import RedisStore
from storage.startup import prepare
from tests.keyring import BASE_URL, KeysInMemory
from tests.support import PROFILE, Clock, ProgrammeUnderTest

_SHARED = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
settings.register_profile("repeatable", max_examples=100, derandomize=True, **_SHARED)  # type: ignore[arg-type]
settings.register_profile("search", max_examples=1000, **_SHARED)  # type: ignore[arg-type]
settings.load_profile(PROFILE)
# As under `serve`: looking for garbage took a third of the time of tests with large answers.
tune_garbage_collection()


class MakeProgramme(Protocol):
    """What the `programme` fixture is."""

    def __call__(
        self, document: dict[str, Any] | None = None, **settings: Any
    ) -> Awaitable[ProgrammeUnderTest]: ...


@pytest.fixture(scope="session")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """The servers of this test process."""
    with EmbeddedServers.start(tmp_path_factory.mktemp("servers") / "data", ephemeral=True) as servers:
        yield servers.endpoints


@pytest.fixture(scope="session")
async def mongo(endpoints: Endpoints) -> AsyncIterator[Mongo]:
    """The database, with every collection and index."""
    mongo = Mongo(endpoints.mongodb_url, "starguild_tests")
    await prepare(mongo, INDEXES)
    # Clocks of tests stand in the past, where the server would find all that lapses lapsed already.
    await mongo._client.admin.command({"setParameter": 1, "ttlMonitorEnabled": False})
    yield mongo
    mongo.close()


@pytest.fixture(scope="session")
async def redis_store(endpoints: Endpoints) -> AsyncIterator[RedisStore]:
    """The store of rankings and notices."""
    store = RedisStore(endpoints.redis_url)
    yield store
    await store.close()


@pytest.fixture(scope="session")
async def dead_redis() -> AsyncIterator[RedisStore]:
    """A store at an address where nobody listens."""
    store = RedisStore("redis://127.0.0.1:1/0")
    yield store
    await store.close()


@pytest.fixture(scope="session")
def session_clock() -> Clock:
    """The one clock that `services` were built with; tests use `clock`."""
    return Clock()


@pytest.fixture
def clock(session_clock: Clock) -> Iterator[Clock]:
    """A running clock that can be set; it runs again after the test."""
    session_clock.run()
    yield session_clock
    session_clock.run()


@pytest.fixture(scope="session")
async def outbound() -> AsyncIterator[GuardedClient]:
    """Calls go out to this machine too, where tests run the servers that are called."""
    client = GuardedClient(OutboundRules(networks_of(["127.0.0.1/32"]), is_plain_allowed=True))
    yield client
    await client.close()


@pytest.fixture(scope="session")
def ways(outbound: GuardedClient, tmp_path_factory: pytest.TempPathFactory) -> Ways:
    """Emails and push, by a mail server and push services that nobody reaches: tests that send have servers of their own."""
    file = tmp_path_factory.mktemp("keys") / "push-key.pem"
    make_key(file)
    mailer = SmtpMailer(terms_of("smtp://127.0.0.1:1", "no-reply@club.example"))
    return Ways(mailer, Pusher(VapidKey(file, "mailto:ops@club.example"), outbound), BASE_URL)


@pytest.fixture(scope="session")
def services(
    mongo: Mongo, redis_store: RedisStore, session_clock: Clock, outbound: GuardedClient, ways: Ways
) -> Services:
    """The whole domain."""
    return wiring.build(
        mongo,
        redis_store,
        session_clock,
        issuing=Issuing(BASE_URL, KeysInMemory()),
        member_of=member_of,
        id_of=encode_id,
        outbound=outbound,
        ways=ways,
    )


@pytest.fixture(scope="session")
async def live(services: Services) -> AsyncIterator[Services]:
    """The same, told of every change: no test starts or stops that but by asking for it."""
    await services.doorbells.start()
    await asyncio.wait_for(services.doorbells.connected.wait(), 10)
    yield services
    await services.doorbells.stop()


@pytest.fixture(scope="session")
def services_without_redis(mongo: Mongo, dead_redis: RedisStore, session_clock: Clock) -> Services:
    """The whole domain while Redis is away."""
    return wiring.build(mongo, dead_redis, session_clock)


@pytest.fixture
def programme(services: Services, clock: Clock) -> MakeProgramme:
    """Makes programmes, each under a key of its own."""

    async def make(document: dict[str, Any] | None = None, **settings: Any) -> ProgrammeUnderTest:
        made = ProgrammeUnderTest(f"t{uuid.uuid4().hex[:16]}", services, clock)
        await made.apply(document or {}, **settings)
        return made

    return make
