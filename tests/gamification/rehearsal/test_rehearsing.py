"""A rehearsal of what is in force finds what happened; one of something else what that would have given."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.kit.errors import LimitExceeded
from gamification.rehearsal import history
from gamification.rehearsal.model import RehearsalOrder, Span
from gamification.rehearsal.result import Result, result_document, result_from
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.rehearsal_world import BEGAN, SHOP, differences, live, refund, rehearse, rules, shop
from tests.resolvers.test_permissions import everything
from tests.support import ProgrammeUnderTest

HAPPENED, RECORDED = RehearsalOrder.HAPPENED, RehearsalOrder.RECORDED
PLAIN: dict[str, Any] = {
    "units": [{"key": "points"}],
    "activity_types": SHOP["activity_types"],
    "rules": [
        {
            "key": "spend",
            "on": ["buy"],
            "effects": [{"points": {"unit": "points", "amount": "floor(activity.amount)"}}],
        }
    ],
}


def points(result: Result, unit: str = "points") -> tuple[int, int]:
    """What is given in the rehearsal, and what was."""
    found = next(one for one in result.units if one.unit == unit)
    return found.given, found.was_given


@pytest.fixture
async def world(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Two months of the shop."""
    made = await programme(SHOP)
    await live(made)
    return made


@pytest.mark.parametrize("order", RehearsalOrder)
async def test_rules_in_force_give_what_happened(world: ProgrammeUnderTest, order: RehearsalOrder) -> None:
    found = await rehearse(world, order=order)

    assert found.activities == 126
    assert differences(found) == []
    # Everything that bounds was reached, else this proves little.
    assert [(one.reward, one.given, one.failed, one.cost) for one in found.rewards] == [("coffee", 2, 1, 700)]
    assert {one.key: one.count for one in found.badges} == {"regular": 2, "shopper": 3}
    assert {one.key: one.count for one in found.tasks} == {"shopper": 6, "explorer": 3}
    assert [(one.before, one.after, one.count) for one in found.tiers] == [("basic", "gold", 3)]
    (fun,) = (one for one in found.units if one.unit == "fun")
    assert fun.given == 100 + 30  # the budget of all, and one task that was claimed
    assert sum(one.taken for one in found.units) < 0


@pytest.mark.parametrize("days", [1, 13, 26, 31, 47])
async def test_rules_in_force_give_what_happened_from_any_day_on(
    world: ProgrammeUnderTest, days: int
) -> None:
    since = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=days)

    found = await rehearse(world, span=Span(since, since + timedelta(days=9)))

    assert found.before > 0
    assert 0 < found.activities < 126
    assert differences(found) == []


async def test_a_rehearsal_writes_nothing_and_finds_the_same_twice(
    world: ProgrammeUnderTest, mongo: Mongo
) -> None:
    before = await everything(mongo, world)
    doubled = shop(rules=[rule for rule in rules() if rule["key"] != "fines"])

    first = await rehearse(world, doubled)
    second = await rehearse(world, doubled)

    assert await everything(mongo, world) == before
    assert first == second
    assert result_from(result_document(first)) == first


async def test_double_points_are_double_where_nothing_bounds_them(programme: MakeProgramme) -> None:
    world = await programme(PLAIN)
    world.clock.now = BEGAN
    await world.join_all("ann", "bob")
    for day in range(10):
        world.clock.now = BEGAN + timedelta(days=day)
        await world.do("buy", "ann", amount=12.5 + day)
        await world.do("buy", "bob", amount=3)
    double = {
        **PLAIN,
        "rules": [
            {
                **PLAIN["rules"][0],
                "effects": [{"points": {"unit": "points", "amount": "2 * floor(activity.amount)"}}],
            }
        ],
    }

    found = await rehearse(world, double)

    given, was = points(found)
    assert (given, was) == (2 * was, sum(12 + day + (day % 2 and 0) for day in range(10)) + 5 + 30 - 5)
    assert [(day.units[0].given, day.units[0].was_given) for day in found.days] == [
        (2 * (15 + day), 15 + day) for day in range(10)
    ]
    assert found.changed == 2
    assert [(one.member_id, one.points, one.was) for one in found.gainers] == [
        (world.id_of("ann"), 2 * (was - 30), was - 30),
        (world.id_of("bob"), 60, 30),
    ]
    assert not found.losers


