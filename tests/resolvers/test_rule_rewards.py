"""Rewards of the catalogue that rules give directly: once each, as far as stock and caps go, and taken back exactly once."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.activity.model import ActivityStatus
from gamification.programmes.document import Problem
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid
from tests.resolvers.reward_world import MALL, mall
from tests.support import SOURCE, ProgrammeUnderTest

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
GIVEN = """query ($id: ID!) { member(id: $id) { redemptions { nodes {
    id source status isKept reward { key } payment { amount } steps { status note }
    cause { activity { sourceId } rule { key version } } coupon { code state } } } } }"""
EXPLAINED = """query ($id: ID!) { member(id: $id) { activities { nodes { sourceId givenRewards {
    reward isCapped rule { key version } redemption { status } } } } } }"""
ORDER = {
    "key": "order",
    "properties": {"type": "object", "properties": {"amount": {"type": "integer"}}},
    "refund": {"amount": "amount"},
}


def giving(reward: str, on: str = "visit", key: str = "giver", **effect: Any) -> dict[str, Any]:
    """A rule that gives a reward."""
    caps = {"caps": effect.pop("caps")} if "caps" in effect else {}
    return {"key": key, "on": [on], "effects": [{"reward": {"reward": reward, **caps}, **effect}]}


async def world(
    programme: MakeProgramme, *rules: dict[str, Any], members: tuple[str, ...] = ("ann",), **more: Any
) -> ProgrammeUnderTest:
    return await mall(
        programme, *members, points=0, **{"rules": list(rules), "activity_types": [*MALL["activity_types"], ORDER], **more}
    )  # fmt: skip


async def given(graphql: GraphQL, club: ProgrammeUnderTest, name: str = "ann") -> list[dict[str, Any]]:
    answer = await graphql.read(club.member_actor(name), GIVEN, {"id": member_gid(club, name)})
    found: list[dict[str, Any]] = answer["member"]["redemptions"]["nodes"]
    return found


async def explained(
    graphql: GraphQL, club: ProgrammeUnderTest, name: str = "ann"
) -> list[list[dict[str, Any]]]:
    """What each of a member's activities gave, newest first."""
    answer = await graphql.read(club.member_actor(name), EXPLAINED, {"id": member_gid(club, name)})
    return [row["givenRewards"] for row in answer["member"]["activities"]["nodes"]]


async def differences(club: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(club.services).verify(club.key)).differences


def stocked(key: str, stock: int) -> list[dict[str, Any]]:
    return [{**one, "stock": stock} if one["key"] == key else one for one in MALL["rewards"]]


