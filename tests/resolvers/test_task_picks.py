"""Pools of tasks at the API: what a member's picks are, and that nothing else is there for them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.tasks.picks import picks
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.support import ProgrammeUnderTest

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TASKS = [f"t{number}" for number in range(6)]
REWARD = [{"points": {"unit": "points", "amount": 10}}]
PICKS = """query ($pool: String) { me { taskPicks(pool: $pool) {
    period startsAt endsAt pool { key name picks cycle zone noRepeat seed isGated tasks tier { least } }
    tasks { value goal completedAt task { key } } } } }"""


def club(count: int = 6, picks: int = 2, **pool: Any) -> dict[str, Any]:
    cycle, zone = pool.get("cycle", "daily"), pool.get("zone", "programme")
    keys = [f"t{number}" for number in range(count)]
    return {
        "units": [{"key": "points"}, {"key": "growth"}],
        "activity_types": [{"key": key} for key in ("visit", "grow")],
        "ladders": [
            {
                "key": "club",
                "measures": [{"key": "growth", "unit": "growth"}],
                "tiers": [{"key": "basic"}, {"key": "gold", "requires": {"growth": 100}}],
            }
        ],
        "rules": [
            {"key": "visits", "on": ["visit"], "effects": [{"advance": {"task": key}} for key in keys]},
            {"key": "growing", "on": ["grow"], "effects": [{"points": {"unit": "growth", "amount": 100}}]},
        ],
        "tasks": [{"key": key, "goal": 2, "cycle": cycle, "zone": zone, "reward": REWARD} for key in keys],
        "task_pools": [{"key": "daily", "name": {"en": "Today"}, "tasks": keys, "picks": picks, **pool}],
    }


@pytest.fixture
async def world(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(club())
    made.clock.now = NOON
    await made.join("ann", time_zone="Pacific/Auckland")
    await made.join("bea")
    return made


async def differences(world: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(world.services).verify(world.key)).differences


async def picked(graphql: GraphQL, world: ProgrammeUnderTest, member: str = "ann") -> dict[str, int]:
    """A member's picks and their progress, by task."""
    answer = await graphql.read(world.member_actor(member), PICKS)
    return {one["task"]["key"]: one["value"] for row in answer["me"]["taskPicks"] for one in row["tasks"]}


async def expected(world: ProgrammeUnderTest, member: str, period: str) -> set[str]:
    catalogue = await world.services.programmes.catalogue(world.key)
    return {*picks(catalogue, "daily", world.id_of(member), period)}


async def test_a_member_has_their_picks_and_is_told_when_they_change(
    graphql: GraphQL, world: ProgrammeUnderTest
) -> None:
    answer = await graphql.read(world.member_actor("ann"), PICKS)

    (row,) = answer["me"]["taskPicks"]
    found = {one["task"]["key"] for one in row["tasks"]}
    assert found == await expected(world, "ann", "2026-11-22")
    assert len(found) == 2
    assert [(one["value"], one["goal"], one["completedAt"]) for one in row["tasks"]] == [(0, 2, None)] * 2
    assert (row["period"], row["startsAt"], row["endsAt"]) == (
        "2026-11-22",
        "2026-11-22T00:00:00.000Z",
        "2026-11-23T00:00:00.000Z",
    )
    assert row["pool"] == {
        "key": "daily",
        "name": "Today",
        "picks": 2,
        "cycle": "DAILY",
        "zone": "PROGRAMME",
        "noRepeat": 0,
        "seed": "",
        "isGated": False,
        "tasks": None,
        "tier": None,
    }
    assert (await graphql.read(world.member_actor("ann"), PICKS, {"pool": "none"}))["me"]["taskPicks"] == []


async def test_only_the_picks_are_listed_and_only_they_are_tasks(
    graphql: GraphQL, world: ProgrammeUnderTest
) -> None:
    mine = await expected(world, "ann", "2026-11-22")
    other = next(key for key in TASKS if key not in mine)
    document = "{ tasks { nodes { key } } me { currentTasks { task { key } } } }"

    answer = await graphql.read(world.member_actor("ann"), document)
    assert {node["key"] for node in answer["tasks"]["nodes"]} == mine
    assert {one["task"]["key"] for one in answer["me"]["currentTasks"]} == mine
    one = "query ($key: String!) { task(key: $key) { id key pool } }"
    for key in mine:
        found = (await graphql.read(world.member_actor("ann"), one, {"key": key}))["task"]
        assert (found["key"], found["pool"]) == (key, "daily")
    assert (await graphql.read(world.member_actor("ann"), one, {"key": other}))["task"] is None
    seen = (await graphql.read(world.operator, one, {"key": other}))["task"]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await graphql.read(world.member_actor("ann"), node, {"id": seen["id"]}))["node"] is None
    assert (await graphql.read(world.service, node, {"id": seen["id"]}))["node"] is not None
    assert (await graphql.read(world.member_actor("nobody"), "{ tasks { nodes { key } } }"))["tasks"][
        "nodes"
    ] == []