async def test_only_the_time_counts_and_the_time_before_is_as_it_was(programme: MakeProgramme) -> None:
    """The third purchase ever is rewarded: two of them were before the time."""
    third = {
        **PLAIN,
        "counters": [{"key": "bought", "per": "member", "on": ["buy"]}],
        "badges": [{"key": "third"}],
    }
    world = await programme(third)
    world.clock.now = BEGAN
    await world.join("ann")
    for day in range(5):
        world.clock.now = BEGAN + timedelta(days=day)
        await world.do("buy", "ann", amount=10)
    badge = {
        "key": "third",
        "on": ["buy"],
        "counters": ["bought"],
        "when": "counters.bought == 3",
        "effects": [{"award": {"badge": "third"}}, {"points": {"unit": "points", "amount": 100}}],
    }
    # A counter that is read was counted all the time; one that is new starts with the draft, as when it is published.
    draft = {**third, "rules": [*PLAIN["rules"], badge]}
    midday = datetime(2026, 3, 3, tzinfo=UTC)

    found = await rehearse(world, draft, Span(midday, midday + timedelta(days=2)))

    assert (found.before, found.activities) == (2, 2)
    assert [(one.key, one.count, one.was) for one in found.badges] == [("third", 1, 0)]
    assert points(found) == (120, 20)


async def test_late_activity_is_played_when_it_came_or_when_it_happened(programme: MakeProgramme) -> None:
    first = {
        **PLAIN,
        "counters": [{"key": "bought", "per": "member", "on": ["buy"]}],
        "rules": [
            {
                "key": "first",
                "on": ["buy"],
                "counters": ["bought"],
                "when": "counters.bought == 1",
                "effects": [{"points": {"unit": "points", "amount": "floor(activity.amount)"}}],
            }
        ],
    }
    world = await programme(first)
    world.clock.now = BEGAN + timedelta(days=5)
    await world.join("ann")
    await world.do("buy", "ann", amount=10)
    await world.do("buy", "ann", amount=7, at=BEGAN)

    recorded = await rehearse(world, first, order=RECORDED)
    happened = await rehearse(world, first, order=HAPPENED)

    assert points(recorded) == (10, 10)
    assert points(happened) == (7, 10)


async def test_what_was_taken_back_is_left_out_and_refunds_count_in_proportion(
    programme: MakeProgramme,
) -> None:
    world = await programme(PLAIN)
    world.clock.now = BEGAN
    await world.join("ann")
    gone = await world.do("buy", "ann", amount=50)
    await world.do("buy", "ann", amount=9.99, source_id="part")
    await world.reverse(gone)
    await refund(world, "part", 3.33)
    per_line = {**PLAIN["rules"][0], "effects": [{"points": {"unit": "points", "amount": 30}}]}

    same = await rehearse(world, PLAIN)
    flat = await rehearse(world, {**PLAIN, "rules": [per_line]})

    assert same.activities == 1
    assert points(same) == (6, 6)
    assert points(flat)[0] == 20  # two thirds of it are left


