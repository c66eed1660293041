"""`task`, `tasks`, a member's progress, `claimTask`."""

from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

CLAIMED = (
    "replayed progress { value goal completedAt claimedAt claimable task { key } member { externalId } }"
)


def claiming(key: str = "k", **more: Any) -> dict[str, Any]:
    return {"task": "collector", "idempotencyKey": key, **more}


async def test_shows_a_task(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    answer = await graphql.read(
        club.member_actor("ann"),
        """{ task(key: "regular") { key name description status version measure goal cycle claim requires
             reward { unit amount badge leaderboard } } none: task(key: "nope") { key } }""",
    )

    assert answer == {
        "none": None,
        "task": {
            "key": "regular",
            "name": "Come twice",
            "description": None,
            "status": "PUBLISHED",
            "version": 1,
            "measure": "COUNT",
            "goal": 2,
            "cycle": "ONCE",
            "claim": "AUTOMATIC",
            "requires": [],
            "reward": [
                {"unit": "points", "amount": 100, "badge": None, "leaderboard": None},
                {"unit": None, "amount": None, "badge": "faithful", "leaderboard": None},
            ],
        },
    }


async def test_lists_tasks_by_status_and_cycle(graphql: GraphQL, programme: MakeProgramme) -> None:
    tasks = [
        {"key": "a", "goal": 1},
        {"key": "b", "goal": 1, "status": "draft"},
        {"key": "c", "goal": 1, "cycle": "daily"},
        {"key": "d", "goal": 1, "status": "archived"},
    ]
    club = await programme({**CLUB, "rules": [], "tasks": tasks})

    async def keys(actor: Any, arguments: str = "") -> list[str]:
        answer = await graphql.read(actor, f"{{ tasks{arguments} {{ nodes {{ key }} totalCount }} }}")
        assert answer["tasks"]["totalCount"] == len(answer["tasks"]["nodes"])
        return [node["key"] for node in answer["tasks"]["nodes"]]

    assert await keys(club.member_actor("ann")) == ["a", "c", "d"]
    assert await keys(club.operator) == ["a", "b", "c", "d"]
    assert await keys(club.operator, "(filter: {status: DRAFT})") == ["b"]
    assert await keys(club.member_actor("ann"), "(filter: {cycle: DAILY})") == ["c"]
    assert await graphql.read(club.member_actor("ann"), '{ task(key: "b") { key } }') == {"task": None}
    assert await graphql.read(club.operator, '{ task(key: "b") { status } }') == {"task": {"status": "DRAFT"}}


async def test_shows_progress(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")
    await club.do("visit", "ann")
    document = """query ($filter: TaskProgressFilter) { me {
        taskProgress(filter: $filter) { nodes { task { key } value goal period } }
        currentTasks { task { key } value goal completedAt }
    } }"""

    async def progress(**stated: Any) -> dict[str, tuple[int, int, str]]:
        answer = await graphql.read(club.member_actor("ann"), document, {"filter": stated})
        nodes = answer["me"]["taskProgress"]["nodes"]
        return {n["task"]["key"]: (n["value"], n["goal"], n["period"]) for n in nodes}

    assert await progress() == {"regular": (2, 2, "all"), "collector": (2, 3, "all")}
    assert await progress(task="regular") == {"regular": (2, 2, "all")}
    assert list(await progress(completed=True)) == ["regular"]
    assert list(await progress(completed=False)) == ["collector"]
    assert await progress(task="nope") == {}
    current = (await graphql.read(club.member_actor("bob"), document))["me"]["currentTasks"]
    assert [(t["task"]["key"], t["value"], t["goal"], t["completedAt"]) for t in current] == [
        ("regular", 0, 2, None),
        ("collector", 0, 3, None),
    ]


async def test_claims_a_reward_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for _ in range(3):
        await club.do("visit", "ann")
    ann = club.member_actor("ann")
    waiting = await graphql.read(
        ann, '{ me { taskProgress(filter: {task: "collector"}) { nodes { claimable } } } }'
    )
    assert waiting["me"]["taskProgress"]["nodes"] == [{"claimable": True}]

    first = await graphql.done(ann, "claimTask", claiming(), CLAIMED)
    again = await graphql.done(ann, "claimTask", claiming(), CLAIMED)
    typed(
        await graphql.mutate(ann, "claimTask", claiming("other")),
        "ConflictError",
        "TASK_NOT_CLAIMABLE",
        "task",
    )
    typed(
        await graphql.mutate(ann, "claimTask", claiming(period="all")),
        "IdempotencyConflictError", "IDEMPOTENCY_CONFLICT", "idempotencyKey",
    )  # fmt: skip

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["progress"] == again["progress"]
    assert first["progress"]["claimable"] is False
    assert first["progress"]["claimedAt"] is not None
    assert (first["progress"]["task"], first["progress"]["member"]) == (
        {"key": "collector"},
        {"externalId": "ann"},
    )
    assert await club.balance("ann", "gems") == 7


async def test_a_service_claims_for_a_member(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for _ in range(3):
        await club.do("visit", "ann")

    answer = await graphql.done(
        club.service, "claimTask", claiming(memberId=member_gid(club, "ann")), CLAIMED
    )

    assert answer["progress"]["member"] == {"externalId": "ann"}
    assert await club.balance("ann", "gems") == 7


@pytest.mark.parametrize(
    ("changed", "kind", "code", "path"),
    [
        ({}, "ConflictError", "TASK_NOT_CLAIMABLE", "task"),
        ({"period": "2026-11"}, "ConflictError", "TASK_NOT_CLAIMABLE", "task"),
        ({"task": "regular"}, "ConflictError", "TASK_NOT_CLAIMABLE", "task"),
        ({"task": "nope"}, "NotFoundError", "NOT_FOUND", "task"),
        ({"memberId": "nobody"}, "NotFoundError", "NOT_FOUND", "memberId"),
        ({"idempotencyKey": ""}, "InvalidInputError", "INVALID_INPUT", "idempotencyKey"),
    ],
)
async def test_refuses_what_cannot_be_claimed(
    graphql: GraphQL, club: ProgrammeUnderTest, changed: dict[str, Any], kind: str, code: str, path: str
) -> None:
    await club.do("visit", "ann")
    await club.do("visit", "ann")

    typed(await graphql.mutate(club.member_actor("ann"), "claimTask", claiming(**changed)), kind, code, path)

    assert await club.balance("ann", "gems") == 0


async def test_nobody_claims_for_another(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for _ in range(3):
        await club.do("visit", "bob")
    stated = claiming(memberId=member_gid(club, "bob"))

    for actor in (club.member_actor("ann"), club.moderator, club.operator):
        refused(await graphql.mutate(actor, "claimTask", stated), "FORBIDDEN")

    assert await club.balance("bob", "gems") == 0
