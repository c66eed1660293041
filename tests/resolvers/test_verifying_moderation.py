"""`verify` over what moderation keeps: whatever is damaged is found."""

from typing import Any

import pytest

from community.verification.service import VerificationService
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.moderation_world import Desk, moderated
from tests.resolvers.harness import GraphQL


@pytest.fixture
async def desk(graphql: GraphQL, programme: MakeProgramme) -> Desk:
    desk = await moderated(graphql, programme, "ann", "bob")
    for _ in range(2):
        post = await desk.post("ann")
        await desk.report("bob", post)
        (case,) = await desk.queue()
        await desk.decide(case, "REMOVE", reason="It sells something")
    return desk


DAMAGE: dict[str, tuple[str, dict[str, Any], str]] = {
    "an entry changed": ("moderation_log", {"$set": {"by": "moderator:lee"}}, "was changed"),
    "words changed": ("moderation_log", {"$set": {"reason": "Other"}}, "other words"),
    "a head moved": ("moderation_heads", {"$inc": {"number": 1}}, "length"),
    "a count": ("moderation_cases", {"$inc": {"reports": 1}}, "reports"),
    "a verdict": ("moderation_reports", {"$set": {"verdict": None}}, "reporter"),
    "an accuracy": ("moderation_reporters", {"$inc": {"disagreed": 1}}, "reporter"),
}


@pytest.mark.parametrize("way", DAMAGE)
async def test_verify_finds(desk: Desk, mongo: Mongo, way: str) -> None:
    collection, change, said = DAMAGE[way]
    sound = await VerificationService(desk.services).verify(desk.club.key)
    assert sound.differences == []
    query = {"$or": [{"programme_id": desk.club.key}, {"_id": desk.club.key}]}
    await mongo.collection(collection).update_one(query, change)

    report = await VerificationService(desk.services).verify(desk.club.key)

    assert any(said in one for one in report.differences), report.differences


async def test_a_sanction_that_bans_nobody_is_found(desk: Desk, mongo: Mongo) -> None:
    await desk.sanction("ann", "BAN")
    await mongo.collection("members").update_one(
        {"_id": desk.club.id_of("ann")}, {"$set": {"standing": "active"}}
    )

    report = await VerificationService(desk.services).verify(desk.club.key)
    assert any("not banned" in one for one in report.differences)
