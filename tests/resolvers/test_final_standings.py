"""Seasons with names, what is frozen at their close, prizes, and the history of standings, as clients see them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.gamification.leaderboards.test_closing import BOARD, DOCUMENT, END, NAMES, SPRING, SUMMER, late
from tests.resolvers.harness import GraphQL, member_gid, refused
from tests.support import ProgrammeUnderTest

NAMED = {
    **DOCUMENT,
    "leaderboards": [
        {**BOARD, "seasons": [{**SPRING, "name": {"en": "Spring Cup", "zh": "春季杯"}}, SUMMER]},
    ],
}


@pytest.fixture
async def cup(programme: MakeProgramme) -> ProgrammeUnderTest:
    """A season with a name, in which five have played; it closes in thirteen hours."""
    club = await programme(NAMED, lateness="unlimited")
    for name in NAMES:
        await club.join(name, display_name=name.title())
    club.clock.now = END - timedelta(hours=1)
    await club.record(*(club.activity("play", name, v=50 - 10 * place) for place, name in enumerate(NAMES)))
    return club


async def close(club: ProgrammeUnderTest) -> None:
    late(club)
    assert await club.services.closing.close_in(club.key) == 1


SEASON = """{ leaderboard(key: "cup") {
    settlesAfterSeconds
    seasons { key name startsAt endsAt closedAt frozenAt size }
    prizes { firstRank lastRank topPercent reward { unit amount badge leaderboard } }
} }"""


async def test_shows_seasons_and_prizes(graphql: GraphQL, cup: ProgrammeUnderTest) -> None:
    before = await graphql.read(cup.member_actor("ann"), SEASON)
    await close(cup)
    after = (await graphql.read(cup.member_actor("ann"), SEASON))["leaderboard"]

    board = before["leaderboard"]
    assert board["settlesAfterSeconds"] == 12 * 3600
    spring, summer = board["seasons"]
    assert (spring["key"], spring["name"], spring["size"]) == ("spring", "Spring Cup", 5)
    assert (spring["closedAt"], spring["frozenAt"]) == (None, None)
    assert (summer["key"], summer["name"], summer["size"]) == ("summer", None, 0)
    assert after["seasons"][0]["closedAt"] == "2026-06-01T12:00:00.000Z"
    assert after["seasons"][0]["frozenAt"] == "2026-06-01T12:05:00.000Z"
    assert after["seasons"][1]["closedAt"] is None
    crown = {"unit": None, "amount": None, "badge": "crown", "leaderboard": None}
    assert after["prizes"][0]["reward"][1] == crown
    assert [(p["firstRank"], p["lastRank"], p["topPercent"]) for p in after["prizes"]] == [
        (1, 1, None),
        (2, 3, None),
        (None, None, 80),
    ]


async def test_names_a_season_in_the_viewers_locale(graphql: GraphQL, cup: ProgrammeUnderTest) -> None:
    await cup.join("zhao", locale="zh")
    answer = await graphql.read(cup.member_actor("zhao"), SEASON)

    assert answer["leaderboard"]["seasons"][0]["name"] == "春季杯"


FINAL = """query ($key: String!, $first: Int, $after: String) {
    leaderboard(key: "cup") { period(key: $key) { finalStandings(first: $first, after: $after) {
        nodes { rank size score subscore frozenAt member { displayName } leaderboard { key } period { key } }
        pageInfo { hasNextPage endCursor } } entries { nodes { rank member { displayName } } } } } }"""


async def test_the_final_list_is_paged_by_rank(graphql: GraphQL, cup: ProgrammeUnderTest) -> None:
    empty = await graphql.read(cup.member_actor("ann"), FINAL, {"key": "spring"})
    await close(cup)
    found, after, page = [], None, {}
    for _ in range(3):
        stated = {"key": "spring", "first": 2, "after": after}
        answer = await graphql.read(cup.member_actor("ann"), FINAL, stated)
        page = answer["leaderboard"]["period"]["finalStandings"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]

    assert empty["leaderboard"]["period"]["finalStandings"]["nodes"] == []
    assert not page["pageInfo"]["hasNextPage"]
    assert [(f["rank"], f["member"]["displayName"], f["score"]) for f in found] == [
        (rank, name.title(), 60 - 10 * rank) for rank, name in enumerate(NAMES, 1)
    ]
    assert {(f["size"], f["leaderboard"]["key"], f["period"]["key"]) for f in found} == {(5, "cup", "spring")}


async def test_who_leaves_afterwards_leaves_the_list_and_the_rest_move_up(
    graphql: GraphQL, cup: ProgrammeUnderTest
) -> None:
    await close(cup)
    await graphql.done(
        cup.moderator,
        "setMemberStanding",
        {"memberId": member_gid(cup, "bob"), "standing": "BANNED", "reason": "r"},
    )
    await graphql.done(
        cup.member_actor("ann"), "setBoardPresence", {"presence": "PSEUDONYM", "pseudonym": "Ghost"}
    )

    period = (await graphql.read(cup.member_actor("cat"), FINAL, {"key": "spring"}))["leaderboard"]["period"]
    final = [(f["rank"], f["member"]["displayName"]) for f in period["finalStandings"]["nodes"]]
    entries = [(e["rank"], e["member"]["displayName"]) for e in period["entries"]["nodes"]]
    assert final == [(1, "Ghost"), (3, "Cat"), (4, "Dan"), (5, "Eve")]
    assert entries == [(1, "Ghost"), (2, "Cat"), (3, "Dan"), (4, "Eve")]


HISTORY = """query ($id: ID!, $board: String) { member(id: $id) { finalStandings(leaderboard: $board) { nodes {
    rank size score period { key name } member { displayName }
    prizeTransfers { amount cause { prize { leaderboard period rank } } }
    prizeAwards { badge { key } occurrence } } } } }"""


async def test_a_member_has_a_history(graphql: GraphQL, cup: ProgrammeUnderTest) -> None:
    await close(cup)
    await cup.do("play", "ann", v=1)
    await cup.do("play", "bob", v=2)
    cup.clock.now = END + timedelta(days=200)
    await cup.services.closing.close_in(cup.key)

    for actor in (cup.member_actor("ann"), cup.operator):
        answer = await graphql.read(actor, HISTORY, {"id": member_gid(cup, "ann")})
        summer, spring = answer["member"]["finalStandings"]["nodes"]
        assert (summer["rank"], summer["size"], summer["period"]["key"]) == (2, 2, "summer")
        assert (spring["rank"], spring["size"], spring["period"]["name"]) == (1, 5, "Spring Cup")
        prize = {"leaderboard": "cup", "period": "spring", "rank": 1}
        assert spring["prizeTransfers"] == [{"amount": 100, "cause": {"prize": prize}}]
        assert spring["prizeAwards"] == [{"badge": {"key": "crown"}, "occurrence": "cup:spring"}]
    other = await graphql.read(cup.operator, HISTORY, {"id": member_gid(cup, "ann"), "board": "other"})
    assert other["member"]["finalStandings"]["nodes"] == []


async def test_history_and_prizes_are_the_members_own(graphql: GraphQL, cup: ProgrammeUnderTest) -> None:
    await close(cup)
    bob = cup.member_actor("bob")

    result = await graphql(bob, HISTORY, {"id": member_gid(cup, "ann")})
    refused(result, "FORBIDDEN", at="member.finalStandings")
    for field in ("prizeTransfers { amount }", "prizeAwards { id }"):
        document = """{ leaderboard(key: "cup") { period(key: "spring") {
            finalStandings(first: 1) { nodes { rank %s } } } } }"""
        refused(await graphql(bob, document % field), "FORBIDDEN")


async def test_who_wins_is_told(graphql: GraphQL, cup: ProgrammeUnderTest) -> None:
    document = """subscription { myProgress { __typename
        ... on RankRewarded { leaderboard { key } period rank size }
        ... on PointsPosted { transfer { amount } } } }"""
    async with graphql.subscribe(cup.member_actor("bob"), document) as messages:
        await messages.data()
        await close(cup)
        told = [await messages.data(), await messages.data()]

    assert {"__typename": "PointsPosted", "transfer": {"amount": 50}} in told
    rewarded: dict[str, Any] = {"leaderboard": {"key": "cup"}, "period": "spring", "rank": 2, "size": 5}
    assert {"__typename": "RankRewarded", **rewarded} in told


async def test_a_score_that_came_too_late_is_shown_with_its_activity(
    graphql: GraphQL, cup: ProgrammeUnderTest
) -> None:
    late(cup)
    await cup.do("play", "ann", v=1, at=END - timedelta(minutes=1), source_id="late")

    answer = await graphql.read(
        cup.service,
        '{ activity(source: "tests", sourceId: "late") { unscored { leaderboard period reason } } }',
    )
    assert answer["activity"]["unscored"] == [{"leaderboard": "cup", "period": "spring", "reason": "CLOSED"}]
