"""Members' days: added up from activity whatever happens to it, told to be wrong where they are, and made anew."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.rollups.model import MemberMonth
from gamification.rollups.repository import MonthRepository
from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
SHOP: dict[str, Any] = {
    "activity_types": [
        {"key": "visit"},
        {
            "key": "buy.online",
            "properties": {"type": "object", "properties": {"amount": {"type": "number"}}},
            "refund": {"amount": "amount"},
            "spend": "amount",
        },
    ],
}


@pytest.fixture
async def shop(programme: MakeProgramme) -> ProgrammeUnderTest:
    shop = await programme(SHOP)
    shop.clock.now = NOON
    await shop.join_all("ann", "bob")
    return shop


async def months(mongo: Mongo, shop: ProgrammeUnderTest, name: str) -> list[MemberMonth]:
    found = await MonthRepository(mongo).of_members([shop.id_of(name)])
    return found[shop.id_of(name)]


async def days(mongo: Mongo, shop: ProgrammeUnderTest, name: str) -> dict[str, Any]:
    """A member's days: activity by type, purchases, spend."""
    return {
        day.day.isoformat(): (dict(day.counts), day.purchases, day.spend)
        for month in await months(mongo, shop, name)
        for day in month.days
    }


async def test_what_a_member_did_is_kept_by_day(mongo: Mongo, shop: ProgrammeUnderTest) -> None:
    await shop.do("visit", "ann")
    await shop.do("visit", "ann", at=NOON - timedelta(days=1))
    await shop.do("buy.online", "ann", amount=11.77)
    await shop.do("buy.online", "ann", amount=0.335)
    await shop.do("buy.online", "ann")
    await shop.do("visit", "bob", at=NOON - timedelta(days=30))
    await shop.catch_up()

    assert await days(mongo, shop, "ann") == {
        "2026-03-30": ({"visit": 1}, 0, 0),
        "2026-03-31": ({"buy.online": 3, "visit": 1}, 3, 1177 + 34),
    }
    assert [month.month for month in await months(mongo, shop, "bob")] == [202603]


async def test_what_is_taken_back_is_gone_and_an_empty_month_with_it(
    mongo: Mongo, shop: ProgrammeUnderTest
) -> None:
    bought = await shop.do("buy.online", "ann", amount=10)
    await shop.catch_up()
    assert await days(mongo, shop, "ann") == {"2026-03-31": ({"buy.online": 1}, 1, 1000)}

    await shop.reverse(bought)
    await shop.catch_up()

    assert await months(mongo, shop, "ann") == []


async def test_followed_twice_and_by_two_at_once_it_is_the_same(
    mongo: Mongo, shop: ProgrammeUnderTest
) -> None:
    catalogue = await shop.services.programmes.catalogue(shop.key)
    await asyncio.gather(*(shop.do("visit", "ann") for _ in range(10)))
    touched = {202603: [shop.id_of("ann"), shop.id_of("bob")]}
    await asyncio.gather(*(shop.services.rollups.add_up(catalogue, touched) for _ in range(6)))
    await asyncio.gather(shop.catch_up(), shop.catch_up(), shop.do("visit", "ann"))
    await shop.catch_up()

    assert await days(mongo, shop, "ann") == {"2026-03-31": ({"visit": 11}, 0, 0)}


async def test_a_merged_members_days_become_the_others(mongo: Mongo, shop: ProgrammeUnderTest) -> None:
    await shop.do("visit", "ann")
    old = shop.activity("visit", "bob", at=NOON - timedelta(days=40))
    await shop.record(old, historic=True)
    await shop.catch_up()

    await shop.services.merges.merge(shop.operator, shop.id_of("bob"), shop.id_of("ann"), "same", "m1")
    await shop.catch_up()

    assert await months(mongo, shop, "bob") == []
    assert sorted(await days(mongo, shop, "ann")) == ["2026-02-19", "2026-03-31"]
    assert (await VerificationService(shop.services).verify(shop.key)).differences == []


async def test_another_zone_makes_other_days(mongo: Mongo, shop: ProgrammeUnderTest) -> None:
    await shop.do("visit", "ann", at=datetime(2026, 3, 30, 20, tzinfo=UTC))
    await shop.catch_up()
    assert await shop.services.rollups.rebuild_due(shop.key) == 2
    assert await shop.services.rollups.rebuild_due(shop.key) == 0

    await shop.apply(SHOP, time_zone="Asia/Shanghai")
    assert await shop.services.rollups.rebuild_due(shop.key) == 2

    assert sorted(await days(mongo, shop, "ann")) == ["2026-03-31"]


async def test_verify_tells_what_is_wrong_with_days(mongo: Mongo, shop: ProgrammeUnderTest) -> None:
    await shop.do("visit", "ann")
    await shop.do("buy.online", "bob", amount=3)
    verification = VerificationService(shop.services)
    report = await verification.verify(shop.key)
    assert report.differences == []
    assert report.counts["member months"] == 2

    kept = mongo.collection("member_months")
    await kept.update_one({"member_id": shop.id_of("ann")}, {"$set": {"days.0.3.1": 2}})
    await kept.delete_one({"member_id": shop.id_of("bob")})
    await kept.insert_one(
        {
            "_id": shop.id_of("bob") + b"\x00\x03\x17\x6a",
            "programme_id": shop.key,
            "member_id": shop.id_of("bob"),
            "month": 202602,
            "days": [[3, 0, 0, ["visit", 1]]],
        }
    )
    await mongo.collection("members").update_one(
        {"_id": shop.id_of("ann")}, {"$set": {"segments": ["never"]}}
    )
    found = (await verification.verify(shop.key)).differences

    ann, bob = shop.id_of("ann").hex(), shop.id_of("bob").hex()
    assert [one.split(":")[0] for one in sorted(found)] == sorted(
        [
            f"the day 2026-03-31 of {ann}",
            f"the day 2026-02-03 of {bob}",
            f"the day 2026-03-31 of {bob} is missing",
            f"the segments of {ann}",
        ]
    )
    await shop.services.rollups.rebuild(await shop.services.programmes.catalogue(shop.key))
    await mongo.collection("members").update_one({"_id": shop.id_of("ann")}, {"$unset": {"segments": ""}})
    assert (await verification.verify(shop.key)).differences == []
