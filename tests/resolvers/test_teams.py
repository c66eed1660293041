"""Teams: groups of a board ranked against each other by the sum, average or best few of their members."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.services import Services
from gamification.kit.errors import InvalidInput
from gamification.kit.numbers import LONG_MAX
from gamification.leaderboards.model import Score
from gamification.leaderboards.teams import Tally, team_standing
from gamification.programmes.definitions import Leaderboard, Teams
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.gamification.leaderboards.test_closing import AT
from tests.resolvers.harness import GraphQL, member_gid, refused
from tests.support import ProgrammeUnderTest

RED, BLUE = ("ann", "bob", "cat"), ("dan", "eve")


def document(teams: dict[str, Any], **board: Any) -> dict[str, Any]:
    return {
        "activity_types": [{"key": "play"}],
        "leaderboards": [
            {"key": "cup", "group": "member.attributes.team", "teams": teams, "coalesce_ms": 10, **board},
            {"key": "plain", "group": "member.attributes.team"},
        ],
        "rules": [
            {"key": "r", "on": ["play"], "effects": [{"score": {"board": "cup", "value": "activity.v"}}]}
        ],
    }


async def joined(club: ProgrammeUnderTest) -> ProgrammeUnderTest:
    """Red has 10, 6 and 1, Blue 9 and 7; one of Green has none, and Odd is alone with 2."""
    for name in (*RED, *BLUE, "gil", "odd"):
        team = "red" if name in RED else "blue" if name in BLUE else "green" if name == "gil" else "odd"
        await club.join(name, display_name=name.title(), attributes={"team": team})
    scores = {"ann": 10, "bob": 6, "cat": 1, "dan": 9, "eve": 7, "odd": 2}
    await club.record(*(club.activity("play", name, v=score) for name, score in scores.items()))
    return club


TEAMS = """query ($first: Int, $after: String, $team: String! = "red") { leaderboard(key: "cup") {
    teamScoring { score top least } period { teams { size viewer { rank team { groupKey } } rankOf(group: $team) { rank }
    entries(first: $first, after: $after) { nodes { rank score remainder team { groupKey size } }
        totalCount pageInfo { endCursor hasNextPage } } } } } }"""


async def teams(graphql: GraphQL, club: ProgrammeUnderTest, name: str = "ann", **stated: Any) -> Any:
    answer = await graphql.read(club.member_actor(name), TEAMS, stated)
    return answer["leaderboard"]["period"]["teams"]


def shown(found: Any) -> list[tuple[int, str, int, int]]:
    return [
        (entry["rank"], entry["team"]["groupKey"], entry["score"], entry["remainder"])
        for entry in found["entries"]["nodes"]
    ]


async def sound(club: ProgrammeUnderTest) -> None:
    """What Redis holds of teams is what their members' records make, before and after rebuilding."""
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []
    await club.services.projection.rebuild_all(club.key)
    assert (await VerificationService(club.services).verify(club.key)).differences == []


SUM = [(1, "red", 17, 0), (2, "blue", 16, 0), (3, "odd", 2, 0)]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, SUM),
        ({"score": "average"}, [(1, "blue", 8, 0), (2, "red", 5, 666_666), (3, "odd", 2, 0)]),
        ({"score": "average", "least": 3}, [(1, "red", 5, 666_666)]),
        ({"score": "top", "top": 2}, [(1, "blue", 16, 0), (2, "red", 16, 0), (3, "odd", 2, 0)]),
        ({"score": "top", "top": 1, "least": 2}, [(1, "red", 10, 0), (2, "blue", 9, 0)]),
    ],
)
async def test_ranks_teams(
    graphql: GraphQL,
    programme: MakeProgramme,
    stated: dict[str, Any],
    expected: list[tuple[int, str, int, int]],
) -> None:
    club = await joined(await programme(document(stated)))
    found = await teams(graphql, club)

    if stated.get("top") == 2:  # who reached the same first, in one batch, is for the clock to say
        assert {entry[1:] for entry in shown(found)} == {entry[1:] for entry in expected}
    else:
        assert shown(found) == expected
    assert (found["size"], found["entries"]["totalCount"]) == (len(expected), len(expected))
    await sound(club)
    assert shown(await teams(graphql, club)) == shown(found)


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await joined(await programme(document({})))


