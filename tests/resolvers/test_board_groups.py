"""Boards by segment, tier, space or team: each group is a ranking of its own, from the one stream of scores."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from community.services import Services
from gamification.kit.errors import InvalidInput
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.gamification.leaderboards.test_closing import END, SPRING
from tests.resolvers.harness import GraphQL, member_gid, refused
from tests.support import ProgrammeUnderTest

BOARD: dict[str, Any] = {"key": "sum", "cycle": "daily", "group": "member.attributes.country"}
DOCUMENT: dict[str, Any] = {
    "units": [{"key": "coins"}],
    "activity_types": [{"key": "play"}],
    "leaderboards": [BOARD, {"key": "plain"}],
    "rules": [
        {"key": board, "on": ["play"], "effects": [{"score": {"board": board, "value": "activity.v"}}]}
        for board in ("sum", "plain")
    ],
}
PEOPLE = {"ann": "cn", "bob": "cn", "cat": "de", "dan": None, "eve": "de"}


async def joined(club: ProgrammeUnderTest) -> ProgrammeUnderTest:
    for name, country in PEOPLE.items():
        attributes = {"country": country} if country else {}
        await club.join(name, display_name=name.title(), attributes=attributes)
    return club


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Five members: two in China, two in Germany, one nowhere. All have played."""
    club = await joined(await programme(DOCUMENT))
    await club.record(*(club.activity("play", name, v=10 + place) for place, name in enumerate(PEOPLE)))
    return club


GROUP = """query ($board: String! = "sum", $group: String!, $id: ID!) { leaderboard(key: $board) { hasGroups period {
    group(key: $group) {
        key groupKey size entries { nodes { rank score member { displayName } } totalCount }
        rankOf(memberId: $id) { rank } around(memberId: $id) { rank }
    } } } }"""


async def group(
    graphql: GraphQL, club: ProgrammeUnderTest, name: str, viewer: str = "ann"
) -> list[tuple[int, str, int]]:
    answer = await graphql.read(
        club.member_actor("ann"), GROUP, {"group": name, "id": member_gid(club, viewer)}
    )
    found = answer["leaderboard"]["period"]["group"]
    entries = found["entries"]["nodes"]
    assert (found["groupKey"], found["size"], found["entries"]["totalCount"]) == (
        name,
        len(entries),
        len(entries),
    )
    return [(e["rank"], e["member"]["displayName"], e["score"]) for e in entries]


