"""Campaigns end to end: multipliers, rules of their own, budgets, audiences, member days, birthdays, approval by two, states."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gamification.campaigns.joining import variant_of
from gamification.experiments.assignment import HOLDOUT
from gamification.kit.actors import Actor, Role
from gamification.programmes.definitions import Status
from gamification.verification.service import VerificationService
from tests.campaign_world import DAY, DOUBLE, NOON, WEEK, YEAR, shop
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, refused, typed
from tests.support import ProgrammeUnderTest

FIGURES = """query($key: String!, $time: String) { campaign(key: $key) { state figures(occurrence: $time) {
    members reached participants converters spend cost extraSpend returnOnCost
    points { unit amount } rewards { reward count } arms { variant members participants }
    sampleRatio { mismatch } comparisons { variant control participation { difference significant notEnough }
    conversion { notEnough } spend { notEnough } } } } }"""
BIRTHDAY: dict[str, Any] = {
    "key": "birthday",
    "kind": "benefit",
    "schedule": {**YEAR, "repeat": "birthday"},
    "reaches": True,
    "texts": {"starts": {"title": {"en": "Happy birthday", "zh": "生日快乐"}}},
}
GIFT: dict[str, Any] = {
    "key": "gift",
    "on": ["campaign.reached"],
    "campaign": "birthday",
    "effects": [{"points": {"unit": "points", "amount": 88}}],
}


async def made(
    programme: MakeProgramme, *campaigns: dict[str, Any], rules: Any = (), **settings: Any
) -> ProgrammeUnderTest:
    made = await programme(shop(*campaigns, rules=rules, **settings))
    made.clock.now = NOON
    await made.join_all("ann", "bob", "cem")
    return made


async def figures(
    graphql: GraphQL, of: ProgrammeUnderTest, key: str, time: str | None = None
) -> dict[str, Any]:
    found = await graphql.read(of.operator, FIGURES, {"key": key, "time": time})
    shown: dict[str, Any] = found["campaign"]["figures"]
    return shown


async def state(graphql: GraphQL, of: ProgrammeUnderTest, key: str) -> str:
    found = await graphql.read(of.operator, "query($k: String!) { campaign(key: $k) { state } }", {"k": key})
    return str(found["campaign"]["state"])


async def run(of: ProgrammeUnderTest) -> int:
    """Let the worker do what is due of campaigns."""
    done = await of.services.campaign_reaching.run_due(of.key)
    done += await of.services.campaign_settling.run_due(of.key)
    await of.catch_up()
    return done


async def verified(of: ProgrammeUnderTest) -> None:
    assert (await VerificationService(of.services).verify(of.key)).differences == []


async def test_points_are_doubled_while_it_is_on_and_the_rest_is_named_after_it(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    club = await made(programme, DOUBLE)
    await club.do("buy", "ann", amount=30.5)
    await club.do("buy", "ann", at=NOON - 2 * DAY, amount=10.0)

    assert await club.balance("ann", "points") == 70
    assert await club.balance("ann", "growth") == 40
    rules = sorted((one.amount, one.cause.rule) for one in await club.transfers("ann", "points"))
    assert rules == [(10, "purchases"), (30, "campaigns.double:purchases"), (30, "purchases")]
    shown = await graphql.read(
        club.member_actor("ann"), "{ me { ledger { nodes { amount cause { campaign rule { key } } } } } }"
    )
    of_points = [one for one in shown["me"]["ledger"]["nodes"] if one["cause"]["campaign"]]
    assert [(one["amount"], one["cause"]["campaign"]) for one in of_points] == [(30, "double")]
    club.clock.now = NOON + 8 * DAY
    await club.do("buy", "ann", amount=5.0)
    # What happened while it was on is paid by it, however late it is told.
    await club.do("buy", "bob", at=NOON, amount=5.0)
    assert [await club.balance(name, "points") for name in ("ann", "bob")] == [75, 10]
    await verified(club)


async def test_a_reversal_and_a_refund_take_back_the_campaigns_part_too(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    club = await made(programme, DOUBLE)
    first = await club.do("buy", "ann", amount=100.0)
    second = await club.do("buy", "ann", amount=60.0)
    await club.catch_up()
    assert (await figures(graphql, club, "double"))["points"] == [{"unit": "points", "amount": 160}]

    await club.reverse(first)
    await club.services.refunds.refund(
        club.service, second.source, second.source_id, Decimal(30), (), None, "r1"
    )
    await club.catch_up()

    assert await club.balance("ann", "points") == 60
    found = await figures(graphql, club, "double")
    assert found["points"] == [{"unit": "points", "amount": 30}]
    assert (found["participants"], found["spend"]) == (1, 3000)
    await verified(club)


async def test_the_budget_is_never_exceeded_by_many_at_once(programme: MakeProgramme) -> None:
    club = await made(programme, DOUBLE)
    names = [f"m{n}" for n in range(20)]
    await club.join_all(*names)
    await asyncio.gather(*(club.do("buy", name, amount=70.0) for name in names))

    total = sum([await club.balance(name, "points") for name in names])
    assert total == 20 * 70 + 1000
    await verified(club)


async def test_of_multipliers_that_do_not_stack_the_greatest_counts(programme: MakeProgramme) -> None:
    def multiplier(key: str, percent: int, **more: Any) -> dict[str, Any]:
        part = {"unit": "points", "percent": percent, **more}
        return {"key": key, "kind": "benefit", "schedule": WEEK, "multiply": [part]}

    club = await made(
        programme,
        multiplier("double", 200),
        multiplier("triple", 300),
        multiplier("more", 150, stacks=True),
        multiplier("other", 1000, rules=["another"], stacks=True),
        rules=[{"key": "another", "on": ["visit"], "effects": [{"points": {"unit": "points", "amount": 1}}]}],
    )
    await club.do("buy", "ann", amount=11.0)
    await club.do("visit", "bob")

    # 11, twice as much beside it by `triple`, and half as much by `more`, rounded down.
    assert await club.balance("ann", "points") == 11 + 22 + 5
    assert await club.balance("bob", "points") == 1 + 2 + 0 + 9


async def test_rules_of_a_campaign_are_on_for_its_audience_alone(programme: MakeProgramme) -> None:
    club = await made(
        programme,
        {
            "key": "friends_week",
            "kind": "social",
            "schedule": WEEK,
            "audience": {"segments": ["friends"], "when": 'member.locale == "en"'},
        },
        rules=[
            {
                "key": "visits",
                "on": ["visit"],
                "campaign": "friends_week",
                "effects": [{"points": {"unit": "points", "amount": 7}}],
            }
        ],
    )
    await club.join("dee", locale="zh")
    await club.services.segments.put(club.operator, "friends", ["ann", "dee"], is_in=True)
    for name in ("ann", "bob", "dee"):
        await club.do("visit", name)

    assert [await club.balance(name, "points") for name in ("ann", "bob", "dee")] == [7, 0, 0]


async def test_rewards_are_given_up_to_their_budget_in_number_and_money(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    club = await made(
        programme,
        {
            "key": "vouchers",
            "kind": "growth",
            "schedule": WEEK,
            "budget": {"rewards": [{"reward": "voucher", "count": 5}], "money": 1999},
        },
        rules=[
            {
                "key": "voucher_each",
                "on": ["buy"],
                "campaign": "vouchers",
                "effects": [{"reward": {"reward": "voucher"}}],
            }
        ],
    )
    names = [f"m{n}" for n in range(12)]
    await club.join_all(*names)
    bought = await asyncio.gather(*(club.do("buy", name, amount=10.0) for name in names))
    await club.catch_up()

    found = await figures(graphql, club, "vouchers")
    # Four at 5.00 would be 20.00, a cent more than there is.
    assert (found["rewards"], found["cost"]) == ([{"reward": "voucher", "count": 3}], 1500)
    await verified(club)
    given = [one for one in bought if not one.gives[0].capped]
    await club.reverse(given[0])
    await club.do("buy", "ann", amount=10.0)
    await club.catch_up()
    found = await figures(graphql, club, "vouchers")
    assert (found["rewards"], found["cost"]) == ([{"reward": "voucher", "count": 3}], 1500)
    await verified(club)


async def test_a_money_budget_takes_rewards_that_say_what_they_cost(programme: MakeProgramme) -> None:
    document = shop(
        {"key": "v", "kind": "growth", "schedule": WEEK, "budget": {"money": 100}},
        rules=[{"key": "r", "on": ["buy"], "campaign": "v", "effects": [{"reward": {"reward": "voucher"}}]}],
    )
    document["rewards"] = [{**document["rewards"][0], "cost": None}]
    with pytest.raises(Exception, match="states no cost"):
        await programme(document)


async def test_birthday_gifts_are_given_once_in_the_members_zone_and_made_up_for(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    club = await made(programme, BIRTHDAY, rules=[GIFT])
    await club.join("tui", birthday="1990-03-11", time_zone="Pacific/Auckland")
    await club.join("kai", birthday="03-11", time_zone="Pacific/Honolulu")
    await club.join("leo", birthday="2000-02-29")
    await run(club)
    gifts: dict[str, datetime] = {}
    at = datetime(2026, 3, 9, 12, tzinfo=UTC)
    while at < datetime(2026, 3, 13, tzinfo=UTC):
        club.clock.now = at
        await run(club)
        await run(club)
        for name in ("tui", "kai"):
            if name not in gifts and await club.balance(name, "points"):
                gifts[name] = at
        at += timedelta(hours=1)
    # Midnight there: 11:00 UTC the day before, and 10:00 UTC.
    assert gifts == {
        "tui": datetime(2026, 3, 10, 11, tzinfo=UTC),
        "kai": datetime(2026, 3, 11, 10, tzinfo=UTC),
    }
    # Nobody is there for weeks; whoever had a birthday meanwhile has their gift, once.
    await club.join("mia", birthday="04-02")
    club.clock.now = datetime(2026, 4, 20, 9, tzinfo=UTC)
    await run(club)
    await run(club)

    balances = [await club.balance(name, "points") for name in ("tui", "kai", "mia", "leo", "ann")]
    assert balances == [88, 88, 88, 0, 0]
    shown = await graphql.read(
        club.member_actor("kai"), "{ me { ledger { nodes { cause { campaign rule { key } } } } } }"
    )
    assert [one["cause"] for one in shown["me"]["ledger"]["nodes"]] == [
        {"campaign": "birthday", "rule": {"key": "gift"}}
    ]
    found = await figures(graphql, club, "birthday")
    assert (found["reached"], found["points"]) == (3, [{"unit": "points", "amount": 264}])
    await verified(club)


async def test_who_states_a_birthday_on_the_day_has_it_at_once(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    club = await made(programme, BIRTHDAY, rules=[GIFT])
    await run(club)
    await graphql.done(club.member_actor("ann"), "updateProfile", {"birthday": "1988-03-09"}, "member { id }")
    await club.catch_up()
    await club.catch_up()
    await run(club)

    assert await club.balance("ann", "points") == 88


async def test_a_member_day_is_on_that_day_alone_and_is_announced_before(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    club = await made(
        programme,
        {
            "key": "member_day",
            "kind": "benefit",
            "schedule": {**YEAR, "repeat": "monthly", "days": [11]},
            "multiply": [{"unit": "points", "percent": 300}],
            "warm_up_days": 2,
            "texts": {
                "warm_up": {"title": {"en": "In two days, {member}", "zh": "两天后"}},
                "starts": {"title": {"en": "Today"}, "body": {"en": "Threefold"}},
                "after": {"title": {"en": "Thanks"}},
            },
        },
    )
    async with graphql.subscribe(
        club.member_actor("ann"),
        "subscription { myProgress { ... on CampaignNotice { campaignKey occurrence stage title body } } }",
    ) as stream:
        assert await stream.data() == {}
        for at in (NOON, NOON + DAY, NOON + 1.5 * DAY, NOON + 2 * DAY, NOON + 3 * DAY, NOON + 3.1 * DAY):
            club.clock.now = at
            await run(club)
            if at == NOON + 2 * DAY:
                await club.do("buy", "ann", amount=10.0)
                await club.catch_up()
        told = [message for message in await stream.until_quiet(1.0) if message]
    assert told == [
        {
            "campaignKey": "member_day",
            "occurrence": "2026-03-11",
            "stage": stage,
            "title": title,
            "body": body,
        }
        for stage, title, body in (
            ("WARM_UP", "In two days, ann", None),
            ("STARTS", "Today", "Threefold"),
            ("AFTER", "Thanks", None),
        )
    ]
    assert await club.balance("ann", "points") == 30
    # Bob did nothing: he is told before and as it begins, and not thanked.
    heads = await club.services.stores.feed.after(club.id_of("bob"), 0)
    assert [one.body["stage"] for one in heads if one.kind.value == "campaign"] == ["warm_up", "starts"]


async def test_a_budget_above_the_limit_takes_two(programme: MakeProgramme, graphql: GraphQL) -> None:
    draft = {**DOUBLE, "status": "draft"}
    club = await made(programme, draft, approve_above={"points": 1000})
    kim, lee = Actor(club.key, "kim", Role.OPERATOR), Actor(club.key, "lee", Role.OPERATOR)
    assert await state(graphql, club, "double") == "DRAFT"
    sent = await graphql.done(
        kim, "submitCampaign", {"campaign": "double"}, "campaign { state digest needsApproval }"
    )
    assert (sent["campaign"]["state"], sent["campaign"]["needsApproval"]) == ("REVIEW", True)
    approval = {"campaign": "double", "digest": sent["campaign"]["digest"]}
    refused(await graphql.mutate(kim, "approveCampaign", approval), "FORBIDDEN")
    stale = {**approval, "digest": "0" * 64}
    typed(await graphql.mutate(lee, "approveCampaign", stale), "ConflictError")
    # Published without approval it takes no effect.
    await club.services.programmes.set_status(
        kim,
        "campaigns",
        "double",
        Status.PUBLISHED,
    )
    assert await state(graphql, club, "double") == "REVIEW"
    await club.do("buy", "ann", amount=10.0)
    assert await club.balance("ann", "points") == 10

    done = await graphql.done(lee, "approveCampaign", approval, "campaign { state steps { act by } }")
    assert done["campaign"] == {
        "state": "LIVE",
        "steps": [{"act": "SUBMITTED", "by": "operator:kim"}, {"act": "APPROVED", "by": "operator:lee"}],
    }
    await club.do("buy", "ann", amount=10.0)
    assert await club.balance("ann", "points") == 30
    # Whoever changes it afterwards has another campaign.
    richer = {**DOUBLE, "multiply": [{"unit": "points", "percent": 900}]}
    await club.apply(shop(richer, approve_above={"points": 1000}))
    assert await state(graphql, club, "double") == "DRAFT"
    await club.do("buy", "ann", amount=10.0)
    assert await club.balance("ann", "points") == 40


async def test_a_rule_that_is_changed_after_the_approval_is_not_approved_of(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    rule = {
        "key": "r",
        "on": ["visit"],
        "campaign": "double",
        "effects": [{"points": {"unit": "points", "amount": 5}}],
    }
    club = await made(programme, DOUBLE, rules=[rule], approve_above={"points": 10})
    sent = await graphql.done(
        club.operator, "submitCampaign", {"campaign": "double"}, "campaign { state digest }"
    )
    await graphql.done(
        Actor(club.key, "lee", Role.OPERATOR),
        "approveCampaign",
        {"campaign": "double", "digest": sent["campaign"]["digest"]},
        "campaign { state }",
    )
    await club.do("visit", "ann")
    dearer = {**rule, "effects": [{"points": {"unit": "points", "amount": 500}}]}
    await club.apply(shop(DOUBLE, rules=[dearer], approve_above={"points": 10}))
    await club.do("visit", "ann")

    assert await club.balance("ann", "points") == 5
    assert await state(graphql, club, "double") == "DRAFT"


async def test_a_small_budget_takes_nobody_else(programme: MakeProgramme, graphql: GraphQL) -> None:
    club = await made(programme, DOUBLE, approve_above={"points": 1001, "rewards": 1, "money": 1})
    assert await state(graphql, club, "double") == "LIVE"


async def test_pausing_resuming_ending_and_settling(programme: MakeProgramme, graphql: GraphQL) -> None:
    club = await made(programme, DOUBLE)
    paused = await graphql.done(
        club.operator, "pauseCampaign", {"campaign": "double", "reason": "a slip"}, "campaign { state }"
    )
    assert paused["campaign"]["state"] == "PAUSED"
    await club.do("buy", "ann", amount=10.0)
    assert await club.balance("ann", "points") == 10
    again = await graphql.done(
        club.operator, "pauseCampaign", {"campaign": "double"}, "campaign { steps { act } }"
    )
    assert [one["act"] for one in again["campaign"]["steps"]] == ["PAUSED"]
    await graphql.done(club.operator, "resumeCampaign", {"campaign": "double"}, "campaign { state }")
    await club.do("buy", "ann", amount=10.0)
    assert await club.balance("ann", "points") == 30

    ended = await graphql.done(club.operator, "endCampaign", {"campaign": "double"}, "campaign { state }")
    assert ended["campaign"]["state"] == "ENDED"
    typed(await graphql.mutate(club.operator, "resumeCampaign", {"campaign": "double"}), "ConflictError")
    await club.do("buy", "ann", amount=10.0)
    assert await club.balance("ann", "points") == 40
    club.clock.now = NOON + 2 * DAY
    await run(club)
    assert await state(graphql, club, "double") == "SETTLED"
    typed(await graphql.mutate(club.operator, "pauseCampaign", {"campaign": "none"}), "NotFoundError")


async def test_states_follow_the_clock(programme: MakeProgramme, graphql: GraphQL) -> None:
    club = await made(programme, DOUBLE)
    for at, wanted in (
        (NOON - 3 * DAY, "SCHEDULED"),
        (NOON, "LIVE"),
        (NOON + 7 * DAY, "ENDED"),
    ):
        club.clock.now = at
        assert await state(graphql, club, "double") == wanted
    club.clock.now = NOON + 9 * DAY
    await run(club)
    assert await state(graphql, club, "double") == "SETTLED"
    found = await graphql.read(
        club.operator,
        '{ campaign(key: "double") { steps { act by } } campaigns(filter: {state: SETTLED}) { totalCount } }',
    )
    assert found["campaign"]["steps"] == [{"act": "SETTLED", "by": "service:system"}]
    assert found["campaigns"]["totalCount"] == 1


async def test_a_hold_out_gets_nothing_and_is_compared_with(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    club = await made(
        programme,
        {
            **DOUBLE,
            "multiply": [],
            "budget": {},
            "reaches": True,
            "texts": {"starts": {"title": {"en": "Now"}}},
            "experiment": {"hold_out": 50, "planned_members": 100},
        },
        rules=[
            {
                "key": "gift",
                "on": ["campaign.reached"],
                "campaign": "double",
                "effects": [{"points": {"unit": "points", "amount": 5}}],
            }
        ],
    )
    names = [f"m{n:03}" for n in range(300)]
    await club.join_all(*names)
    assert await run(club) == 303
    await run(club)
    balances = {name: await club.balance(name, "points") for name in names}
    kept_out = [name for name in names if not balances[name]]
    treated = [name for name in names if balances[name]]
    assert set(balances.values()) == {0, 5}
    assert 110 < len(kept_out) < 190
    told = {name: await club.services.stores.feed.after(club.id_of(name), 0) for name in kept_out}
    assert not any(told.values())
    for name in (*treated[:60], *kept_out[:10]):
        await club.record(club.activity("buy", name, amount=20.0))
    await club.catch_up()

    found = await figures(graphql, club, "double")
    arms = {one["variant"]: one for one in found["arms"]}
    assert arms.keys() == {"", "holdout"}
    assert arms["holdout"]["members"] + arms[""]["members"] == 303
    assert found["sampleRatio"] == {"mismatch": False}
    assert found["converters"] == 60
    # 60 of the treated and 10 of those kept out bought for 20.00 each.
    share = arms[""]["members"] / arms["holdout"]["members"]
    assert found["extraSpend"] == pytest.approx(60 * 2000 - 10 * 2000 * share)
    (comparison,) = found["comparisons"]
    assert (comparison["variant"], comparison["control"]) == ("", "holdout")
    assert comparison["conversion"] == {"notEnough": None}
    assert comparison["spend"] == {"notEnough": "AT_THE_END"}
    # Who is kept out does not learn that there is anything.
    out = await graphql.read(
        club.member_actor(kept_out[0]), '{ campaign(key: "double") { key } campaigns { totalCount } }'
    )
    assert out == {"campaign": None, "campaigns": {"totalCount": 0}}
    shown = await graphql.read(club.member_actor(treated[0]), '{ campaign(key: "double") { key name } }')
    assert shown == {"campaign": {"key": "double", "name": "Double points"}}
    club.clock.now = NOON + 9 * DAY
    await run(club)
    found = await figures(graphql, club, "double")
    assert found["comparisons"][0]["spend"] == {"notEnough": None}


async def test_a_client_shows_the_variant_by_which_rules_treat_the_member(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    variants = [{"key": "a", "percent": 45}, {"key": "b", "percent": 45}]
    club = await made(
        programme,
        {**DOUBLE, "multiply": [], "budget": {}, "experiment": {"hold_out": 10, "variants": variants}},
        rules=[
            {
                "key": "only_b",
                "on": ["visit"],
                "campaign": "double",
                "when": 'campaigns.double == "b"',
                "effects": [{"points": {"unit": "points", "amount": 5}}],
            }
        ],
    )
    names = [f"m{n:02}" for n in range(40)]
    await club.join_all(*names)
    shown = {}
    for name in names:
        await club.do("visit", name)
        found = await graphql.read(club.member_actor(name), '{ campaign(key: "double") { variant } }')
        shown[name] = found["campaign"] and found["campaign"]["variant"]
    assert {shown[name] for name in names if await club.balance(name, "points")} == {"b"}
    assert {shown[name] for name in names if not await club.balance(name, "points")} == {"a", None}
    for actor in (club.operator, club.service):
        found = await graphql.read(actor, '{ campaign(key: "double") { variant } }')
        assert found["campaign"] == {"variant": None}


async def test_who_comes_to_the_audience_later_is_reached_then(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    club = await made(
        programme,
        {
            "key": "win_back",
            "kind": "growth",
            "schedule": YEAR,
            "audience": {"segments": ["silent"]},
            "reaches": True,
        },
        rules=[
            {
                "key": "come_back",
                "on": ["campaign.reached"],
                "campaign": "win_back",
                "effects": [{"reward": {"reward": "voucher"}}],
            }
        ],
    )
    await club.do("buy", "ann", amount=10.0)
    await club.catch_up()
    await run(club)
    assert (await figures(graphql, club, "win_back"))["reached"] == 0

    club.clock.now = NOON + 91 * DAY
    await club.services.segment_keeping.sweep_due(club.key)
    for _ in range(3):
        await run(club)

    found = await figures(graphql, club, "win_back")
    assert (found["reached"], found["rewards"], found["cost"]) == (
        1,
        [{"reward": "voucher", "count": 1}],
        500,
    )
    await club.do("buy", "ann", amount=44.0)
    await run(club)
    found = await figures(graphql, club, "win_back")
    # What they bought before it reached them it did not bring.
    assert (found["converters"], found["spend"]) == (1, 4400)


async def test_what_it_brings_is_watched_live(programme: MakeProgramme, graphql: GraphQL) -> None:
    club = await made(programme, DOUBLE)
    document = 'subscription { campaignUpdated(key: "double") { state figures { participants spend } } }'
    async with graphql.subscribe(club.operator, document) as stream:
        first = await stream.data()
        assert first["figures"] == {"participants": 0, "spend": 0}
        await club.do("buy", "ann", amount=10.0)
        await club.catch_up()
        second = await stream.data()
    assert second["figures"] == {"participants": 1, "spend": 1000}


async def test_members_see_what_is_for_them_and_no_figures(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    club = await made(
        programme,
        DOUBLE,
        {**DOUBLE, "key": "closed", "audience": {"segments": ["friends"]}},
        {**DOUBLE, "key": "later", "schedule": {**WEEK, "starts_at": "2026-03-12T00:00:00Z"}},
        {**DOUBLE, "key": "written", "status": "draft"},
    )
    found = await graphql(
        club.member_actor("ann"),
        "{ campaigns(first: 9) { nodes { key budget { money } figures { spend } digest owner steps { by } } } }",
    )
    assert found.data == {
        "campaigns": {
            "nodes": [
                {
                    "key": "double",
                    "budget": None,
                    "figures": None,
                    "digest": None,
                    "owner": None,
                    "steps": None,
                }
            ]
        }
    }
    for field in ("submitCampaign", "pauseCampaign", "endCampaign"):
        refused(await graphql.mutate(club.service, field, {"campaign": "double"}), "FORBIDDEN")


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        ({"audience": {"segments": ["none"]}}, "audience.segments"),
        ({"audience": {"when": "nonsense > 1"}}, "audience.when"),
        ({"multiply": [{"unit": "none", "percent": 200}]}, r"multiply\.0\.unit"),
        ({"multiply": [{"unit": "points", "percent": 100}]}, "multiply"),
        ({"budget": {"points": [{"unit": "none", "amount": 1}]}}, "budget.points"),
        ({"measures": {"converts": ["none"]}}, "measures.converts"),
        ({"survey": "none"}, "survey"),
        ({"includes": {"tasks": ["none"]}}, "includes.tasks"),
        ({"experiment": {"variants": [{"key": "a", "percent": 50}]}}, "experiment"),
        ({"experiment": {"hold_out": 0}}, "experiment"),
        ({"warm_up_days": 3}, "warm_up_days"),
        ({"texts": {"starts": {"title": {"en": "Hi {nobody}"}}}}, r"texts\.starts\.title\.en"),
        ({"texts": {"starts": {"title": {}}}}, "title"),
    ],
)
async def test_a_campaign_that_cannot_be_is_refused_with_its_place(
    programme: MakeProgramme, bad: dict[str, Any], place: str
) -> None:
    with pytest.raises(Exception, match=place):
        await programme(shop({**DOUBLE, **bad}))


async def test_the_worker_killed_half_way_reaches_everybody_once(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    club = await made(programme, {**BIRTHDAY, "schedule": WEEK}, rules=[GIFT])
    names = [f"m{n:03}" for n in range(120)]
    await club.join_all(*names)
    task = asyncio.create_task(club.services.campaign_reaching.run_due(club.key))
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.gather(*(club.services.campaign_reaching.run_due(club.key) for _ in range(3)))
    await club.catch_up()

    assert {await club.balance(name, "points") for name in names} == {88}
    assert (await figures(graphql, club, "birthday"))["reached"] == 123


async def test_another_programmes_campaigns_are_not_there(programme: MakeProgramme, graphql: GraphQL) -> None:
    club = await made(programme, DOUBLE)
    other = await programme(shop({**DOUBLE, "key": "theirs"}))
    assert (await graphql.read(other.operator, '{ campaign(key: "double") { key } }')) == {"campaign": None}
    typed(await graphql.mutate(other.operator, "pauseCampaign", {"campaign": "double"}), "NotFoundError")
    ids = await graphql.read(club.operator, '{ campaign(key: "double") { id } }')
    found = await graphql.read(
        other.operator, "query($id: ID!) { node(id: $id) { id } }", {"id": ids["campaign"]["id"]}
    )
    assert found == {"node": None}


async def test_of_two_accounts_of_one_person_what_was_given_is_given_once(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    club = await made(programme, {**BIRTHDAY, "schedule": WEEK}, {**DOUBLE, "key": "both"}, rules=[GIFT])
    await run(club)
    await club.do("buy", "ann", amount=10.0)
    await club.do("buy", "bob", amount=20.0)
    await club.services.segments.put(club.operator, "friends", ["bob"], is_in=True)
    await club.catch_up()
    await club.services.merges.merge(club.operator, club.id_of("bob"), club.id_of("ann"), "same", "m1")
    for _ in range(2):
        await run(club)

    found = await figures(graphql, club, "both")
    assert (found["participants"], found["spend"]) == (1, 3000)
    assert (await figures(graphql, club, "birthday"))["reached"] == 2
    member = await graphql.read(
        club.operator, '{ member(externalId: "ann") { segments { segment { key } } } }'
    )
    assert member["member"]["segments"] == [{"segment": {"key": "friends"}}]
    await verified(club)


async def test_what_a_campaign_says_is_in_the_inbox_once_in_the_members_language(
    programme: MakeProgramme, graphql: GraphQL
) -> None:
    club = await made(
        programme,
        {
            **BIRTHDAY,
            "schedule": WEEK,
            "reaches": False,
            "experiment": {"hold_out": 50},
            "channels": ["in_app"],
        },
    )
    await club.join("dee", locale="zh-Hans")
    for _ in range(3):
        await run(club)

    catalogue = await club.services.programmes.catalogue(club.key)
    wanted = {
        name: [] if variant_of(club.key, catalogue.campaigns["birthday"], member.id) == HOLDOUT else [title]
        for name, member in club.members.items()
        for title in ("生日快乐" if name == "dee" else "Happy birthday",)
    }
    seen = {}
    for name in club.members:
        found = await graphql.read(
            club.member_actor(name), "{ me { notifications(first: 9) { nodes { title kind } } } }"
        )
        seen[name] = [one["title"] for one in found["me"]["notifications"]["nodes"]]
    assert seen == wanted
