"""Members' calendars over HTTP: secret addresses, what is in them, and that they can be revoked."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from api.app import create_app
from api.bootstrap import Backend
from api.settings import Settings
from community.services import Services
from resolvers.schema import schema
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.conftest import MakeProgramme
from tests.gathering_world import STARTS, held, met, rsvp, stated
from tests.keyring import BASE_URL
from tests.resolvers.harness import GraphQL, member_gid, refused
from tests.support import ProgrammeUnderTest


@pytest.fixture
async def site(
    mongo: Mongo, redis_store: RedisStore, services: Services, settings: Settings
) -> AsyncIterator[httpx.AsyncClient]:
    built = create_app(settings, schema, Backend(mongo, redis_store, services), with_worker=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(built), base_url=BASE_URL) as client:
        yield client


@pytest.fixture
def graphql(services: Services) -> GraphQL:
    return GraphQL(services)


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await met(programme)


async def path_of(graphql: GraphQL, club: ProgrammeUnderTest, name: str) -> str:
    success = await graphql.done(club.member_actor(name), "createCalendarFeed", {}, "address")
    return str(success["address"])


async def events(site: httpx.AsyncClient, path: str) -> list[Any]:
    answer = await site.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "no-store" in answer.headers["cache-control"]
    return list(Calendar.from_ical(answer.text).walk("VEVENT"))


async def test_a_feed_has_what_its_member_goes_to(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    tea = await held(graphql, club, title="Tea", capacity=1, onlineUrl="https://meet.example/tea")
    full = await held(graphql, club, title="Full", capacity=1, onlineUrl="https://meet.example/full")
    await held(graphql, club, title="Other")
    await rsvp(graphql, club, "cyd", full)
    await rsvp(graphql, club, "bob", tea)
    await rsvp(graphql, club, "bob", full)
    path = await path_of(graphql, club, "bob")

    found = {str(one["summary"]): one for one in await events(site, path)}
    assert {name: str(one["status"]) for name, one in found.items()} == {
        "Tea": "CONFIRMED",
        "Full": "TENTATIVE",
    }
    text = (await site.get(path)).text
    assert "https://meet.example/tea" in text.replace("\r\n ", "")
    assert "https://meet.example/full" not in text.replace("\r\n ", "")
    assert found["Tea"]["dtstart"].dt == STARTS
    # Nothing of any member is in it.
    assert not [word for word in ("Bob", "Cyd", "Ann", "bob", "cyd") if word in text]

    cancel = {"gatheringId": tea["id"], "reason": "Rain"}
    await graphql.done(club.moderator, "cancelGathering", cancel)
    await rsvp(graphql, club, "bob", full, "NOT_GOING")
    (left,) = await events(site, path)
    assert (left["summary"], left["status"], left["sequence"]) == ("Tea", "CANCELLED", 1)


async def test_a_changed_time_has_a_higher_sequence_and_an_answer_has_not(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    tea = await held(graphql, club)
    await rsvp(graphql, club, "bob", tea)
    path = await path_of(graphql, club, "bob")
    (before,) = await events(site, path)
    await rsvp(graphql, club, "cyd", tea)
    (same,) = await events(site, path)
    later = {
        "title": "Tea",
        "body": "Come *all*.",
        "place": "The café",
        "timeZone": "Asia/Shanghai",
        "startsAt": (STARTS + timedelta(hours=1)).isoformat(),
        "endsAt": (STARTS + timedelta(hours=2)).isoformat(),
    }
    asked = {"gatheringId": tea["id"], "version": 1, "gathering": later}
    await graphql.done(club.moderator, "editGathering", asked)
    (after,) = await events(site, path)

    assert [one["sequence"] for one in (before, same, after)] == [0, 0, 1]
    assert before.to_ical() == same.to_ical()
    assert after["dtstart"].dt == STARTS + timedelta(hours=1)
    assert after["uid"] == before["uid"]


async def test_an_address_ends_when_it_is_made_anew_or_revoked(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    bob = club.member_actor("bob")
    first = await path_of(graphql, club, "bob")
    second = await path_of(graphql, club, "bob")
    found = await graphql.read(bob, "{ calendarFeed { since } }")
    assert found["calendarFeed"]["since"] is not None
    assert (await site.get(first)).status_code == 404
    assert (await site.get(second)).status_code == 200

    for expected in (True, False):
        done = await graphql.done(bob, "revokeCalendarFeed", {}, "revoked")
        assert done["revoked"] is expected
    assert (await site.get(second)).status_code == 404
    assert (await graphql.read(bob, "{ calendarFeed { since } }"))["calendarFeed"] is None


async def test_one_gathering_is_read_by_who_may_see_it(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    tea = await held(graphql, club, onlineUrl="https://meet.example/tea")
    inside = await held(graphql, club, space="circle")
    folder = (await path_of(graphql, club, "bob")).removesuffix(".ics")

    (event,) = await events(site, f"{folder}/{tea['id']}.ics")
    assert "conference" not in event
    await rsvp(graphql, club, "bob", tea)
    (event,) = await events(site, f"{folder}/{tea['id']}.ics")
    assert event["conference"] == "https://meet.example/tea"
    for unseen in (inside["id"], "x", "R2F0aGVyaW5nOnp6"):
        assert (await site.get(f"{folder}/{unseen}.ics")).status_code == 404
    by_graphql = await graphql.read(
        club.member_actor("bob"), "query ($id: ID!) { gathering(id: $id) { icalendar } }", {"id": tea["id"]}
    )
    assert "meet.example" in by_graphql["gathering"]["icalendar"]


@pytest.mark.parametrize("token", ["x", "x" * 43, "x" * 500, "%00", "..%2f"])
async def test_what_is_no_address_finds_nothing(site: httpx.AsyncClient, token: str) -> None:
    assert (await site.get(f"/calendars/{token}.ics")).status_code == 404


async def test_a_banned_or_erased_members_calendar_is_not_there(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    bob, cyd = await path_of(graphql, club, "bob"), await path_of(graphql, club, "cyd")
    banned = {"memberId": member_gid(club, "bob"), "standing": "BANNED", "reason": "r"}
    await graphql.done(club.moderator, "setMemberStanding", banned)
    await graphql.done(club.member_actor("cyd"), "eraseMember", {"confirmExternalId": "cyd"})

    assert [(await site.get(path)).status_code for path in (bob, cyd)] == [404, 404]


async def test_what_one_reads_no_more_is_in_ones_calendar_no_more(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.services.spaces.admit(club.operator, "circle", club.id_of("bob"))
    inside = await held(graphql, club, space="circle")
    await rsvp(graphql, club, "bob", inside)
    path = await path_of(graphql, club, "bob")
    assert len(await events(site, path)) == 1
    await club.services.spaces.leave(club.member_actor("bob"), "circle", None)

    assert await events(site, path) == []


async def test_staff_have_no_calendar_and_services_make_a_members(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    refused(
        await graphql.mutate(club.moderator, "createCalendarFeed", {}), "FORBIDDEN", at="createCalendarFeed"
    )
    await graphql.done(club.service, "createCalendarFeed", {"memberId": member_gid(club, "bob")}, "address")


async def test_addresses_are_not_logged(
    site: httpx.AsyncClient,
    graphql: GraphQL,
    club: ProgrammeUnderTest,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = await path_of(graphql, club, "bob")
    await site.get(path)

    told = capfd.readouterr()
    assert path.split("/")[-1].removesuffix(".ics") not in told.out + told.err
    assert "/calendars/" in told.out + told.err


async def test_just_what_calendars_show_raises_the_sequence_and_nothing_changes_the_uid(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    tea = await held(graphql, club)
    await rsvp(graphql, club, "bob", tea)
    path = await path_of(graphql, club, "bob")
    found = await events(site, path)
    says: dict[str, Any] = {}
    changes: list[tuple[dict[str, Any], int]] = [
        ({"capacity": 9}, 0),
        ({"remindHours": [1]}, 0),
        ({"rsvpBy": STARTS.isoformat()}, 0),
        ({"title": "Green tea"}, 1),
        ({"body": "Come, all."}, 1),
        ({"place": "The park"}, 1),
        ({"onlineUrl": "https://meet.example/tea"}, 1),
        ({"endsAt": (STARTS + timedelta(hours=3)).isoformat()}, 1),
        ({"timeZone": "America/New_York"}, 1),
    ]
    for version, (change, by) in enumerate(changes, start=1):
        says |= change
        club.clock.advance(timedelta(minutes=1))
        asked = {"gatheringId": tea["id"], "version": version, "gathering": stated(**says)}
        await graphql.done(club.moderator, "editGathering", asked)
        found += await events(site, path)
        assert found[-1]["sequence"] == found[-2]["sequence"] + by, change
    cancel = {"gatheringId": tea["id"], "reason": "Rain"}
    await graphql.done(club.moderator, "cancelGathering", cancel)
    found += await events(site, path)

    assert (found[-1]["status"], found[-1]["sequence"]) == ("CANCELLED", found[-2]["sequence"] + 1)
    assert [one["status"] for one in found[:-1]] == ["CONFIRMED"] * (len(found) - 1)
    assert len({str(one["uid"]) for one in found}) == 1
    stamps = [one["dtstamp"].dt for one in found]
    assert stamps == sorted(stamps)
    assert found[-1]["dtend"].dt == STARTS + timedelta(hours=3)


async def test_a_suspended_members_calendar_is_there_again_afterwards_without_the_places_they_lost(
    site: httpx.AsyncClient, graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    tea = await held(graphql, club)
    await rsvp(graphql, club, "bob", tea)
    path = await path_of(graphql, club, "bob")
    until = club.clock.now + timedelta(days=1)
    suspended = {
        "memberId": member_gid(club, "bob"),
        "kind": "SUSPENSION",
        "reason": "r",
        "until": until.isoformat(),
        "idempotencyKey": "s",
    }
    await graphql.done(club.moderator, "sanctionMember", suspended)
    assert (await site.get(path)).status_code == 404

    club.clock.now = until
    await club.services.moderating.sanctioning.end_due()
    assert await events(site, path) == []
