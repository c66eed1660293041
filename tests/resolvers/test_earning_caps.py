"""How much can be earned: caps of units and rules, and budgets that rules and rewards share."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from community import services as wiring
from community.services import Services
from gamification.kit.errors import DomainError
from gamification.verification.service import VerificationService
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL
from tests.support import ProgrammeUnderTest

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
AMOUNT = {"type": "object", "properties": {"amount": {"type": "integer"}}}


def document(unit: dict[str, Any] | None = None, **points: Any) -> dict[str, Any]:
    """`buy` earns its amount and `gift` too, both with what is stated of the effect; three `walk`s earn 50."""
    budgets = points.pop("defined", [])
    effect = {"unit": "points", "amount": "activity.amount", **points}
    reward = {
        "unit": "points",
        "amount": 50,
        **({"budgets": points["budgets"]} if "budgets" in points else {}),
    }
    return {
        "units": [{"key": "points", **(unit or {})}],
        "budgets": budgets,
        "activity_types": [{"key": key, "properties": AMOUNT} for key in ("buy", "gift", "walk")],
        "tasks": [{"key": "walks", "goal": 3, "reward": [{"points": reward}]}],
        "leaderboards": [{"key": "board"}],
        "rules": [
            {"key": "buy", "on": ["buy"], "effects": [{"points": {**effect, "boards": ["board"]}}]},
            {"key": "gift", "on": ["gift"], "effects": [{"points": effect}]},
            {"key": "walk", "on": ["walk"], "effects": [{"advance": {"task": "walks"}}]},
        ],
    }


async def made(programme: MakeProgramme, stated: dict[str, Any], **settings: Any) -> ProgrammeUnderTest:
    club = await programme(stated, lateness="unlimited", **settings)
    club.clock.now = NOON
    await club.join_all("ann", "bob")
    return club


async def told(graphql: GraphQL, club: ProgrammeUnderTest, member: str = "ann") -> list[tuple[int, Any]]:
    """(amount, [(limit, key, shortfall)]) of a member's entries, oldest first."""
    answer = await graphql.read(
        club.member_actor(member),
        "{ me { ledger(last: 100) { nodes { amount cause { limitedBy { kind key shortfall } } } } } }",
    )
    return [
        (n["amount"], [(one["kind"], one["key"], one["shortfall"]) for one in n["cause"]["limitedBy"]])
        for n in reversed(answer["me"]["ledger"]["nodes"])
    ]


