"""Points settled by what other modules call, and `verify` of what waits, is held and is capped."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.ledger.model import TransferKind
from gamification.settlement.taking_back import give_back
from gamification.settlement.unit import Unit
from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest

AMOUNT = {"type": "object", "properties": {"amount": {"type": "integer"}}}


def document(**unit: Any) -> dict[str, Any]:
    points = {"unit": "points", "amount": "activity.amount"}
    return {
        "units": [{"key": "points", **unit}],
        "activity_types": [{"key": "buy", "properties": AMOUNT}],
        "rules": [{"key": "buy", "on": ["buy"], "effects": [{"points": points}]}],
    }


async def spent_of_two_lots(club: ProgrammeUnderTest) -> bytes:
    """Ann has 10 points of today and 10 of tomorrow, and spends 15."""
    club.clock.now = datetime(2027, 1, 10, 12, tzinfo=UTC)
    await club.join("ann")
    await club.do("buy", "ann", amount=10)
    club.clock.advance(timedelta(days=1))
    await club.do("buy", "ann", amount=10)
    found, _ = await club.services.points.spend(club.service, club.id_of("ann"), "points", 15, "mug", "k")
    return found


async def returned(club: ProgrammeUnderTest, spending: bytes, amount: int, before: int) -> None:
    async def body(work: Unit) -> None:
        await work.load_transfers([spending])
        work.space.begin(await work.next_sequence())
        (transfer,) = work.space.loaded_transfers
        give_back(work.space, transfer, amount, before, derived_id("r", spending, before), Cause(reason="r"))

    await club.services.recording._settlement.run(club.key, body)  # as a module of settlement does


async def test_spent_points_come_back_to_their_lots_and_are_spent_no_more(programme: MakeProgramme) -> None:
    club = await programme(document(expiry={"after": "P1M"}))
    spending = await spent_of_two_lots(club)

    await returned(club, spending, 7, 0)
    await returned(club, spending, 8, 7)

    account = await club.account("ann", "points")
    assert account is not None
    assert (account.active, account.spent, account.lifetime) == (20, 0, 20)
    assert [lot.amount for lot in account.lots] == [10, 10]
    posted = [t.amount for t in await club.transfers("ann") if t.kind is TransferKind.RETURNED]
    assert posted == [7, 8]
    assert (await VerificationService(club.services).verify(club.key)).differences == []


DAMAGE = [
    ("pending_points", {"$inc": {"amount": 1}}, "pending, one by one"),
    ("holds", {"$inc": {"amount": 1}}, "held, one by one"),
    ("holds", {"$set": {"state": "released"}}, "held, one by one"),
    ("cap_uses", {"$inc": {"used": 1}}, "cap points/daily"),
    ("accounts", {"$inc": {"pending": 1}}, "(active, spent, expired, lifetime, pending, held)"),
]


@pytest.mark.parametrize(("collection", "update", "named"), DAMAGE)
async def test_verify_finds_what_was_changed_behind_its_back(
    programme: MakeProgramme, mongo: Mongo, collection: str, update: dict[str, Any], named: str
) -> None:
    club = await programme(
        document(pending={"after": "P3D"}, caps=[{"amount": 100, "cycle": "daily"}]), lateness="unlimited"
    )
    await club.join("ann")
    await club.do("buy", "ann", amount=10)
    await club.do("buy", "ann", amount=10, at=club.clock.now - timedelta(days=9))
    await club.services.holds.authorise(
        club.service, club.id_of("ann"), "points", 5, timedelta(hours=1), "h", "k"
    )
    sound = await VerificationService(club.services).verify(club.key)
    changed = await mongo.collection(collection).update_one({"programme_id": club.key}, update)

    report = await VerificationService(club.services).verify(club.key)

    assert sound.differences == []
    assert (sound.counts["pending points"], sound.counts["open holds"], sound.counts["caps"]) == (1, 1, 2)
    assert changed.modified_count == 1
    assert any(named in difference for difference in report.differences), report.differences
