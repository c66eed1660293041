"""`setBoardPresence`, and what bans do to boards: live and past ones follow, and so do those who watch."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL, member_gid, typed
from tests.resolvers.test_leaderboard_updated import UPDATES, shown, until
from tests.support import ProgrammeUnderTest

BOARDS = """query ($past: String!) {
    now: leaderboard(key: "daily") { period { ...of } }
    past: leaderboard(key: "daily") { period(key: $past) { ...of } }
    total: leaderboard(key: "total") { period { ...of } }
}
fragment of on LeaderboardPeriod { size entries { nodes { rank score member { id displayName } } } }"""


@pytest.fixture
async def played(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Ann leads, Bob and Cec follow: today, yesterday and in all."""
    club = await programme(CLUB)
    for name in ("ann", "bob", "cec"):
        await club.join(name, display_name=name.title())
    for day in (timedelta(days=1), timedelta()):
        for name, visits in (("ann", 3), ("bob", 2), ("cec", 1)):
            await club.record(*(club.activity("visit", name, at=club.clock.now - day) for _ in range(visits)))
    return club


async def boards(graphql: GraphQL, club: ProgrammeUnderTest) -> dict[str, list[tuple[int, str]]]:
    """(rank, name) on the boards of today, yesterday and all time."""
    past = (club.clock.now - timedelta(days=1)).date().isoformat()
    answer = await graphql.read(club.member_actor("bob"), BOARDS, {"past": past})
    found = {}
    for name, board in answer.items():
        entries = board["period"]["entries"]["nodes"]
        assert board["period"]["size"] == len(entries)
        found[name] = [(entry["rank"], entry["member"]["displayName"]) for entry in entries]
    return found


async def sound(club: ProgrammeUnderTest) -> None:
    """Records, rankings and what they derive from agree, and rebuilding changes nothing."""
    before = await club.ranking_ids("total")
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []
    await club.services.projection.rebuild_all(club.key)
    assert await club.ranking_ids("total") == before


EVERYWHERE = ("now", "past", "total")


@pytest.mark.parametrize("standing", ["BANNED", "HIDDEN"])
async def test_who_is_banned_leaves_every_board_and_comes_back(
    graphql: GraphQL, played: ProgrammeUnderTest, standing: str
) -> None:
    before = await boards(graphql, played)
    stated = {"memberId": member_gid(played, "ann"), "reason": "r"}

    await graphql.done(played.moderator, "setMemberStanding", {**stated, "standing": standing})
    without = await boards(graphql, played)
    await sound(played)
    await graphql.done(played.moderator, "setMemberStanding", {**stated, "standing": "ACTIVE"})

    assert without == {name: [(1, "Bob"), (2, "Cec")] for name in EVERYWHERE}
    assert await boards(graphql, played) == before
    await sound(played)


async def test_a_member_leaves_the_boards_and_comes_back_with_what_they_did_meanwhile(
    graphql: GraphQL, played: ProgrammeUnderTest
) -> None:
    bob = played.member_actor("bob")
    left = await graphql.done(
        bob, "setBoardPresence", {"presence": "ABSENT"}, "member { boardPresence pseudonym }"
    )
    without = await boards(graphql, played)
    await played.record(*(played.activity("visit", "bob") for _ in range(5)))
    still = await boards(graphql, played)
    await sound(played)
    await graphql.done(bob, "setBoardPresence", {"presence": "NAMED"})

    assert left["member"] == {"boardPresence": "ABSENT", "pseudonym": None}
    assert without == still == {name: [(1, "Ann"), (2, "Cec")] for name in EVERYWHERE}
    after = await boards(graphql, played)
    assert (after["now"][0], after["past"][1]) == ((1, "Bob"), (2, "Bob"))
    await sound(played)