async def is_sound(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def test_a_units_cap_cuts_what_a_member_earns_in_a_day(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, document({"caps": [{"amount": 100, "cycle": "daily"}]}))

    await club.record(*(club.activity("buy", "ann", amount=60) for _ in range(3)))
    await club.do("buy", "bob", amount=70)
    await club.do("buy", "ann", amount=60, at=NOON - timedelta(days=1))

    assert await told(graphql, club) == [
        (60, []),
        (40, [("MEMBER", "points/daily", 20)]),
        (0, [("MEMBER", "points/daily", 60)]),
        (60, []),
    ]
    assert await club.balance("bob", "points") == 70
    assert await club.ranking("board") == [(1, "ann", 160), (2, "bob", 70)]
    await is_sound(club)


async def test_a_day_is_the_programmes(graphql: GraphQL, programme: MakeProgramme) -> None:
    stated = document({"caps": [{"amount": 10, "cycle": "daily"}]})
    club = await made(programme, stated, time_zone="Asia/Shanghai")
    midnight = datetime(2026, 11, 21, 16, tzinfo=UTC)

    await club.do("buy", "ann", amount=10, at=midnight - timedelta(milliseconds=1))
    await club.do("buy", "ann", amount=10, at=midnight)

    assert [amount for amount, _ in await told(graphql, club)] == [10, 10]


async def test_a_cap_per_transaction_cuts_each(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await made(
        programme,
        document(
            {"caps": [{"amount": 50, "per": "transaction"}]}, caps=[{"amount": 20, "per": "transaction"}]
        ),
    )

    await club.do("buy", "ann", amount=60)
    await club.do("buy", "ann", amount=15)

    assert await told(graphql, club) == [
        (20, [("TRANSACTION", "points", 10), ("TRANSACTION", "buy", 30)]),
        (15, []),
    ]


async def test_a_rules_cap_is_its_own_and_rewards_count_in_the_units(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(
        programme,
        document({"caps": [{"amount": 100}]}, caps=[{"amount": 30, "cycle": "monthly"}]),
    )

    await club.do("buy", "ann", amount=40)
    await club.do("gift", "ann", amount=25)
    await club.record(*(club.activity("walk", "ann") for _ in range(3)))

    assert await told(graphql, club) == [
        (30, [("RULE", "buy/monthly", 10)]),
        (25, []),
        (45, [("MEMBER", "points/all_time", 5)]),
    ]
    await is_sound(club)


BUDGET = {"key": "launch", "unit": "points", "amount": 100}


async def test_a_budget_is_shared_by_rules_rewards_and_members(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, document(defined=[BUDGET], budgets=["launch"]))

    await club.do("buy", "ann", amount=40)
    await club.do("gift", "bob", amount=30)
    await club.record(*(club.activity("walk", "ann") for _ in range(3)))
    await club.do("gift", "bob", amount=1)

    assert await told(graphql, club) == [(40, []), (30, [("BUDGET", "launch/all_time", 20)])]
    assert await told(graphql, club, "bob") == [(30, []), (0, [("BUDGET", "launch/all_time", 1)])]
    await is_sound(club)


async def test_a_budget_may_be_each_members(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await made(programme, document(defined=[{**BUDGET, "per": "member"}], budgets=["launch"]))

    for member in ("ann", "bob"):
        await club.do("buy", member, amount=80)
        await club.do("gift", member, amount=80)

    assert [amount for amount, _ in await told(graphql, club, "bob")] == [80, 20]


async def test_a_reversal_takes_back_what_was_applied_and_gives_back_the_room(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, document({"caps": [{"amount": 100, "cycle": "daily"}]}))
    await club.do("buy", "ann", amount=90)
    cut = await club.do("buy", "ann", amount=50)

    await club.reverse(cut)
    await club.reverse(cut)
    await club.do("buy", "ann", amount=30)

    assert [amount for amount, _ in await told(graphql, club)] == [90, 10, -10, 10]
    await is_sound(club)


async def test_what_is_pending_takes_room_and_gives_it_back_when_cancelled(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    stated = document(
        {"caps": [{"amount": 100}], "pending": {"on": ["gift"], "when": "false", "within": "P1D"}}
    )
    del stated["rules"][0]["effects"][0]["points"]["boards"]
    club = await made(programme, stated)
    await club.do("buy", "ann", amount=90, subject="order:1")
    await club.do("buy", "ann", amount=90, subject="order:2")
    club.clock.advance(timedelta(days=1))
    while await club.services.points.settle_pending(club.clock.now):
        pass
    await club.do("buy", "ann", amount=90, subject="order:3")

    posted = [t.pending for t in await club.transfers("ann")]
    assert posted == [90, 10, -90, -10, 90]
    await is_sound(club)


async def test_a_cap_that_left_nothing_is_told_but_takes_no_room(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, document({"caps": [{"amount": 10}]}))
    first = await club.do("buy", "ann", amount=10)
    none = await club.do("buy", "ann", amount=10)

    await club.reverse(none)
    await club.do("buy", "ann", amount=10)
    await club.reverse(first)
    await club.do("buy", "ann", amount=10)

    assert [amount for amount, _ in await told(graphql, club)] == [10, 0, 0, -10, 10]
    await is_sound(club)


async def test_many_senders_at_once_never_give_more_than_the_budget(
    programme: MakeProgramme, mongo: Mongo, redis_store: RedisStore, services: Services
) -> None:
    """Two processes, forty senders, each of one member: exactly what there is is given."""
    club = await made(programme, document(defined=[{**BUDGET, "amount": 333}], budgets=["launch"]))
    names = [f"m{number}" for number in range(20)]
    await club.join_all(*names)
    other = wiring.build(mongo, redis_store, services.now)
    batches = [[club.activity("buy", name, amount=10) for _ in range(3)] for name in names]

    await asyncio.gather(
        *(
            (services if number % 2 else other).recording.record(club.service, batch)
            for number, batch in enumerate(batches)
        )
    )

    assert sum([await club.balance(name, "points") for name in names]) == 333
    await is_sound(club)


async def test_one_members_senders_at_once_stay_within_the_cap(
    programme: MakeProgramme, mongo: Mongo, redis_store: RedisStore, services: Services
) -> None:
    club = await made(programme, document({"caps": [{"amount": 55, "cycle": "daily"}]}))
    other = wiring.build(mongo, redis_store, services.now)

    await asyncio.gather(
        *(
            (services if number % 2 else other).recording.record(
                club.service, [club.activity("gift", "ann", amount=10)]
            )
            for number in range(20)
        )
    )

    assert await club.balance("ann", "points") == 55
    await is_sound(club)


BAD: list[tuple[dict[str, Any], str]] = [
    (document(budgets=["launch"]), "not among the budgets"),
    (document(defined=[{**BUDGET, "unit": "nope"}]), "not among the units"),
    (document(defined=[{**BUDGET, "status": "draft"}], budgets=["launch"]), "still a draft"),
    (
        {
            **document(defined=[{**BUDGET, "unit": "gems"}], budgets=["launch"]),
            "units": [{"key": "points"}, {"key": "gems"}],
        },
        "is a budget of 'gems'",
    ),
]


@pytest.mark.parametrize(("stated", "message"), BAD)
async def test_a_budget_that_does_not_fit_is_refused(
    programme: MakeProgramme, stated: dict[str, Any], message: str
) -> None:
    with pytest.raises(DomainError, match=message):
        await programme(stated)


async def test_what_a_budget_counts_is_fixed_once_made(programme: MakeProgramme) -> None:
    club = await made(programme, document(defined=[BUDGET], budgets=["launch"]))

    await club.apply(document(defined=[{**BUDGET, "amount": 200}], budgets=["launch"]))
    with pytest.raises(DomainError, match="cycle is fixed once made"):
        await club.apply(document(defined=[{**BUDGET, "cycle": "daily"}], budgets=["launch"]))