async def sound(club: ProgrammeUnderTest) -> None:
    """What Redis holds of the board and each group is what rebuilding makes."""
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []
    await club.services.projection.rebuild_all(club.key)
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def test_ranks_each_group_beside_the_whole(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    assert [name for _, name, _ in await club.ranking("sum")] == ["eve", "dan", "cat", "bob", "ann"]
    assert await group(graphql, club, "cn") == [(1, "Bob", 11), (2, "Ann", 10)]
    assert await group(graphql, club, "de") == [(1, "Eve", 14), (2, "Cat", 12)]
    await sound(club)
    assert await group(graphql, club, "cn") == [(1, "Bob", 11), (2, "Ann", 10)]


async def test_a_place_is_that_in_the_group(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for viewer, rank in (("ann", 2), ("cat", None)):
        stated = {"group": "cn", "id": member_gid(club, viewer)}
        answer = await graphql.read(club.service, GROUP, stated)
        found = answer["leaderboard"]["period"]["group"]
        assert found["rankOf"] == ({"rank": rank} if rank else None)
        assert found["around"] == ([{"rank": 1}, {"rank": 2}] if rank else [])


async def test_lists_the_groups_there_are(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    document = """query ($after: String) { leaderboard(key: "sum") {
        period { groupKey groups(first: 1, after: $after) { nodes { groupKey size } pageInfo { endCursor hasNextPage } } }
        periods { nodes { groupKey size } } } }"""
    first = (await graphql.read(club.member_actor("ann"), document))["leaderboard"]
    page = first["period"]["groups"]
    second = await graphql.read(club.member_actor("ann"), document, {"after": page["pageInfo"]["endCursor"]})

    assert first["period"]["groupKey"] is None
    assert page["nodes"] == [{"groupKey": "cn", "size": 2}]
    assert second["leaderboard"]["period"]["groups"]["nodes"] == [{"groupKey": "de", "size": 2}]
    assert not second["leaderboard"]["period"]["groups"]["pageInfo"]["hasNextPage"]
    assert first["periods"]["nodes"] == [{"groupKey": None, "size": 5}]


async def test_shows_the_callers_own_group(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    document = '{ leaderboard(key: "sum") { period { myGroup { groupKey entries { nodes { score } } } } } }'
    for name, score in (("ann", 11), ("eve", 14), ("dan", None)):
        answer = await graphql.read(club.member_actor(name), document)
        found = answer["leaderboard"]["period"]["myGroup"]
        assert (found and found["entries"]["nodes"][0]["score"]) == score
    assert (await graphql.read(club.operator, document))["leaderboard"]["period"]["myGroup"] is None


async def test_a_group_that_there_is_not_is_empty_and_leaves_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest, services: Services
) -> None:
    assert await group(graphql, club, "fr") == []
    await asyncio.sleep(0.05)
    period = await club.period("sum")
    keys = await services.rankings._redis.client.keys(f"sg:{{{club.key}:sum:{period.key}}}:g:fr*")
    assert keys == []


async def test_boards_without_groups_have_none(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    stated = {"board": "plain", "group": "cn", "id": member_gid(club, "ann")}
    answer = await graphql.read(club.member_actor("ann"), GROUP, stated)

    assert answer["leaderboard"] == {"hasGroups": False, "period": {"group": None}}


@pytest.mark.parametrize("name", ["", "x" * 65, "a|b", "a\nb"])
async def test_refuses_what_names_no_group(graphql: GraphQL, club: ProgrammeUnderTest, name: str) -> None:
    result = await graphql(club.member_actor("ann"), GROUP, {"group": name, "id": member_gid(club, "ann")})
    refused(result, "INVALID_INPUT", field="group")


async def test_a_member_stays_in_the_group_of_their_first_score_until_the_period_ends(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await graphql.done(
        club.service, "updateProfile", {"memberId": member_gid(club, "ann"), "attributes": {"country": "de"}}
    )
    await club.do("play", "ann", v=5)
    assert await group(graphql, club, "cn") == [(1, "Ann", 15), (2, "Bob", 11)]
    await sound(club)
    club.clock.advance(timedelta(days=1))
    await club.do("play", "ann", v=1)

    assert await group(graphql, club, "cn") == []
    assert await group(graphql, club, "de") == [(1, "Ann", 1)]
    await sound(club)


async def test_who_had_no_group_gets_one_with_the_score_after(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await graphql.done(
        club.service, "updateProfile", {"memberId": member_gid(club, "dan"), "attributes": {"country": "cn"}}
    )
    await club.do("play", "dan", v=0)

    assert await group(graphql, club, "cn") == [(1, "Dan", 13), (2, "Bob", 11), (3, "Ann", 10)]
    await sound(club)


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("cn", "cn"),
        (7, "7"),
        (True, None),
        (1.5, None),
        ("", None),
        ("a|b", None),
        ("x" * 65, None),
        (None, None),
    ],
)
async def test_what_fits_no_group_is_in_none(
    programme: MakeProgramme, attribute: object, expected: str | None
) -> None:
    club = await programme(DOCUMENT)
    await club.join("ann", attributes={"country": attribute})
    await club.do("play", "ann", v=1)
    (record,) = [
        record async for record in club.services.stores.records.stream_all(club.key) if record.board == "sum"
    ]

    assert record.group == expected
    assert [name for _, name, _ in await club.ranking("sum")] == ["ann"]


async def test_who_is_banned_or_hides_leaves_the_group_too(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    stated = {"memberId": member_gid(club, "bob"), "standing": "BANNED", "reason": "r"}
    await graphql.done(club.moderator, "setMemberStanding", stated)
    assert await group(graphql, club, "cn") == [(1, "Ann", 10)]
    hidden = {"presence": "PSEUDONYM", "pseudonym": "Ghost"}
    await graphql.done(club.member_actor("ann"), "setBoardPresence", hidden)
    answer = await graphql.read(club.operator, GROUP, {"group": "cn", "id": member_gid(club, "ann")})
    entries = answer["leaderboard"]["period"]["group"]["entries"]["nodes"]

    assert [entry["member"]["displayName"] for entry in entries] == ["Ghost"]
    await sound(club)


async def test_a_reversal_reaches_the_group(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    extra = await club.do("play", "ann", v=50)
    assert (await group(graphql, club, "cn"))[0] == (1, "Ann", 60)
    await club.reverse(extra)

    assert await group(graphql, club, "cn") == [(1, "Bob", 11), (2, "Ann", 10)]
    await sound(club)


async def test_while_redis_is_away_groups_are_read_from_the_database(
    graphql: GraphQL, club: ProgrammeUnderTest, services_without_redis: Services
) -> None:
    stated = {"group": "de", "id": member_gid(club, "cat")}
    here = await graphql.read(club.member_actor("ann"), GROUP, stated)
    there = await graphql.read(club.member_actor("ann"), GROUP, stated, services=services_without_redis)

    assert here == there


UPDATES = """subscription ($group: String) { leaderboardUpdated(key: "sum", group: $group) {
    period { groupKey } entries { rank member { displayName } } viewer { rank } } }"""


async def test_a_group_can_be_watched(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async with (
        graphql.subscribe(club.member_actor("ann"), UPDATES, {"group": "cn"}) as mine,
        graphql.subscribe(club.member_actor("ann"), UPDATES, {"group": "de"}) as theirs,
    ):
        first, other = await mine.data(), await theirs.data()
        await club.do("play", "ann", v=9)
        moved = await mine.data()
        told = await theirs.until_quiet(0.5)

    assert first == {
        "period": {"groupKey": "cn"},
        "entries": [
            {"rank": 1, "member": {"displayName": "Bob"}},
            {"rank": 2, "member": {"displayName": "Ann"}},
        ],
        "viewer": {"rank": 2},
    }
    assert (moved["entries"][0]["member"], moved["viewer"]) == ({"displayName": "Ann"}, {"rank": 1})
    assert (other["viewer"], told) == (None, [])


async def test_refuses_to_watch_a_group_where_there_can_be_none(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    document = UPDATES.replace('"sum"', '"plain"')
    for text, name in ((document, "cn"), (UPDATES, "a|b")):
        async with graphql.subscribe(club.member_actor("ann"), text, {"group": name}) as updates:
            refused(await updates.result(), "INVALID_INPUT", field="group")


async def test_prizes_of_groups_are_given_once_beside_those_of_the_whole(programme: MakeProgramme) -> None:
    def prizes(amount: int) -> list[dict[str, Any]]:
        return [{"ranks": [1, 1], "reward": [{"points": {"unit": "coins", "amount": amount}}]}]

    board = {**BOARD, "cycle": "season", "seasons": [SPRING], "settles_after": "PT1H"}
    board |= {"prizes": prizes(100), "group_prizes": prizes(10)}
    club = await joined(
        await programme({**DOCUMENT, "leaderboards": [board, {"key": "plain"}]}, lateness="unlimited")
    )
    club.clock.now = END - timedelta(hours=1)
    await club.record(*(club.activity("play", name, v=10 + place) for place, name in enumerate(PEOPLE)))
    club.clock.now = END + timedelta(hours=2)
    await asyncio.gather(*(club.services.closing.close_in(club.key) for _ in range(3)))

    assert {name: await club.balance(name, "coins") for name in PEOPLE} == {
        "ann": 0,
        "bob": 10,
        "cat": 0,
        "dan": 0,
        "eve": 110,
    }
    history = await GraphQL(club.services).read(
        club.member_actor("eve"),
        "{ me { finalStandings { nodes { rank size group groupRank groupSize prizeTransfers { amount } } } } }",
    )
    (final,) = history["me"]["finalStandings"]["nodes"]
    assert final.pop("prizeTransfers") == [{"amount": 100}, {"amount": 10}]
    assert final == {"rank": 1, "size": 5, "group": "de", "groupRank": 1, "groupSize": 2}
    document = """{ leaderboard(key: "sum") { groupPrizes { firstRank reward { amount } } period(key: "spring") {
        group(key: "cn") { frozenAt finalStandings { nodes { groupRank member { displayName } } } } } } }"""
    answer = (await GraphQL(club.services).read(club.member_actor("ann"), document))["leaderboard"]
    assert answer["groupPrizes"] == [{"firstRank": 1, "reward": [{"amount": 10}]}]
    assert answer["period"]["group"]["frozenAt"] is not None
    assert [
        (final["groupRank"], final["member"]["displayName"])
        for final in answer["period"]["group"]["finalStandings"]["nodes"]
    ] == [(1, "Bob"), (2, "Ann")]
    await sound(club)


@pytest.mark.parametrize(
    ("board", "fault"),
    [
        ({"group": "member."}, "group"),
        ({"group": "activity.country"}, "by the member alone"),
        ({"group": "subject.id + member.id"}, "by the member alone"),
        ({"group_prizes": [{"ranks": [1, 1], "reward": []}]}, "group_prizes"),
    ],
)
async def test_refuses_a_group_that_cannot_be_found(
    programme: MakeProgramme, board: dict[str, Any], fault: str
) -> None:
    club = await programme({})
    with pytest.raises(InvalidInput, match=fault):
        await club.apply({"leaderboards": [{"key": "b", **board}]})


async def test_the_group_of_a_board_is_fixed_once_made(club: ProgrammeUnderTest) -> None:
    for changed in ({**BOARD, "group": "member.locale"}, {"key": "sum", "cycle": "daily"}):
        with pytest.raises(InvalidInput, match="group is fixed"):
            await club.apply({**DOCUMENT, "leaderboards": [changed, {"key": "plain"}]})


async def test_a_tier_can_be_the_group(graphql: GraphQL, programme: MakeProgramme) -> None:
    ladder = {
        "key": "club",
        "measures": [{"key": "growth", "unit": "coins", "rolling": "P30D"}],
        "tiers": [{"key": "basic"}, {"key": "gold", "requires": {"growth": 100}}],
    }
    board = {**BOARD, "group": "member.tiers.club"}
    club = await programme({**DOCUMENT, "ladders": [ladder], "leaderboards": [board, {"key": "plain"}]})
    for name in ("ann", "bob"):
        await club.join(name, display_name=name.title())
    rich = {"memberId": member_gid(club, "ann"), "unit": "coins", "amount": 150, "reason": "r"}
    await graphql.done(club.operator, "adjustPoints", {**rich, "idempotencyKey": "k"})
    await club.record(*(club.activity("play", name, v=1) for name in ("ann", "bob")))

    assert await group(graphql, club, "gold") == [(1, "Ann", 1)]
    assert await group(graphql, club, "basic") == [(1, "Bob", 1)]
    await sound(club)
