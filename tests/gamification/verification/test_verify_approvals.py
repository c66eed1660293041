"""What `verify` must find where approvals and the activity by which they count do not agree."""

from typing import Any

import pytest

from gamification.rules.model import Approved
from gamification.tasks.submissions import Submission
from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

DOCUMENT: dict[str, Any] = {
    "activity_types": [{"key": "approved"}],
    "tasks": [
        {"key": "photo", "goal": 3, "approval": {"activity": "approved"}},
        {"key": "other", "goal": 1, "approval": {"activity": "approved"}},
    ],
}


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Of Ann's three one is approved, one revoked, and one waits."""
    club = await programme(DOCUMENT)
    await club.join("ann")
    evidence, approvals = club.services.evidence, club.services.approvals
    for number in ("1", "2", "3"):
        await evidence.submit(club.member_actor("ann"), None, "photo", "x", None, None, number)
    one, two, _ = await of(club)
    for found in (one, two):
        await approvals.approve(club.moderator, found.id, 1, None, found.id.hex())
    await approvals.revoke(club.moderator, two.id, 2, "A copy", "r")
    return club


async def of(club: ProgrammeUnderTest) -> list[Submission]:
    found = [one async for one in club.services.stores.submissions.stream(club.key)]
    return sorted(found, key=lambda one: one.number)


async def found(club: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(club.services).verify(club.key)).differences


async def test_finds_nothing_where_all_is_well(club: ProgrammeUnderTest) -> None:
    report = await VerificationService(club.services).verify(club.key)

    assert report.differences == []
    assert report.counts["task submissions"] == 3


async def test_finds_an_approval_that_counts_nowhere(club: ProgrammeUnderTest, mongo: Mongo) -> None:
    one, _, waiting = await of(club)
    await mongo.collection("task_submissions").update_one(
        {"_id": waiting.id},
        {
            "$set": {
                "state": "approved",
                "version": 2,
                "activity_id": one.activity_id,
                "decisions": [{"state": "approved", "at": waiting.submitted_at, "actor": "moderator:eve"}],
            }
        },
    )

    (difference,) = await found(club)
    assert difference.startswith(f"submission photo all 3 of {club.id_of('ann').hex()} counts by")


async def test_finds_what_counts_though_it_is_not_approved(club: ProgrammeUnderTest, mongo: Mongo) -> None:
    one = (await of(club))[0]
    await mongo.collection("task_submissions").update_one(
        {"_id": one.id}, {"$set": {"state": "pending", "version": 1, "decisions": []}}
    )

    (difference,) = await found(club)
    assert "submission photo all 1" in difference
    assert "counts by: stored None" in difference


async def test_finds_what_counts_without_a_submission(club: ProgrammeUnderTest, mongo: Mongo) -> None:
    one = (await of(club))[0]
    await mongo.collection("task_submissions").delete_one({"_id": one.id})

    (difference,) = await found(club)
    assert difference.endswith(f"the submission {one.id.hex()} counts, but is missing")


@pytest.mark.parametrize(("field", "value"), [("period", "2026"), ("task", "other")])
async def test_finds_what_counts_elsewhere(
    club: ProgrammeUnderTest, mongo: Mongo, field: str, value: str
) -> None:
    one = (await of(club))[0]
    await mongo.collection("task_submissions").update_one({"_id": one.id}, {"$set": {field: value}})

    assert any("counts by" in difference for difference in await found(club))


async def test_finds_an_approval_whose_activity_did_not_count(club: ProgrammeUnderTest, mongo: Mongo) -> None:
    one = (await of(club))[0]
    await mongo.collection("activities").update_one({"_id": one.activity_id}, {"$unset": {"advances": ""}})

    assert any("advances" in difference for difference in await found(club))


@pytest.mark.parametrize(
    "change",
    [{"version": 7}, {"state": "rejected"}, {"decisions": []}],
    ids=["version", "state", "decisions"],
)
async def test_finds_a_state_that_no_decision_made(
    club: ProgrammeUnderTest, mongo: Mongo, change: dict[str, Any]
) -> None:
    two = (await of(club))[1]
    await mongo.collection("task_submissions").update_one({"_id": two.id}, {"$set": change})

    assert any("submission photo all 2" in difference for difference in await found(club))


async def test_an_approval_is_kept_with_its_activity(club: ProgrammeUnderTest) -> None:
    one = (await of(club))[0]
    assert one.activity_id is not None
    stored = await club.services.activities.by_ids(club.key, [one.activity_id])

    assert stored[one.activity_id].approved == Approved("photo", "all", one.id)
