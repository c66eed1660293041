"""`Campaign.experimentPlan`: what an experiment will be able to find, before it begins."""

import math
import statistics
from datetime import timedelta
from typing import Any

import pytest

from tests.campaign_world import NOON, WEEK, shop
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, refused
from tests.support import ProgrammeUnderTest

NEXT = {"starts_at": "2026-03-16T00:00:00Z", "ends_at": "2026-03-22T00:00:00Z"}
HALF = {"key": "half", "kind": "growth", "schedule": NEXT, "experiment": {"hold_out": 25}}
MEASURED = {**HALF, "measures": {"for_days": 1}}
FRIENDS = {**MEASURED, "key": "friends", "audience": {"segments": ["friends"]}}
VISITS = {**MEASURED, "key": "visits", "measures": {"for_days": 1, "converts": ["visit"]}}
VARIANTS = {
    **MEASURED,
    "key": "two",
    "experiment": {"hold_out": 20, "variants": [{"key": "a", "percent": 50}, {"key": "b", "percent": 30}]},
}
PLAIN = {"key": "plain", "kind": "growth", "schedule": WEEK}
MEMBERS, BUYERS = 120, 30
PLAN = """query ($key: String!, $power: Float! = 0.8, $lift: Float) { campaign(key: $key) { experimentPlan(power: $power, lift: $lift) {
  audience isExact days conversion meanSpend spendDeviation
  comparisons { variant control members controlMembers conversionRise conversionRiseWatched spendRise membersForConversion membersForSpend }
} } }"""


def paid(number: int) -> int:
    """In cents, of the buyers."""
    return 1000 + 37 * number


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """120 members, of whom 30 bought this week, 5 others long ago, and 12 visited."""
    made = await programme(shop(MEASURED, FRIENDS, VISITS, VARIANTS, PLAIN))
    made.clock.now = NOON
    names = [f"m{number}" for number in range(MEMBERS)]
    await made.join_all(*names)
    for number in range(BUYERS):
        at = NOON - timedelta(days=number % 7)
        await made.do("buy", names[number], at=at, amount=paid(number) / 100)
    for number in range(BUYERS, BUYERS + 5):
        await made.do("buy", names[number], at=NOON - timedelta(days=7), amount=500.0)
    for number in range(12):
        await made.do("visit", names[-1 - number], at=NOON)
    await made.services.segments.put(made.operator, "friends", names[:40], is_in=True)
    await made.catch_up()
    return made


async def plan(graphql: GraphQL, club: ProgrammeUnderTest, key: str, **stated: Any) -> Any:
    found = await graphql.read(club.operator, PLAN, {"key": key, **stated})
    return found["campaign"]["experimentPlan"]


async def test_what_will_be_found_follows_from_what_the_audience_did(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    found = await plan(graphql, club, "half")

    spends = [*(paid(number) for number in range(BUYERS)), *([0] * (MEMBERS - BUYERS))]
    assert (found["audience"], found["isExact"], found["days"]) == (MEMBERS, True, 7)
    assert found["conversion"] == pytest.approx(BUYERS / MEMBERS)
    assert found["meanSpend"] == pytest.approx(statistics.mean(spends))
    assert found["spendDeviation"] == pytest.approx(statistics.stdev(spends))
    (one,) = found["comparisons"]
    assert (one["variant"], one["control"]) == ("", "holdout")
    assert (one["members"], one["controlMembers"]) == (90, 30)
    reach = statistics.NormalDist().inv_cdf(0.975) + statistics.NormalDist().inv_cdf(0.8)
    error = statistics.stdev(spends) * math.sqrt(1 / 90 + 1 / 30)
    assert one["spendRise"] == pytest.approx(reach * error)
    # A rise of that much is found in four of five such experiments, by a test that is written down here.
    before, after = BUYERS / MEMBERS, BUYERS / MEMBERS + one["conversionRise"]
    pooled = (before * 30 + after * 90) / 120
    critical = statistics.NormalDist().inv_cdf(0.975) * math.sqrt(pooled * (1 - pooled) * (1 / 90 + 1 / 30))
    spread = math.sqrt(before * (1 - before) / 30 + after * (1 - after) / 90)
    assert 1 - statistics.NormalDist(after - before, spread).cdf(critical) == pytest.approx(0.8, abs=1e-6)
    # Who looks every day needs more of it to be as sure.
    assert one["conversionRiseWatched"] > one["conversionRise"]
    assert (one["membersForConversion"], one["membersForSpend"]) == (None, None)


async def test_how_many_members_a_lift_takes(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    (half,) = (await plan(graphql, club, "half", lift=0.5))["comparisons"]
    (tenth,) = (await plan(graphql, club, "half", lift=0.1))["comparisons"]
    (surer,) = (await plan(graphql, club, "half", lift=0.1, power=0.95))["comparisons"]

    for name in ("membersForConversion", "membersForSpend"):
        assert 120 < half[name] < tenth[name] < surer[name]
    # A fifth of the effect takes 25 times as many.
    assert tenth["membersForSpend"] == pytest.approx(25 * half["membersForSpend"], rel=1e-3)
    # With as many members as it says, the lift is just what is found.
    found = await plan(graphql, club, "half")
    scale = math.sqrt(tenth["membersForSpend"] / 120)
    assert found["comparisons"][0]["spendRise"] / scale == pytest.approx(0.1 * found["meanSpend"], rel=1e-3)


async def test_audience_measures_and_variants_are_the_campaigns_own(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    friends = await plan(graphql, club, "friends")
    assert (friends["audience"], friends["conversion"]) == (40, BUYERS / 40)
    visits = await plan(graphql, club, "visits")
    assert visits["conversion"] == pytest.approx(12 / MEMBERS)
    two = await plan(graphql, club, "two")
    assert [(one["variant"], one["members"], one["controlMembers"]) for one in two["comparisons"]] == [
        ("a", 60, 24),
        ("b", 36, 24),
    ]
    assert two["comparisons"][0]["spendRise"] < two["comparisons"][1]["spendRise"]
    assert await plan(graphql, club, "plain") is None


async def test_what_nobody_did_can_not_be_planned_with(graphql: GraphQL, programme: MakeProgramme) -> None:
    empty = await programme(shop(MEASURED))

    found = await plan(graphql, empty, "half", lift=0.1)

    assert (found["audience"], found["conversion"], found["spendDeviation"]) == (0, 0, None)
    (one,) = found["comparisons"]
    assert {
        one[name] for name in ("conversionRise", "spendRise", "membersForConversion", "membersForSpend")
    } == {None}


@pytest.mark.parametrize(
    "stated", [{"power": 0.4}, {"power": 1.0}, {"lift": 0.0}, {"lift": -0.1}, {"lift": 1e9}]
)
async def test_what_makes_no_sense_is_refused(
    graphql: GraphQL, club: ProgrammeUnderTest, stated: dict[str, float]
) -> None:
    result = await graphql(club.operator, PLAN, {"key": "half", **stated})

    refused(result, "INVALID_INPUT")


async def test_members_are_not_told(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    result = await graphql(club.member_actor("m1"), PLAN, {"key": "plain"})

    assert (
        result.data is None
        or result.data["campaign"] is None
        or result.data["campaign"]["experimentPlan"] is None
    )
    assert result.errors
