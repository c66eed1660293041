"""Tiers under contention, by a worker that runs twice, and what `verify` finds of damage."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.actors import Actor
from gamification.kit.errors import Forbidden
from gamification.programmes.catalogue import Catalogue
from gamification.settlement.growth import climbing_of
from gamification.tiers.model import TierChange, TierState, state_id
from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from storage.paging import Window
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest, on_servers

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DOCUMENT: dict[str, Any] = {
    "units": [{"key": "growth"}],
    "activity_types": [
        {
            "key": "buy",
            "properties": {"type": "object", "properties": {"amount": {"type": "integer"}}},
        }
    ],
    "counters": [{"key": "spend", "on": ["buy"], "add": "activity.amount"}],
    "rules": [
        {
            "key": "purchases",
            "on": ["buy"],
            "effects": [{"points": {"unit": "growth", "amount": "activity.amount"}}],
        }
    ],
    "ladders": [
        {
            "key": "club",
            "measures": [{"key": "growth", "unit": "growth", "rolling": "P30D"}],
            "tiers": [
                {"key": "basic"},
                {"key": "silver", "requires": {"growth": 100}, "multipliers": {"growth": 2}},
                {"key": "gold", "requires": {"growth": 500}},
            ],
        },
        {
            "key": "spenders",
            "measures": [{"key": "spent", "counter": "spend"}],
            "tiers": [{"key": "none"}, {"key": "big", "requires": {"spent": 300}}],
        },
    ],
}


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(DOCUMENT, lateness="unlimited")
    club.clock.now = NOON
    await club.join_all("ann", "bob")
    return club


async def history(club: ProgrammeUnderTest, name: str = "ann", ladder: str = "club") -> list[TierChange]:
    """Oldest first."""
    page = await club.services.tiers.history(club.service, club.members[name], ladder, Window(100))
    return page.rows[::-1]


async def state(club: ProgrammeUnderTest, name: str = "ann", ladder: str = "club") -> TierState:
    wanted = state_id(club.key, ladder, club.id_of(name))
    return (await club.services.stores.tiers.states([wanted]))[wanted]


async def review(club: ProgrammeUnderTest) -> int:
    done = 0
    while count := await club.services.tier_keeping.review(club.clock.now, programmes=[club.key]):
        done += count
    return done


async def differences(club: ProgrammeUnderTest) -> list[str]:
    return (await VerificationService(club.services).verify(club.key)).differences


async def test_growth_from_many_sides_at_once_lifts_once(club: ProgrammeUnderTest) -> None:
    await asyncio.gather(*(club.do("buy", "ann", amount=10) for _ in range(30)))

    stories = [(change.number, change.after) for change in await history(club)]
    assert stories[:1] == [(1, "silver")]
    assert [number for number, _ in stories] == list(range(1, len(stories) + 1))
    assert await club.balance("ann", "growth") == 10 * 10 + 20 * 20
    assert await differences(club) == []


async def test_two_workers_review_each_member_once(club: ProgrammeUnderTest) -> None:
    names = [f"m{number}" for number in range(12)]
    await club.join_all(*names)
    await club.record(*(club.activity("buy", name, amount=100) for name in names))
    club.clock.now = NOON + timedelta(days=40)

    await asyncio.gather(*(review(club) for _ in range(3)))
    assert await review(club) == 0

    for name in names:
        assert [change.after for change in await history(club, name)] == ["silver", "basic"]
        assert (await state(club, name)).look_at is None
    assert await differences(club) == []


async def test_a_review_and_growth_at_once_end_in_the_same_tier(club: ProgrammeUnderTest) -> None:
    await club.do("buy", "ann", amount=100)
    club.clock.now = NOON + timedelta(days=30)

    await asyncio.gather(review(club), club.do("buy", "ann", amount=100), review(club))

    assert [change.after for change in await history(club)] == ["silver", "basic", "silver"]
    assert await differences(club) == []


async def test_a_double_click_sets_a_tier_once(club: ProgrammeUnderTest) -> None:
    keeping, stated = club.services.tier_keeping, ("club", "gold", None, "a favour", "key")
    answers = await asyncio.gather(
        *(keeping.set_tier(club.operator, club.id_of("ann"), *stated) for _ in range(5))
    )

    assert sorted(replayed for _, replayed in answers) == [False, True, True, True, True]
    assert len(await history(club)) == 1


async def test_several_workers_place_everybody_once(programme: MakeProgramme) -> None:
    without = {name: part for name, part in DOCUMENT.items() if name != "ladders"}
    club = await programme(without, lateness="unlimited")
    club.clock.now = NOON
    names = [f"m{number}" for number in range(10)]
    await club.join_all(*names)
    await club.record(*(club.activity("buy", name, amount=150) for name in names))
    await club.apply(DOCUMENT, lateness="unlimited")

    async def work() -> None:
        while await club.services.tier_keeping.place(limit=3, programmes=[club.key]):
            pass

    await asyncio.gather(work(), work(), club.do("buy", "m3", amount=1))
    await work()

    for name in names:
        assert [change.after for change in await history(club, name)] == ["silver"]
        placed = (await history(club, name))[0].cause
        assert placed.reason == "placed by what was measured before"
    assert await differences(club) == []


async def test_sending_a_batch_again_lifts_nobody_twice(club: ProgrammeUnderTest) -> None:
    batch = [club.activity("buy", name, amount=60) for name in ("ann", "bob", "ann", "bob")]

    for _ in range(3):
        await club.record(*batch)

    assert [change.after for change in await history(club)] == ["silver"]
    assert (await state(club)).days == {"growth": {"2026-03-10": 120}}


async def test_an_activity_that_fails_lifts_nobody(programme: MakeProgramme) -> None:
    failing = {
        "key": "fails",
        "on": ["buy"],
        "effects": [{"points": {"unit": "growth", "amount": "activity.amount / (activity.amount - 13)"}}],
    }
    club = await programme({**DOCUMENT, "rules": [*DOCUMENT["rules"], failing]}, lateness="unlimited")
    await club.join("ann")

    await club.record(*(club.activity("buy", "ann", amount=amount) for amount in (50, 13, 40)))

    assert [change.after for change in await history(club)] == []
    assert await club.balance("ann", "growth") == 50 + 1 + 40 + 1
    assert await differences(club) == []


async def test_only_operators_set_tiers(club: ProgrammeUnderTest) -> None:
    for actor in (club.member_actor("ann"), club.moderator, club.service):
        assert isinstance(actor, Actor)
        with pytest.raises(Forbidden):
            await club.services.tier_keeping.set_tier(
                actor, club.id_of("ann"), "club", "gold", None, "r", "k"
            )


async def test_adjusting_growth_by_hand_lifts_too(club: ProgrammeUnderTest) -> None:
    await club.services.points.adjust(club.operator, club.id_of("ann"), "growth", 150, "a correction", "k")
    assert [change.after for change in await history(club)] == ["silver"]
    await club.services.points.adjust(club.operator, club.id_of("ann"), "growth", -60, "a correction", "l")
    assert (await history(club))[-1].after == "basic"
    assert await differences(club) == []


async def test_spending_growth_lowers_nobody(club: ProgrammeUnderTest) -> None:
    await club.do("buy", "ann", amount=100)
    await club.services.points.spend(club.member_actor("ann"), None, "growth", 100, "tea", "k")

    assert (await state(club)).tier == "silver"
    assert await differences(club) == []


async def test_an_archived_ladder_moves_nobody_any_more(club: ProgrammeUnderTest) -> None:
    await club.do("buy", "ann", amount=100)
    await club.apply({**DOCUMENT, "ladders": []}, lateness="unlimited")
    club.clock.now = NOON + timedelta(days=60)

    await club.do("buy", "ann", amount=100)
    await review(club)
    assert (await state(club)).look_at is None
    assert [change.after for change in await history(club)] == ["silver"]
    assert await differences(club) == []


async def test_a_programme_without_ladders_reads_and_writes_no_tiers(
    programme: MakeProgramme, mongo: Mongo
) -> None:
    without = {name: part for name, part in DOCUMENT.items() if name != "ladders"}
    club = await programme(without)
    await club.join("ann")
    await club.do("buy", "ann", amount=5000)

    catalogue: Catalogue = await club.services.programmes.catalogue(club.key)
    assert climbing_of(catalogue) is None
    for name in ("tier_states", "tier_changes"):
        assert await mongo.collection(name).count_documents({"programme_id": club.key}) == 0


DAMAGE = [
    ("tier_states", {"$set": {"tier": "gold"}}, "history"),
    ("tier_states", {"$set": {"days.growth.2026-03-10": 99}}, "measures"),
    ("tier_states", {"$inc": {"changes": 1}}, "changes"),
    ("tier_changes", {"$set": {"after": "gold"}}, "history"),
    ("tier_changes", {"$inc": {"number": 1}}, "history"),
]


@pytest.mark.parametrize(("collection", "update", "named"), DAMAGE)
async def test_verify_finds_what_was_changed(
    club: ProgrammeUnderTest, mongo: Mongo, collection: str, update: dict[str, Any], named: str
) -> None:
    await club.do("buy", "ann", amount=100)
    assert await differences(club) == []

    query = {"programme_id": club.key, "ladder": "club"}
    assert (await mongo.collection(collection).update_one(query, update)).modified_count == 1

    assert any(f"{named}:" in one for one in await differences(club))


@pytest.mark.parametrize("collection", ["tier_states", "tier_changes"])
async def test_verify_finds_what_is_missing(club: ProgrammeUnderTest, mongo: Mongo, collection: str) -> None:
    await club.do("buy", "ann", amount=100)
    await mongo.collection(collection).delete_many({"programme_id": club.key})

    assert await differences(club) != []


steps = st.lists(
    st.tuples(
        st.sampled_from(["buy", "late", "reverse", "review", "adjust"]),
        st.sampled_from(["ann", "bob"]),
        st.integers(1, 120),
    ),
    min_size=1,
    max_size=15,
)


@on_servers(6)
@given(history_of=steps)
async def test_after_whatever_happened_tiers_are_what_the_ledger_says(
    programme: MakeProgramme, history_of: list[tuple[str, str, int]]
) -> None:
    club = await programme(DOCUMENT, lateness="unlimited")
    club.clock.now = NOON
    await club.join_all("ann", "bob")
    done = []
    for number, (what, name, amount) in enumerate(history_of):
        club.clock.advance(timedelta(days=amount % 11))
        if what == "buy":
            done.append(await club.do("buy", name, amount=amount))
        elif what == "late":
            done.append(
                await club.do("buy", name, amount=amount, at=club.clock.now - timedelta(days=amount % 45))
            )
        elif what == "reverse" and done:
            await club.reverse(done.pop(amount % len(done)))
        elif what == "review":
            await review(club)
        elif what == "adjust":
            await club.services.points.adjust(
                club.operator, club.id_of(name), "growth", amount, "r", f"k{number}"
            )
    assert await differences(club) == []
    await review(club)
    assert await differences(club) == []