async def test_staff_see_all_tasks_of_a_pool_and_a_members_picks(
    graphql: GraphQL, world: ProgrammeUnderTest
) -> None:
    answer = await graphql.read(
        world.operator,
        """{ tasks { nodes { key } } taskPools { key tasks status version } member(externalId: "ann") {
             currentTasks { task { key } } taskPicks { tasks { task { key } } } } }""",
    )

    mine = await expected(world, "ann", "2026-11-22")
    assert [node["key"] for node in answer["tasks"]["nodes"]] == TASKS
    assert answer["taskPools"] == [{"key": "daily", "tasks": TASKS, "status": "PUBLISHED", "version": 1}]
    assert {one["task"]["key"] for one in answer["member"]["currentTasks"]} == mine
    assert {one["task"]["key"] for one in answer["member"]["taskPicks"][0]["tasks"]} == mine
    pools = await graphql.read(world.member_actor("ann"), "{ taskPools { key tasks } }")
    assert pools["taskPools"] == [{"key": "daily", "tasks": None}]


async def test_another_member_does_not_read_them(graphql: GraphQL, world: ProgrammeUnderTest) -> None:
    document = "query ($id: ID!) { node(id: $id) { ... on Member { taskPicks { period } } } }"
    stated = {"id": member_gid(world, "ann")}

    refused(await graphql(world.member_actor("bea"), document, stated), "FORBIDDEN", at="node.taskPicks")
    refused(await graphql(None, "{ taskPools { key } }"), "UNAUTHENTICATED")
    for actor in (world.member_actor("ann"), world.operator, world.moderator, world.service):
        assert (await graphql.read(actor, document, stated))["node"]["taskPicks"]


async def test_what_was_not_picked_counts_nothing_and_is_not_told(
    graphql: GraphQL, world: ProgrammeUnderTest
) -> None:
    world.clock.now = datetime.now(UTC)  # what a member is told is deleted after some days of the real time
    today = world.clock.now.date().isoformat()
    mine = await expected(world, "ann", today)
    document = """subscription { myProgress { __typename
        ... on TaskAdvanced { task { key } } ... on TaskCompleted { task { key } } } }"""
    async with graphql.subscribe(world.member_actor("ann"), document) as stream:
        await stream.data()
        await world.do("visit", "ann")
        await world.do("visit", "ann")
        told = await stream.until_quiet(0.5)

    kinds = [row["__typename"] for row in told]
    assert (kinds.count("TaskAdvanced"), kinds.count("TaskCompleted")) == (4, 2)
    assert {row["task"]["key"] for row in told if "task" in row} == mine
    assert await picked(graphql, world) == dict.fromkeys(mine, 2)
    assert await world.balance("ann", "points") == 20
    for key in {*TASKS} - mine:
        assert await world.progress("ann", key, today) is None
    assert await differences(world) == []


async def test_late_activity_counts_for_the_picks_of_its_day(
    graphql: GraphQL, world: ProgrammeUnderTest
) -> None:
    earlier = NOON - timedelta(days=3)
    await world.do("visit", "ann", at=earlier)

    then = await expected(world, "ann", "2026-11-19")
    for key in TASKS:
        progress = await world.progress("ann", key, "2026-11-19")
        assert (progress.value if progress else None) == (1 if key in then else None)
    assert await picked(graphql, world) == dict.fromkeys(await expected(world, "ann", "2026-11-22"), 0)
    answer = await graphql.read(
        world.member_actor("ann"), "{ me { taskProgress { nodes { period task { key } } } } }"
    )
    rows = {(one["period"], one["task"]["key"]) for one in answer["me"]["taskProgress"]["nodes"]}
    assert rows == {("2026-11-19", key) for key in then}
    assert await differences(world) == []


