"""Gatherings: making them, places and waitlists, being told, and who may do what."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.gathering_world import (
    GATHERING,
    NOW,
    RSVP,
    STARTS,
    adds_up,
    held,
    limited,
    met,
    rsvp,
    seen,
    stated,
    told,
)
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await met(programme)


# -- making them


async def test_who_looks_after_a_space_makes_a_gathering_that_who_reads_it_sees(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club, club.member_actor("ann"), onlineUrl="https://meet.example/x", capacity=9)

    assert made["html"] == "<p>Come <em>all</em>.</p>\n"
    assert (made["state"], made["version"], made["remindHours"]) == ("SCHEDULED", 1, [24])
    assert (made["host"], made["space"]) == ({"displayName": "Ann"}, {"key": "square"})
    assert (made["viewerMayManage"], made["source"]) == (True, "Come *all*.")
    assert datetime.fromisoformat(made["attendanceFrom"]) == STARTS - timedelta(minutes=30)
    assert datetime.fromisoformat(made["attendanceUntil"]) == STARTS + timedelta(hours=3)
    by_bob = await seen(graphql, club.member_actor("bob"), made)
    assert (by_bob["title"], by_bob["isOnline"]) == ("Tea", True)
    assert (by_bob["onlineUrl"], by_bob["source"], by_bob["viewerMayManage"]) == (None, None, False)
    found = await graphql.read(
        club.member_actor("bob"), '{ gatherings(filter: {space: "square"}) { nodes { title } } }'
    )
    assert found["gatherings"]["nodes"] == [{"title": "Tea"}]
    assert await adds_up(club)


async def test_the_same_key_makes_one_gathering(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    asked = {"space": "square", "gathering": stated(), "idempotencyKey": "k"}
    first = await graphql.done(club.moderator, "createGathering", asked, "replayed gathering { id }")
    again = await graphql.done(club.moderator, "createGathering", asked, "replayed gathering { id }")

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["gathering"] == again["gathering"]
    other = {**asked, "gathering": stated(title="Other")}
    result = await graphql.mutate(club.moderator, "createGathering", other)
    typed(result, "IdempotencyConflictError", "IDEMPOTENCY_CONFLICT")


@pytest.mark.parametrize(
    ("more", "at_fault"),
    [
        ({"title": " "}, "title"),
        ({"body": ""}, "body"),
        ({"place": None}, "place"),
        ({"endsAt": STARTS.isoformat()}, "endsAt"),
        ({"capacity": 0}, "capacity"),
        ({"timeZone": "Nowhere"}, "timeZone"),
        ({"remindHours": [0]}, "remindHours"),
        ({"onlineUrl": "javascript:alert(1)"}, "onlineUrl"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    graphql: GraphQL, club: ProgrammeUnderTest, more: dict[str, Any], at_fault: str
) -> None:
    asked = {"space": "square", "gathering": stated(**more), "idempotencyKey": "k"}
    result = await graphql.mutate(club.moderator, "createGathering", asked)

    assert typed(result, "InvalidInputError", "INVALID_INPUT")["path"] == [at_fault]


async def test_members_make_none_where_they_look_after_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    for name, space in (("bob", "square"), ("ann", "makers")):
        asked = {"space": space, "gathering": stated(), "idempotencyKey": "k"}
        result = await graphql.mutate(club.member_actor(name), "createGathering", asked)
        refused(result, "FORBIDDEN", at="createGathering")
    asked = {"space": "attic", "gathering": stated(), "idempotencyKey": "k"}
    refused(await graphql.mutate(club.moderator, "createGathering", asked), "FORBIDDEN", at="createGathering")
    asked = {"space": "nowhere", "gathering": stated(), "idempotencyKey": "k"}
    typed(await graphql.mutate(club.moderator, "createGathering", asked), "NotFoundError", "NOT_FOUND")


@pytest.mark.parametrize("space", ["circle", "lounge", "shanghai"])
async def test_a_gathering_of_a_space_that_one_does_not_read_is_not_there(
    graphql: GraphQL, club: ProgrammeUnderTest, space: str
) -> None:
    made = await held(graphql, club, space=space)
    bob = club.member_actor("bob")

    assert await seen(graphql, bob, made) is None
    assert (await graphql.read(bob, "{ gatherings { nodes { id } } }"))["gatherings"]["nodes"] == []
    assert (await graphql.read(bob, "query ($id: ID!) { node(id: $id) { id } }", {"id": made["id"]}))[
        "node"
    ] is None
    result = await graphql.mutate(bob, "rsvp", {"gatheringId": made["id"], "response": "GOING"})
    typed(result, "NotFoundError", "NOT_FOUND")


async def test_lists_go_by_time_and_page(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for days in (2, 0, 1):
        starts = STARTS + timedelta(days=days)
        ends = starts + timedelta(hours=1)
        await held(graphql, club, title=f"g{days}", startsAt=starts.isoformat(), endsAt=ends.isoformat())
    bob = club.member_actor("bob")
    document = """query ($after: String, $past: Boolean!) { gatherings(first: 2, after: $after, filter: {past: $past}) {
        nodes { title } pageInfo { endCursor hasNextPage } } }"""

    first = (await graphql.read(bob, document, {"past": False}))["gatherings"]
    cursor = first["pageInfo"]["endCursor"]
    rest = (await graphql.read(bob, document, {"past": False, "after": cursor}))["gatherings"]
    assert [node["title"] for node in first["nodes"] + rest["nodes"]] == ["g0", "g1", "g2"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    club.clock.now = STARTS + timedelta(days=1, hours=1)
    past = (await graphql.read(bob, document, {"past": True}))["gatherings"]
    assert [node["title"] for node in past["nodes"]] == ["g1", "g0"]


# -- places


async def test_who_finds_no_place_waits_and_moves_up_when_there_is_one(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club, capacity=1, onlineUrl="https://meet.example/x")
    first = await rsvp(graphql, club, "bob", made)
    second = await rsvp(graphql, club, "cyd", made)
    third = await rsvp(graphql, club, "dan", made)

    assert first["rsvp"]["state"] == "GOING"
    assert first["gathering"]["onlineUrl"] == "https://meet.example/x"
    assert (second["rsvp"]["state"], second["rsvp"]["waitlistPosition"]) == ("WAITING", 1)
    assert second["gathering"]["onlineUrl"] is None
    assert (third["rsvp"]["state"], third["rsvp"]["waitlistPosition"]) == ("WAITING", 2)
    assert third["gathering"]["waitingCount"] == 2

    gone = await rsvp(graphql, club, "bob", made, "NOT_GOING")
    assert (gone["gathering"]["goingCount"], gone["gathering"]["waitingCount"]) == (1, 1)
    by_cyd = await seen(graphql, club.member_actor("cyd"), made)
    assert by_cyd["viewerRsvp"]["state"] == "GOING"
    assert by_cyd["onlineUrl"] == "https://meet.example/x"
    assert (await seen(graphql, club.member_actor("dan"), made))["viewerRsvp"]["waitlistPosition"] == 1
    assert (await told(club, "cyd"), await told(club, "dan"), await told(club, "bob")) == (
        ["moved_up"],
        [],
        [],
    )
    assert await adds_up(club)


async def test_answering_twice_is_the_same_as_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    made = await held(graphql, club, capacity=1)
    for response in ("GOING", "GOING", "INTERESTED", "INTERESTED", "NOT_GOING", "NOT_GOING", "GOING"):
        after = await rsvp(graphql, club, "bob", made, response)
        assert after["rsvp"]["state"] == response
    last = await seen(graphql, club.moderator, made)
    assert (last["goingCount"], last["interestedCount"]) == (1, 0)
    assert await adds_up(club)


async def test_more_places_let_move_up_and_fewer_than_who_goes_are_refused(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club, capacity=1)
    for name in ("bob", "cyd", "dan"):
        await rsvp(graphql, club, name, made)

    asked = {"gatheringId": made["id"], "version": 1, "gathering": stated(capacity=2)}
    success = await graphql.done(club.moderator, "editGathering", asked, f"gathering {{ {GATHERING} }}")
    assert (success["gathering"]["goingCount"], success["gathering"]["waitingCount"]) == (2, 1)
    assert await told(club, "cyd") == ["moved_up"]
    fewer = {"gatheringId": made["id"], "version": 2, "gathering": stated(capacity=1)}
    error = typed(
        await graphql.mutate(club.moderator, "editGathering", fewer), "InvalidInputError", "INVALID_INPUT"
    )
    assert (error["path"], error["limit"]) == (["capacity"], 2)
    assert await adds_up(club)


async def test_many_who_wait_move_up_part_by_part(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    made = await held(graphql, club, capacity=1)
    names = [f"m{number}" for number in range(61)]
    await club.join_all(*names)
    for name in names:
        await rsvp(graphql, club, name, made)

    asked = {"gatheringId": made["id"], "version": 1, "gathering": stated(capacity=None)}
    success = await graphql.done(club.moderator, "editGathering", asked, f"gathering {{ {GATHERING} }}")
    assert success["gathering"]["goingCount"] == 51
    late = await rsvp(graphql, club, "bob", made)
    assert late["rsvp"]["state"] == "GOING"
    await club.services.gathering_keeping.run_all()
    after = await seen(graphql, club.moderator, made)
    assert (after["goingCount"], after["waitingCount"]) == (62, 0)
    assert [await told(club, name) for name in ("m0", "m1", "m60")] == [[], ["moved_up"], ["moved_up"]]
    assert await adds_up(club)


async def test_nobody_asks_for_a_place_after_the_deadline_but_one_may_leave(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club, capacity=1, rsvpBy=(NOW + timedelta(days=1)).isoformat())
    await rsvp(graphql, club, "bob", made)
    await rsvp(graphql, club, "cyd", made)
    club.clock.advance(timedelta(days=1))

    asked = {"gatheringId": made["id"], "response": "GOING"}
    typed(await graphql.mutate(club.member_actor("dan"), "rsvp", asked), "ConflictError", "RSVP_CLOSED")
    await rsvp(graphql, club, "bob", made, "NOT_GOING")
    assert (await seen(graphql, club.member_actor("cyd"), made))["viewerRsvp"]["state"] == "GOING"


async def test_nobody_moves_up_once_it_has_begun_and_nobody_answers_when_it_is_over(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club, capacity=1)
    await rsvp(graphql, club, "bob", made)
    await rsvp(graphql, club, "cyd", made)
    club.clock.now = STARTS

    await rsvp(graphql, club, "bob", made, "NOT_GOING")
    await club.services.gathering_keeping.run_all()
    assert (await seen(graphql, club.member_actor("cyd"), made))["viewerRsvp"]["state"] == "WAITING"
    club.clock.now = STARTS + timedelta(hours=2)
    asked = {"gatheringId": made["id"], "response": "GOING"}
    typed(await graphql.mutate(club.member_actor("dan"), "rsvp", asked), "ConflictError", "GATHERING_STATE")
    assert await adds_up(club)


async def test_who_may_not_come_any_more_is_passed_over(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for name in ("bob", "cyd", "dan"):
        await club.services.spaces.admit(club.operator, "circle", club.id_of(name))
    made = await held(graphql, club, space="circle", capacity=1)
    for name in ("bob", "cyd", "dan"):
        await rsvp(graphql, club, name, made)
    await club.services.spaces.leave(club.member_actor("cyd"), "circle", None)

    await rsvp(graphql, club, "bob", made, "NOT_GOING")

    assert (await seen(graphql, club.member_actor("dan"), made))["viewerRsvp"]["state"] == "GOING"
    assert (await seen(graphql, club.moderator, made))["waitingCount"] == 0
    assert await adds_up(club)


async def test_who_is_taken_out_frees_the_place_is_told_and_does_not_come_back(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club, capacity=1)
    await rsvp(graphql, club, "bob", made)
    await rsvp(graphql, club, "cyd", made)
    asked = {"gatheringId": made["id"], "memberId": member_gid(club, "bob"), "reason": "No room"}

    for _ in range(2):
        success = await graphql.done(club.member_actor("ann"), "removeRsvp", asked, RSVP)
        assert success["rsvp"]["state"] == "REMOVED"
        assert success["gathering"]["goingCount"] == 1
    assert (await told(club, "bob"), await told(club, "cyd")) == (["removed"], ["moved_up"])
    back = {"gatheringId": made["id"], "response": "GOING"}
    typed(await graphql.mutate(club.member_actor("bob"), "rsvp", back), "ConflictError", "RSVP_STATE")
    never = {**asked, "memberId": member_gid(club, "dan")}
    typed(await graphql.mutate(club.moderator, "removeRsvp", never), "ConflictError", "RSVP_STATE")
    refused(await graphql.mutate(club.member_actor("cyd"), "removeRsvp", asked), "FORBIDDEN", at="removeRsvp")
    assert await adds_up(club)


async def test_a_shadow_limited_members_answer_is_seen_by_themselves_alone(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    await limited(mongo, club, "bob")
    made = await held(graphql, club, capacity=1)

    own = await rsvp(graphql, club, "bob", made)
    assert own["rsvp"]["state"] == "GOING"
    other = await rsvp(graphql, club, "cyd", made)
    assert other["rsvp"]["state"] == "GOING"
    listed = "rsvps { nodes { member { displayName } } }"
    by_dan = await seen(graphql, club.member_actor("dan"), made, f"goingCount {listed}")
    assert by_dan == {"goingCount": 1, "rsvps": {"nodes": [{"member": {"displayName": "Cyd"}}]}}
    assert await adds_up(club)


async def test_a_shadow_limited_owners_gathering_is_for_who_looks_after_the_space(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    await limited(mongo, club, "ann")
    made = await held(graphql, club, club.member_actor("ann"))
    listed = "{ gatherings { nodes { id } } }"

    for actor, expected in (
        (club.member_actor("ann"), [{"id": made["id"]}]),
        (club.moderator, [{"id": made["id"]}]),
        (club.member_actor("bob"), []),
    ):
        assert (await graphql.read(actor, listed))["gatherings"]["nodes"] == expected
        assert (await seen(graphql, actor, made, "id") is not None) is bool(expected)
    answer = {"gatheringId": made["id"], "response": "GOING"}
    typed(await graphql.mutate(club.member_actor("bob"), "rsvp", answer), "NotFoundError", "NOT_FOUND")
    edit = {"gatheringId": made["id"], "version": 1, "gathering": stated()}
    await graphql.done(club.moderator, "editGathering", edit)
    assert await seen(graphql, club.member_actor("bob"), made, "id") is not None


# -- who sees who comes


async def test_who_goes_is_for_all_and_the_rest_for_who_looks_after_it(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club, capacity=2)
    for name in ("bob", "cyd", "dan"):
        await rsvp(graphql, club, name, made)
    await graphql.done(club.member_actor("cyd"), "setBoardPresence", {"presence": "ABSENT"})
    listed = "rsvps(state: %s) { nodes { state waitlistPosition member { displayName } } }"

    going = (await seen(graphql, club.member_actor("dan"), made, listed % "GOING"))["rsvps"]["nodes"]
    assert Counter(node["member"] and node["member"]["displayName"] for node in going) == {"Bob": 1, None: 1}
    waiting = (await seen(graphql, club.member_actor("dan"), made, listed % "WAITING"))["rsvps"]["nodes"]
    assert waiting == []
    by_ann = (await seen(graphql, club.member_actor("ann"), made, listed % "GOING"))["rsvps"]["nodes"]
    assert {node["member"]["displayName"] for node in by_ann} == {"Bob", "Cyd"}
    by_ann = (await seen(graphql, club.member_actor("ann"), made, listed % "WAITING"))["rsvps"]["nodes"]
    assert by_ann == [{"state": "WAITING", "waitlistPosition": 1, "member": {"displayName": "Dan"}}]


async def test_ones_own_answers_are_for_oneself_and_staff(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    made = await held(graphql, club)
    await rsvp(graphql, club, "bob", made)
    document = "query ($id: ID) { gatheringRsvps(memberId: $id) { nodes { state gathering { title } } } }"
    expected = [{"state": "GOING", "gathering": {"title": "Tea"}}]

    own = await graphql.read(club.member_actor("bob"), document)
    assert own["gatheringRsvps"]["nodes"] == expected
    of_bob = {"id": member_gid(club, "bob")}
    assert (await graphql.read(club.moderator, document, of_bob))["gatheringRsvps"]["nodes"] == expected
    assert (await graphql.read(club.member_actor("cyd"), document, of_bob))["gatheringRsvps"]["nodes"] == []