async def test_activity_that_fails_is_told_with_its_rule(programme: MakeProgramme) -> None:
    world = await programme(PLAIN)
    world.clock.now = BEGAN
    await world.join("ann")
    for number in range(25):
        await world.do("buy", "ann", amount=number, source_id=f"b{number}")
    failing = {
        "key": "spend",
        "on": ["buy"],
        "effects": [{"points": {"unit": "points", "amount": "100 / (20 - int(activity.amount)) "}}],
    }
    missing = {"key": "missing", "on": ["visit"], "effects": [{"points": {"unit": "points", "amount": 1}}]}

    found = await rehearse(world, {**PLAIN, "rules": [failing, missing]})

    assert found.failed == 1
    (failure,) = found.failures
    assert (failure.source_id, failure.rule, failure.code) == ("b20", "spend", "RULE_FAILED")
    assert "rules.spend" in failure.message
    assert {one.rule: one.activities for one in found.rules} == {"spend": 24, "missing": 0}


async def test_activity_that_a_draft_would_refuse_fails(programme: MakeProgramme) -> None:
    world = await programme(PLAIN)
    world.clock.now = BEGAN
    await world.join("ann")
    for number in range(30):
        await world.do("buy", "ann", amount=number)
        await world.do("visit", "ann")
    properties = {
        "type": "object",
        "properties": {"amount": {"type": "number", "minimum": 5}},
        "required": ["amount"],
    }
    buy = {"key": "buy", "properties": properties}

    found = await rehearse(world, {**PLAIN, "activity_types": [buy]})

    assert found.failed == 5 + 30
    assert len(found.failures) == 20
    assert {one.code for one in found.failures} == {"SCHEMA_MISMATCH", "UNKNOWN_ACTIVITY_TYPE"}


