"""A ladder that goes by points which can be spent: whoever buys, spends and gives the purchase back keeps no tier by it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.tiers.model import state_id
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.support import ProgrammeUnderTest, on_servers

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DOCUMENT: dict[str, Any] = {
    "units": [{"key": "points", "expiry": {"after": "P1M"}}],
    "activity_types": [
        {
            "key": "buy",
            "properties": {
                "type": "object",
                "properties": {"amount": {"type": "integer"}},
                "required": ["amount"],
            },
            "refund": {"amount": "amount"},
        },
        {"key": "use"},
    ],
    "rules": [
        {"key": "b", "on": ["buy"], "effects": [{"points": {"unit": "points", "amount": "activity.amount"}}]},
        {"key": "u", "on": ["use"], "effects": [{"points": {"unit": "points", "amount": -70}}]},
    ],
    "ladders": [
        {
            "key": "club",
            "measures": [{"key": "points", "unit": "points"}],
            "tiers": [{"key": "basic"}, {"key": "silver", "requires": {"points": 100}}],
        }
    ],
}


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(DOCUMENT, lateness="unlimited")
    club.clock.now = NOON
    await club.join_all("ann")
    return club


async def measured(club: ProgrammeUnderTest) -> tuple[str | None, int]:
    """The tier, and all that was ever measured."""
    wanted = state_id(club.key, "club", club.id_of("ann"))
    state = (await club.services.stores.tiers.states([wanted]))[wanted]
    return state.tier, sum(state.days["points"].values())


async def sound(club: ProgrammeUnderTest) -> bool:
    return (await VerificationService(club.services).verify(club.key)).differences == []


@pytest.mark.parametrize("gone", ["spent", "lapsed", "deducted"])
async def test_a_purchase_taken_back_takes_its_tier_though_its_points_are_gone(
    club: ProgrammeUnderTest, gone: str
) -> None:
    bought = await club.do("buy", "ann", amount=120)
    if gone == "spent":
        await club.services.points.spend(club.member_actor("ann"), None, "points", 120, "mug", "k")
    elif gone == "lapsed":
        club.clock.advance(timedelta(days=60))
        while await club.services.points.expire_lapsed(club.clock.now):
            pass  # those of other programmes, too
    else:
        await club.do("use", "ann")
        await club.do("use", "ann")  # 50 of 70
    left = 120 if gone != "deducted" else 0
    assert await measured(club) == ("silver" if left else "basic", left)

    await club.reverse(bought)

    assert await measured(club) == ("basic", left - 120)
    assert await club.balance("ann", "points") == 0
    assert await sound(club)


async def test_a_refund_in_part_counts_in_full_for_the_tier(club: ProgrammeUnderTest) -> None:
    bought = await club.do("buy", "ann", amount=150)
    await club.services.points.spend(club.member_actor("ann"), None, "points", 140, "mug", "k")

    await club.services.refunds.refund(
        club.service, bought.source, bought.source_id, Decimal(75), [], None, "r"
    )

    assert await measured(club) == ("basic", 75)
    assert await sound(club)


async def test_what_a_purchase_and_a_deduction_counted_is_nothing_once_both_are_taken_back(
    club: ProgrammeUnderTest,
) -> None:
    bought, used = await club.do("buy", "ann", amount=100), await club.do("use", "ann")
    await club.reverse(bought)  # 30 of 100, the rest is owed
    await club.reverse(used)  # all 70 go to what is owed

    assert await measured(club) == ("basic", 0)
    assert await club.balance("ann", "points") == 0
    assert await sound(club)


@on_servers(5)
@given(st.data())
async def test_taking_everything_back_leaves_no_measure_whatever_was_spent(
    programme: MakeProgramme, data: st.DataObject
) -> None:
    club = await programme(DOCUMENT, lateness="unlimited")
    club.clock.now = NOON
    await club.join_all("ann")
    done = []
    for number, step in enumerate(data.draw(st.lists(st.sampled_from("bbuswr"), min_size=3, max_size=12))):
        club.clock.advance(timedelta(hours=1))
        balance = await club.balance("ann", "points")
        if step == "b":
            done.append(await club.do("buy", "ann", amount=60 + number))
        elif step == "u":
            done.append(await club.do("use", "ann"))
        elif step == "s" and balance:
            spending = (None, "points", balance, "mug", f"s{number}")
            await club.services.points.spend(club.member_actor("ann"), *spending)
        elif step == "w":
            club.clock.advance(timedelta(days=20))
        elif step == "r" and done:
            await club.reverse(done.pop(0))
    for activity in done:
        await club.reverse(activity)

    account = await club.account("ann", "points")
    if account is not None:
        assert await measured(club) == ("basic", 0)
    assert await sound(club)