async def test_picks_of_the_members_own_day_and_after_a_journey_of_their_date(
    graphql: GraphQL, world: ProgrammeUnderTest
) -> None:
    other = club(zone="member")
    for part in (other["tasks"], other["task_pools"]):
        for one in part:
            one["key"] = f"my_{one['key']}"
    other["task_pools"][0]["tasks"] = [f"my_{key}" for key in TASKS]
    other["rules"][0]["effects"] = [{"advance": {"task": f"my_{key}"}} for key in TASKS]
    await world.apply(other)

    async def row() -> dict[str, Any]:
        answer = await graphql.read(world.member_actor("ann"), PICKS, {"pool": "my_daily"})
        found: dict[str, Any] = answer["me"]["taskPicks"][0]
        return {**found, "tasks": {one["task"]["key"] for one in found["tasks"]}}

    auckland = await row()  # Monday, 01:00
    assert (auckland["period"], auckland["endsAt"]) == ("2026-11-23", "2026-11-23T11:00:00.000Z")
    await world.do("visit", "ann")
    await graphql.done(world.member_actor("ann"), "updateProfile", {"timeZone": "Pacific/Honolulu"})
    honolulu = await row()  # Sunday, 02:00
    assert honolulu["period"] == "2026-11-22"
    world.clock.advance(timedelta(days=1))
    again = await row()
    assert (again["period"], again["tasks"]) == ("2026-11-23", auckland["tasks"])
    assert await differences(world) == []


async def test_an_edit_midway_leaves_the_days_picks(graphql: GraphQL, world: ProgrammeUnderTest) -> None:
    before = await picked(graphql, world)
    await world.do("visit", "ann")
    await world.apply(club(picks=5, seed="new"))
    await world.do("visit", "ann")

    assert await picked(graphql, world) == dict.fromkeys(before, 2)
    assert await world.balance("ann", "points") == 20
    world.clock.advance(timedelta(days=1))
    assert len(await picked(graphql, world)) == 5
    await world.do("visit", "ann", at=NOON + timedelta(hours=1))
    assert await world.balance("ann", "points") == 20
    assert {key for key in TASKS if await world.progress("ann", key, "2026-11-22")} == {*before}
    assert await differences(world) == []


async def test_an_archived_pick_is_gone_and_the_other_stays(
    graphql: GraphQL, world: ProgrammeUnderTest
) -> None:
    before = await picked(graphql, world)
    gone, kept = sorted(before)
    await graphql.done(world.operator, "archiveDefinition", {"kind": "TASK", "key": gone}, "version")
    await world.do("visit", "ann")

    assert await picked(graphql, world) == {kept: 1}
    world.clock.advance(timedelta(days=1))
    later = await picked(graphql, world)
    assert len(later) == 2
    assert gone not in later
    assert await differences(world) == []


async def test_reversal_takes_back_what_a_pick_gave(graphql: GraphQL, world: ProgrammeUnderTest) -> None:
    first = await world.do("visit", "ann")
    await world.do("visit", "ann")
    world.clock.advance(timedelta(days=1))  # other picks by now
    await world.apply(club(picks=3))
    await world.reverse(first)

    assert await world.balance("ann", "points") == 0
    for key in await expected(world, "ann", "2026-11-22"):
        progress = await world.progress("ann", key, "2026-11-22")
        assert progress is not None
        assert (progress.value, progress.is_complete) == (1, False)
    assert await differences(world) == []


async def test_a_pool_for_a_tier_is_there_once_it_is_held(graphql: GraphQL, programme: MakeProgramme) -> None:
    world = await programme(club(tier={"ladder": "club", "least": "gold"}))
    world.clock.now = NOON
    await world.join("ann")
    document = "{ taskPools { key isGated tier { ladder least } } tasks { nodes { key isGated } } }"
    ann = world.member_actor("ann")

    assert await graphql.read(ann, document) == {"taskPools": [], "tasks": {"nodes": []}}
    assert await picked(graphql, world) == {}
    assert (await graphql.read(ann, PICKS))["me"]["taskPicks"] == []
    await world.record(*(world.activity(kind, "ann") for kind in ("visit", "grow", "visit")))

    mine = await expected(world, "ann", "2026-11-22")
    assert await picked(graphql, world) == dict.fromkeys(mine, 1)
    answer = await graphql.read(ann, document)
    assert answer["taskPools"] == [
        {"key": "daily", "isGated": True, "tier": {"ladder": "club", "least": "gold"}}
    ]
    assert answer["tasks"]["nodes"] == [{"key": key, "isGated": True} for key in TASKS if key in mine]
    assert await differences(world) == []