async def test_more_activity_than_can_be_held_is_refused(
    programme: MakeProgramme, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await programme(PLAIN)
    world.clock.now = BEGAN
    await world.join("ann")
    for number in range(4):
        await world.do("buy", "ann", amount=number)
    monkeypatch.setattr(history, "ACTIVITIES_MAX", 3)

    with pytest.raises(LimitExceeded) as refused:
        await rehearse(world, PLAIN)

    assert refused.value.limit == 3
    assert (await rehearse(world, PLAIN, Span(BEGAN - timedelta(days=2), BEGAN))).activities == 0


async def test_stock_and_cost_of_rewards(world: ProgrammeUnderTest) -> None:
    more = [{"key": "coffee", "goods": {}, "stock": 10, "cost": 410}]
    without = [{"key": "coffee", "goods": {}}]

    dear = await rehearse(world, shop(rewards=more))
    unstated = await rehearse(world, shop(rewards=without))

    assert [(one.given, one.was_given, one.failed) for one in dear.rewards] == [(3, 2, 0)]
    assert (dear.cost, dear.was_cost) == (3 * 410, 2 * 350)
    assert sum(day.cost for day in dear.days) == dear.cost
    assert (unstated.cost, unstated.uncosted) == (0, 3)
    assert unstated.rewards[0].cost is None


async def test_caps_and_budgets_bound_a_rehearsal_as_they_bound_the_truth(world: ProgrammeUnderTest) -> None:
    found = await rehearse(world, shop(budgets=[{"key": "launch", "unit": "fun", "amount": 200}]))

    assert points(found, "fun") == (230, 130)
    assert points(found, "points")[0] == points(found, "points")[1]


async def test_a_campaign_in_a_draft_is_on_as_though_it_were_approved(world: ProgrammeUnderTest) -> None:
    campaign = {
        "key": "spring",
        "kind": "benefit",
        "schedule": {"starts_at": "2026-03-10T00:00:00Z", "ends_at": "2026-03-20T00:00:00Z"},
        "multiply": [{"unit": "growth", "percent": 200}],
        "budget": {"points": [{"unit": "growth", "amount": 100}]},
    }

    found = await rehearse(world, shop(campaigns=[campaign]))

    given, was = points(found, "growth")
    assert given == was + 100
    changed = [
        day.day
        for day in found.days
        for one in day.units
        if one.unit == "growth" and one.given != one.was_given
    ]
    assert changed
    assert min(changed) >= "2026-03-10"
    assert max(changed) < "2026-03-20"
    assert any(one.rule == "campaigns.spring:spend" and one.activities for one in found.rules)


async def test_a_new_ladder_places_members_by_what_they_did_before(world: ProgrammeUnderTest) -> None:
    ladders = [
        *SHOP["ladders"],
        {
            "key": "spenders",
            "measures": [{"key": "sum", "unit": "growth"}],
            "tiers": [{"key": "small"}, {"key": "big", "requires": {"sum": 300}, "multipliers": {"fun": 2}}],
        },
    ]
    since = datetime(2026, 4, 1, tzinfo=UTC)
    until = since + timedelta(days=4)
    before, within = dict.fromkeys(world.members, 0), dict.fromkeys(world.members, 0)
    for name in world.members:
        for transfer in await world.transfers(name, "growth"):
            if transfer.occurred_at < since:
                before[name] += transfer.amount
            elif transfer.occurred_at < until:
                within[name] += transfer.amount
    # Nobody reaches it by what they do in the time alone, and somebody does by that and by what was before.
    assert max(within.values()) < 300 < max(before[name] + within[name] for name in before)

    found = await rehearse(world, shop(ladders=ladders), Span(since, until))

    changes = {(one.before, one.after): one.count for one in found.tiers if one.ladder == "spenders"}
    assert changes == {("small", "big"): sum(before[name] + within[name] >= 300 for name in before)}


async def test_winners_are_those_of_the_draft(world: ProgrammeUnderTest) -> None:
    spend = rules()[0]
    spend["effects"][0]["points"]["amount"] = "1000 - floor(activity.amount)"

    found = await rehearse(
        world, shop(rules=rules(spend=spend), units=[{"key": "points"}, *SHOP["units"][1:]])
    )

    march = next(one for one in found.boards if one.period == "2026-03")
    assert march.size == 3
    assert [one.rank for one in march.winners] == [1, 2, 3]
    scores = [one.score for one in march.winners]
    assert scores == sorted(scores, reverse=True)
    stored = {world.id_of(name): score for _, name, score in await world.ranking("monthly", period="2026-03")}
    assert {one.member_id: one.was for one in march.winners} == stored


async def test_what_members_and_staff_did_otherwise_they_do(programme: MakeProgramme) -> None:
    """What is spent can't be taken any more, nor an edition's number be given twice, nor a piece of stock."""
    document = {
        **PLAIN,
        "badges": [{"key": "first", "limit": 1}],
        "rewards": [
            {
                "key": "mug",
                "privilege": {"flag": "mug"},
                "stock": 1,
                "price": {"unit": "points", "amount": 10},
                "cost": 5,
            }
        ],
        "rules": [
            *PLAIN["rules"],
            {"key": "fines", "on": ["fine"], "effects": [{"points": {"unit": "points", "amount": -40}}]},
            {
                "key": "visits",
                "on": ["visit"],
                "effects": [{"award": {"badge": "first"}}, {"reward": {"reward": "mug"}}],
            },
        ],
    }
    world = await programme(document)
    services = world.services
    world.clock.now = BEGAN
    await world.join_all("ann", "bob")
    await world.do("buy", "ann", amount=100)
    world.clock.advance(timedelta(hours=1))
    await services.points.spend(world.service, world.id_of("ann"), "points", 70, "a mug", "spent")
    await services.honours.award(world.operator, world.id_of("bob"), "first", None, 0, "a favour", "hand")
    await services.redemptions.redeem(world.member_actor("ann"), None, "mug", None, "mug")
    world.clock.advance(timedelta(hours=1))
    await world.do("fine", "ann")
    await world.do("visit", "ann")

    found = await rehearse(world, document)

    assert [(one.given, one.taken, one.was_given, one.was_taken) for one in found.units] == [
        (100, -20, 100, -20)
    ]
    assert not found.badges
    assert [(one.given, one.was_given, one.failed) for one in found.rewards] == [(0, 0, 1)]