async def test_pages_teams_and_finds_ones_own(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    first = await teams(graphql, club, "eve", first=2, team="odd")
    second = await teams(
        graphql, club, "gil", first=2, after=first["entries"]["pageInfo"]["endCursor"], team="x"
    )

    assert (shown(first), shown(second)) == (SUM[:2], SUM[2:])
    assert first["viewer"] == {"rank": 2, "team": {"groupKey": "blue"}}
    assert (first["rankOf"], second["rankOf"], second["viewer"]) == ({"rank": 3}, None, None)
    assert first["entries"]["nodes"][0]["team"]["size"] == 3


async def test_boards_without_teams_have_none(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    answer = await graphql.read(
        club.operator,
        """{ leaderboard(key: "plain") { teamScoring { score } period { teams { size } } }
             cup: leaderboard(key: "cup") { teamScoring { score top least }
                period { group(key: "red") { teams { size } } teams { viewer { rank } } } } }""",
    )

    assert answer["leaderboard"] == {"teamScoring": None, "period": {"teams": None}}
    assert answer["cup"]["teamScoring"] == {"score": "SUM", "top": None, "least": 1}
    assert answer["cup"]["period"] == {"group": {"teams": None}, "teams": {"viewer": None}}


async def test_reversals_bans_and_absence_reach_the_team(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    extra = await club.do("play", "dan", v=5)
    assert shown(await teams(graphql, club))[0] == (1, "blue", 21, 0)
    await club.reverse(extra)
    assert shown(await teams(graphql, club)) == SUM
    stated = {"memberId": member_gid(club, "ann"), "standing": "BANNED", "reason": "r"}
    await graphql.done(club.moderator, "setMemberStanding", stated)
    assert shown(await teams(graphql, club)) == [(1, "blue", 16, 0), (2, "red", 7, 0), (3, "odd", 2, 0)]
    await sound(club)
    await graphql.done(club.moderator, "setMemberStanding", {**stated, "standing": "ACTIVE"})
    await graphql.done(club.member_actor("odd"), "setBoardPresence", {"presence": "ABSENT"})
    await graphql.done(
        club.member_actor("ann"), "setBoardPresence", {"presence": "PSEUDONYM", "pseudonym": "Ghost"}
    )

    assert shown(await teams(graphql, club)) == SUM[:2]
    await sound(club)


async def test_a_member_who_leaves_leaves_their_score_behind(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await joined(await programme(document({}, cycle="daily")))
    await graphql.done(
        club.service, "updateProfile", {"memberId": member_gid(club, "ann"), "attributes": {"team": "blue"}}
    )
    await club.do("play", "ann", v=3)
    assert shown(await teams(graphql, club))[0] == (1, "red", 20, 0)
    club.clock.advance(timedelta(days=1))
    await club.do("play", "ann", v=3)

    assert shown(await teams(graphql, club)) == [(1, "blue", 3, 0)]
    await sound(club)


async def test_many_members_at_once_add_up(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await asyncio.gather(
        *(club.record(club.activity("play", name, v=1)) for name in (*RED, *BLUE) for _ in range(6)),
        club.services.projection.rebuild_all(club.key),
    )

    assert shown(await teams(graphql, club)) == [(1, "red", 35, 0), (2, "blue", 28, 0), (3, "odd", 2, 0)]
    await sound(club)


async def test_messages_that_come_late_change_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest, services_without_redis: Services
) -> None:
    batch = [club.activity("play", name, v=10) for name in ("dan", "cat")]
    await services_without_redis.recording.record(club.service, batch)
    answer = await graphql.read(club.member_actor("ann"), TEAMS, {}, services=services_without_redis)
    by_truth = answer["leaderboard"]["period"]["teams"]
    club.clock.advance(timedelta(minutes=1))
    await club.do("play", "odd", v=1)
    await club.services.delivery.sweep()

    assert shown(by_truth)[0] == (1, "red", 27, 0)
    assert shown(await teams(graphql, club)) == [(1, "red", 27, 0), (2, "blue", 26, 0), (3, "odd", 3, 0)]
    await sound(club)


UPDATES = """subscription { leaderboardTeamsUpdated(key: "cup") { revision size period { key }
    entries { rank score team { groupKey } } viewer { rank score } } }"""


async def test_those_who_watch_teams_are_told(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async with graphql.subscribe(club.member_actor("eve"), UPDATES) as updates:
        present = await updates.data()
        await club.do("play", "dan", v=5)
        moved = await updates.data()

    assert [entry["team"]["groupKey"] for entry in present["entries"]] == ["red", "blue", "odd"]
    assert (present["viewer"], present["size"]) == ({"rank": 2, "score": 16}, 3)
    assert (moved["entries"][0]["score"], moved["viewer"]) == (21, {"rank": 1, "score": 21})
    assert moved["revision"] > present["revision"]


async def test_refuses_to_watch_what_has_no_teams(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for key, code in (("plain", "INVALID_INPUT"), ("nope", "NOT_FOUND")):
        async with graphql.subscribe(club.operator, UPDATES.replace("cup", key)) as updates:
            refused(await updates.result(), code, field="key")
    await graphql.done(
        club.moderator,
        "setMemberStanding",
        {"memberId": member_gid(club, "ann"), "standing": "BANNED", "reason": "r"},
    )
    async with graphql.subscribe(club.member_actor("ann"), UPDATES) as updates:
        refused(await updates.result(), "FORBIDDEN")


@given(
    st.lists(st.integers(-LONG_MAX, LONG_MAX), min_size=1, max_size=8),
    st.lists(st.integers(-9, 9), min_size=1),
)
def test_averages_are_ordered_as_they_are(one: list[int], other: list[int]) -> None:
    board = Leaderboard(key="b", group="member.id", teams=Teams.model_validate({"score": "average"}))

    def standing(scores: list[int]) -> Score:
        found = team_standing(board, Tally("g", len(scores), sum(scores), 0, AT, 1))
        assert found is not None
        return found

    mine, theirs = standing(one), standing(other)
    exact = sum(one) * len(other) - sum(other) * len(one)
    pair = (mine.score, mine.subscore) > (theirs.score, theirs.subscore)
    assert 0 <= mine.subscore < 1_000_000
    if exact > 0:
        assert (mine.score, mine.subscore) >= (theirs.score, theirs.subscore)
    else:
        assert not pair


@pytest.mark.parametrize(
    ("board", "fault"),
    [
        ({"teams": {}}, "state group"),
        ({"group": "member.id", "teams": {"score": "top"}}, "how many"),
        ({"group": "member.id", "teams": {"top": 3}}, "how many"),
    ],
)
async def test_refuses_teams_that_make_no_sense(
    programme: MakeProgramme, board: dict[str, Any], fault: str
) -> None:
    club = await programme({})
    with pytest.raises(InvalidInput, match=fault):
        await club.apply({"leaderboards": [{"key": "b", **board}]})
