"""Gatherings changed and cancelled, and what members are told of them."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import MakeProgramme
from tests.gathering_world import (
    STARTS,
    adds_up,
    held,
    met,
    rsvp,
    seen,
    stated,
    told,
)
from tests.resolvers.harness import GraphQL, refused, typed
from tests.support import ProgrammeUnderTest


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await met(programme)


# -- changing and cancelling


async def test_a_changed_time_is_told_once_to_all_concerned(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club, capacity=1)
    await rsvp(graphql, club, "bob", made)
    await rsvp(graphql, club, "cyd", made)
    await rsvp(graphql, club, "dan", made, "INTERESTED")
    later = stated(capacity=1, endsAt=(STARTS + timedelta(hours=3)).isoformat())

    asked = {"gatheringId": made["id"], "version": 1, "gathering": later}
    await graphql.done(club.moderator, "editGathering", asked)
    typed(await graphql.mutate(club.moderator, "editGathering", asked), "ConflictError", "STALE_VERSION")
    words = {**asked, "version": 2, "gathering": {**later, "body": "Other words"}}
    await graphql.done(club.moderator, "editGathering", words)
    for _ in range(3):
        await club.services.gathering_keeping.run_all()

    assert [await told(club, name) for name in ("bob", "cyd", "dan", "ann")] == [
        ["changed"],
        ["changed"],
        ["changed"],
        [],
    ]


async def test_cancelling_is_told_to_all_once_and_nothing_more_happens(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club, capacity=1)
    await rsvp(graphql, club, "bob", made)
    await rsvp(graphql, club, "cyd", made)
    asked = {"gatheringId": made["id"], "reason": "Rain"}
    for _ in range(2):
        await graphql.done(club.member_actor("ann"), "cancelGathering", asked)
    gone = await seen(graphql, club.member_actor("bob"), made)
    assert (gone["state"], gone["cancelReason"], gone["version"]) == ("CANCELLED", "Rain", 2)
    for _ in range(2):
        await club.services.gathering_keeping.run_all()
    assert [await told(club, name) for name in ("bob", "cyd", "dan")] == [["cancelled"], ["cancelled"], []]
    club.clock.now = STARTS - timedelta(hours=1)
    await club.services.gathering_keeping.run_all()
    assert await told(club, "bob") == ["cancelled"]

    again = {"gatheringId": made["id"], "response": "GOING"}
    typed(await graphql.mutate(club.member_actor("dan"), "rsvp", again), "ConflictError", "GATHERING_STATE")
    edit = {"gatheringId": made["id"], "version": 2, "gathering": stated()}
    typed(await graphql.mutate(club.moderator, "editGathering", edit), "ConflictError", "GATHERING_STATE")
    assert (await graphql.read(club.moderator, "{ gatherings { nodes { id } } }"))["gatherings"][
        "nodes"
    ] == []
    found = await graphql.read(club.moderator, "{ gatherings(filter: {state: CANCELLED}) { nodes { id } } }")
    assert found["gatherings"]["nodes"] == [{"id": made["id"]}]
    assert await adds_up(club)


async def test_others_neither_change_nor_cancel_it(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    made = await held(graphql, club)
    bob = club.member_actor("bob")

    edit = {"gatheringId": made["id"], "version": 1, "gathering": stated()}
    refused(await graphql.mutate(bob, "editGathering", edit), "FORBIDDEN", at="editGathering")
    cancel = {"gatheringId": made["id"], "reason": "r"}
    refused(await graphql.mutate(bob, "cancelGathering", cancel), "FORBIDDEN", at="cancelGathering")


async def test_who_answers_otherwise_is_still_told_what_changed(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club)
    await rsvp(graphql, club, "bob", made, "INTERESTED")
    later = stated(endsAt=(STARTS + timedelta(hours=3)).isoformat())
    asked = {"gatheringId": made["id"], "version": 1, "gathering": later}
    await graphql.done(club.moderator, "editGathering", asked)
    # Before the worker comes to it, by what they saw of it before.
    await rsvp(graphql, club, "bob", made)
    await rsvp(graphql, club, "cyd", made)
    await club.services.gathering_keeping.run_all()

    assert (await told(club, "bob"), await told(club, "cyd")) == (["changed"], [])


# -- reminders


async def test_who_goes_is_reminded_once_at_each_hour_over_a_change_of_clocks(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    # Clocks in Berlin go forward in the night before: 24 hours before noon it is eleven there.
    starts = datetime(2026, 3, 29, 10, tzinfo=UTC)
    made = await held(
        graphql,
        club,
        startsAt=starts.isoformat(),
        endsAt=(starts + timedelta(hours=1)).isoformat(),
        remindHours=[24, 2],
    )
    await rsvp(graphql, club, "bob", made)
    await rsvp(graphql, club, "cyd", made, "INTERESTED")
    for at, expected in (
        (starts - timedelta(hours=24, seconds=1), 0),
        (starts - timedelta(hours=24), 1),
        (starts - timedelta(hours=23), 1),
        (starts - timedelta(hours=2), 2),
        (starts + timedelta(minutes=1), 2),
    ):
        club.clock.now = at
        await asyncio.gather(*(club.services.gathering_keeping.run_all() for _ in range(3)))
        assert await told(club, "bob") == ["reminder"] * expected, at
    assert await told(club, "cyd") == []


async def test_reminders_that_were_missed_are_one_and_none_once_it_began(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club, remindHours=[48, 24, 1])
    late = await held(graphql, club, title="Late", remindHours=[24])
    await rsvp(graphql, club, "bob", made)
    await rsvp(graphql, club, "cyd", late)
    club.clock.now = STARTS - timedelta(hours=20)
    await club.services.gathering_keeping.run_all()
    assert await told(club, "bob") == ["reminder"]
    moved = stated(title="Late", startsAt=(STARTS + timedelta(hours=1)).isoformat(), remindHours=[])
    asked = {"gatheringId": late["id"], "version": 1, "gathering": moved}
    await graphql.done(club.moderator, "editGathering", asked)
    club.clock.now = STARTS
    await club.services.gathering_keeping.run_all()
    assert await told(club, "bob") == ["reminder"]
    assert await told(club, "cyd") == ["reminder", "changed"]


async def test_a_moved_gathering_reminds_again(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    made = await held(graphql, club)
    await rsvp(graphql, club, "bob", made)
    club.clock.now = STARTS - timedelta(hours=10)
    await club.services.gathering_keeping.run_all()
    later = STARTS + timedelta(days=7)
    moved = stated(startsAt=later.isoformat(), endsAt=(later + timedelta(hours=1)).isoformat())
    await graphql.done(
        club.moderator, "editGathering", {"gatheringId": made["id"], "version": 1, "gathering": moved}
    )
    club.clock.now = later - timedelta(hours=24)
    await club.services.gathering_keeping.run_all()

    assert await told(club, "bob") == ["reminder", "changed", "reminder"]


async def test_what_is_told_reaches_the_members_own_stream(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club)
    await rsvp(graphql, club, "bob", made)
    document = """subscription { myProgress { __typename
        ... on GatheringNotice { notice gathering { title state cancelReason } } } }"""
    async with graphql.subscribe(club.member_actor("bob"), document) as stream:
        assert (await stream.data())["__typename"] == "ProgressSnapshot"
        asked = {"gatheringId": made["id"], "reason": "Rain"}
        await graphql.done(club.moderator, "cancelGathering", asked)
        await club.services.gathering_keeping.run_all()
        message = await stream.data()

    assert message == {
        "__typename": "GatheringNotice",
        "notice": "CANCELLED",
        "gathering": {"title": "Tea", "state": "CANCELLED", "cancelReason": "Rain"},
    }