async def test_a_rule_gives_a_coupon_without_its_price_and_tells_why(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await world(programme, giving("tenner"))
    document = """subscription { myProgress { __typename
        ... on RedemptionChanged { status redemption { reward { key } } } } }"""
    async with graphql.subscribe(club.member_actor("ann"), document) as stream:
        await stream.data()
        await club.do("visit", "ann", source_id="came")
        told = await stream.until_quiet(0.5)

    (got,) = await given(graphql, club)
    assert (got["source"], got["status"], got["payment"]) == ("GIVEN", "DONE", None)
    assert got["coupon"]["code"]
    assert got["cause"] == {"activity": {"sourceId": "came"}, "rule": {"key": "giver", "version": 1}}
    assert told == [
        {"__typename": "RedemptionChanged", "status": "DONE", "redemption": {"reward": {"key": "tenner"}}}
    ]
    assert await explained(graphql, club) == [
        [
            {
                "reward": "tenner",
                "isCapped": False,
                "rule": {"key": "giver", "version": 1},
                "redemption": {"status": "DONE"},
            }
        ]
    ]
    assert await differences(club) == []


@pytest.mark.parametrize(
    ("reward", "status"),
    [("mug", "PENDING"), ("luck", "PENDING"), ("lounge", "DONE"), ("spin", "DONE"), ("secret", "DONE")],
)
async def test_a_rule_gives_and_reversal_takes_back_every_kind(
    graphql: GraphQL, programme: MakeProgramme, reward: str, status: str
) -> None:
    club = await world(programme, giving(reward))

    came = await club.do("visit", "ann")
    assert [(one["status"], one["reward"]["key"]) for one in await given(graphql, club)] == [(status, reward)]
    tickets = await club.balance("ann", "gems")
    await club.reverse(came, "a mistake")
    await club.reverse(came)

    (gone,) = await given(graphql, club)
    assert (gone["status"], gone["steps"][-1]["note"]) == ("CANCELLED", "a mistake")
    assert [step["status"] for step in gone["steps"]] == [status, "CANCELLED"]
    assert (tickets, await club.balance("ann", "gems")) == (3 if reward == "spin" else 0, 0)
    assert await differences(club) == []


async def test_the_same_activity_sent_again_gives_nothing_more(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await world(programme, giving("tenner"))
    stated = club.activity("visit", "ann", source_id="once")

    await club.record(stated, stated)
    again = await asyncio.gather(*(club.record(stated) for _ in range(5)))

    assert {outcome.status for outcomes in again for outcome in outcomes} == {ActivityStatus.DUPLICATE}
    assert len(await given(graphql, club)) == 1
    assert await differences(club) == []


async def test_a_reversed_activity_sent_again_gives_nothing_and_a_new_one_gives_anew(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await world(programme, giving("last"))  # one piece there is
    came = await club.do("visit", "ann", source_id="once")
    await club.reverse(came)
    await club.record(club.activity("visit", "ann", source_id="once"))
    assert [one["status"] for one in await given(graphql, club)] == ["CANCELLED"]

    await club.do("visit", "ann")

    assert [one["status"] for one in await given(graphql, club)] == ["DONE", "CANCELLED"]
    assert await differences(club) == []


async def test_where_none_is_left_the_activity_counts_and_says_so(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    rule = giving("last")
    rule["effects"].append({"points": {"unit": "points", "amount": 5}})
    club = await world(programme, rule, members=("ann", "bob"))
    came = await club.do("visit", "ann")
    late = await club.do("visit", "bob")

    (lacking,) = await given(graphql, club, "bob")
    assert (lacking["status"], lacking["steps"][0]["note"]) == ("FAILED", "There is none left.")
    assert await club.balance("bob", "points") == 5
    assert (await explained(graphql, club, "bob"))[0][0]["redemption"] == {"status": "FAILED"}
    await club.reverse(late)
    await club.reverse(came)
    assert [one["status"] for one in await given(graphql, club, "bob")] == ["FAILED"]
    await club.do("visit", "bob")  # ann's piece came back
    assert [one["status"] for one in await given(graphql, club, "bob")] == ["DONE", "FAILED"]
    assert await differences(club) == []


@pytest.mark.parametrize("reward", ["last", "luck", "pool"])
async def test_of_many_at_once_as_many_get_it_as_there_are(
    graphql: GraphQL, programme: MakeProgramme, reward: str
) -> None:
    names = tuple(f"m{number}" for number in range(12))
    club = await world(programme, giving(reward), members=names)
    if reward == "pool":
        codes = {"reward": "pool", "codes": ["FIRST-1111", "SECOND-222"]}
        await graphql.done(club.operator, "importCouponCodes", codes, "imported")

    await asyncio.gather(*(club.do("visit", name) for name in names))

    counts = Counter([one["status"] for name in names for one in await given(graphql, club, name)])
    there = {"last": 1, "luck": 3, "pool": 2}[reward]
    assert counts == {"PENDING" if reward == "luck" else "DONE": there, "FAILED": 12 - there}
    assert await differences(club) == []


async def test_two_at_once_on_the_last_one_in_separate_processes(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    """Each call a transaction of its own, as from servers that don't know of each other."""
    club = await world(programme, giving("last"), members=("ann", "bob"))
    settlement = club.services.settlement
    recording = club.services.recording

    async def one(name: str) -> None:
        new = club.activity("visit", name)
        await settlement.run(club.key, lambda work: recording.record_within(work, new))

    await asyncio.gather(one("ann"), one("bob"))

    found = [(await given(graphql, club, name))[0]["status"] for name in ("ann", "bob")]
    assert sorted(found) == ["DONE", "FAILED"]
    assert await differences(club) == []


async def test_a_cap_of_the_rule_is_not_a_failure(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await world(programme, giving("tenner", caps=[{"count": 2, "per": "member", "cycle": "daily"}]))
    club.clock.now = NOON

    await club.record(*(club.activity("visit", "ann") for _ in range(3)))
    assert len(await given(graphql, club)) == 2
    third, second, first = await explained(graphql, club)
    assert [row[0]["isCapped"] for row in (first, second, third)] == [False, False, True]
    assert third[0]["redemption"] is None
    await club.do("visit", "ann", at=NOON - timedelta(days=1))  # another day's cap
    assert len(await given(graphql, club)) == 3
    club.clock.advance(timedelta(days=1))
    await club.do("visit", "ann")
    assert len(await given(graphql, club)) == 4
    assert await differences(club) == []


async def test_what_is_taken_back_gives_its_room_in_the_cap_back(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await world(
        programme, giving("tenner", caps=[{"count": 1, "per": "programme"}]), members=("ann", "bob")
    )
    came = await club.do("visit", "ann")
    capped = await club.do("visit", "bob")
    await club.reverse(came)
    await club.do("visit", "bob")

    assert [one["status"] for one in await given(graphql, club, "ann")] == ["CANCELLED"]
    assert [one["status"] for one in await given(graphql, club, "bob")] == ["DONE"]
    await club.reverse(capped)  # it gave nothing
    assert [one["status"] for one in await given(graphql, club, "bob")] == ["DONE"]
    assert await differences(club) == []


async def test_a_cap_holds_for_many_at_once(graphql: GraphQL, programme: MakeProgramme) -> None:
    names = tuple(f"m{number}" for number in range(10))
    rule = giving("tenner", caps=[{"count": 4, "per": "programme"}, {"count": 1, "per": "member"}])
    club = await world(programme, rule, members=names)

    await asyncio.gather(*(club.do("visit", name) for name in names for _ in range(2)))

    counts = [len(await given(graphql, club, name)) for name in names]
    assert (sum(counts), max(counts)) == (4, 1)
    assert await differences(club) == []


async def test_the_rewards_own_gates_and_caps_do_not_apply(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await world(programme, giving("daily"), giving("vip", key="second"), giving("past", key="third"))

    await club.do("visit", "ann")
    await club.do("visit", "ann")

    counts = Counter(one["reward"]["key"] for one in await given(graphql, club))
    assert counts == {"daily": 2, "vip": 2, "past": 2}
    assert await differences(club) == []


async def test_a_condition_and_a_counter_decide_on_it(graphql: GraphQL, programme: MakeProgramme) -> None:
    third = {**giving("lounge", when="counters.visits == 3"), "counters": ["visits"]}
    club = await world(programme, third, counters=[{"key": "visits", "on": ["visit"]}])
    first, *_, last = [await club.do("visit", "ann") for _ in range(4)]

    assert [one["reward"]["key"] for one in await given(graphql, club)] == ["lounge"]
    await club.reverse(first)  # what was given stays with what gave it, as points do
    assert [one["status"] for one in await given(graphql, club)] == ["DONE"]
    await club.reverse(last)
    assert [one["status"] for one in await given(graphql, club)] == ["DONE"]
    assert await differences(club) == []


async def test_what_was_used_stays_and_says_so(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await world(programme, giving("mug"))
    came = await club.do("visit", "ann")
    (got,) = await given(graphql, club)
    stated = {"redemption": got["id"], "status": "SHIPPED", "idempotencyKey": "s"}
    await graphql.done(club.operator, "advanceRedemption", stated)

    await club.reverse(came)

    (kept,) = await given(graphql, club)
    assert (kept["status"], kept["isKept"]) == ("SHIPPED", True)
    assert await differences(club) == []


async def test_a_refund_takes_back_what_the_rest_would_not_have_given(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    rules = [
        giving("tenner", "order", "any", when="activity.amount > 0"),
        giving("lounge", "order", "large", when="activity.amount >= 100"),
        giving("secret", "order", "small", when="activity.amount < 100"),
    ]
    club = await world(programme, *rules)
    order = await club.do("order", "ann", amount=150)
    stated = {"source": SOURCE, "sourceId": order.source_id, "amount": "40", "idempotencyKey": "a"}

    async def standing() -> set[str]:
        return {one["reward"]["key"] for one in await given(graphql, club) if one["status"] == "DONE"}

    assert await standing() == {"tenner", "lounge"}
    await graphql.done(club.service, "refundActivity", stated)
    assert await standing() == {"tenner", "lounge"}
    await graphql.done(club.service, "refundActivity", {**stated, "idempotencyKey": "b"})
    # Of what is left now a smaller one would have come: no refund gives.
    assert await standing() == {"tenner"}
    assert [one["reward"] for one in (await explained(graphql, club))[0]] == ["tenner"]
    assert await differences(club) == []
    await graphql.done(club.service, "refundActivity", {**stated, "amount": "70", "idempotencyKey": "c"})
    assert await standing() == set()
    assert await differences(club) == []


async def test_a_draft_or_archived_reward_is_not_given(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await world(programme, giving("tenner"))
    await graphql.done(club.operator, "archiveDefinition", {"kind": "REWARD", "key": "tenner"}, "version")

    await club.do("visit", "ann")

    assert await given(graphql, club) == []
    assert await explained(graphql, club) == [[]]


@pytest.mark.parametrize(
    ("effect", "place", "says"),
    [
        ({"reward": {"reward": "nothing"}}, "rules.giver.effects.0.reward.reward", "not among the rewards"),
        ({"reward": {"reward": "tenner", "caps": [{"count": 0}]}}, "rules.giver", "greater than"),
        ({"reward": {"reward": "tenner"}, "points": {"unit": "points", "amount": 1}}, "rules.giver", "exactly one"),
    ],
)  # fmt: skip
async def test_effects_that_cannot_be_are_refused(
    programme: MakeProgramme, effect: dict[str, Any], place: str, says: str
) -> None:
    with pytest.raises(Problem) as refused:
        await programme({**MALL, "rules": [{"key": "giver", "on": ["visit"], "effects": [effect]}]})

    assert refused.value.problems[0][0].startswith(place)
    assert says in refused.value.problems[0][1]


async def test_verify_finds_what_is_missing_or_unfounded(programme: MakeProgramme) -> None:
    club = await world(programme, giving("lounge"), members=("ann", "bob"))
    came = await club.do("visit", "ann")
    await club.do("visit", "bob")
    redemptions = club.services.stores.mongo.collection("reward_redemptions")
    activities = club.services.stores.mongo.collection("activities")
    await redemptions.delete_one({"programme_id": club.key, "member_id": club.id_of("bob")})
    await activities.update_one({"_id": came.id}, {"$unset": {"gives": ""}})

    found = await differences(club)
    assert any("ground" in one for one in found)
    assert any("stands, but no activity gives it" in one for one in found)
    assert any("gives: stored" in one for one in found)
