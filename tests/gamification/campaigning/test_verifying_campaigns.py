"""`verify` on campaigns: nothing where all is well, and each damage told."""

from typing import Any

import pytest

from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from tests.campaign_world import DOUBLE, NOON, shop
from tests.conftest import MakeProgramme


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"spend": 1}, "campaign double once"),
        ({"participations": 7}, "campaign double once"),
        ({"points": [["points", 11]]}, "campaign double once"),
        ({"rewards": [["voucher", 1]], "cost": 500}, "campaign double once"),
        ({"campaign": "gone"}, "there is no such campaign"),
    ],
)
async def test_what_a_member_is_said_to_have_brought_is_computed_again(
    programme: MakeProgramme, mongo: Mongo, damage: dict[str, Any], words: str
) -> None:
    club = await programme(shop(DOUBLE))
    club.clock.now = NOON
    await club.join_all("ann")
    await club.do("buy", "ann", amount=10.0)
    verification = VerificationService(club.services)
    report = await verification.verify(club.key)
    assert report.differences == []
    assert report.counts["campaign members"] == 1

    await mongo.collection("campaign_members").update_one({"programme_id": club.key}, {"$set": damage})

    differences = (await verification.verify(club.key)).differences
    assert any(words in one for one in differences)


async def test_totals_are_added_up_again(programme: MakeProgramme, mongo: Mongo) -> None:
    club = await programme(shop(DOUBLE))
    club.clock.now = NOON
    await club.join_all("ann")
    await club.do("buy", "ann", amount=10.0)
    verification = VerificationService(club.services)
    assert (await verification.verify(club.key)).differences == []

    await mongo.collection("campaign_totals").update_one({"programme_id": club.key}, {"$inc": {"spend": 1}})

    (difference,) = (await verification.verify(club.key)).differences
    assert difference.startswith("totals of campaign double once")
