"""Sending by several processes at once, through crashes, and to endpoints that hang."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web

from community.outbound.client import GuardedClient
from community.outbound.sealing import Sealer
from community.outbound.urls import OutboundRules
from community.services import Services, build
from community.webhooks.attempting import Attempting
from community.webhooks.deliveries import DeliveryRepository
from community.webhooks.endpoints import EndpointRepository
from community.webhooks.events import EventLog
from community.webhooks.sending import LEASE, Sender
from resolvers.relay import encode_id
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL
from tests.support import Clock, ProgrammeUnderTest
from tests.webhook_world import (
    Received,
    checked,
    deliveries,
    following,
    hooked,
    now_of,
    receiving,
    sent,
    told,
)


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(CLUB)
    await club.join("ann")
    return club


@pytest.fixture
def graphql(services: Services) -> GraphQL:
    return GraphQL(services)


def sender(
    services: Services,
    mongo: Mongo,
    clock: Clock,
    client: GuardedClient,
    timeout_s: float = 5.0,
    sealer: Sealer | None = None,
) -> Sender:
    """Another process's."""
    kept = EndpointRepository(mongo)
    attempting = Attempting(client, sealer or Sealer(), encode_id, clock, timeout_s)
    return Sender(
        kept,
        EventLog(mongo, kept),
        DeliveryRepository(mongo),
        services.stores.members,
        attempting,
        encode_id,
        clock,
    )


async def visit(club: ProgrammeUnderTest, times: int = 1) -> None:
    for _ in range(times):
        await club.do("visit", "ann")


async def test_two_processes_send_nothing_twice(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo, outbound: GuardedClient
) -> None:
    senders = [sender(club.services, mongo, club.clock, outbound) for _ in range(3)]
    async with receiving() as one, receiving() as two:
        for shop in (one, two):
            await hooked(graphql, club, shop.url)
        await visit(club, 20)
        await asyncio.gather(*(following(club).run_due(club.key) for _ in range(3)))
        counts = await asyncio.gather(*(each.run_due(club.key) for each in senders))
        # Whoever finds nothing ends, although another still sends.
        counts += [await each.run_due(club.key) for each in senders]
        assert len(one.got) == len(two.got) == len({got.id for got in one.got})
        assert {got.id for got in one.got} == {got.id for got in two.got}
        assert sum(counts) == len(one.got) + len(two.got)


