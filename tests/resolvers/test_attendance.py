"""Coming to gatherings: by the code, by a scan, struck and noted again; and what it counts for."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from community.gatherings.codes import GUESSES_MAX
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.gathering_world import NOW, RSVP, STARTS, adds_up, held, limited, met, rsvp, seen
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

CODE = "attendanceCode { code validUntil stepSeconds }"


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await met(programme)


@pytest.fixture
async def tea(graphql: GraphQL, club: ProgrammeUnderTest) -> dict[str, Any]:
    """A gathering that has begun, to which Bob and Cyd go."""
    made = await held(graphql, club, capacity=2)
    await rsvp(graphql, club, "bob", made)
    await rsvp(graphql, club, "cyd", made)
    club.clock.now = STARTS
    return made


async def code_of(graphql: GraphQL, club: ProgrammeUnderTest, made: dict[str, Any]) -> str:
    found = await seen(graphql, club.member_actor("ann"), made, CODE)
    return str(found["attendanceCode"]["code"])


async def attend(
    graphql: GraphQL, club: ProgrammeUnderTest, name: str, made: dict[str, Any], code: str
) -> Any:
    asked = {"gatheringId": made["id"], "code": code}
    return await graphql.mutate(club.member_actor(name), "attendGathering", asked, RSVP)


def of(club: ProgrammeUnderTest, made: dict[str, Any], name: str, **more: Any) -> dict[str, Any]:
    return {"gatheringId": made["id"], "memberId": member_gid(club, name), **more}


def wrong(code: str) -> str:
    return f"{(int(code) + 7) % 1_000_000:06d}"


async def test_who_types_the_code_has_come_and_it_counts_once(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    code = await code_of(graphql, club, tea)
    for _ in range(2):
        success = (await attend(graphql, club, "bob", tea, code)).data["attendGathering"]
        assert success["gathering"]["attendedCount"] == 1
        assert datetime.fromisoformat(success["rsvp"]["attendedAt"]) == STARTS
    assert await club.balance("bob", "points") == 5
    assert await adds_up(club)


async def test_attending_feeds_tasks(graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]) -> None:
    await attend(graphql, club, "bob", tea, await code_of(graphql, club, tea))
    progress = await club.progress("bob", "regular")

    assert progress is not None
    assert progress.value == 1


async def test_the_code_is_for_who_looks_after_it_while_it_counts(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club)
    for at, shown in (
        (STARTS - timedelta(minutes=31), False),
        (STARTS - timedelta(minutes=30), True),
        (STARTS + timedelta(hours=3, seconds=-1), True),
        (STARTS + timedelta(hours=3), False),
    ):
        club.clock.now = at
        for actor, may in (
            (club.moderator, True),
            (club.operator, True),
            (club.member_actor("ann"), True),
            (club.member_actor("bob"), False),
        ):
            found = (await seen(graphql, actor, made, CODE))["attendanceCode"]
            assert (found is not None) is (shown and may), (at, actor)
    club.clock.now = STARTS
    found = (await seen(graphql, club.moderator, made, CODE))["attendanceCode"]
    assert found["stepSeconds"] == 30
    assert datetime.fromisoformat(found["validUntil"]) == STARTS + timedelta(seconds=30)


async def test_the_code_drifts_by_one_step_and_no_more(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    code = await code_of(graphql, club, tea)
    club.clock.advance(timedelta(seconds=60))
    typed(await attend(graphql, club, "bob", tea, code), "ConflictError", "CODE_REFUSED")
    club.clock.now = STARTS + timedelta(seconds=59)
    assert (await attend(graphql, club, "bob", tea, code)).data["attendGathering"]["rsvp"]["attendedAt"]


async def test_codes_go_on_over_a_change_of_clocks(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    # Clocks in Berlin go back at one by UTC, so that half past two is there twice.
    starts = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    made = await held(
        graphql, club, startsAt=starts.isoformat(), endsAt=(starts + timedelta(hours=1)).isoformat()
    )
    await rsvp(graphql, club, "bob", made)
    seen_codes = set()
    for minutes in (0, 60):
        club.clock.now = starts + timedelta(minutes=minutes)
        seen_codes.add(await code_of(graphql, club, made))
    assert len(seen_codes) == 2
    assert (await attend(graphql, club, "bob", made, await code_of(graphql, club, made))).data[
        "attendGathering"
    ]["rsvp"]["attendedAt"]
    club.clock.now = starts + timedelta(hours=2)
    assert (await seen(graphql, club.moderator, made, CODE))["attendanceCode"] is None


async def test_guesses_are_limited_and_refused_ones_are_counted(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    code = await code_of(graphql, club, tea)
    for _ in range(GUESSES_MAX):
        typed(await attend(graphql, club, "bob", tea, wrong(code)), "ConflictError", "CODE_REFUSED")
    typed(await attend(graphql, club, "bob", tea, code), "ConflictError", "CODE_LOCKED")
    # Others' guesses are their own.
    assert (await attend(graphql, club, "cyd", tea, code)).data["attendGathering"]["rsvp"]["attendedAt"]
    club.clock.advance(timedelta(minutes=10))
    code = await code_of(graphql, club, tea)
    assert (await attend(graphql, club, "bob", tea, code)).data["attendGathering"]["rsvp"]["attendedAt"]
    assert await adds_up(club)


async def test_guesses_at_once_are_all_counted(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    code = wrong(await code_of(graphql, club, tea))

    answers = await asyncio.gather(*(attend(graphql, club, "bob", tea, code) for _ in range(9)))

    codes = [answer.data["attendGathering"]["code"] for answer in answers]
    assert (codes.count("CODE_REFUSED"), codes.count("CODE_LOCKED")) == (GUESSES_MAX, 9 - GUESSES_MAX)


async def test_only_who_goes_attends_and_only_while_it_counts(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    code = await code_of(graphql, club, tea)
    typed(await attend(graphql, club, "dan", tea, code), "ConflictError", "RSVP_STATE")
    club.clock.now = STARTS - timedelta(minutes=31)
    typed(await attend(graphql, club, "bob", tea, code), "ConflictError", "ATTENDANCE_CLOSED")
    club.clock.now = STARTS + timedelta(hours=3)
    typed(await attend(graphql, club, "bob", tea, code), "ConflictError", "ATTENDANCE_CLOSED")
    long = await attend(graphql, club, "bob", tea, "1" * 21)
    assert typed(long, "InvalidInputError", "INVALID_INPUT")["path"] == ["code"]


async def test_who_has_come_does_not_leave(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    await attend(graphql, club, "bob", tea, await code_of(graphql, club, tea))
    asked = {"gatheringId": tea["id"], "response": "NOT_GOING"}

    typed(await graphql.mutate(club.member_actor("bob"), "rsvp", asked), "ConflictError", "RSVP_STATE")
    cancel = {"gatheringId": tea["id"], "reason": "Rain"}
    typed(await graphql.mutate(club.moderator, "cancelGathering", cancel), "ConflictError", "GATHERING_STATE")


# -- by who looks after it


async def token_of(graphql: GraphQL, club: ProgrammeUnderTest, name: str, made: dict[str, Any]) -> str:
    found = await seen(graphql, club.member_actor(name), made, "viewerRsvp { token { token } }")
    return str(found["viewerRsvp"]["token"]["token"])


async def test_a_scan_notes_who_came_and_two_at_once_are_one(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    token = await token_of(graphql, club, "bob", tea)
    asked = {"gatheringId": tea["id"], "token": token}

    answers = await asyncio.gather(
        *(graphql.done(actor, "recordAttendance", asked, RSVP) for actor in (club.moderator, club.service)),
        graphql.done(club.member_actor("ann"), "recordAttendance", asked, RSVP),
    )

    assert {answer["gathering"]["attendedCount"] for answer in answers} == {1}
    assert await club.balance("bob", "points") == 5
    assert await adds_up(club)


async def test_a_scan_and_the_code_at_once_are_one(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    code = await code_of(graphql, club, tea)

    await asyncio.gather(
        graphql.done(club.moderator, "recordAttendance", of(club, tea, "bob"), RSVP),
        attend(graphql, club, "bob", tea, code),
    )

    assert await club.balance("bob", "points") == 5
    assert (await seen(graphql, club.moderator, tea))["attendedCount"] == 1
    assert await adds_up(club)


async def test_a_token_is_of_its_gathering_and_of_ten_minutes(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    token = await token_of(graphql, club, "bob", tea)
    other = await held(graphql, club, title="Other")
    for made, stated in ((other, token), (tea, "x" * 32), (tea, "")):
        asked = {"gatheringId": made["id"], "token": stated}
        result = await graphql.mutate(club.moderator, "recordAttendance", asked)
        typed(result, "ConflictError", "CODE_REFUSED")
    club.clock.advance(timedelta(minutes=10))
    asked = {"gatheringId": tea["id"], "token": token}
    typed(await graphql.mutate(club.moderator, "recordAttendance", asked), "ConflictError", "CODE_REFUSED")


async def test_tokens_are_ones_own(graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]) -> None:
    listed = "rsvps { nodes { member { displayName } token { token } } }"

    for actor in (club.moderator, club.member_actor("ann"), club.member_actor("dan")):
        nodes = (await seen(graphql, actor, tea, listed))["rsvps"]["nodes"]
        assert [node["token"] for node in nodes] == [None, None]
    nodes = (await seen(graphql, club.member_actor("bob"), tea, listed))["rsvps"]["nodes"]
    assert {node["member"]["displayName"]: node["token"] is not None for node in nodes} == {
        "Bob": True,
        "Cyd": False,
    }


async def test_who_was_not_going_is_let_in_while_there_is_a_place(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    full = await graphql.mutate(club.moderator, "recordAttendance", of(club, tea, "dan"))
    typed(full, "ConflictError", "GATHERING_FULL")
    await rsvp(graphql, club, "cyd", tea, "NOT_GOING")

    success = await graphql.done(club.moderator, "recordAttendance", of(club, tea, "dan"), RSVP)

    assert (success["rsvp"]["state"], success["gathering"]["goingCount"]) == ("GOING", 2)
    assert await club.balance("dan", "points") == 5
    assert await adds_up(club)


async def test_it_is_put_right_for_seven_days(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    club.clock.now = STARTS + timedelta(hours=2, days=7, seconds=-1)
    await graphql.done(club.moderator, "recordAttendance", of(club, tea, "bob"))
    club.clock.advance(timedelta(seconds=1))
    late = await graphql.mutate(club.moderator, "recordAttendance", of(club, tea, "cyd"))
    typed(late, "ConflictError", "ATTENDANCE_CLOSED")


async def test_what_is_struck_is_taken_back_once_and_noted_again_counts_again(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    code = await code_of(graphql, club, tea)
    await attend(graphql, club, "bob", tea, code)
    for _ in range(2):
        asked = of(club, tea, "bob", reason="Was elsewhere")
        success = await graphql.done(club.member_actor("ann"), "strikeAttendance", asked, RSVP)
        assert (success["rsvp"]["attendedAt"], success["gathering"]["attendedCount"]) == (None, 0)
    assert await club.balance("bob", "points") == 0
    progress = await club.progress("bob", "regular")
    assert progress is not None
    assert progress.value == 0
    # The code is still shown, but it was said that they were not there.
    typed(await attend(graphql, club, "bob", tea, code), "ConflictError", "RSVP_STATE")

    await graphql.done(club.moderator, "recordAttendance", of(club, tea, "bob"))
    assert await club.balance("bob", "points") == 5
    never = of(club, tea, "cyd", reason="r")
    typed(await graphql.mutate(club.moderator, "strikeAttendance", never), "ConflictError", "RSVP_STATE")
    assert await adds_up(club)


async def test_taking_out_who_came_takes_back_what_it_counted_for(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    await attend(graphql, club, "bob", tea, await code_of(graphql, club, tea))
    asked = of(club, tea, "bob", reason="Rude")

    success = await graphql.done(club.moderator, "removeRsvp", asked, RSVP)

    assert (success["rsvp"]["attendedAt"], success["gathering"]["attendedCount"]) == (None, 0)
    assert await club.balance("bob", "points") == 0
    back = await graphql.mutate(club.moderator, "recordAttendance", of(club, tea, "bob"))
    typed(back, "ConflictError", "RSVP_STATE")
    assert await adds_up(club)


async def test_members_note_nobody_but_themselves(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    bob = club.member_actor("bob")
    asked = of(club, tea, "bob")
    refused(await graphql.mutate(bob, "recordAttendance", asked), "FORBIDDEN", at="recordAttendance")
    struck = {**asked, "reason": "r"}
    refused(await graphql.mutate(bob, "strikeAttendance", struck), "FORBIDDEN", at="strikeAttendance")
    both = {**of(club, tea, "bob"), "token": "x"}
    for stated in (both, {"gatheringId": tea["id"]}):
        result = await graphql.mutate(club.moderator, "recordAttendance", stated)
        typed(result, "InvalidInputError", "INVALID_INPUT")


async def test_who_came_is_for_who_looks_after_it(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    await attend(graphql, club, "bob", tea, await code_of(graphql, club, tea))
    listed = "rsvps(attended: %s) { nodes { attendedAt member { displayName } } }"

    by_ann = await seen(graphql, club.member_actor("ann"), tea, listed % "true")
    assert [node["member"]["displayName"] for node in by_ann["rsvps"]["nodes"]] == ["Bob"]
    by_ann = await seen(graphql, club.member_actor("ann"), tea, listed % "false")
    assert [node["member"]["displayName"] for node in by_ann["rsvps"]["nodes"]] == ["Cyd"]
    by_cyd = await seen(graphql, club.member_actor("cyd"), tea, listed % "true")
    assert by_cyd["rsvps"]["nodes"] == []
    by_cyd = await seen(graphql, club.member_actor("cyd"), tea, "rsvps { nodes { attendedAt } }")
    assert by_cyd["rsvps"]["nodes"] == [{"attendedAt": None}, {"attendedAt": None}]


async def test_a_shadow_limited_member_comes_for_themselves_alone(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    made = await held(graphql, club)
    await limited(mongo, club, "bob")
    await rsvp(graphql, club, "bob", made)
    club.clock.now = STARTS
    success = (await attend(graphql, club, "bob", made, await code_of(graphql, club, made))).data[
        "attendGathering"
    ]

    assert success["rsvp"]["attendedAt"] is not None
    assert success["gathering"]["attendedCount"] == 0
    assert await club.balance("bob", "points") == 0
    # Who looks after it sees that they are there.
    listed = "rsvps(attended: true) { nodes { member { displayName } } }"
    by_ann = await seen(graphql, club.member_actor("ann"), made, listed)
    assert by_ann["rsvps"]["nodes"] == [{"member": {"displayName": "Bob"}}]
    assert await adds_up(club)


async def test_what_was_answered_under_a_limit_counts_once_it_is_answered_anew(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    made = await held(graphql, club, capacity=1)
    await limited(mongo, club, "bob")
    await rsvp(graphql, club, "bob", made)
    await mongo.collection("sanctions").delete_many({"programme_id": club.key})

    again = await rsvp(graphql, club, "bob", made)

    assert (again["rsvp"]["state"], again["gathering"]["goingCount"]) == ("GOING", 1)
    assert await adds_up(club)


# -- erased, merged


async def test_an_erased_members_place_is_anothers_and_what_they_came_to_stays(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    await attend(graphql, club, "bob", tea, await code_of(graphql, club, tea))
    club.clock.now = NOW
    coming = await held(graphql, club, title="Coming", capacity=1)
    await rsvp(graphql, club, "bob", coming)
    await rsvp(graphql, club, "cyd", coming)

    await graphql.done(club.member_actor("bob"), "eraseMember", {"confirmExternalId": "bob"})
    await club.services.erasures.run_open()
    await club.services.gathering_keeping.run_all()

    own = (await seen(graphql, club.member_actor("cyd"), coming))["viewerRsvp"]
    assert own["state"] == "GOING"
    assert (await seen(graphql, club.moderator, tea))["attendedCount"] == 1
    assert await adds_up(club)


async def test_answers_and_the_calendar_are_part_of_the_export(
    graphql: GraphQL, club: ProgrammeUnderTest, tea: dict[str, Any]
) -> None:
    await graphql.done(club.member_actor("bob"), "createCalendarFeed", {}, "address")
    document = "query ($s: MemberExportSection!) { exportMember(section: $s) { nodes { data } } }"

    rows = await graphql.read(club.member_actor("bob"), document, {"s": "GATHERINGS"})
    assert [row["data"]["state"] for row in rows["exportMember"]["nodes"]] == ["going"]
    rows = await graphql.read(club.member_actor("bob"), document, {"s": "CALENDAR_FEED"})
    assert [list(row["data"]) for row in rows["exportMember"]["nodes"]] == [["madeAt"]]
