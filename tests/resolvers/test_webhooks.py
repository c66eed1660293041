"""Webhooks from an activity to the receiver's own library: signed, tried again, logged, replayed, given up."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from aiohttp import web
from standardwebhooks.webhooks import WebhookVerificationError

from community.webhooks.types import DISABLED, TEST, TYPES
from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL, member_gid, refused, typed
from tests.resolvers.lived_in_world import built
from tests.support import ProgrammeUnderTest
from tests.webhook_world import (
    Received,
    assert_by_schema,
    checked,
    deliveries,
    hooked,
    now_of,
    receiving,
    sent,
    told,
)

ELSEWHERE = {
    *("campaign.notice", "collection.broken", "contest.won", "draw.entered", "draw.won", "gathering.notice"),
    *("leaderboard.prize_won", "question.answer_accepted", "reward.expiring", "task.claim_ending"),
    *("task.claim_lapsed", "tier.notice"),
}
"""What may not happen in the world of this test: `tests/community/webhooks/test_tables.py` shows them."""


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(CLUB)
    await club.join("ann", display_name="Ann")
    return club


async def test_what_happens_arrives_signed_and_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async with receiving() as shop:
        endpoint = await hooked(graphql, club, shop.url)
        activity = await club.do("visit", "ann")
        await sent(club)
        payloads = [checked(one, endpoint["secret"], club.clock) for one in shop.got]
        assert [one["type"] for one in payloads if one["type"] != "member.changed"] == [
            "activity.recorded",
            "points.posted",
            "badge.awarded",
        ]
        by_type = {one["type"]: one["data"] for one in payloads}
        for data in by_type.values():
            assert data["member"]["externalId"] == "ann"
        assert by_type["activity.recorded"]["activity"]["sourceId"] == activity.source_id
        transfer = by_type["points.posted"]["transfer"]
        assert (transfer["unit"], transfer["amount"], transfer["balanceAfter"]) == ("points", 5, 5)
        assert by_type["points.posted"]["cause"]["rule"] == "visits"
        # What it names can be looked up.
        found = await graphql.read(
            club.service,
            "query ($id: ID!) { node(id: $id) { ... on Transfer { amount } } }",
            {"id": transfer["id"]},
        )
        assert found["node"]["amount"] == 5
        assert len({one.id for one in shop.got}) == len(shop.got)
        assert await sent(club) == 0


async def test_a_signature_is_of_the_body_the_id_and_the_time(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async with receiving() as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        await club.do("visit", "ann")
        await sent(club)
    (got,) = shop.got
    assert got.headers["content-type"] == "application/json"
    for other in (
        Received(got.path, got.headers, got.body.replace(b"ann", b"bob")),
        Received(got.path, {**got.headers, "webhook-id": "evt_1"}, got.body),
        Received(
            got.path,
            {**got.headers, "webhook-timestamp": str(int(got.headers["webhook-timestamp"]) + 1)},
            got.body,
        ),
    ):
        with pytest.raises(WebhookVerificationError):
            checked(other, endpoint["secret"], club.clock)


async def test_only_the_types_that_an_endpoint_takes(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async with receiving() as shop:
        await hooked(graphql, club, shop.url, eventTypes=["badge.awarded", "badge.awarded"])
        await club.do("visit", "ann")
        await club.do("visit", "ann")
        await sent(club)
        assert sorted(shop.types) == ["badge.awarded", "badge.awarded"]


async def test_nothing_of_before_the_endpoint_and_nothing_without_one(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("visit", "ann")
    await told(club)
    async with receiving() as shop:
        await hooked(graphql, club, shop.url)
        log = await log_of(graphql, club)
        assert (log["events"], log["head"], log["forgotten"]) == ([], 0, 0)
        assert await sent(club) == 0


async def test_first_attempts_are_in_order_of_number(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async with receiving() as shop:
        endpoint = await hooked(graphql, club, shop.url, parallel=1)
        for _ in range(5):
            await club.do("visit", "ann")
        await sent(club)
        numbers = [one["number"] for one in await deliveries(graphql, club, endpoint)]
        assert numbers == list(range(1, len(shop.got) + 1))
        ids = [one["event"]["webhookId"] for one in await deliveries(graphql, club, endpoint)]
        assert [one.id for one in shop.got] == ids


async def test_failures_are_tried_again_by_the_schedule_and_logged(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async with receiving(statuses=[500, 302, 404, 200]) as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["badge.awarded"])
        await club.do("visit", "ann")
        club.clock.advance(timedelta())
        for wait in (timedelta(), timedelta(seconds=6), timedelta(minutes=6), timedelta(minutes=34)):
            club.clock.advance(wait)
            assert await sent(club) == 1
            assert await sent(club) == 0
            checked(shop.got[-1], endpoint["secret"], club.clock)
        assert len({one.id for one in shop.got}) == 1
        assert len({one.headers["webhook-timestamp"] for one in shop.got}) == 4
        assert len({one.headers["webhook-signature"] for one in shop.got}) == 4
    (delivery,) = await deliveries(graphql, club, endpoint)
    assert (delivery["state"], delivery["attemptCount"], delivery["nextAttemptAt"]) == ("SUCCEEDED", 4, None)
    assert [one["status"] for one in delivery["attempts"]] == [500, 302, 404, 200]
    assert delivery["attempts"][0]["response"] == "status 500"
    assert all(one["durationMs"] >= 0 and one["error"] is None for one in delivery["attempts"])
    found = await now_of(graphql, club, endpoint)
    assert (found["failures"], found["failingSince"]) == (0, None)


async def test_after_eight_attempts_in_about_a_day_it_has_failed(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async with receiving(statuses=[500]) as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["badge.awarded"])
        club.clock.advance(timedelta())
        began = club.clock.now
        await club.do("visit", "ann")
        while (await sent(club)) and (found := await deliveries(graphql, club, endpoint, "PENDING")):
            club.clock.now = datetime.fromisoformat(found[0]["nextAttemptAt"]) + timedelta(milliseconds=1)
        assert len(shop.got) == 8
        assert timedelta(hours=24) < club.clock.now - began < timedelta(hours=32)
        (delivery,) = await deliveries(graphql, club, endpoint, "FAILED")
        assert delivery["attemptCount"] == 8
        club.clock.advance(timedelta(days=2))
        assert await sent(club) == 0
        assert (await now_of(graphql, club, endpoint))["enabled"]


async def test_one_event_that_fails_holds_up_no_other(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async def by_type(got: Received) -> web.StreamResponse:
        return web.Response(status=500 if got.payload["type"] == "points.posted" else 200)

    async with receiving(answer=by_type) as shop:
        endpoint = await hooked(
            graphql, club, shop.url, eventTypes=["badge.awarded", "points.posted"], parallel=1
        )
        await club.do("visit", "ann")
        await sent(club)
        states = {one["type"]: one["state"] for one in await deliveries(graphql, club, endpoint)}
        assert states == {"points.posted": "PENDING", "badge.awarded": "SUCCEEDED"}


async def test_an_endpoint_that_begins_to_fail_is_asked_one_thing_at_a_time(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    places, at_once, open_now = 4, [], 0

    async def fails(_: Received) -> web.StreamResponse:
        nonlocal open_now
        open_now += 1
        at_once.append(open_now)
        await asyncio.sleep(0.02)
        open_now -= 1
        return web.Response(status=500)

    async with receiving(answer=fails) as shop:
        await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"], parallel=places)
        for _ in range(20):
            await club.do("visit", "ann")
        assert await sent(club) == 20
    assert max(at_once[:places]) > 1
    assert set(at_once[places:]) == {1}


async def test_a_throttled_endpoint_is_left_alone_as_long_as_it_asks(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async def busy(_: Received) -> web.StreamResponse:
        return web.Response(status=429, headers={"Retry-After": "600"})

    async with receiving(answer=busy) as shop:
        endpoint = await hooked(graphql, club, shop.url, parallel=1)
        club.clock.advance(timedelta())
        await club.do("visit", "ann")
        assert await sent(club) == 1
        await club.do("visit", "ann")
        club.clock.advance(timedelta(seconds=590))
        assert await sent(club) == 0
        assert (await now_of(graphql, club, endpoint))["pausedUntil"] is not None
        shop.answer = None
        club.clock.advance(timedelta(seconds=11))
        await sent(club)
        states = {one["state"] for one in await deliveries(graphql, club, endpoint)}
        assert states == {"SUCCEEDED"}


async def test_an_endpoint_that_is_gone_is_disabled_at_once_and_others_are_told(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async with receiving(statuses=[410]) as gone, receiving() as ops:
        endpoint = await hooked(
            graphql, club, gone.url, eventTypes=["activity.recorded", "badge.awarded"], parallel=1
        )
        other = await hooked(graphql, club, ops.url, eventTypes=["webhook.endpoint_disabled"])
        await club.do("visit", "ann")
        await sent(club)
        assert len(gone.got) == 1
        found = await now_of(graphql, club, endpoint)
        assert (found["enabled"], found["disabledBecause"]) == (False, "GONE")
        await sent(club)
        payload = checked(ops.got[0], other["secret"], club.clock)
        assert payload["data"] == {"endpointId": endpoint["id"], "because": "gone"}
        await club.do("visit", "ann")
        await sent(club)
        assert len(gone.got) == 1


async def test_an_endpoint_that_fails_for_days_is_disabled_and_goes_on_where_operators_say(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async with receiving(statuses=[503]) as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        club.clock.advance(timedelta())
        await club.do("visit", "ann")
        for _ in range(9):
            await sent(club)
            club.clock.advance(timedelta(hours=11))
        assert (await now_of(graphql, club, endpoint))["enabled"]
        await club.do("visit", "ann")
        await sent(club)
        club.clock.advance(timedelta(hours=24))
        await sent(club)
        found = await now_of(graphql, club, endpoint)
        assert (found["enabled"], found["disabledBecause"]) == (False, "FAILING")
        await club.do("visit", "ann")
        assert await sent(club) == 0
        shop.got.clear()
        shop.statuses[:] = [200]
        enabled = await graphql.done(
            club.operator,
            "enableWebhookEndpoint",
            {"endpointId": endpoint["id"], "after": 0},
            "endpoint { enabled disabledBecause failures failingSince }",
        )
        assert enabled["endpoint"] == {
            "enabled": True,
            "disabledBecause": None,
            "failures": 0,
            "failingSince": None,
        }
        await sent(club)
        assert len({one.id for one in shop.got}) == len(shop.got) == 3


async def test_enabling_after_a_number_leaves_out_what_is_before_it(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async with receiving(statuses=[500]) as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        await club.do("visit", "ann")
        await sent(club)
        stated = {"endpointId": endpoint["id"]}
        disabled = await graphql.done(
            club.operator, "disableWebhookEndpoint", stated, "endpoint { enabled disabledBecause }"
        )
        assert disabled["endpoint"] == {"enabled": False, "disabledBecause": "OPERATOR"}
        await club.do("visit", "ann")
        await told(club)
        head = (await log_of(graphql, club))["head"]
        await club.do("visit", "ann")
        await told(club)
        shop.got.clear()
        shop.statuses[:] = [200]
        too_far = await graphql.mutate(club.operator, "enableWebhookEndpoint", {**stated, "after": 1000})
        typed(too_far, "InvalidInputError", "INVALID_INPUT", path="after")
        await graphql.done(club.operator, "enableWebhookEndpoint", {**stated, "after": head})
        await sent(club)
        states = [one["state"] for one in await deliveries(graphql, club, endpoint)]
        assert (len(shop.got), states) == (1, ["CANCELLED", "SUCCEEDED"])
        # Twice is once: it is enabled already.
        await graphql.done(club.operator, "enableWebhookEndpoint", {**stated, "after": 0})
        assert await sent(club) == 0


async def test_enabling_without_a_number_goes_on_where_it_stopped(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async with receiving() as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"], enabled=False)
        for _ in range(3):
            await club.do("visit", "ann")
        assert await sent(club) == 0
        await graphql.done(club.operator, "enableWebhookEndpoint", {"endpointId": endpoint["id"]})
        assert await sent(club) == 3
        assert shop.types == ["activity.recorded"] * 3


async def test_both_secrets_sign_until_the_overlap_is_over(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async with receiving() as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        club.clock.advance(timedelta())
        rotated = await graphql.done(
            club.operator,
            "rotateWebhookSecret",
            {"endpointId": endpoint["id"], "overlapHours": 2},
            "signingSecret endpoint { signingSecrets { madeAt expiresAt } }",
        )
        assert [one["expiresAt"] is None for one in rotated["endpoint"]["signingSecrets"]] == [True, False]
        await club.do("visit", "ann")
        await sent(club)
        checked(shop.got[-1], endpoint["secret"], club.clock)
        checked(shop.got[-1], rotated["signingSecret"], club.clock)
        club.clock.advance(timedelta(hours=2))
        await club.do("visit", "ann")
        await sent(club)
        checked(shop.got[-1], rotated["signingSecret"], club.clock)
        with pytest.raises(WebhookVerificationError):
            checked(shop.got[-1], endpoint["secret"], club.clock)
        assert len(shop.got[-1].headers["webhook-signature"].split(" ")) == 1
        at_once = await graphql.done(
            club.operator,
            "rotateWebhookSecret",
            {"endpointId": endpoint["id"], "overlapHours": 0},
            "signingSecret endpoint { signingSecrets { expiresAt } }",
        )
        assert at_once["endpoint"]["signingSecrets"] == [{"expiresAt": None}]
        for hours in (-1, 169):
            stated = {"endpointId": endpoint["id"], "overlapHours": hours}
            answer = await graphql.mutate(club.operator, "rotateWebhookSecret", stated)
            typed(answer, "InvalidInputError", "INVALID_INPUT", path="overlapHours", limit=168)


async def test_a_secret_is_shown_at_no_other_time(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    endpoint = await hooked(graphql, club, "https://shop.example/hooks")
    assert endpoint["secret"].startswith("whsec_")
    answer = await graphql.read(
        club.operator, "{ webhookEndpoints { id url signingSecrets { madeAt expiresAt } } }"
    )
    assert endpoint["secret"].removeprefix("whsec_") not in str(answer)
    assert [one["url"] for one in answer["webhookEndpoints"]] == ["https://shop.example/hooks"]


async def test_a_delivery_is_replayed_with_the_same_id(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async with receiving() as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        await club.do("visit", "ann")
        await sent(club)
        (delivery,) = await deliveries(graphql, club, endpoint)
        again = await graphql.done(
            club.operator, "replayWebhookDelivery", {"deliveryId": delivery["id"]}, "delivery { state }"
        )
        assert again["delivery"]["state"] == "PENDING"
        await sent(club)
        first, second = shop.got
        assert (first.id, first.body) == (second.id, second.body)
        (delivery,) = await deliveries(graphql, club, endpoint)
        assert (delivery["state"], delivery["attemptCount"]) == ("SUCCEEDED", 2)
        await graphql.done(club.operator, "disableWebhookEndpoint", {"endpointId": endpoint["id"]})
        answer = await graphql.mutate(club.operator, "replayWebhookDelivery", {"deliveryId": delivery["id"]})
        typed(answer, "ConflictError", "CONFLICT")


async def test_the_log_is_replayed_from_a_cursor(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async with receiving() as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        for _ in range(4):
            await club.do("visit", "ann")
        await sent(club)
        events = (await log_of(graphql, club, types=["activity.recorded"]))["events"]
        numbers = [one["number"] for one in events]
        shop.got.clear()
        stated = {"endpointId": endpoint["id"], "after": numbers[0], "until": numbers[2]}
        done = await graphql.done(club.operator, "replayWebhookEvents", stated, "count through")
        assert (done["count"], done["through"]) == (2, numbers[2])
        await sent(club)
        assert sorted(one.id for one in shop.got) == sorted(one["webhookId"] for one in events[1:3])
        # Other types than the endpoint's where they are asked for.
        shop.got.clear()
        wanted = {"endpointId": endpoint["id"], "after": 0, "types": ["badge.awarded"]}
        done = await graphql.done(club.operator, "replayWebhookEvents", wanted, "count through")
        await sent(club)
        assert (done["count"], shop.types) == (2, ["badge.awarded"] * 2)
        for more, path in (({"after": -1}, "after"), ({"types": ["nonsense"]}, "types.0")):
            answer = await graphql.mutate(
                club.operator, "replayWebhookEvents", {"endpointId": endpoint["id"], "after": 0, **more}
            )
            typed(answer, "InvalidInputError", "INVALID_INPUT", path=path)


async def log_of(graphql: GraphQL, club: ProgrammeUnderTest, **stated: Any) -> dict[str, Any]:
    """A part of the log, as a service reads it."""
    asked = """query ($after: Long! = 0, $types: [String!], $first: Int) {
        webhookEvents(after: $after, types: $types, first: $first) {
            through head forgotten events { number type webhookId timestamp payload } } }"""
    found: dict[str, Any] = (await graphql.read(club.service, asked, stated))["webhookEvents"]
    return found


async def test_a_receiver_that_was_away_catches_up_by_itself(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async with receiving() as shop:
        endpoint = await hooked(graphql, club, shop.url)
        for _ in range(4):
            await club.do("visit", "ann")
        await sent(club)
        read: list[dict[str, Any]] = []
        through, head = 0, 1
        while through < head:
            page = await log_of(graphql, club, after=through, first=3)
            assert len(page["events"]) <= 3
            read += page["events"]
            through, head = page["through"], page["head"]
        assert [one["number"] for one in read] == list(range(1, len(read) + 1))
        pushed = {one.id: one.body.decode() for one in shop.got}
        assert {one["webhookId"]: one["payload"] for one in read} == pushed
        badges = await log_of(graphql, club, types=["badge.awarded"])
        assert [one["type"] for one in badges["events"]] == ["badge.awarded", "badge.awarded"]
        assert badges["through"] == badges["head"] == endpoint["cursor"] + len(read)
        refused_types = await graphql(club.service, '{ webhookEvents(types: ["nonsense"]) { head } }')
        refused(refused_types, "INVALID_INPUT")
        refused(await graphql(club.service, "{ webhookEvents(after: -1) { head } }"), "INVALID_INPUT")


async def test_a_test_event_is_tried_once_even_where_the_endpoint_is_disabled(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async with receiving(statuses=[500, 200]) as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"], enabled=False)
        await club.do("visit", "ann")
        for state in ("FAILED", "SUCCEEDED"):
            done = await graphql.done(
                club.operator,
                "sendTestWebhookEvent",
                {"endpointId": endpoint["id"]},
                "delivery { id state number }",
            )
            assert (done["delivery"]["state"], done["delivery"]["number"]) == ("PENDING", None)
            assert await sent(club) == 1
            payload = checked(shop.got[-1], endpoint["secret"], club.clock)
            assert payload["data"] == {"endpointId": endpoint["id"]}
            found = {one["id"]: one for one in await deliveries(graphql, club, endpoint)}
            assert found[done["delivery"]["id"]]["state"] == state
        assert (await now_of(graphql, club, endpoint))["failures"] == 0
        assert "webhook.test" not in [one["type"] for one in (await log_of(graphql, club))["events"]]


async def test_a_server_that_is_away_is_named_in_the_log(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async with receiving() as shop:
        pass
    endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
    await club.do("visit", "ann")
    await sent(club)
    (delivery,) = await deliveries(graphql, club, endpoint)
    assert delivery["state"] == "PENDING"
    (attempt,) = delivery["attempts"]
    assert attempt["status"] is None
    assert attempt["error"].startswith("not_connected: ")


async def test_a_redirect_to_where_nobody_may_call_is_a_failure_and_not_followed(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async def elsewhere(_: Received) -> web.StreamResponse:
        return web.Response(status=308, headers={"Location": "http://169.254.169.254/latest"})

    async with receiving(answer=elsewhere) as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        await club.do("visit", "ann")
        await sent(club)
        (delivery,) = await deliveries(graphql, club, endpoint)
        assert ([one["status"] for one in delivery["attempts"]], len(shop.got)) == ([308], 1)


async def test_a_huge_answer_is_kept_in_part(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async def huge(_: Received) -> web.StreamResponse:
        return web.Response(body=b"\0\xff" + b"x" * 3_000_000)

    async with receiving(answer=huge) as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        await club.do("visit", "ann")
        await sent(club)
        (delivery,) = await deliveries(graphql, club, endpoint)
        assert delivery["state"] == "SUCCEEDED"
        assert delivery["attempts"][0]["response"] == "\ufffd\ufffd" + "x" * 1022


@pytest.mark.parametrize(
    ("field", "stated", "path", "limit"),
    [
        ("url", {"url": "http://10.0.0.1/"}, "url", None),
        ("url", {"url": "https://user:pass@shop.example/"}, "url", None),
        ("url", {"url": "ftp://shop.example/"}, "url", None),
        ("url", {"url": "https://shop.example/" + "x" * 2048}, "url", None),
        ("description", {"description": "x" * 201}, "description", 200),
        ("eventTypes", {"eventTypes": []}, "eventTypes", None),
        ("eventTypes", {"eventTypes": ["badge.awarded", "nonsense"]}, "eventTypes.1", None),
        ("eventTypes", {"eventTypes": ["webhook.test"]}, "eventTypes.0", None),
        ("parallel", {"parallel": 0}, "parallel", 16),
        ("parallel", {"parallel": 17}, "parallel", 16),
    ],
)
async def test_input_that_lies_is_refused(
    graphql: GraphQL,
    club: ProgrammeUnderTest,
    field: str,
    stated: dict[str, Any],
    path: str,
    limit: int | None,
) -> None:
    given = {"url": "https://shop.example/", **stated}
    made = await graphql.mutate(club.operator, "createWebhookEndpoint", given)
    typed(made, "InvalidInputError", "INVALID_INPUT", path=path, limit=limit)
    endpoint = await hooked(graphql, club, "https://shop.example/")
    changed = await graphql.mutate(
        club.operator, "updateWebhookEndpoint", {"endpointId": endpoint["id"], **stated}
    )
    typed(changed, "InvalidInputError", "INVALID_INPUT", path=path, limit=limit)


async def test_endpoints_are_changed_and_deleted(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async with receiving() as shop:
        endpoint = await hooked(graphql, club, "https://shop.example/", eventTypes=["badge.awarded"])
        changed = await graphql.done(
            club.operator,
            "updateWebhookEndpoint",
            {"endpointId": endpoint["id"], "url": shop.url, "allEventTypes": True, "description": "Shop"},
            "endpoint { url eventTypes description parallel }",
        )
        assert changed["endpoint"] == {
            "url": shop.url,
            "eventTypes": None,
            "description": "Shop",
            "parallel": 4,
        }
        await club.do("visit", "ann")
        await sent(club)
        assert "activity.recorded" in shop.types
        (delivery, *_) = await deliveries(graphql, club, endpoint)
        for deleted in (True, False):
            done = await graphql.done(
                club.operator, "deleteWebhookEndpoint", {"endpointId": endpoint["id"]}, "deleted"
            )
            assert done["deleted"] is deleted
        found = await graphql.read(
            club.operator,
            "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
            {"ids": [endpoint["id"], delivery["id"]]},
        )
        assert found["nodes"] == [None, None]
        await club.do("visit", "ann")
        assert await sent(club) == 0


async def test_a_programme_has_ten_endpoints_and_no_url_twice_even_when_made_at_once(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    async def make(number: int) -> str:
        answer = await graphql.mutate(
            club.operator, "createWebhookEndpoint", {"url": f"https://shop.example/{number}"}
        )
        assert answer.data is not None, answer.errors
        name: str = answer.data["createWebhookEndpoint"]["__typename"]
        return name

    assert sorted(await asyncio.gather(*(make(1) for _ in range(3)))) == [
        "ConflictError",
        "ConflictError",
        "WebhookSecretSuccess",
    ]
    made = await asyncio.gather(*(make(number) for number in range(1, 14)))
    assert made.count("WebhookSecretSuccess") == 9
    (first, *_) = (await graphql.read(club.operator, "{ webhookEndpoints { id } }"))["webhookEndpoints"]
    await graphql.done(club.operator, "deleteWebhookEndpoint", {"endpointId": first["id"]})
    assert await make(99) == "WebhookSecretSuccess"


async def test_another_programme_has_nothing_of_it(
    graphql: GraphQL, club: ProgrammeUnderTest, programme: MakeProgramme
) -> None:
    other = await programme(CLUB)
    async with receiving() as shop:
        endpoint = await hooked(graphql, club, shop.url)
        await club.do("visit", "ann")
        await sent(club)
        (delivery, *_) = await deliveries(graphql, club, endpoint)
        event = (await log_of(graphql, club))["events"][0]
        assert (await log_of(graphql, other))["head"] == 0
        assert (await graphql.read(other.operator, "{ webhookEndpoints { id } }"))["webhookEndpoints"] == []
        ids = [endpoint["id"], delivery["id"]]
        found = await graphql.read(
            other.operator, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids}
        )
        assert found["nodes"] == [None, None]
        stated = {"endpointId": endpoint["id"]}
        for field, more in (
            ("updateWebhookEndpoint", {"description": "mine"}),
            ("enableWebhookEndpoint", {}),
            ("disableWebhookEndpoint", {}),
            ("rotateWebhookSecret", {}),
            ("replayWebhookEvents", {"after": 0}),
            ("sendTestWebhookEvent", {}),
        ):
            answer = await graphql.mutate(other.operator, field, {**stated, **more})
            typed(answer, "NotFoundError", "NOT_FOUND")
        answer = await graphql.mutate(other.operator, "replayWebhookDelivery", {"deliveryId": delivery["id"]})
        typed(answer, "NotFoundError", "NOT_FOUND")
        assert not (await graphql.done(other.operator, "deleteWebhookEndpoint", stated, "deleted"))["deleted"]
        assert (await now_of(graphql, club, endpoint))["enabled"]
        assert event["number"] == 1


async def test_types_are_listed_with_their_schemas(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    found = await graphql.read(club.service, "{ webhookEventTypes { name description schema } }")
    names = [one["name"] for one in found["webhookEventTypes"]]
    assert "points.posted" in names
    assert all('"const":"' + one["name"] + '"' in one["schema"] for one in found["webhookEventTypes"])


async def test_of_an_erased_member_the_id_alone_is_told(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async def echo(got: Received) -> web.StreamResponse:
        return web.Response(status=500, body=got.body)

    async with receiving(answer=echo) as shop:
        endpoint = await hooked(graphql, club, shop.url, eventTypes=["activity.recorded"])
        club.clock.advance(timedelta())
        await club.do("visit", "ann")
        await sent(club)
        (delivery,) = await deliveries(graphql, club, endpoint)
        assert '"ann"' in delivery["attempts"][0]["response"]
        erased = {"memberId": member_gid(club, "ann"), "confirmExternalId": "ann"}
        await graphql.done(club.operator, "eraseMember", erased)
        while await club.services.erasures.run_open():
            pass
        (delivery,) = await deliveries(graphql, club, endpoint)
        assert delivery["attempts"][0]["response"] is None
        assert "ann" not in delivery["event"]["payload"]
        club.clock.advance(timedelta(seconds=6))
        await sent(club)
        member = checked(shop.got[-1], endpoint["secret"], club.clock)["data"]["member"]
        assert member == {"id": member_gid(club, "ann"), "externalId": None}


async def test_accounts_that_become_one_are_told_of_and_keep_their_ids_in_what_was_before(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.join("old")
    async with receiving() as shop:
        endpoint = await hooked(graphql, club, shop.url, parallel=1)
        await club.do("visit", "old")
        await told(club)
        stated = {"from": member_gid(club, "old"), "into": member_gid(club, "ann"), "reason": "one person"}
        await graphql.done(club.operator, "mergeMembers", {**stated, "idempotencyKey": "m"})
        await sent(club)
        payloads = [checked(one, endpoint["secret"], club.clock) for one in shop.got]
        (merged,) = [one["data"] for one in payloads if one["type"] == "member.merged"]
        assert (merged["member"]["id"], merged["mergedId"]) == (stated["into"], stated["from"])
        before = next(one["data"] for one in payloads if one["type"] == "points.posted")
        assert before["member"]["id"] == stated["from"]


@pytest.mark.parametrize("query", ["webhookEndpoints { id }", "webhookEvents { head }"])
async def test_members_and_moderators_read_nothing_of_it(
    graphql: GraphQL, club: ProgrammeUnderTest, query: str
) -> None:
    for actor in (club.member_actor("ann"), club.moderator):
        refused(await graphql(actor, f"{{ {query} }}"), "FORBIDDEN")
    refused(await graphql(None, f"{{ {query} }}"), "UNAUTHENTICATED")
    for actor in (club.operator, club.service):
        await graphql.read(actor, f"{{ {query} }}")


async def test_what_everything_in_the_club_tells_is_by_its_schema(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    """A programme in which almost everything happens: each payload is as its type's schema says."""
    club = await built(programme)
    await told(club)
    seen: set[str] = set()
    through, head = 0, 1
    while through < head:
        page = await log_of(graphql, club, after=through, first=100)
        through, head = page["through"], page["head"]
        for event in page["events"]:
            payload = orjson.loads(event["payload"])
            assert_by_schema(payload)
            assert (payload["type"], payload["timestamp"]) == (event["type"], event["timestamp"])
            seen.add(event["type"])
    assert TYPES.keys() - seen - ELSEWHERE == {TEST, DISABLED, "member.merged"}  # shown above