async def test_lifting_a_ban_does_not_undo_the_members_own_choice(
    graphql: GraphQL, played: ProgrammeUnderTest
) -> None:
    stated = {"memberId": member_gid(played, "ann"), "reason": "r"}
    await graphql.done(played.member_actor("ann"), "setBoardPresence", {"presence": "ABSENT"})

    for standing in ("BANNED", "ACTIVE"):
        await graphql.done(played.moderator, "setMemberStanding", {**stated, "standing": standing})

    assert await boards(graphql, played) == {name: [(1, "Bob"), (2, "Cec")] for name in EVERYWHERE}


async def test_a_pseudonym_takes_the_place_of_the_profile_everywhere(
    graphql: GraphQL, played: ProgrammeUnderTest
) -> None:
    ann, bob = played.member_actor("ann"), played.member_actor("bob")
    await graphql.done(ann, "setBoardPresence", {"presence": "PSEUDONYM", "pseudonym": "Ghost"})

    assert await boards(graphql, played) == {
        name: [(1, "Ghost"), (2, "Bob"), (3, "Cec")] for name in EVERYWHERE
    }
    await sound(played)
    await played.do("visit", "ann")
    document = """query ($ann: ID!) {
        leaderboard(key: "total") { period {
            entries(first: 1) { nodes { score member {
                id displayName avatarUrl locale timeZone joinedAt badgeAwards { nodes { id } } } } }
            rankOf(memberId: $ann) { rank } around(memberId: $ann) { rank } } }
        member(id: $ann) { displayName standing(leaderboard: "total") { rank } } }"""
    seen = await graphql.read(bob, document, {"ann": member_gid(played, "ann")})
    period = seen["leaderboard"]["period"]
    (entry,) = period["entries"]["nodes"]
    ghost = entry["member"]
    assert entry["score"] == 35
    assert ghost["id"] != member_gid(played, "ann")
    joined = played.members["ann"].joined_at.isoformat()
    assert ghost["joinedAt"][:23] != joined[:23]
    assert (ghost["displayName"], ghost["avatarUrl"], ghost["badgeAwards"]) == ("Ghost", None, {"nodes": []})
    assert (period["rankOf"], period["around"]) == (None, [])
    assert seen["member"] == {"displayName": "Ann", "standing": None}
    for actor in (ann, played.moderator):
        own = await graphql.read(actor, document, {"ann": member_gid(played, "ann")})
        assert own["member"]["standing"] == {"rank": 1}


async def test_nothing_leads_from_a_pseudonym_to_the_profile(
    graphql: GraphQL, played: ProgrammeUnderTest
) -> None:
    await graphql.done(
        played.member_actor("ann"), "setBoardPresence", {"presence": "PSEUDONYM", "pseudonym": "Ghost"}
    )
    entries = (await graphql.read(played.service, BOARDS, {"past": "2026-01-01"}))["total"]["period"][
        "entries"
    ]
    ghost = entries["nodes"][0]["member"]["id"]

    document = "query ($id: ID!) { node(id: $id) { id } member(id: $id) { id } }"
    for actor in (played.member_actor("bob"), played.operator, played.service):
        assert await graphql.read(actor, document, {"id": ghost}) == {"node": None, "member": None}
    private = (
        '{ leaderboard(key: "total") { period { entries { nodes { member { externalId attributes } } } } } }'
    )
    refused = await graphql(played.operator, private)
    assert {(error.extensions or {})["code"] for error in refused.errors or []} == {"FORBIDDEN"}


async def test_each_pseudonym_is_another_one_even_with_the_same_name(
    graphql: GraphQL, played: ProgrammeUnderTest
) -> None:
    ann, seen = played.member_actor("ann"), set()
    for presence in ("PSEUDONYM", "NAMED", "PSEUDONYM"):
        stated = {"presence": presence} | ({"pseudonym": "Ghost"} if presence == "PSEUDONYM" else {})
        await graphql.done(ann, "setBoardPresence", stated)
        page = await played.page("total", limit=1)
        seen.add(page.entries[0].member_id)

    assert len(seen) == 3
    assert played.id_of("ann") in seen


