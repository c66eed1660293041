"""What a rehearsal of a draft finds is what a programme of that draft would hold after the same activity."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.rehearsal.result import Result
from tests.conftest import MakeProgramme
from tests.rehearsal_world import BEGAN, SHOP, WHOLE, rehearse, rules, shop
from tests.support import SOURCE, ProgrammeUnderTest, on_servers

NAMES = ("ann", "bob", "cid")
Deed = tuple[str, int, int, int]
"""What, by whom, how many hours after the one before, for how much; of a refund, of which purchase."""

deeds = st.lists(
    st.tuples(
        st.sampled_from(["buy", "buy", "visit", "visit", "fine", "refund", "reverse"]),
        st.integers(0, len(NAMES) - 1),
        st.integers(0, 60),
        st.integers(1, 140),
    ),
    min_size=5,
    max_size=35,
)


def drafts() -> st.SearchStrategy[dict[str, Any]]:
    """The shop with other figures."""

    def made(
        factor: int, cap: int, budget: int, stock: int, goal: int, gold: int, fine: int
    ) -> dict[str, Any]:
        spend, visits, fines = rules()
        spend["effects"][0]["points"]["amount"] = f"{factor} * floor(activity.amount)"
        visits["effects"][0]["points"]["amount"] = factor + 3
        fines["effects"][0]["points"]["amount"] = -fine
        tasks = [{**SHOP["tasks"][0], "goal": goal}, SHOP["tasks"][1]]
        ladder = SHOP["ladders"][0]
        tiers = [ladder["tiers"][0], {**ladder["tiers"][1], "requires": {"growth": gold}}]
        return shop(
            rules=[spend, visits, fines],
            units=[{"key": "points", "caps": [{"amount": cap, "cycle": "monthly"}]}, *SHOP["units"][1:]],
            budgets=[{"key": "launch", "unit": "fun", "amount": budget}],
            rewards=[{**SHOP["rewards"][0], "stock": stock}],
            tasks=tasks,
            ladders=[{**ladder, "tiers": tiers}],
        )

    numbers = (st.integers(1, 4), st.integers(60, 900), st.integers(5, 90), st.integers(1, 3))
    return st.builds(made, *numbers, st.integers(1, 4), st.integers(40, 300), st.integers(1, 70))


async def act(world: ProgrammeUnderTest, stated: list[Deed], *, undone: bool) -> None:
    """Do all of it; with `undone` what is taken back later is, else it is not done at all."""
    world.clock.now = BEGAN
    await world.join_all(*NAMES)
    gone = {
        number - 1 - stated[number][3] % number
        for number in range(1, len(stated))
        if stated[number][0] == "reverse"
    }
    for number, (what, who, hours, amount) in enumerate(stated):
        world.clock.advance(timedelta(hours=hours))
        if what in ("refund", "reverse"):
            if undone and number:
                await undo(world, stated, number - 1 - amount % number, what, amount)
            continue
        if number in gone and not undone:
            continue
        properties = {"amount": amount + 0.37} if what == "buy" else {}
        await world.do(what, NAMES[who], source_id=f"d{number}", **properties)


async def undo(world: ProgrammeUnderTest, stated: list[Deed], number: int, what: str, amount: int) -> None:
    """Take back an earlier deed, or some of a purchase."""
    services, name = world.services, f"d{number}"
    if stated[number][0] in ("refund", "reverse"):
        return
    if what == "reverse":
        await services.reversal.reverse(world.service, SOURCE, name, None)
        return
    if stated[number][0] == "buy":
        part = Decimal(stated[number][3]) * (amount % 4) / 4
        found = await services.activity.find(world.service, SOURCE, name)
        assert found is not None
        left = Decimal(str(found.standing_properties["amount"]))
        if found.reversal is None and 0 < part <= left:
            await services.refunds.refund(world.service, SOURCE, name, part, [], None, f"r{amount}:{part}")


async def held(world: ProgrammeUnderTest) -> dict[tuple[str, str], int]:
    """What members have of each unit."""
    return {
        (name, unit): balance
        for name in NAMES
        for unit in ("points", "growth", "fun")
        if (balance := await world.balance(name, unit))
    }


def given_to(world: ProgrammeUnderTest, found: Result) -> dict[tuple[str, str], int]:
    """What the rehearsal gave them, as far as that differs from what they had."""
    names = {member.id: name for name, member in world.members.items()}
    return {(names[one.member_id], one.unit): one.points for one in (*found.gainers, *found.losers)}


@on_servers(8)
@given(stated=deeds, draft=drafts())
async def test_rehearsing_is_publishing_and_recording_the_same(
    programme: MakeProgramme, stated: list[Deed], draft: dict[str, Any]
) -> None:
    # What is not refunded: a purchase that becomes smaller afterwards had taken the room of others until then.
    plain = [deed for deed in stated if deed[0] != "refund"]
    world = await programme(SHOP)
    await act(world, plain, undone=True)
    fresh = await programme(draft)
    await act(fresh, plain, undone=False)

    found = await rehearse(world, draft)

    was = {
        (name, unit): sum(one.amount for one in await world.transfers(name, unit) if standing(one))
        for name in NAMES
        for unit in ("points", "growth", "fun")
    }
    rehearsed = {key: amount for key, amount in (was | given_to(world, found)).items() if amount}
    assert rehearsed == await held(fresh)
    progress = fresh.services.stores.progress.stream(fresh.key)
    completed = [one.task async for one in progress if one.is_complete]
    assert {one.key: one.count for one in found.tasks if one.count} == {
        key: completed.count(key) for key in set(completed)
    }
    awards = [award.badge for name in NAMES for award in (await fresh.awards(name)).values()]
    assert {one.key: one.count for one in found.badges if one.count} == {
        key: awards.count(key) for key in set(awards)
    }
    for board in found.boards:
        ranking = await fresh.ranking("monthly", period=board.period)
        shown = {member.id: name for name, member in world.members.items()}
        assert sorted((one.rank, shown[one.member_id], one.score) for one in board.winners) == sorted(ranking)


def standing(transfer: Any) -> bool:
    """Whether a transfer is by rules, forth or back."""
    return transfer.cause.activity_id is not None


@on_servers(6)
@given(stated=deeds)
async def test_rules_in_force_give_what_happened_where_nothing_bounds(
    programme: MakeProgramme, stated: list[Deed]
) -> None:
    """Refunds and reversals included: they free no room that others had wanted."""
    unbounded = shop(
        units=[{"key": "points", "floor": -10_000}, *SHOP["units"][1:]],
        budgets=[{"key": "launch", "unit": "fun", "amount": 1_000_000}],
        rewards=[{"key": "coffee", "goods": {}, "cost": 350}],
        ladders=[],
        badges=[{"key": "regular"}, {"key": "shopper"}],
    )
    world = await programme(unbounded)
    await act(world, stated, undone=True)

    found = await rehearse(world, unbounded, WHOLE)

    assert [(one.unit, one.given, one.taken) for one in found.units] == [
        (one.unit, one.was_given, one.was_taken) for one in found.units
    ]
    assert found.changed == 0, (found.gainers, found.losers)
    assert all(one.count == one.was for one in (*found.badges, *found.tasks))


@pytest.mark.parametrize("days", [10, 30])
async def test_a_draft_from_a_day_on_is_publishing_it_that_day(programme: MakeProgramme, days: int) -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=days)
    draft = shop(
        rules=[{**rules()[0], "effects": rules()[0]["effects"][1:]}, *rules()[1:]],
        budgets=[{"key": "launch", "unit": "fun", "amount": 180}],
    )
    worlds = [await programme(SHOP), await programme(SHOP)]
    for place, world in enumerate(worlds):
        world.clock.now = BEGAN
        await world.join_all(*NAMES)
        for number in range(45):
            world.clock.now = BEGAN + timedelta(days=number)
            if place and number == days:
                await world.apply(draft)
            for who, name in enumerate(NAMES):
                await world.do(
                    "visit" if (number + who) % 3 else "buy",
                    name,
                    **({} if (number + who) % 3 else {"amount": 20 + number}),
                )

    found = await rehearse(worlds[0], draft, span=type(WHOLE)(day, WHOLE.until))

    published = worlds[1]
    expected: dict[str, int] = {}
    for name in NAMES:
        for transfer in await published.transfers(name):
            if transfer.occurred_at >= day and standing(transfer):
                expected[transfer.unit] = expected.get(transfer.unit, 0) + transfer.amount
    assert {one.unit: one.given + one.taken for one in found.units} == expected
