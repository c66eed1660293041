"""Goals as clients see them: what they are, how far they have come, who contributed what, and live."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gamification.kit.actors import Actor, Role
from resolvers.relay import encode_id
from tests.conftest import MakeProgramme
from tests.goal_world import (
    CLOSED,
    END,
    NOW,
    TEAM,
    WALK,
    WEEK,
    contributed,
    document,
    keep,
    walk_goal,
    walkers,
)
from tests.resolvers.harness import GraphQL, member_gid, refused, succeeded
from tests.support import ProgrammeUnderTest


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await walkers(programme)


DEFINED = """{
  goal(key: "walk") {
    key name description status version measure target hasTeams cycle startsAt endsAt least pays settlesAfterSeconds
    milestones {
      key name percent threshold reward { unit amount badge } split { unit amount by }
    }
  }
}"""


async def test_a_goal_says_what_it_is(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    found = await graphql.read(club.member_actor("ann"), DEFINED)

    assert found["goal"] == {
        "key": "walk",
        "name": "A hundred",
        "description": "Walk together",
        "status": "PUBLISHED",
        "version": 1,
        "measure": "SUM",
        "target": 100,
        "hasTeams": False,
        "cycle": "ONCE",
        "startsAt": None,
        "endsAt": iso(END),
        "least": 10,
        "pays": "REACHED",
        "settlesAfterSeconds": 86400,
        "milestones": [
            {
                "key": "half",
                "name": "Halfway",
                "percent": 50,
                "threshold": 50,
                "reward": [{"unit": "points", "amount": 1, "badge": None}],
                "split": None,
            },
            {
                "key": "target",
                "name": "target",
                "percent": 100,
                "threshold": 100,
                "reward": [
                    {"unit": "points", "amount": 5, "badge": None},
                    {"unit": None, "amount": None, "badge": "walker"},
                ],
                "split": {"unit": "points", "amount": 100, "by": "CONTRIBUTION"},
            },
        ],
    }


async def test_goals_are_listed_in_file_order(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.apply(document(WALK, TEAM, {**WEEK, "status": "archived"}))
    ann = club.member_actor("ann")

    every = await graphql.read(ann, "{ goals { totalCount nodes { key } } }")
    published = await graphql.read(
        ann, "{ goals(status: PUBLISHED, first: 1) { nodes { key } pageInfo { hasNextPage } } }"
    )

    assert every["goals"] == {"totalCount": 3, "nodes": [{"key": key} for key in ("walk", "team", "week")]}
    assert published["goals"] == {"nodes": [{"key": "walk"}], "pageInfo": {"hasNextPage": True}}


async def test_a_goal_that_is_missing_is_null_and_so_is_a_draft_for_members(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.services.programmes.create(club.operator, "goals", walk_goal(key="draft", status="draft"))
    read = '{ goal(key: "none") { key } draft: goal(key: "draft") { key } }'

    assert await graphql.read(club.member_actor("ann"), read) == {"goal": None, "draft": None}
    assert (await graphql.read(club.operator, read))["draft"] == {"key": "draft"}
    refused(await graphql(None, '{ goal(key: "walk") { key } }'), "UNAUTHENTICATED", at="goal")


PROGRESS = """query ($team: String, $period: String, $key: String = "walk") {
  goal(key: $key) {
    progress(team: $team, period: $period) {
      period team startsAt endsAt closesAt closedAt state value target contributors participants
      reached { milestone reachedAt value threshold }
      goal { key }
      myContribution { value team period payments { milestone } }
    }
  }
}"""


async def test_progress_says_how_far_all_have_come_and_what_is_mine(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("walk", "ann", km=45)
    await club.do("walk", "bob", km=9)
    await keep(club)

    found = (await graphql.read(club.member_actor("ann"), PROGRESS))["goal"]["progress"]

    assert found == {
        "period": "all",
        "team": None,
        "startsAt": None,
        "endsAt": iso(END),
        "closesAt": iso(END + timedelta(days=1)),
        "closedAt": None,
        "state": "OPEN",
        "value": 54,
        "target": 100,
        "contributors": 2,
        "participants": 1,
        "reached": [{"milestone": "half", "reachedAt": iso(NOW), "value": 54, "threshold": 50}],
        "goal": {"key": "walk"},
        "myContribution": {"value": 45, "team": None, "period": "all", "payments": [{"milestone": "half"}]},
    }
    for nobody in (club.member_actor("cec"), club.service):
        assert (await graphql.read(nobody, PROGRESS))["goal"]["progress"]["myContribution"] is None


async def test_before_anybody_contributed_there_is_progress_of_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    found = (await graphql.read(club.member_actor("ann"), PROGRESS, {"key": "week"}))["goal"]["progress"]

    assert (found["period"], found["value"], found["target"], found["reached"]) == ("2026-W47", 0, 3, [])


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"team": "red"}, "team"),
        ({"key": "team"}, "team"),
        ({"key": "team", "team": ""}, "team"),
        ({"key": "team", "team": "a|b"}, "team"),
        ({"key": "week", "period": "2026"}, "period"),
    ],
)
async def test_what_no_progress_can_be_of_is_refused(
    graphql: GraphQL, club: ProgrammeUnderTest, variables: dict[str, Any], field: str
) -> None:
    refused(
        await graphql(club.member_actor("ann"), PROGRESS, variables),
        "INVALID_INPUT",
        at="goal.progress",
        field=field,
    )


async def test_teams_are_listed_and_mine_is_found(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.record(club.activity("walk", "ann", km=12), club.activity("walk", "bob", km=4))
    await keep(club)
    read = """{ goal(key: "team") {
        myProgress { team value myContribution { value } }
        teams { nodes { team value contributors reached { milestone } } edges { cursor } }
    } }"""

    found = (await graphql.read(club.member_actor("bob"), read))["goal"]

    assert found["myProgress"] == {"team": "blue", "value": 4, "myContribution": {"value": 4}}
    assert found["teams"]["nodes"] == [
        {"team": "blue", "value": 4, "contributors": 1, "reached": []},
        {"team": "red", "value": 12, "contributors": 1, "reached": [{"milestone": "target"}]},
    ]
    for nobody in (club.member_actor("cec"), club.member_actor("stranger"), club.service):
        assert (await graphql.read(nobody, read))["goal"]["myProgress"] is None
    page = """query ($after: String) { goal(key: "team") {
        teams(first: 1, after: $after) { nodes { team } pageInfo { hasNextPage endCursor } } } }"""
    first = (await graphql.read(club.service, page))["goal"]["teams"]
    assert (first["nodes"], first["pageInfo"]["hasNextPage"]) == ([{"team": "blue"}], True)
    after = {"after": first["pageInfo"]["endCursor"]}
    assert (await graphql.read(club.service, page, after))["goal"]["teams"]["nodes"] == [{"team": "red"}]


async def test_past_periods_can_be_read(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("walk", "ann", km=1)
    await club.do("walk", "ann", km=1, at=NOW - timedelta(days=7))
    await keep(club)
    read = """{ goal(key: "week") {
        progress(period: "2026-W46") { value startsAt endsAt }
        periods { nodes { period value } }
        myProgress(period: "2026-W46") { value }
    } }"""

    found = (await graphql.read(club.member_actor("ann"), read))["goal"]

    assert found == {
        "progress": {
            "value": 1,
            "startsAt": "2026-11-09T00:00:00.000Z",
            "endsAt": "2026-11-16T00:00:00.000Z",
        },
        "periods": {"nodes": [{"period": "2026-W47", "value": 1}, {"period": "2026-W46", "value": 1}]},
        "myProgress": {"value": 1},
    }


CONTRIBUTORS = """query ($first: Int, $after: String) { goal(key: "walk") { progress {
    contributions(first: $first, after: $after) {
        totalCount nodes { value member { displayName externalId } } pageInfo { hasNextPage endCursor }
    } } } }"""


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.OPERATOR, Role.SERVICE])
async def test_staff_and_services_list_who_contributed(
    graphql: GraphQL, club: ProgrammeUnderTest, role: Role
) -> None:
    await club.record(club.activity("walk", "ann", km=12), club.activity("walk", "bob", km=40))
    await keep(club)
    actor = Actor(club.key, "staff", role)

    found = (await graphql.read(actor, CONTRIBUTORS, {"first": 1}))["goal"]["progress"]["contributions"]
    rest = await graphql.read(actor, CONTRIBUTORS, {"after": found["pageInfo"]["endCursor"]})

    assert (found["totalCount"], found["pageInfo"]["hasNextPage"]) == (2, True)
    assert found["nodes"] == [{"value": 40, "member": {"displayName": "bob", "externalId": "bob"}}]
    assert [one["value"] for one in rest["goal"]["progress"]["contributions"]["nodes"]] == [12]


async def test_members_do_not_learn_who_contributed(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("walk", "ann", km=12)
    await keep(club)

    refused(
        await graphql(club.member_actor("ann"), CONTRIBUTORS), "FORBIDDEN", at="goal.progress.contributions"
    )


async def test_a_page_of_contributors_takes_as_many_reads_as_one(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    names = [f"m{number}" for number in range(20)]
    await club.join_all(*names)
    await club.record(*(club.activity("walk", name, km=10) for name in names))
    await keep(club)

    found = await graphql.read(club.service, CONTRIBUTORS, {"first": 100})

    assert len(found["goal"]["progress"]["contributions"]["nodes"]) == 20


MINE = """query ($id: ID!) { member(id: $id) { goalContributions {
    nodes {
        id value team updatedAt goal { key } member { displayName }
        payments { milestone at share takenBackAt transfers { amount cause { goal { key period team milestone } } }
            awards { badge { key } } }
    } } } }"""


async def test_a_member_sees_what_they_contributed_and_got(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("walk", "ann", km=100)
    await keep(club)
    club.clock.now = CLOSED
    await keep(club)

    found = await graphql.read(club.member_actor("ann"), MINE, {"id": member_gid(club, "ann")})

    one = next(
        node for node in found["member"]["goalContributions"]["nodes"] if node["goal"]["key"] == "walk"
    )
    assert (one["value"], one["team"], one["member"]) == (100, None, {"displayName": "ann"})
    cause = {"goal": {"key": "walk", "period": "all", "team": None, "milestone": "target"}}
    assert [(p["milestone"], p["share"]) for p in one["payments"]] == [
        ("half", None),
        ("target", None),
        ("target", 100),
    ]
    assert one["payments"][1]["transfers"] == [{"amount": 5, "cause": cause}]
    assert one["payments"][1]["awards"] == [{"badge": {"key": "walker"}}]
    assert one["payments"][2]["transfers"] == [{"amount": 100, "cause": cause}]
    node = await graphql.read(
        club.member_actor("ann"),
        "query ($id: ID!) { node(id: $id) { id ... on GoalContribution { value } } }",
        one,
    )
    assert node["node"] == {"id": one["id"], "value": 100}


async def test_what_a_member_contributed_is_theirs(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("walk", "ann", km=100)
    found = await contributed(club, "ann")
    assert found is not None
    bob, id_of_ann = club.member_actor("bob"), {"id": member_gid(club, "ann")}

    refused(await graphql(bob, MINE, id_of_ann), "FORBIDDEN", at="member.goalContributions")
    node = "query ($id: ID!) { node(id: $id) { id } }"
    theirs = {"id": encode_id("GoalContribution", found.id)}
    assert (await graphql.read(bob, node, theirs))["node"] is None
    assert (await graphql.read(club.moderator, node, theirs))["node"] == theirs


async def test_an_activity_says_what_it_contributed(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    walked = await club.do("walk", "cec", km=3)
    read = "query ($s: String!, $i: String!) { activity(source: $s, sourceId: $i) { contributions { goal period team by } } }"

    found = await graphql.read(club.service, read, {"s": walked.source, "i": walked.source_id})

    assert found["activity"]["contributions"] == [
        {"goal": "walk", "period": "all", "team": None, "by": 3},
        {"goal": "team", "period": None, "team": None, "by": 3},
        {"goal": "week", "period": "2026-W47", "team": None, "by": 1},
    ]


async def test_operators_see_and_change_goals_as_definitions(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    stated = {"kind": "GOAL", "definition": {"key": "new", "target": 9, "status": "published"}}

    await graphql.done(club.operator, "createDefinition", stated)

    found = await graphql.read(
        club.operator, "{ goals { nodes { key } } programme { definitions { kind key } } }"
    )
    assert {"key": "new"} in found["goals"]["nodes"]
    assert {"kind": "GOAL", "key": "new"} in found["programme"]["definitions"]


async def test_a_dry_run_says_what_would_change(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    changed = {**document(WALK, TEAM, {**WEEK, "target": 5}), "programme": {"key": club.key}}

    answer = await graphql.mutate(
        club.operator,
        "applyProgramme",
        {"document": changed, "dryRun": True},
        "changes { section key kind fields }",
    )

    assert succeeded(answer)["applyProgramme"]["changes"] == [
        {"section": "goals", "key": "week", "kind": "CHANGED", "fields": ["target"]}
    ]


async def test_what_a_member_contributed_is_in_their_export(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("walk", "ann", km=100)
    await keep(club)

    found = await graphql.read(
        club.member_actor("ann"), "{ exportMember(section: GOALS) { nodes { data } } }"
    )

    rows = {one["data"]["goal"]: one["data"] for one in found["exportMember"]["nodes"]}
    assert (rows["walk"]["value"], rows["team"]["team"], rows["week"]["period"]) == (100, "red", "2026-W47")
    assert [one["milestone"] for one in rows["walk"]["payments"]] == ["half", "target"]
