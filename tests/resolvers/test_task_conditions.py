"""What a task asks for beside its count, its times, and claims that lapse, as clients see them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL, typed
from tests.support import ProgrammeUnderTest

NOW = datetime.now(UTC).replace(microsecond=0)
"""The real time: what a member is told is deleted after some days of it."""
UNTIL = (NOW + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
POINTS = [{"points": {"unit": "points", "amount": 1}}]
TASKS: list[dict[str, Any]] = [
    *CLUB["tasks"],
    {
        "key": "festive",
        "goal": 1,
        "starts_at": "2026-12-01T00:00:00Z",
        "ends_at": "2027-01-01T00:00:00Z",
        "days": [{"weekday": "monday", "nth": -1}, {"weekday": "friday"}],
        "prerequisites": {"any_of": ["regular", {"all_of": ["collector", "quick"]}]},
    },
    {"key": "quick", "goal": 1, "claim": "manual", "claim_within": "P3D", "reward": POINTS},
    {"key": "everything", "measure": "tasks", "parts": ["regular", "quick"], "reward": POINTS},
]
RULE = {"key": "quick", "on": ["like"], "effects": [{"advance": {"task": "quick"}}]}


async def quests(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme({**CLUB, "tasks": TASKS, "rules": [*CLUB["rules"], RULE]})
    await club.join("ann")
    club.clock.now = NOW
    return club


async def test_shows_what_a_task_asks_for(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await quests(programme)
    club.clock.now = datetime(2026, 11, 18, tzinfo=UTC)
    group = "atLeast tasks groups { atLeast tasks groups { atLeast } }"

    answer = await graphql.read(
        club.member_actor("ann"),
        f"""{{ festive: task(key: "festive") {{ startsAt endsAt state days {{ weekday nth }} parts
                 prerequisites {{ {group} }} claimWithinSeconds }}
               everything: task(key: "everything") {{ measure goal parts state prerequisites {{ atLeast }} }}
               quick: task(key: "quick") {{ claimWithinSeconds startsAt endsAt days {{ nth }} }} }}""",
    )

    assert answer == {
        "festive": {
            "startsAt": "2026-12-01T00:00:00.000Z",
            "endsAt": "2027-01-01T00:00:00.000Z",
            "state": "UPCOMING",
            "days": [{"weekday": "MONDAY", "nth": -1}, {"weekday": "FRIDAY", "nth": None}],
            "parts": [],
            "prerequisites": {
                "atLeast": 1,
                "tasks": ["regular"],
                "groups": [{"atLeast": 2, "tasks": ["collector", "quick"], "groups": []}],
            },
            "claimWithinSeconds": None,
        },
        "everything": {
            "measure": "TASKS",
            "goal": 2,
            "parts": ["regular", "quick"],
            "state": "OPEN",
            "prerequisites": None,
        },
        "quick": {"claimWithinSeconds": 259200, "startsAt": None, "endsAt": None, "days": []},
    }


async def test_lists_tasks_by_their_state(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await quests(programme)
    club.clock.now = datetime(2026, 11, 18, tzinfo=UTC)

    async def keys(state: str) -> list[str]:
        answer = await graphql.read(
            club.member_actor("ann"), f"{{ tasks(filter: {{state: {state}}}) {{ nodes {{ key }} }} }}"
        )
        return [node["key"] for node in answer["tasks"]["nodes"]]

    assert await keys("UPCOMING") == ["festive"]
    assert await keys("OPEN") == ["regular", "collector", "quick", "everything"]
    club.clock.now = datetime(2027, 1, 1, tzinfo=UTC)
    assert await keys("ENDED") == ["festive"]


async def test_a_member_is_told_before_a_claim_lapses_and_when_it_has(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await quests(programme)
    ann, claims = club.member_actor("ann"), club.services.claims
    await club.do("like", "ann", subject="post:1")
    document = """subscription { myProgress { __typename
        ... on TaskMoment { period task { key } }
        ... on TaskClaimEnding { claimBy } ... on TaskClaimLapsed { claimBy } } }"""

    async with graphql.subscribe(ann, document) as stream:
        await stream.data()
        for hours in (47, 1, 1, 23, 1):
            club.clock.advance(timedelta(hours=hours))
            await claims.tell_due(club.clock.now)
        told = await stream.until_quiet(0.5)

    moment = {"period": "all", "task": {"key": "quick"}, "claimBy": UNTIL}
    assert told == [{"__typename": kind, **moment} for kind in ("TaskClaimEnding", "TaskClaimLapsed")]


async def test_a_lapsed_claim_is_refused_and_shown(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await quests(programme)
    ann = club.member_actor("ann")
    await club.do("like", "ann", subject="post:1")
    document = (
        '{ me { taskProgress(filter: {task: "quick"}) { nodes { claimable lapsed claimBy claimedAt } } } }'
    )

    async def shown() -> dict[str, Any]:
        (node,) = (await graphql.read(ann, document))["me"]["taskProgress"]["nodes"]
        return dict(node)

    until = {"claimBy": UNTIL, "claimedAt": None}
    assert await shown() == {"claimable": True, "lapsed": False, **until}
    club.clock.now = NOW + timedelta(days=3)

    typed(
        await graphql.mutate(ann, "claimTask", {"task": "quick", "idempotencyKey": "k"}),
        "ConflictError",
        "TASK_CLAIM_LAPSED",
        "task",
    )
    assert await shown() == {"claimable": False, "lapsed": True, **until}
    assert await club.balance("ann", "points") == 0


async def test_a_task_made_of_tasks_tells_its_progress(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await quests(programme)
    ann = club.member_actor("ann")
    document = "subscription { myProgress { __typename ... on TaskMoment { value goal task { key } } } }"

    async with graphql.subscribe(ann, document) as stream:
        await stream.data()
        await club.do("like", "ann", subject="post:1")
        for _ in range(2):
            await club.do("visit", "ann")
        told = await stream.until_quiet(0.5)

    moments = [
        (m["__typename"], m["value"], m["goal"]) for m in told if m.get("task", {}).get("key") == "everything"
    ]
    assert moments == [("TaskAdvanced", 1, 2), ("TaskAdvanced", 2, 2), ("TaskCompleted", 2, 2)]
