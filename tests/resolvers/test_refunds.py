"""`refundActivity`: a part of a purchase is taken back, with what followed from it (edge case 7 of the peers' list)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, refused, succeeded, typed
from tests.support import SOURCE, ProgrammeUnderTest

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LINE = {"type": "object", "properties": {"id": {"type": "string"}, "amount": {"type": "integer"}}}
BUY = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer"},
        "paid": {"type": "integer"},
        "lines": {"type": "array", "items": LINE},
    },
}


def document(refund: dict[str, Any] | None = None, **unit: Any) -> dict[str, Any]:
    """A purchase earns a point for each unit of money, and 7 from 50 on; costs what was `paid` in points; counts
    towards a task by its amount, and earns a badge from 100 on."""
    terms = {"amount": "amount", "lines": "lines", **(refund or {})}
    points = {"unit": "points", "amount": "activity.amount", "boards": [] if "pending" in unit else ["board"]}
    return {
        "units": [{"key": "points", **unit}],
        "activity_types": [{"key": "buy", "properties": BUY, "refund": terms}, {"key": "whole"}],
        "counters": [{"key": "spent", "on": ["buy"], "add": "activity.amount"}],
        "badges": [{"key": "big"}, {"key": "regular"}],
        "leaderboards": [{"key": "board"}, {"key": "best", "operator": "best"}],
        "tasks": [
            {
                "key": "saver",
                "measure": "sum",
                "goal": 150,
                "reward": [{"points": {"unit": "points", "amount": 1000}}],
            }
        ],
        "rules": [
            {
                "key": "earn",
                "on": ["buy"],
                "effects": [
                    {"points": points},
                    {"when": "activity.amount >= 50", "points": {"unit": "points", "amount": 7}},
                    {"score": {"board": "best", "value": "activity.amount"}},
                    {"advance": {"task": "saver", "by": "activity.amount"}},
                    {"when": "activity.amount >= 100", "award": {"badge": "big"}},
                ],
            },
            {
                "key": "pay",
                "on": ["buy"],
                "when": "has(activity.paid)",
                "effects": [{"points": {"unit": "points", "amount": "-activity.paid"}}],
            },
            {
                "key": "regular",
                "on": ["buy"],
                "counters": ["spent"],
                "when": "counters.spent >= 200",
                "effects": [{"award": {"badge": "regular"}}],
            },
        ],
    }


async def made(
    programme: MakeProgramme, refund: dict[str, Any] | None = None, **unit: Any
) -> ProgrammeUnderTest:
    club = await programme(document(refund, **unit), lateness="unlimited")
    club.clock.now = NOON
    await club.join("ann")
    return club


def lines(**costs: int) -> dict[str, Any]:
    """A purchase's properties."""
    return {
        "amount": sum(costs.values()),
        "lines": [{"id": name, "amount": cost} for name, cost in costs.items()],
    }


def part(key: str = "r1", **stated: Any) -> dict[str, Any]:
    return {"source": SOURCE, "sourceId": "buy", "idempotencyKey": key, **stated}


async def refund(
    graphql: GraphQL, club: ProgrammeUnderTest, key: str = "r1", **stated: Any
) -> dict[str, Any]:
    selection = "replayed activity { reversedAt refunds { key amount lines reason } }"
    return await graphql.done(club.service, "refundActivity", part(key, **stated), selection)


async def amounts(club: ProgrammeUnderTest) -> list[int]:
    return [t.amount for t in await club.transfers("ann", "points")]