@pytest.mark.parametrize(
    "stated",
    [
        {"presence": "PSEUDONYM"},
        {"presence": "PSEUDONYM", "pseudonym": ""},
        {"presence": "PSEUDONYM", "pseudonym": "x" * 101},
        {"presence": "NAMED", "pseudonym": "Ghost"},
    ],
)
async def test_refuses_a_pseudonym_that_is_none(
    graphql: GraphQL, played: ProgrammeUnderTest, stated: dict[str, Any]
) -> None:
    result = await graphql.mutate(played.member_actor("ann"), "setBoardPresence", stated)

    typed(result, "InvalidInputError", path="pseudonym")


async def test_refuses_for_who_is_not_there(graphql: GraphQL, played: ProgrammeUnderTest) -> None:
    stated = {"presence": "ABSENT", "memberId": "TWVtYmVyOjAwMDA"}

    typed(await graphql.mutate(played.operator, "setBoardPresence", stated), "NotFoundError", "NOT_FOUND")


@pytest.mark.parametrize(
    ("field", "stated", "expected"),
    [
        ("setMemberStanding", {"standing": "BANNED", "reason": "r"}, [(1, "Bob"), (2, "Cec")]),
        ("setBoardPresence", {"presence": "ABSENT"}, [(1, "Bob"), (2, "Cec")]),
        (
            "setBoardPresence",
            {"presence": "PSEUDONYM", "pseudonym": "Ghost"},
            [(1, "Ghost"), (2, "Bob"), (3, "Cec")],
        ),
    ],
)
async def test_those_who_watch_are_told(
    graphql: GraphQL,
    played: ProgrammeUnderTest,
    field: str,
    stated: dict[str, Any],
    expected: list[tuple[int, str]],
) -> None:
    async with graphql.subscribe(played.member_actor("bob"), UPDATES, {"key": "total"}) as updates:
        present = await updates.data()
        await graphql.done(played.operator, field, {"memberId": member_gid(played, "ann"), **stated})
        moved = await until(updates, lambda update: [entry[:2] for entry in shown(update)] == expected)

    assert [entry[:2] for entry in shown(present)] == [(1, "Ann"), (2, "Bob"), (3, "Cec")]
    assert moved["viewer"]["rank"] == {name: rank for rank, name in expected}["Bob"]


async def test_a_member_under_a_pseudonym_sees_their_own_place(
    graphql: GraphQL, played: ProgrammeUnderTest
) -> None:
    ann = played.member_actor("ann")
    await graphql.done(ann, "setBoardPresence", {"presence": "PSEUDONYM", "pseudonym": "Ghost"})

    async with graphql.subscribe(ann, UPDATES, {"key": "total", "around": 1}) as updates:
        present = await updates.data()

    assert present["viewer"] == {"rank": 1, "score": 30}
    assert present["around"][0] == {"rank": 1, "member": {"displayName": "Ghost"}}


async def test_reads_from_the_database_show_the_same(
    graphql: GraphQL, played: ProgrammeUnderTest, services_without_redis: Any
) -> None:
    await graphql.done(
        played.member_actor("ann"), "setBoardPresence", {"presence": "PSEUDONYM", "pseudonym": "Ghost"}
    )
    for viewer in ("ann", "bob"):
        by_redis = await played.page("total", viewer=viewer)
        by_truth = await played.page("total", viewer=viewer, services=services_without_redis)
        assert (by_truth.entries, by_truth.viewer) == (by_redis.entries, by_redis.viewer)


async def test_activity_at_the_same_moment_leaves_nobody_on_a_board_they_left(
    graphql: GraphQL, played: ProgrammeUnderTest
) -> None:
    ann = played.member_actor("ann")
    for presence in ("ABSENT", "NAMED", "ABSENT"):
        await asyncio.gather(
            graphql.done(ann, "setBoardPresence", {"presence": presence}),
            *(played.record(played.activity("visit", "ann")) for _ in range(4)),
        )

    assert await boards(graphql, played) == {name: [(1, "Bob"), (2, "Cec")] for name in EVERYWHERE}
    await sound(played)
