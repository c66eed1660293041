"""`verify` finds damage to goals, and names it."""

from typing import Any

import pytest

from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.goal_world import CLOSED, CLOSING, NOW, document, keep, points, run_of, walk_goal
from tests.support import ProgrammeUnderTest


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """A goal that was reached, paid and closed; one contribution was taken back after."""
    club = await programme(
        document(walk_goal(reward=points(5), split={"unit": "points", "amount": 100}, **CLOSING))
    )
    club.clock.now = NOW
    await club.join_all("ann", "bob", "cec")
    walks = [await club.do("walk", name, km=km) for name, km in (("ann", 50), ("bob", 70), ("cec", 9))]
    await keep(club)
    club.clock.now = CLOSED
    await keep(club)
    await club.reverse(walks[2])
    await keep(club)
    return club


async def differences(club: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(club.services).verify(club.key)).differences


async def test_finds_nothing_where_all_is_well(club: ProgrammeUnderTest) -> None:
    report = await VerificationService(club.services).verify(club.key)

    assert report.differences == []
    assert {name: number for name, number in report.counts.items() if name.startswith("goal")} == {
        "goal contributions": 3,
        "goal sums": 1,
        "goal payments": 6,
    }


@pytest.mark.parametrize(
    ("collection", "change", "sentence"),
    [
        ("goal_contributions", {"$inc": {"value": 1}}, "stored 51, computed 50"),
        ("goal_runs", {"$inc": {"total": 1}}, "goal walk all sums"),
        ("goal_runs", {"$inc": {"contributors": 1}}, "goal walk all sums"),
        ("goal_contributions", {"$set": {"payments.1.share": 7}}, "share of target: stored 7"),
        ("goal_contributions", {"$inc": {"weight": 9}}, "share of target"),
        ("goal_contributions", {"$set": {"value": 0}}, "paid, with 0 of the least 1"),
        ("goal_contributions", {"$set": {"payments.1.transfers": [b"x" * 16]}}, "is not in the ledger"),
        ("goal_runs", {"$set": {"reached": []}}, "paid for target, which was not reached"),
        ("goal_runs", {"$set": {"reached.0.value": 3}}, "was reached at 3 of 100"),
        ("activities", {"$set": {"contributed.0.by": 51}}, "contributions: stored"),
        ("activities", {"$set": {"contributed.0.period": ""}}, "counts for walk"),
    ],
)
async def test_finds_what_is_damaged(
    club: ProgrammeUnderTest, mongo: Mongo, collection: str, change: dict[str, Any], sentence: str
) -> None:
    query: dict[str, Any] = {"programme_id": club.key}
    if collection != "goal_runs":
        query["member_id"] = club.id_of("ann")
    await mongo.collection(collection).update_one(query, change)

    found = await differences(club)

    assert any(sentence in one for one in found), found


async def test_finds_what_was_paid_twice(club: ProgrammeUnderTest, mongo: Mongo) -> None:
    contributions = mongo.collection("goal_contributions")
    query = {"programme_id": club.key, "member_id": club.id_of("ann")}
    stored = await contributions.find_one(query)
    assert stored is not None
    await contributions.update_one(query, {"$push": {"payments": stored["payments"][0]}})

    found = await differences(club)

    assert any("times that target is paid: stored 2, computed 1" in one for one in found)


async def test_finds_a_contribution_that_is_missing(club: ProgrammeUnderTest, mongo: Mongo) -> None:
    await mongo.collection("goal_contributions").delete_one(
        {"programme_id": club.key, "member_id": club.id_of("ann")}
    )

    found = await differences(club)

    assert any("is missing" in one for one in found)
    assert any("sums" in one for one in found)


async def test_what_waits_to_be_added_up_is_no_difference(club: ProgrammeUnderTest) -> None:
    before = (await run_of(club)).total
    club.clock.now = NOW
    await club.do("walk", "ann", km=3)

    assert (await run_of(club)).total == before
    assert await differences(club) == []
