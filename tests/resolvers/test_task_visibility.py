"""Tasks that are there for some members only: by tier, and by what is known of the member."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.tasks.model import progress_id
from gamification.verification.service import VerificationService
from resolvers.relay import encode_id
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, typed
from tests.support import ProgrammeUnderTest

NOW = datetime.now(UTC).replace(microsecond=0)
"""The real time: what a member is told is deleted after some days of it."""
GOLD = {"ladder": "club", "least": "gold"}
POINTS = [{"points": {"unit": "points", "amount": 10}}]
CLUB: dict[str, Any] = {
    "units": [{"key": "points"}, {"key": "growth"}],
    "activity_types": [{"key": key} for key in ("visit", "buy", "grow", "ask")],
    "ladders": [
        {
            "key": "club",
            "measures": [{"key": "growth", "unit": "growth"}],
            "tiers": [{"key": "basic"}, {"key": "gold", "requires": {"growth": 100}}],
        }
    ],
    "rules": [
        {"key": "visits", "on": ["visit"], "effects": [{"advance": {"task": "gilded"}}]},
        {"key": "buying", "on": ["buy"], "effects": [{"advance": {"task": "base"}}, {"advance": {"task": "claimed"}}]},
        {
            "key": "growing",
            "on": ["grow"],
            "effects": [{"points": {"unit": "growth", "amount": 100}}, {"advance": {"task": "gilded"}}],
        },
        {"key": "asking", "on": ["ask"], "effects": [{"advance": {"task": "local"}}]},
    ],
    "tasks": [
        {"key": "base", "goal": 1},
        {"key": "gilded", "goal": 2, "tier": GOLD, "reward": POINTS},
        {"key": "local", "goal": 1, "when": "member.attributes.city == 'Basel'", "reward": POINTS},
        {"key": "claimed", "goal": 1, "tier": GOLD, "claim": "manual", "claim_within": "P3D", "reward": POINTS},
        {"key": "both", "measure": "tasks", "parts": ["base", "local"], "tier": GOLD, "reward": POINTS},
    ],
}  # fmt: skip


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(CLUB)
    await made.join("ann")
    await made.join("bea", attributes={"city": "Basel"})
    made.clock.now = NOW
    return made


async def promote(club: ProgrammeUnderTest, tier: str, key: str, member: str = "ann") -> None:
    await club.services.tier_keeping.set_tier(
        club.operator, club.id_of(member), "club", tier, None, "a test", key
    )


async def listed(graphql: GraphQL, actor: Any) -> list[str]:
    answer = await graphql.read(actor, "{ tasks { nodes { key } } }")
    return [node["key"] for node in answer["tasks"]["nodes"]]


async def current(graphql: GraphQL, club: ProgrammeUnderTest) -> dict[str, int]:
    answer = await graphql.read(club.member_actor("ann"), "{ me { currentTasks { value task { key } } } }")
    return {one["task"]["key"]: one["value"] for one in answer["me"]["currentTasks"]}


async def differences(club: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(club.services).verify(club.key)).differences


async def test_a_task_is_listed_for_those_only_for_whom_it_is(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    every = ["base", "gilded", "local", "claimed", "both"]

    assert await listed(graphql, club.member_actor("ann")) == ["base"]
    assert await listed(graphql, club.member_actor("bea")) == ["base", "local"]
    assert await listed(graphql, club.member_actor("nobody")) == ["base"]
    for actor in (club.operator, club.moderator, club.service):
        assert await listed(graphql, actor) == every
    await promote(club, "gold", "k")
    assert await listed(graphql, club.member_actor("ann")) == ["base", "gilded", "claimed", "both"]


async def test_a_task_tells_for_whom_it_is(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    document = """{ gilded: task(key: "gilded") { isGated tier { ladder least } }
                    local: task(key: "local") { isGated tier { least } } base: task(key: "base") { isGated } }"""

    assert await graphql.read(club.operator, document) == {
        "gilded": {"isGated": True, "tier": GOLD},
        "local": {"isGated": True, "tier": None},
        "base": {"isGated": False},
    }
    assert await graphql.read(club.member_actor("ann"), document) == {
        "gilded": None,
        "local": None,
        "base": {"isGated": False},
    }


async def test_what_is_not_there_counts_nothing_and_gives_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    async with graphql.subscribe(ann, "subscription { myProgress { __typename } }") as stream:
        await stream.data()
        for _ in range(3):
            await club.do("visit", "ann")
        await club.do("ask", "ann")
        told = await stream.until_quiet(0.5)

    assert told == []
    assert await current(graphql, club) == {"base": 0}
    assert await club.balance("ann", "points") == 0
    await club.do("ask", "bea")
    assert await club.balance("bea", "points") == 10
    assert await differences(club) == []


async def test_what_lifts_a_member_does_not_count_yet_but_what_follows_does(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("grow", "ann")
    assert (await current(graphql, club))["gilded"] == 0
    await club.record(*(club.activity("visit", "ann") for _ in range(2)))

    assert (await current(graphql, club))["gilded"] == 2
    assert await club.balance("ann", "points") == 10
    assert await differences(club) == []


async def test_within_one_batch_what_follows_the_rise_counts(club: ProgrammeUnderTest) -> None:
    await club.record(*(club.activity(kind, "ann") for kind in ("visit", "grow", "visit", "visit")))

    progress = await club.progress("ann", "gilded")
    assert progress is not None
    assert (progress.value, progress.is_complete) == (2, True)


async def test_progress_rests_hidden_while_the_tier_is_lost_and_goes_on_after(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    node = encode_id("TaskProgress", progress_id(club.key, club.id_of("ann"), "gilded", "all"))
    document = """query ($id: ID!) { me { taskProgress { nodes { task { key } } } named: id
        one: taskProgress(filter: {task: "gilded"}) { nodes { value } } } node(id: $id) { id } }"""
    await promote(club, "gold", "k1")
    await club.do("visit", "ann")
    await promote(club, "basic", "k2")
    await club.do("visit", "ann")

    answer = await graphql.read(ann, document, {"id": node})
    assert answer["me"]["taskProgress"]["nodes"] == answer["me"]["one"]["nodes"] == []
    assert answer["node"] is None
    assert await current(graphql, club) == {"base": 0}
    seen = await graphql.read(
        club.operator,
        """{ member(externalId: "ann") { taskProgress { nodes { value task { key } } } } }""",
    )
    assert seen["member"]["taskProgress"]["nodes"] == [{"value": 1, "task": {"key": "gilded"}}]
    await promote(club, "gold", "k3")
    await club.do("visit", "ann")

    answer = await graphql.read(ann, document, {"id": node})
    assert answer["me"]["one"]["nodes"] == [{"value": 2}]
    assert answer["node"] == {"id": node}
    assert await club.balance("ann", "points") == 10
    assert await differences(club) == []


async def test_what_was_completed_stays_and_is_taken_back_without_a_word(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await promote(club, "gold", "k1")
    first, _ = [await club.do("visit", "ann") for _ in range(2)]
    await promote(club, "basic", "k2")
    assert await club.balance("ann", "points") == 10

    async with graphql.subscribe(
        club.member_actor("ann"), "subscription { myProgress { __typename } }"
    ) as stream:
        await stream.data()
        await club.reverse(first)
        told = await stream.until_quiet(0.5)

    assert [message["__typename"] for message in told] == ["PointsPosted"]
    assert await club.balance("ann", "points") == 0
    assert await differences(club) == []


async def test_a_reward_is_not_claimed_while_its_task_is_not_there(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, claims = club.member_actor("ann"), club.services.claims
    await promote(club, "gold", "k1")
    await club.do("buy", "ann")
    await promote(club, "basic", "k2")
    stated = {"task": "claimed", "idempotencyKey": "a"}

    typed(await graphql.mutate(ann, "claimTask", stated), "NotFoundError", "NOT_FOUND", "task")
    async with graphql.subscribe(ann, "subscription { myProgress { __typename } }") as stream:
        await stream.data()
        club.clock.advance(timedelta(days=2))
        while await claims.tell_due(club.clock.now):
            pass
        assert await stream.until_quiet(0.5) == []
    await promote(club, "gold", "k3")
    await graphql.done(ann, "claimTask", {**stated, "idempotencyKey": "b"}, "replayed")

    assert await club.balance("ann", "points") == 10
    assert await differences(club) == []


async def test_a_task_made_of_tasks_counts_in_silence_and_completes_once_it_is_there(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    bea = club.member_actor("bea")
    document = "subscription { myProgress { __typename ... on TaskMoment { task { key } } } }"
    async with graphql.subscribe(bea, document) as stream:
        await stream.data()
        await club.do("buy", "bea")
        await club.do("ask", "bea")
        told = await stream.until_quiet(0.5)

    assert "both" not in {message.get("task", {}).get("key") for message in told}
    hidden = await club.progress("bea", "both")
    assert hidden is not None
    assert (hidden.value, hidden.is_complete) == (2, False)
    assert await differences(club) == []
    await promote(club, "gold", "k", "bea")
    await club.do("buy", "bea")

    shown = await club.progress("bea", "both")
    assert shown is not None
    assert shown.is_complete
    assert await club.balance("bea", "points") == 20
    assert await differences(club) == []


@pytest.mark.parametrize(
    ("changed", "place", "reason"),
    [
        ({"tier": {"ladder": "nope", "least": "gold"}}, "tasks.t.tier.ladder", "not among the ladders"),
        ({"tier": {"ladder": "club", "least": "nope"}}, "tasks.t.tier.least", "has no tier 'nope'"),
        ({"when": "activity.amount > 1"}, "tasks.t.when", "decided by the member alone"),
        ({"when": "member."}, "tasks.t.when", "line 1"),
    ],
)
async def test_refuses_a_gate_that_cannot_be_judged(
    graphql: GraphQL, club: ProgrammeUnderTest, changed: dict[str, Any], place: str, reason: str
) -> None:
    document = {
        **CLUB,
        "programme": {"key": club.key},
        "tasks": [{"key": "t", "goal": 1, **changed}],
        "rules": [],
    }

    answer = typed(
        await graphql.mutate(club.operator, "applyProgramme", {"document": document, "dryRun": True}),
        "InvalidDocumentError",
        "INVALID_INPUT",
    )

    (fault,) = answer["faults"]
    assert fault["place"] == place
    assert reason in fault["message"]
