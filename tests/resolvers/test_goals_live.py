"""Goals live: watched by many, and in the member's own feed."""

from typing import Any

import pytest

from gamification.members.model import Standing
from resolvers.live.goal_feeds import goal_feeds_of
from tests.conftest import MakeProgramme
from tests.goal_world import CLOSED, WALK, document, keep, walkers
from tests.resolvers.harness import GraphQL, refused
from tests.support import ProgrammeUnderTest


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await walkers(programme)


UPDATED = """subscription ($goal: String!, $team: String) {
    goalUpdated(goal: $goal, team: $team) { period team value contributors reached { milestone } } }"""


async def test_watchers_see_what_all_have_reached(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    async with (
        graphql.subscribe(ann, UPDATED, {"goal": "walk"}) as first,
        graphql.subscribe(bob, UPDATED, {"goal": "walk"}) as second,
    ):
        for stream in (first, second):
            assert (await stream.data())["value"] == 0
        assert goal_feeds_of(club.services).feeds == 1
        await club.do("walk", "ann", km=60)
        await keep(club)

        for stream in (first, second):
            assert await stream.data() == {
                "period": "all",
                "team": None,
                "value": 60,
                "contributors": 1,
                "reached": [{"milestone": "half"}],
            }
    assert goal_feeds_of(club.services).feeds == 0


async def test_a_team_is_watched_by_its_name(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async with graphql.subscribe(club.service, UPDATED, {"goal": "team", "team": "red"}) as stream:
        assert (await stream.data())["value"] == 0
        await club.do("walk", "bob", km=60)
        await club.do("walk", "ann", km=7)
        await keep(club)

        assert (await stream.data())["value"] == 7


@pytest.mark.parametrize(
    ("variables", "code", "field"),
    [
        ({"goal": "none"}, "NOT_FOUND", "goal"),
        ({"goal": "team"}, "INVALID_INPUT", "team"),
        ({"goal": "walk", "team": "red"}, "INVALID_INPUT", "team"),
    ],
)
async def test_what_cant_be_watched_is_refused(
    graphql: GraphQL, club: ProgrammeUnderTest, variables: dict[str, Any], code: str, field: str
) -> None:
    async with graphql.subscribe(club.member_actor("ann"), UPDATED, variables) as stream:
        refused(await stream.result(), code, field=field)


async def test_who_is_banned_watches_no_more(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    async with graphql.subscribe(club.member_actor("ann"), UPDATED, {"goal": "walk"}) as stream:
        await stream.data()
        await club.services.moderation.set_standing(club.moderator, club.id_of("ann"), Standing.BANNED, "r")
        await club.do("walk", "bob", km=60)
        await keep(club)

        refused(await stream.result(), "FORBIDDEN")


FEED = """subscription { myProgress {
    __typename
    ... on GoalContributed { period team value goal { key } }
    ... on GoalReached { period team value threshold milestone share goal { key } }
} }"""


async def test_a_member_hears_what_they_contributed_and_got(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.apply(document(WALK))
    async with graphql.subscribe(club.member_actor("ann"), FEED) as stream:
        await stream.data()
        await club.do("walk", "ann", km=100)
        assert await stream.data() == {
            "__typename": "GoalContributed",
            "period": "all",
            "team": None,
            "value": 100,
            "goal": {"key": "walk"},
        }
        await keep(club)
        club.clock.now = CLOSED
        await keep(club)
        told = [await stream.data() for _ in range(7)]

    reached = [one for one in told if one["__typename"] == "GoalReached"]
    assert [(one["milestone"], one["value"], one["threshold"], one["share"]) for one in reached] == [
        ("half", 100, 50, None),
        ("target", 100, 100, None),
        ("target", 100, 100, 100),
    ]
    assert {one["__typename"] for one in told} == {"GoalReached", "PointsPosted", "BadgeAwarded"}