async def test_two_who_log_the_same_log_it_once_and_without_gaps(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    await hooked(graphql, club, "https://shop.example/")
    await visit(club, 30)
    backlog = club.services.stores.backlog
    chores = await backlog.due("webhooks", club.clock.now, 200, club.key)
    recording = club.services.webhooks.recording
    await asyncio.gather(
        recording.follow(chores), recording.follow(chores[::-1]), recording.follow(chores[10:])
    )
    await recording.follow(chores)
    kept = EndpointRepository(mongo)
    events = await EventLog(mongo, kept).after(club.key, 0, 1000)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert sum(event.type == "activity.recorded" for event in events) == 30
    assert sum(event.type == "points.posted" for event in events) == 31
    assert (await kept.head(club.key))[0] == len(events)


async def test_what_was_sent_when_a_worker_was_stopped_is_sent_again_with_its_id(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    released = asyncio.Event()

    async def hang(_: Received) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    async with receiving(answer=hang) as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        await visit(club)
        await told(club)
        worker = asyncio.create_task(club.services.webhooks.sender.run_due(club.key))
        await asyncio.wait_for(shop.arrived.wait(), 10)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        (delivery,) = await deliveries(graphql, club, endpoint)
        assert (delivery["state"], delivery["attemptCount"]) == ("PENDING", 0)
        shop.answer = None
        assert await sent(club) == 1
        first, second = shop.got
        assert (first.id, first.body) == (second.id, second.body)
        released.set()


async def test_what_a_dead_process_was_sending_waits_for_its_lease_to_end(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo, outbound: GuardedClient
) -> None:
    released = asyncio.Event()

    async def hang(_: Received) -> web.StreamResponse:
        await released.wait()
        return web.Response(status=500)

    dying = sender(club.services, mongo, club.clock, outbound, timeout_s=30)
    async with receiving(answer=hang) as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        await visit(club)
        await told(club)
        club.clock.advance(timedelta())
        worker = asyncio.create_task(dying.run_due(club.key))
        await asyncio.wait_for(shop.arrived.wait(), 10)
        shop.answer = None
        # As after a crash: nobody releases the lease.
        assert await sent(club) == 0
        club.clock.advance(LEASE)
        assert await sent(club) == 1
        first, second = shop.got
        assert first.id == second.id
        # The one that was taken for dead wakes up, and what it learns changes nothing.
        released.set()
        await asyncio.wait_for(worker, 10)
        (delivery,) = await deliveries(graphql, club, endpoint)
        assert (delivery["state"], delivery["attemptCount"]) == ("SUCCEEDED", 1)


async def test_an_endpoint_that_hangs_holds_up_no_other(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo, outbound: GuardedClient
) -> None:
    others_done = asyncio.Event()

    async def hang(_: Received) -> web.StreamResponse:
        await others_done.wait()
        return web.Response()

    async def count(_: Received) -> web.StreamResponse:
        if len(quick.got) == 40:
            others_done.set()
        return web.Response()

    async with receiving(answer=hang) as slow, receiving(answer=count) as quick:
        for shop in (slow, quick):
            await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        await visit(club, 40)
        await told(club)
        # Would the quick one wait for the slow one, neither would ever end.
        await asyncio.wait_for(sender(club.services, mongo, club.clock, outbound, 60).run_due(club.key), 30)
        assert (len(slow.got), len(quick.got)) == (40, 40)


async def test_no_more_requests_are_open_than_an_endpoint_takes(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    open_now, most = 0, 0

    async def count(_: Received) -> web.StreamResponse:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0.005)
        open_now -= 1
        return web.Response()

    async with receiving(answer=count) as shop:
        await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"], parallel=3)
        await visit(club, 30)
        await sent(club)
        assert len(shop.got) == 30
        assert 1 < most <= 3


async def test_silence_ends_at_the_time_out_and_is_tried_again(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo, outbound: GuardedClient
) -> None:
    async def hang(_: Received) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with receiving(answer=hang) as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        await visit(club)
        await told(club)
        impatient = sender(club.services, mongo, club.clock, outbound, timeout_s=0.2)
        club.clock.advance(timedelta())
        assert await impatient.run_due(club.key) == 1
        (delivery,) = await deliveries(graphql, club, endpoint)
        assert delivery["attempts"][0]["error"].startswith("timed_out: ")
        shop.answer = None
        club.clock.advance(timedelta(seconds=6))
        assert await impatient.run_due(club.key) == 1
        (delivery,) = await deliveries(graphql, club, endpoint)
        assert delivery["state"] == "SUCCEEDED"


async def test_a_private_address_is_not_called_although_the_endpoint_is_there(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    """As where an installation allowed the network once, or a name has come to mean an address inside."""
    strict = GuardedClient(OutboundRules(is_plain_allowed=True))
    async with receiving() as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        await visit(club)
        await told(club)
        await sender(club.services, mongo, club.clock, strict).run_due(club.key)
        assert shop.got == []
        (delivery,) = await deliveries(graphql, club, endpoint)
        assert delivery["attempts"][0]["error"].startswith("url_refused: ")
        assert "127.0.0.1" not in delivery["attempts"][0]["error"]
    await strict.close()


async def test_what_happens_while_it_sends_is_sent_too(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    again = [3]

    async def more(_: Received) -> web.StreamResponse:
        if again[0]:
            again[0] -= 1
            await visit(club)
            await told(club)
        return web.Response()

    async with receiving(answer=more) as shop:
        await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        await visit(club)
        await sent(club)
        assert len(shop.got) == 4


async def test_secrets_are_sealed_with_the_installations_key(
    mongo: Mongo, redis_store: RedisStore, clock: Clock, club: ProgrammeUnderTest, outbound: GuardedClient
) -> None:
    sealer = Sealer(["k" * 32])
    sealed = build(mongo, redis_store, clock, id_of=encode_id, outbound=outbound, sealer=sealer)
    async with receiving() as shop:
        endpoint = await hooked(GraphQL(sealed), club, shop.url, eventTypes=["activity.recorded"])
        rows = await mongo.collection("webhook_endpoints").find({"programme_id": club.key}).to_list(None)
        assert endpoint["secret"].encode() not in rows[0]["secrets"][0]["sealed"]
        await visit(club)
        await told(club)
        # A process without the key sends nothing unsigned, and leaves the rest to one that has it.
        assert await sender(club.services, mongo, club.clock, outbound).run_due(club.key) == 0
        clock.advance(timedelta(minutes=2))
        assert await sender(club.services, mongo, club.clock, outbound, sealer=sealer).run_due(club.key) == 1
        checked(shop.got[0], endpoint["secret"], clock)


async def test_an_event_that_is_not_kept_any_more_is_not_sent(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    async with receiving(statuses=[500]) as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        club.clock.advance(timedelta())
        await visit(club)
        await sent(club)
        await mongo.collection("webhook_events").delete_many({"programme_id": club.key})
        club.clock.advance(timedelta(minutes=1))
        assert await sent(club) == 0
        (delivery,) = await deliveries(graphql, club, endpoint)
        assert (delivery["state"], delivery["event"]) == ("FAILED", None)
        assert (await now_of(graphql, club, endpoint))["failures"] == 1
