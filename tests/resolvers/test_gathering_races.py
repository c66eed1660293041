"""Places and attendance under many requests at once, and when a process dies between."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from community.gatherings import work
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
from tests.resolvers.harness import GraphQL, member_gid, typed
from tests.support import ProgrammeUnderTest


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await met(programme)


async def test_the_last_place_is_one_members(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    made = await held(graphql, club, capacity=3)
    names = [f"m{number}" for number in range(12)]
    await club.join_all(*names)

    answers = await asyncio.gather(*(rsvp(graphql, club, name, made) for name in names))

    states = Counter(answer["rsvp"]["state"] for answer in answers)
    assert states == {"GOING": 3, "WAITING": 9}
    assert await adds_up(club)


async def test_places_given_back_while_others_ask_are_each_given_once(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club, capacity=2)
    names = [f"m{number}" for number in range(8)]
    await club.join_all(*names)
    for name in names[:4]:
        await rsvp(graphql, club, name, made)

    await asyncio.gather(
        *(rsvp(graphql, club, name, made, "NOT_GOING") for name in names[:2]),
        *(rsvp(graphql, club, name, made) for name in names[4:]),
    )

    after = await seen(graphql, club.moderator, made)
    assert (after["goingCount"], after["waitingCount"]) == (2, 4)
    assert [await told(club, name) for name in names[2:4]] == [["moved_up"], ["moved_up"]]
    assert await adds_up(club)


async def test_cancelling_while_members_answer_leaves_none_untold(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club)
    names = [f"m{number}" for number in range(6)]
    await club.join_all(*names)
    answering = {"gatheringId": made["id"], "response": "GOING"}

    await asyncio.gather(
        graphql.done(club.moderator, "cancelGathering", {"gatheringId": made["id"], "reason": "Rain"}),
        *(graphql.mutate(club.member_actor(name), "rsvp", answering) for name in names),
    )
    await club.services.gathering_keeping.run_all()

    for name in names:
        own = (await seen(graphql, club.member_actor(name), made))["viewerRsvp"]
        assert await told(club, name) == (["cancelled"] if own else [])
    assert await adds_up(club)


async def test_fifty_at_once_with_leaving_and_a_change_of_places_fill_it_and_no_more(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club, capacity=10)
    names = [f"m{number}" for number in range(50)]
    await club.join_all(*names)
    first = names[:15]
    await asyncio.gather(*(rsvp(graphql, club, name, made) for name in first))

    async def ask(name: str, response: str) -> Any:
        asked = {"gatheringId": made["id"], "response": response}
        return await graphql.mutate(club.member_actor(name), "rsvp", asked)

    more = {"gatheringId": made["id"], "version": 1, "gathering": stated(capacity=20)}
    results = await asyncio.gather(
        *(ask(name, "GOING") for name in names[15:]),
        *(ask(name, "NOT_GOING") for name in first[:8]),
        *(ask(name, "GOING") for name in names[40:]),
        graphql.mutate(club.moderator, "editGathering", more),
    )
    assert not any(result.errors for result in results)
    await club.services.gathering_keeping.run_all()

    after = await seen(graphql, club.moderator, made)
    assert (after["goingCount"], after["waitingCount"]) == (20, 22)
    assert await adds_up(club)
    # Who waited, and goes, was told once; who waits still was not.
    for name in names:
        own = (await seen(graphql, club.member_actor(name), made))["viewerRsvp"]
        assert await told(club, name) in ([], ["moved_up"]), name
        if own["state"] == "WAITING":
            assert await told(club, name) == []
    fewer = {"gatheringId": made["id"], "version": 2, "gathering": stated(capacity=19)}
    typed(await graphql.mutate(club.moderator, "editGathering", fewer), "InvalidInputError", path="capacity")


async def test_fewer_places_and_the_last_asked_for_at_once_leave_nobody_without_one(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    for turn in range(4):
        made = await held(graphql, club, title=f"Tea {turn}", capacity=2)
        await rsvp(graphql, club, "bob", made)
        fewer = {"gatheringId": made["id"], "version": 1, "gathering": stated(capacity=1)}
        edited, asked = await asyncio.gather(
            graphql.mutate(club.moderator, "editGathering", fewer), rsvp(graphql, club, "cyd", made)
        )
        kind = (edited.data or {})["editGathering"]["__typename"]
        state = asked["rsvp"]["state"]
        assert (kind, state) in (("GatheringSuccess", "WAITING"), ("InvalidInputError", "GOING")), turn
    assert await adds_up(club)


async def test_a_place_that_is_given_back_is_never_lost_with_who_gives_it(
    graphql: GraphQL, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await held(graphql, club, capacity=1)
    await rsvp(graphql, club, "bob", made)
    await rsvp(graphql, club, "cyd", made)
    leaving = {"gatheringId": made["id"], "response": "NOT_GOING"}
    with monkeypatch.context() as patched:
        patched.setattr(work, "tell", _dies(after=0))
        assert (await graphql.mutate(club.member_actor("bob"), "rsvp", leaving)).errors
    # Nothing of it was kept.
    assert [await _state(graphql, club, name, made) for name in ("bob", "cyd")] == ["GOING", "WAITING"]

    await rsvp(graphql, club, "bob", made, "NOT_GOING")
    assert [await _state(graphql, club, name, made) for name in ("bob", "cyd")] == ["NOT_GOING", "GOING"]
    assert await told(club, "cyd") == ["moved_up"]
    assert await adds_up(club)


async def test_a_worker_that_dies_while_many_move_up_is_followed_by_another(
    graphql: GraphQL, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await held(graphql, club, capacity=1)
    names = [f"m{number}" for number in range(80)]
    await club.join_all(*names)
    for name in names:
        await rsvp(graphql, club, name, made)
    more = {"gatheringId": made["id"], "version": 1, "gathering": stated(capacity=None)}
    await graphql.done(club.moderator, "editGathering", more)
    with monkeypatch.context() as patched:
        patched.setattr(work, "tell", _dies(after=9))
        with pytest.raises(Died):
            await club.services.gathering_keeping.run_all()
    half = await seen(graphql, club.moderator, made)
    assert half["waitingCount"] == 29

    await asyncio.gather(*(club.services.gathering_keeping.run_all() for _ in range(2)))

    after = await seen(graphql, club.moderator, made)
    assert (after["goingCount"], after["waitingCount"]) == (80, 0)
    assert [await told(club, name) for name in names] == [[]] + [["moved_up"]] * 79
    assert await adds_up(club)


async def test_who_was_struck_does_not_come_by_the_code_after_all_however_they_answer(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club)
    await rsvp(graphql, club, "bob", made)
    club.clock.now = STARTS
    shown = await seen(graphql, club.moderator, made, "attendanceCode { code }")
    coming = {"gatheringId": made["id"], "code": shown["attendanceCode"]["code"]}
    bob = club.member_actor("bob")
    await graphql.done(bob, "attendGathering", coming)
    elsewhere = {"gatheringId": made["id"], "memberId": member_gid(club, "bob"), "reason": "Was elsewhere"}
    await graphql.done(club.moderator, "strikeAttendance", elsewhere)
    for response in ("NOT_GOING", "GOING"):
        await rsvp(graphql, club, "bob", made, response)

    typed(await graphql.mutate(bob, "attendGathering", coming), "ConflictError", "RSVP_STATE")
    assert await club.balance("bob", "points") == 0
    assert await adds_up(club)


async def test_coming_and_being_struck_and_noted_at_once_counts_once_or_not_at_all(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    made = await held(graphql, club)
    await rsvp(graphql, club, "bob", made)
    club.clock.now = STARTS
    of_bob = {"gatheringId": made["id"], "memberId": member_gid(club, "bob")}
    shown = await seen(graphql, club.moderator, made, "attendanceCode { code }")
    coming = {"gatheringId": made["id"], "code": shown["attendanceCode"]["code"]}
    await graphql.done(club.moderator, "recordAttendance", of_bob)

    await asyncio.gather(
        *(graphql.mutate(club.moderator, "strikeAttendance", {**of_bob, "reason": "r"}) for _ in range(2)),
        *(graphql.mutate(club.moderator, "recordAttendance", of_bob) for _ in range(3)),
        *(graphql.mutate(club.member_actor("bob"), "attendGathering", coming) for _ in range(3)),
        graphql.mutate(club.moderator, "removeRsvp", {**of_bob, "reason": "r"}),
    )

    came = (await seen(graphql, club.moderator, made))["attendedCount"]
    assert await club.balance("bob", "points") == 5 * came
    assert await adds_up(club)


class Died(Exception):
    """The process ends here."""


def _dies(after: int) -> Any:
    """As `tell`, until so many were told."""
    told_before: list[Any] = []
    real = work.tell

    def tell(*arguments: Any) -> None:
        if len(told_before) == after:
            raise Died
        told_before.append(arguments)
        real(*arguments)

    return tell


async def _state(graphql: GraphQL, club: ProgrammeUnderTest, name: str, made: dict[str, Any]) -> str:
    return str((await seen(graphql, club.member_actor(name), made))["viewerRsvp"]["state"])