async def is_sound(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def test_a_part_of_the_amount_takes_back_that_part_of_all_that_followed(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme)
    await club.do("buy", "ann", amount=90)
    await club.do("buy", "ann", source_id="buy", amount=120)
    assert await club.balance("ann", "points") == 90 + 7 + 120 + 7 + 1000
    assert set(await club.awards("ann")) == {("big", ""), ("regular", "")}

    answer = await refund(graphql, club, amount="80", reason="a lamp")

    assert answer == {
        "__typename": "RefundActivitySuccess",
        "replayed": False,
        "activity": {
            "reversedAt": None,
            "refunds": [{"key": "r1", "amount": "80", "lines": [], "reason": "a lamp"}],
        },
    }
    # Two thirds of 120 and of 7; the task's 150 are reached no more, nor the badges' 100 and 200.
    assert await club.balance("ann", "points") == 90 + 7 + 40 + 2
    assert await club.awards("ann") == {}
    progress = await club.progress("ann", "saver")
    assert progress is not None
    assert (progress.value, progress.is_complete) == (130, False)
    assert await club.ranking("board") == [(1, "ann", 130)]
    assert await club.ranking("best") == [(1, "ann", 90)]
    await is_sound(club)


async def test_the_same_refund_counts_once(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await made(programme)
    await club.do("buy", "ann", source_id="buy", amount=100)

    answers = await asyncio.gather(*(refund(graphql, club, amount="30") for _ in range(6)))
    typed(
        await graphql.mutate(club.service, "refundActivity", part(amount="31")),
        "IdempotencyConflictError",
        path="idempotencyKey",
    )
    by_another = await graphql.done(club.operator, "refundActivity", part(amount="30.0"), "replayed")

    assert sorted(answer["replayed"] for answer in answers) == [False] + [True] * 5
    assert by_another["replayed"] is True
    assert await club.balance("ann", "points") == 70 + 5


async def test_parts_never_add_up_to_more_or_less_than_there_was(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme)
    await club.do("buy", "ann", source_id="buy", amount=100)

    for number in range(3):
        await refund(graphql, club, f"r{number}", amount="33")
    left = typed(
        await graphql.mutate(club.service, "refundActivity", part("r9", amount="2")), "InvalidInputError"
    )
    last = await refund(graphql, club, "r3", amount="1")

    assert left["path"] == ["amount"]
    assert last["activity"]["reversedAt"] is not None
    assert await club.balance("ann", "points") == 0
    assert sum(await amounts(club)) == 0
    assert (await club.ranking("board"), await club.ranking("best")) == ([], [])
    await is_sound(club)


async def test_a_reversal_after_a_refund_takes_only_the_rest(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme)
    buy = await club.do("buy", "ann", source_id="buy", amount=100)
    await refund(graphql, club, amount="40")

    await club.reverse(buy)
    await club.reverse(buy)
    typed(await graphql.mutate(club.service, "refundActivity", part("late", amount="1")), "ConflictError")
    again = await refund(graphql, club, amount="40")

    assert again["replayed"] is True
    assert await amounts(club) == [100, 7, -3, -40, -60, -4]
    await is_sound(club)


async def test_lines_are_evaluated_without_those_that_went(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme)
    await club.do("buy", "ann", source_id="buy", **lines(lamp=40, desk=45, pen=15))

    await refund(graphql, club, lines=["lamp"])
    first = await club.balance("ann", "points")
    await refund(graphql, club, "r2", lines=["pen"])
    second = await club.balance("ann", "points")
    gone = typed(
        await graphql.mutate(club.service, "refundActivity", part("r3", lines=["lamp"])), "InvalidInputError"
    )
    all_of_it = await refund(graphql, club, "r4", lines=["desk"])

    # 60 are still worth the 7 that 50 earn, 45 are not.
    assert (first, second) == (60 + 7, 45)
    assert gone["path"] == ["lines"]
    assert all_of_it["activity"]["reversedAt"] is not None
    assert await club.balance("ann", "points") == 0
    await is_sound(club)


async def test_what_a_cap_let_through_is_what_is_taken_back(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await made(programme, caps=[{"amount": 60}])
    await club.do("buy", "ann", source_id="buy", amount=120)

    await refund(graphql, club, amount="60")
    assert await amounts(club) == [60, 0, -30]
    await club.do("buy", "ann", amount=40)

    assert await club.balance("ann", "points") == 60
    await is_sound(club)


@pytest.mark.parametrize(
    ("terms", "floor", "balance", "shortfall"),
    [
        ({"earned": "none"}, 0, 17, 0),
        ({"earned": "pending"}, 0, 17, 0),
        ({"earned": "to_zero"}, -10, 0, 33),
        ({"earned": "to_floor"}, -10, -10, 23),
        ({"earned": "below_zero"}, 0, -33, 0),
    ],
)
async def test_points_that_were_spent_meanwhile_are_taken_as_the_terms_say(
    graphql: GraphQL,
    programme: MakeProgramme,
    terms: dict[str, Any],
    floor: int,
    balance: int,
    shortfall: int,
) -> None:
    club = await made(programme, terms, floor=floor)
    await club.do("buy", "ann", source_id="buy", amount=100)
    await club.services.points.spend(club.service, club.id_of("ann"), "points", 90, "mug", "k")

    await refund(graphql, club, amount="47")

    assert await club.balance("ann", "points") == balance
    cut = sum(limit.shortfall for t in await club.transfers("ann") for limit in t.limited_by)
    assert cut == shortfall
    await is_sound(club)


async def test_points_that_still_wait_wait_for_less(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await made(programme, {"earned": "pending"}, pending={"after": "P14D"})
    await club.do("buy", "ann", source_id="buy", amount=100)
    await refund(graphql, club, amount="40")
    club.clock.advance(timedelta(days=14))
    while await club.services.points.settle_pending(club.clock.now):
        pass
    await refund(graphql, club, "r2", amount="40")

    assert await club.balance("ann", "points") == 60 + 4
    await is_sound(club)


@pytest.mark.parametrize(("spent", "balance"), [(True, 25), (False, 15)])
async def test_points_it_was_paid_with_come_back_as_the_terms_say(
    graphql: GraphQL, programme: MakeProgramme, spent: bool, balance: int
) -> None:
    club = await made(programme, {"spent": spent}, expiry={"after": "P1M"})
    await club.do("buy", "ann", amount=30, at=NOON - timedelta(days=10))
    before = await club.account("ann", "points")
    await club.do("buy", "ann", source_id="buy", amount=10, paid=20)

    await refund(graphql, club, amount="5")

    account = await club.account("ann", "points")
    assert before is not None
    assert account is not None
    assert account.active == balance
    assert account.lots[0].expires_at == before.lots[0].expires_at
    await is_sound(club)


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "amount"),
    ({"amount": "1", "lines": ["lamp"]}, "amount"),
    ({"amount": "0"}, "amount"),
    ({"amount": "-1"}, "amount"),
    ({"amount": "101"}, "amount"),
    ({"amount": "NaN"}, "amount"),
    ({"amount": "a lot"}, "amount"),
    ({"lines": ["nope"]}, "lines"),
    ({"amount": "1", "idempotencyKey": ""}, "idempotencyKey"),
    ({"amount": "1", "reason": " "}, "reason"),
]


@pytest.mark.parametrize(("stated", "path"), BAD)
async def test_refuses_what_makes_no_sense(
    graphql: GraphQL, programme: MakeProgramme, stated: dict[str, Any], path: str
) -> None:
    club = await made(programme)
    await club.do("buy", "ann", source_id="buy", **lines(lamp=60, pen=40))

    answer = await graphql.mutate(club.service, "refundActivity", {**part(), **stated})

    typed(answer, "InvalidInputError", path=path)
    assert await club.balance("ann", "points") == 107


async def test_refuses_what_is_not_there_or_has_no_terms(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await made(programme)
    typed(
        await graphql.mutate(club.service, "refundActivity", part(amount="1")),
        "NotFoundError",
        path="sourceId",
    )
    await club.do("whole", "ann", source_id="buy")
    typed(await graphql.mutate(club.service, "refundActivity", part(amount="1")), "InvalidInputError")
    refused(await graphql.mutate(club.moderator, "refundActivity", part(amount="1")), "FORBIDDEN")


async def test_refunds_at_once_take_each_part_once(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await made(programme)
    await club.do("buy", "ann", source_id="buy", amount=100)

    results = await asyncio.gather(
        *(graphql.mutate(club.service, "refundActivity", part(f"r{n}", amount="30")) for n in range(8))
    )

    names = [succeeded(result)["refundActivity"]["__typename"] for result in results]
    assert names.count("RefundActivitySuccess") == 3
    assert await club.balance("ann", "points") == 10 + 1
    await is_sound(club)
