"""Places at gatherings of members who may not come any more: they are others'."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.gathering_world import RSVP, STARTS, adds_up, held, limited, met, rsvp, seen, told
from tests.resolvers.harness import GraphQL, member_gid, typed
from tests.support import ProgrammeUnderTest


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await met(programme)


async def ban(graphql: GraphQL, club: ProgrammeUnderTest, name: str, way: str) -> None:
    """Let a member be banned: by hand, by a sanction, or for a week."""
    gid = member_gid(club, name)
    if way == "BY_HAND":
        asked = {"memberId": gid, "standing": "BANNED", "reason": "r"}
        await graphql.done(club.moderator, "setMemberStanding", asked)
        return
    until = club.clock.now + timedelta(days=7)
    asked = {"memberId": gid, "kind": way, "reason": "r", "idempotencyKey": f"{way}-{name}"}
    if way == "SUSPENSION":
        asked["until"] = until.isoformat()
    await graphql.done(club.moderator, "sanctionMember", asked)


async def state(graphql: GraphQL, club: ProgrammeUnderTest, name: str, made: dict[str, Any]) -> str | None:
    own = (await seen(graphql, club.member_actor(name), made))["viewerRsvp"]
    return own and str(own["state"])


@pytest.mark.parametrize("way", ["BY_HAND", "BAN", "SUSPENSION"])
async def test_who_is_banned_or_suspended_loses_their_place_to_who_waits(
    graphql: GraphQL, club: ProgrammeUnderTest, way: str
) -> None:
    full = await held(graphql, club, capacity=1)
    other = await held(graphql, club, title="Other")
    await rsvp(graphql, club, "bob", full)
    await rsvp(graphql, club, "cyd", full)
    await rsvp(graphql, club, "bob", other, "INTERESTED")
    waits = await held(graphql, club, title="Waits", capacity=1)
    await rsvp(graphql, club, "dan", waits)
    await rsvp(graphql, club, "bob", waits)

    await ban(graphql, club, "bob", way)
    await club.services.gathering_keeping.run_all()

    assert await state(graphql, club, "cyd", full) == "GOING"
    assert (await told(club, "cyd"), await told(club, "bob")) == (["moved_up"], [])
    counts = [await seen(graphql, club.moderator, made) for made in (full, other, waits)]
    assert [(one["goingCount"], one["waitingCount"], one["interestedCount"]) for one in counts] == [
        (1, 0, 0),
        (0, 0, 0),
        (1, 0, 0),
    ]
    assert await adds_up(club)


async def test_who_is_let_in_again_asks_again(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    made = await held(graphql, club, capacity=1)
    await rsvp(graphql, club, "bob", made)
    await rsvp(graphql, club, "cyd", made)
    await ban(graphql, club, "bob", "BY_HAND")
    back = {"memberId": member_gid(club, "bob"), "standing": "ACTIVE", "reason": "r"}
    await graphql.done(club.moderator, "setMemberStanding", back)
    await club.services.gathering_keeping.run_all()

    assert await state(graphql, club, "bob", made) == "NOT_GOING"
    assert (await rsvp(graphql, club, "bob", made))["rsvp"]["state"] == "WAITING"
    assert await adds_up(club)


async def test_where_they_have_come_that_stays_and_so_does_what_is_over(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    came = await held(graphql, club)
    missed = await held(graphql, club, title="Missed")
    off = await held(graphql, club, title="Off")
    for made in (came, missed, off):
        await rsvp(graphql, club, "bob", made)
    await graphql.done(club.moderator, "cancelGathering", {"gatheringId": off["id"], "reason": "Rain"})
    club.clock.now = STARTS
    present = {"gatheringId": came["id"], "memberId": member_gid(club, "bob")}
    await graphql.done(club.moderator, "recordAttendance", present)
    await ban(graphql, club, "bob", "BY_HAND")
    assert (await seen(graphql, club.moderator, came))["attendedCount"] == 1
    assert (await seen(graphql, club.moderator, missed))["goingCount"] == 0
    assert await club.balance("bob", "points") == 5

    club.clock.now = STARTS + timedelta(hours=2)
    await rsvp(graphql, club, "cyd", other := await held(graphql, club, title="Next", **_later()))
    club.clock.advance(timedelta(days=2))
    await ban(graphql, club, "cyd", "BY_HAND")
    assert (await seen(graphql, club.moderator, other))["goingCount"] == 1
    assert (await seen(graphql, club.moderator, off))["goingCount"] == 1
    assert await adds_up(club)


def _later() -> dict[str, Any]:
    starts = STARTS + timedelta(days=1)
    return {"startsAt": starts.isoformat(), "endsAt": (starts + timedelta(hours=1)).isoformat()}


@pytest.mark.parametrize("way", ["barred", "put out", "left"])
async def test_who_is_in_the_private_space_no_more_goes_to_nothing_there(
    graphql: GraphQL, club: ProgrammeUnderTest, way: str
) -> None:
    for name in ("bob", "cyd"):
        await club.services.spaces.admit(club.operator, "circle", club.id_of(name))
    inside = await held(graphql, club, space="circle", capacity=1)
    outside = await held(graphql, club, title="Outside")
    for made in (inside, outside):
        await rsvp(graphql, club, "bob", made)
    await rsvp(graphql, club, "cyd", inside)

    if way == "left":
        await graphql.done(club.member_actor("bob"), "leaveSpace", {"space": "circle"})
    else:
        out = {"space": "circle", "memberId": member_gid(club, "bob"), "bar": way == "barred"}
        await graphql.done(club.moderator, "removeSpaceMember", out)
    await club.services.gathering_keeping.run_all()

    assert await state(graphql, club, "cyd", inside) == "GOING"
    assert await state(graphql, club, "bob", outside) == "GOING"
    assert await adds_up(club)


async def test_who_leaves_a_space_that_all_read_still_goes(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club)
    await graphql.done(club.member_actor("bob"), "joinSpace", {"space": "square"})
    await rsvp(graphql, club, "bob", made)
    await graphql.done(club.member_actor("bob"), "leaveSpace", {"space": "square"})
    assert await state(graphql, club, "bob", made) == "GOING"

    out = {"space": "square", "memberId": member_gid(club, "bob"), "bar": True}
    await graphql.done(club.moderator, "removeSpaceMember", out)
    assert (await seen(graphql, club.moderator, made))["goingCount"] == 0
    assert await adds_up(club)


async def test_what_a_limited_member_answered_was_counted_nowhere_and_is_not_again(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    made = await held(graphql, club, capacity=1)
    await limited(mongo, club, "bob")
    await rsvp(graphql, club, "bob", made)
    await rsvp(graphql, club, "cyd", made)
    await ban(graphql, club, "bob", "BY_HAND")

    assert (await seen(graphql, club.moderator, made))["goingCount"] == 1
    assert await adds_up(club)


async def test_a_place_that_was_lost_is_not_attended(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    made = await held(graphql, club)
    await rsvp(graphql, club, "bob", made)
    club.clock.now = STARTS
    own = await seen(graphql, club.member_actor("bob"), made, "viewerRsvp { token { token } }")
    await ban(graphql, club, "bob", "BY_HAND")

    scan = {"gatheringId": made["id"], "token": own["viewerRsvp"]["token"]["token"]}
    result = await graphql.mutate(club.moderator, "recordAttendance", scan, RSVP)
    typed(result, "NotFoundError", "NOT_FOUND", "memberId")


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("way", ["banned", "barred"])
async def test_who_answers_while_they_are_banned_or_barred_keeps_no_place(
    graphql: GraphQL, club: ProgrammeUnderTest, way: str, turn: int
) -> None:
    made = [await held(graphql, club, title=f"Tea {number}") for number in range(8)]

    async def out() -> None:
        await asyncio.sleep(0.005 * turn)  # at another moment each turn
        if way == "banned":
            await ban(graphql, club, "bob", "BY_HAND")
        else:
            bar = {"space": "square", "memberId": member_gid(club, "bob"), "bar": True}
            await graphql.done(club.moderator, "removeSpaceMember", bar)

    going = [{"gatheringId": one["id"], "response": "GOING"} for one in made]
    await asyncio.gather(out(), *(graphql.mutate(club.member_actor("bob"), "rsvp", one) for one in going))

    assert [(await seen(graphql, club.moderator, one))["goingCount"] for one in made] == [0] * 8
    assert await adds_up(club)
