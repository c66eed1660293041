"""What `verify` proves of draws, it must also be able to miss: each kind of damage is found, and named."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from gamification.verification.service import VerificationService
from storage.mongo import Collection, Mongo
from tests.conftest import MakeProgramme
from tests.lottery_world import AFTER_CLOSE, NOON, RAFFLE, WHEEL, changed, fair
from tests.support import ProgrammeUnderTest

PRIZES = [
    {"key": "mug", "weight": 1, "stock": 3, "cost": 10, "reward": [{"points": {"unit": "gems", "amount": 5}}]}
]


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Both draws drawn: three mugs by Ann's instant draws, and a raffle between her and Bob."""
    wheel = changed(WHEEL, prizes=PRIZES, blank=0, budget=100, free_daily=9, ticket=None)
    club = await programme(fair(wheel, RAFFLE), lateness="unlimited")
    club.clock.now = NOON
    await club.join_all("ann", "bob")
    await club.record(*(club.activity("visit", name) for name in ("ann", "ann", "bob")))
    for number in range(3):
        await club.services.drawing.draw(club.member_actor("ann"), None, "wheel", "", str(number))
    await club.services.rounds.run_in(club.key)
    club.clock.now = AFTER_CLOSE
    await club.services.rounds.run_in(club.key)
    return club


async def differences(club: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(club.services).verify(club.key)).differences


async def test_counts_what_it_checked(club: ProgrammeUnderTest) -> None:
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []
    found = {name: report.counts[name] for name in ("draws", "draw entrants", "draw prizes")}
    assert found == {"draws": 3, "draw entrants": 2, "draw prizes": 5}
    assert report.counts["draw rounds"] >= 3


async def test_a_programme_without_draws_has_none(programme: MakeProgramme) -> None:
    club = await programme({"units": [{"key": "points"}]})
    report = await VerificationService(club.services).verify(club.key)
    assert "draw rounds" not in report.counts


Damage = Callable[[Collection, dict[str, Any]], Awaitable[Any]]


def setting(where: dict[str, Any], **fields: Any) -> Damage:
    async def damage(rows: Collection, mine: dict[str, Any]) -> None:
        result = await rows.update_one({**mine, **where}, {"$set": fields})
        assert result.modified_count == 1

    return damage


def removing(**where: Any) -> Damage:
    async def damage(rows: Collection, mine: dict[str, Any]) -> None:
        assert (await rows.delete_one({**mine, **where})).deleted_count == 1

    return damage


@pytest.mark.parametrize(
    ("collection", "damage", "named"),
    [
        ("draw_rounds", setting({"key": "november"}, seed_hash="00"), "november seed's hash"),
        ("draw_rounds", setting({"key": "2026-11-22"}, odds_hash="00"), "2026-11-22 odds' hash"),
        ("draw_rounds", setting({"key": "2026-11-22"}, seed=b"0" * 32), "2026-11-22 seed is revealed"),
        ("draw_rounds", setting({"key": "november"}, entrants=3), "november entrants"),
        ("draw_seeds", setting({}, seed=b"0" * 32), "seed's hash"),
        ("draw_entrants", setting({"chances": 2}, chances=3), "november entrants"),
        ("draw_entrants", setting({"chances": 2}, transfer=b"none"), "no ticket was taken"),
        ("draw_wins", setting({"draw": "raffle", "place": 0}, code="00"), "november winners"),
        ("draw_wins", setting({"draw": "raffle", "place": 0}, given_at=None), "trip 1 was not given"),
        ("draw_wins", setting({"draw": "wheel", "number": 2}, number=3), "numbers of mug"),
        ("draw_wins", setting({"draw": "wheel", "number": 3}, stock=2), "more were given than there were"),
        ("draw_wins", setting({"draw": "wheel", "number": 3}, cost=99), "in all cost"),
        ("draw_wins", setting({"draw": "wheel", "number": 3}, transfers=[b"none"]), "is not in the ledger once"),
        ("draw_wins", removing(draw="wheel", number=3), "draw 3 of"),
        ("draw_plays", setting({"nonce": 2}, prize=None), "draw 2 of"),
        ("draw_plays", setting({"nonce": 2}, streak=1), "draw 2 of"),
        ("draw_plays", removing(nonce=2), "draw 3 of"),
        ("draw_standings", setting({"draw": "wheel"}, streak=7), "draw standing wheel"),
        ("draw_issued", setting({"round": None}, prizes=[["mug", 4]]), "draw wheel in all issued"),
    ],
)  # fmt: skip
async def test_finds_and_names_damage(
    club: ProgrammeUnderTest, mongo: Mongo, collection: str, damage: Damage, named: str
) -> None:
    await damage(mongo.collection(collection), {"programme_id": club.key})

    found = await differences(club)

    assert [one for one in found if named in one], found


async def test_a_day_that_cost_more_than_its_budget_is_named(programme: MakeProgramme, mongo: Mongo) -> None:
    wheel = changed(WHEEL, prizes=PRIZES, blank=0, daily_budget=10, free_daily=9, ticket=None)
    club = await programme(fair(wheel))
    club.clock.now = NOON
    await club.join("ann")
    for day in range(2):
        club.clock.now = NOON + timedelta(days=day)
        await club.services.drawing.draw(club.member_actor("ann"), None, "wheel", "", str(day))
    assert await differences(club) == []
    wins = mongo.collection("draw_wins")
    await wins.update_one({"programme_id": club.key, "round": "2026-11-22"}, {"$set": {"cost": 11}})

    assert [one for one in await differences(club) if "2026-11-22 cost 11, its budget was 10" in one]