async def test_a_pool_by_condition_follows_the_member(graphql: GraphQL, programme: MakeProgramme) -> None:
    world = await programme(club(when="member.attributes.city == 'Basel'"))
    world.clock.now = NOON
    await world.join("ann", attributes={"city": "Basel"})
    await world.join("bea")
    await world.do("visit", "ann")
    await world.do("visit", "bea")

    assert await picked(graphql, world) == dict.fromkeys(await expected(world, "ann", "2026-11-22"), 1)
    assert await picked(graphql, world, "bea") == {}
    assert await differences(world) == []


async def test_a_pick_is_claimed_by_hand_the_day_after(graphql: GraphQL, programme: MakeProgramme) -> None:
    document = club(1, 1)
    document["tasks"][0] |= {"claim": "manual", "goal": 1}
    world = await programme(document)
    world.clock.now = NOON
    await world.join("ann")
    await world.do("visit", "ann")
    world.clock.advance(timedelta(days=1))

    stated = {"task": "t0", "period": "2026-11-22", "idempotencyKey": "a"}
    await graphql.done(world.member_actor("ann"), "claimTask", stated, "replayed")
    assert await world.balance("ann", "points") == 10
    assert await differences(world) == []


async def test_a_bonus_for_all_of_the_days_picks(graphql: GraphQL, programme: MakeProgramme) -> None:
    """What they are is another thing for each member; that they are so many is not."""
    document = club()
    bonus = {"key": "bonus", "measure": "tasks", "parts": TASKS, "goal": 2, "cycle": "daily"}
    document["tasks"].append({**bonus, "reward": [{"points": {"unit": "points", "amount": 100}}]})
    world = await programme(document)
    world.clock.now = NOON
    await world.join("ann")
    await world.do("visit", "ann")
    await world.do("visit", "ann")

    assert await world.balance("ann", "points") == 120
    assert await differences(world) == []


async def test_verify_finds_what_counted_without_being_picked(world: ProgrammeUnderTest) -> None:
    activity = await world.do("visit", "ann")
    mine = await expected(world, "ann", "2026-11-22")
    activities = world.services.stores.mongo.collection("activities")
    wrong = [
        {**row, "period": "2026-11-22"} if row["task"] not in mine else {**row, "period": ""}
        for row in (await activities.find_one({"_id": activity.id}) or {})["advances"]
    ]
    await activities.update_one({"_id": activity.id}, {"$set": {"advances": wrong}})

    found = await differences(world)
    assert sum("where it was not picked" in one for one in found) == 4
    assert sum("counts for" in one and "computed True" in one for one in found) == 2


async def test_members_at_once_each_have_their_own(graphql: GraphQL, world: ProgrammeUnderTest) -> None:
    names = [f"m{number}" for number in range(30)]
    await world.join_all(*names)
    await asyncio.gather(*(world.do("visit", name) for name in names for _ in range(2)))

    for name in names:
        assert await picked(graphql, world, name) == dict.fromkeys(
            await expected(world, name, "2026-11-22"), 2
        )
        assert await world.balance(name, "points") == 20
    assert await differences(world) == []


async def test_a_pool_is_defined_and_changed_over_the_api(
    graphql: GraphQL, world: ProgrammeUnderTest
) -> None:
    body = {"key": "more", "status": "published", "tasks": ["t0"], "picks": 1}
    bad = await graphql.mutate(world.operator, "createDefinition", {"kind": "TASK_POOL", "definition": body})
    typed(bad, "InvalidDocumentError", path="task_pools.daily.tasks")
    await graphql.done(
        world.operator,
        "updateDefinition",
        {"kind": "TASK_POOL", "definition": {"key": "daily", "tasks": TASKS, "picks": 4}},
        "version",
    )
    answer = await graphql.read(world.operator, "{ programme { definitions { kind key body version } } }")
    (pool,) = [one for one in answer["programme"]["definitions"] if one["kind"] == "TASK_POOL"]

    assert pool["version"] == 2
    assert [(one.get("since"), one["picks"]) for one in pool["body"]["terms"]] == [
        (None, 2),
        ("2026-11-23", 4),
    ]
