"""Balances, transfers, `adjustPoints`, `spendPoints`."""

from datetime import timedelta
from typing import Any

import pytest

from tests.resolvers.harness import GraphQL, member_gid, refused, succeeded, typed
from tests.support import ProgrammeUnderTest

BALANCE = "unit { key } active pending held spent expired lifetime nextExpiry { amount expiresAt }"
POSTED = "replayed transfer { id amount kind balanceAfter unit { key } cause { reason } } balance { active spent lifetime }"


def spending(amount: object, key: str = "k", **more: Any) -> dict[str, Any]:
    return {"unit": "points", "amount": amount, "idempotencyKey": key, **more}


async def test_shows_every_units_balance(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")
    zero = {"pending": 0, "held": 0, "spent": 0, "expired": 0, "nextExpiry": None}

    answer = await graphql.read(
        club.member_actor("ann"),
        f'{{ me {{ balances {{ {BALANCE} }} gems: balance(unit: "gems") {{ active }} none: balance(unit: "x") {{ active }} }} }}',
    )

    assert answer["me"] == {
        "balances": [
            {"unit": {"key": "points"}, "active": 5, "lifetime": 5, **zero},
            {"unit": {"key": "gems"}, "active": 0, "lifetime": 0, **zero},
        ],
        "gems": {"active": 0},
        "none": None,
    }


async def test_shows_a_balance_as_it_was(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    begin = club.clock.now
    club.clock.now = begin - timedelta(hours=2)
    await club.do("visit", "ann")
    club.clock.now = begin
    await club.do("visit", "ann")
    document = '{ me { balance(unit: "%s", asOf: "%s") { active lifetime } } }'

    async def at(moment: str, unit: str = "points") -> Any:
        return (await graphql.read(club.member_actor("ann"), document % (unit, moment)))["me"]["balance"]

    assert await at((begin - timedelta(hours=1)).isoformat()) == {"active": 5, "lifetime": 5}
    assert (await at(begin.isoformat()))["active"] == 110
    assert (await at("1970-01-01T00:00:00Z"))["active"] == 0
    assert await at("0001-01-01T00:00:00Z") == {"active": 0, "lifetime": 0}
    assert await at(begin.isoformat(), "nope") is None


async def test_lists_transfers_newest_first(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")
    await graphql.done(club.member_actor("ann"), "spendPoints", spending(2))
    stated = {
        "memberId": member_gid(club, "ann"),
        "unit": "gems",
        "amount": 9,
        "reason": "gift",
        "idempotencyKey": "g",
    }
    await graphql.done(club.operator, "adjustPoints", stated)
    document = """query ($unit: String) { me { ledger(unit: $unit) {
        nodes { amount kind balanceAfter unit { key } expiresAt } totalCount } } }"""

    everything = await graphql.read(club.member_actor("ann"), document)
    points = await graphql.read(club.member_actor("ann"), document, {"unit": "points"})
    nothing = await graphql.read(club.member_actor("ann"), document, {"unit": "nope"})

    rows = [
        (n["kind"], n["amount"], n["balanceAfter"], n["unit"]["key"])
        for n in everything["me"]["ledger"]["nodes"]
    ]
    assert rows == [("ADJUSTED", 9, 9, "gems"), ("SPENT", -2, 3, "points"), ("EARNED", 5, 5, "points")]
    assert [n["kind"] for n in points["me"]["ledger"]["nodes"]] == ["SPENT", "EARNED"]
    assert nothing["me"]["ledger"]["nodes"] == []


async def test_spends_ones_own_points(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")

    answer = await graphql.done(club.member_actor("ann"), "spendPoints", spending(3, reason="a tea"), POSTED)

    answer["transfer"].pop("id")
    assert answer == {
        "__typename": "SpendPointsSuccess",
        "replayed": False,
        "transfer": {
            "amount": -3,
            "kind": "SPENT",
            "balanceAfter": 2,
            "unit": {"key": "points"},
            "cause": {"reason": "a tea"},
        },
        "balance": {"active": 2, "spent": 3, "lifetime": 5},
    }


async def test_the_same_key_spends_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")
    ann = club.member_actor("ann")

    first = await graphql.done(ann, "spendPoints", spending(3), POSTED)
    second = await graphql.done(ann, "spendPoints", spending(3), POSTED)
    typed(
        await graphql.mutate(ann, "spendPoints", spending(1)),
        "IdempotencyConflictError", "IDEMPOTENCY_CONFLICT", "idempotencyKey",
    )  # fmt: skip

    assert second == {**first, "replayed": True}
    assert await club.balance("ann", "points") == 2


async def test_two_spendings_in_one_request_show_each_its_own_state(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("visit", "ann")
    document = """mutation ($a: SpendPointsInput!, $b: SpendPointsInput!) {
        a: spendPoints(input: $a) { ... on SpendPointsSuccess { balance { active } transfer { cause { reason } } } }
        b: spendPoints(input: $b) { ... on SpendPointsSuccess { balance { active } transfer { cause { reason } } } }
    }"""
    stated = {"a": spending(1, "1", reason="one"), "b": spending(2, "2", reason="two")}

    answer = await graphql.read(club.member_actor("ann"), document, stated)

    assert answer == {
        "a": {"balance": {"active": 4}, "transfer": {"cause": {"reason": "one"}}},
        "b": {"balance": {"active": 2}, "transfer": {"cause": {"reason": "two"}}},
    }


async def test_a_key_is_its_callers_own(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.join(club.service.subject)
    await club.do("visit", "ann")
    await club.do("visit", club.service.subject)
    by_service = spending(3, memberId=member_gid(club, "ann"))
    await graphql.done(club.service, "spendPoints", by_service)

    namesake = club.member_actor(club.service.subject)
    refused(await graphql.mutate(namesake, "spendPoints", by_service), "FORBIDDEN")
    await graphql.done(namesake, "spendPoints", spending(3))

    assert await club.balance("ann", "points") == 2


async def test_not_more_than_there_is(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await club.do("visit", "ann")

    short = typed(
        await graphql.mutate(club.member_actor("ann"), "spendPoints", spending(6)), "InsufficientPointsError"
    )

    assert (short["code"], short["available"], short["requested"]) == ("INSUFFICIENT_POINTS", 5, 6)
    assert await club.balance("ann", "points") == 5


BAD_SPENDINGS: list[tuple[dict[str, Any], str, str, int | None]] = [
    ({"amount": 0}, "InvalidInputError", "amount", 1),
    ({"amount": -4}, "InvalidInputError", "amount", 1),
    ({"unit": "nope"}, "NotFoundError", "unit", None),
    ({"reason": ""}, "InvalidInputError", "reason", None),
    ({"reason": "x" * 501}, "InvalidInputError", "reason", 500),
    ({"idempotencyKey": ""}, "InvalidInputError", "idempotencyKey", 200),
    ({"idempotencyKey": "x" * 201}, "InvalidInputError", "idempotencyKey", 200),
    ({"memberId": "nobody"}, "NotFoundError", "memberId", None),
    ({"memberId": "TWVtYmVyOjAwMDA"}, "NotFoundError", "memberId", None),
]


@pytest.mark.parametrize(("changed", "kind", "path", "limit"), BAD_SPENDINGS)
async def test_refuses_a_spending_that_makes_no_sense(
    graphql: GraphQL,
    club: ProgrammeUnderTest,
    changed: dict[str, Any],
    kind: str,
    path: str,
    limit: int | None,
) -> None:
    await club.do("visit", "ann")
    stated = {"memberId": member_gid(club, "ann"), **spending(1), **changed}

    typed(await graphql.mutate(club.service, "spendPoints", stated), kind, path=path, limit=limit)

    assert await club.balance("ann", "points") == 5


@pytest.mark.parametrize("field", ["spendPoints", "adjustPoints"])
async def test_refuses_an_amount_that_is_not_exact(
    graphql: GraphQL, club: ProgrammeUnderTest, field: str
) -> None:
    for amount in (float("nan"), float("inf"), -float("inf"), 0.5, 2**53, -(2**53), 1e300):
        stated = {"memberId": member_gid(club, "ann"), **spending(amount, reason="r")}
        refused(
            await graphql.mutate(club.service, field, stated), "NOT_EXACT", field="amount", limit=2**53 - 1
        )

    assert await club.transfers("ann") == []


async def test_refuses_an_amount_that_is_no_number(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    for amount in ("NaN", "5", True, None, [5]):
        stated = {"memberId": member_gid(club, "ann"), **spending(amount, reason="r")}
        refused(await graphql.mutate(club.service, "adjustPoints", stated), "INVALID_INPUT", field="amount")

    assert await club.transfers("ann") == []


async def test_adjusts_up_and_down_to_the_floor(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = {"memberId": member_gid(club, "ann"), "unit": "gems", "reason": "a correction"}

    up = await graphql.done(
        club.operator, "adjustPoints", {**ann, "amount": 10, "idempotencyKey": "1"}, POSTED
    )
    short = typed(
        await graphql.mutate(club.operator, "adjustPoints", {**ann, "amount": -10, "idempotencyKey": "2"}),
        "InsufficientPointsError",
    )
    down = await graphql.done(
        club.service, "adjustPoints", {**ann, "amount": -9, "idempotencyKey": "3"}, POSTED
    )

    assert (up["transfer"]["amount"], up["transfer"]["kind"], up["balance"]["active"]) == (10, "ADJUSTED", 10)
    assert up["transfer"]["cause"] == {"reason": "a correction"}
    assert (short["available"], short["requested"]) == (9, 10)
    assert (down["transfer"]["amount"], down["balance"]["active"]) == (-9, 1)


async def test_the_same_key_adjusts_once(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    stated = {**spending(4, reason="gift"), "memberId": member_gid(club, "ann")}

    first = await graphql.done(club.operator, "adjustPoints", stated, POSTED)
    second = await graphql.done(club.operator, "adjustPoints", stated, POSTED)
    typed(
        await graphql.mutate(club.operator, "adjustPoints", {**stated, "amount": 5}),
        "IdempotencyConflictError",
    )

    assert second == {**first, "replayed": True}
    assert await club.balance("ann", "points") == 4


@pytest.mark.parametrize(
    ("changed", "kind", "path"),
    [
        ({"amount": 0}, "InvalidInputError", "amount"),
        ({"unit": "nope"}, "NotFoundError", "unit"),
        ({"memberId": "nobody"}, "NotFoundError", "memberId"),
        ({"reason": ""}, "InvalidInputError", "reason"),
        ({"idempotencyKey": ""}, "InvalidInputError", "idempotencyKey"),
    ],
)
async def test_refuses_an_adjustment_that_makes_no_sense(
    graphql: GraphQL, club: ProgrammeUnderTest, changed: dict[str, Any], kind: str, path: str
) -> None:
    stated = {**spending(4, reason="gift"), "memberId": member_gid(club, "ann"), **changed}

    typed(await graphql.mutate(club.operator, "adjustPoints", stated), kind, path=path)

    assert await club.transfers("ann") == []


async def test_the_greatest_amount_is_held_exactly(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    stated = {**spending(2**53 - 1, reason="gift"), "memberId": member_gid(club, "ann")}

    answer = await graphql.done(club.operator, "adjustPoints", stated, POSTED)

    assert (answer["transfer"]["amount"], answer["balance"]["active"]) == (2**53 - 1, 2**53 - 1)
    over = await graphql.mutate(club.operator, "adjustPoints", {**stated, "amount": 1, "idempotencyKey": "2"})
    typed(over, "InvalidInputError", "NOT_EXACT")


async def test_only_the_owner_staff_and_services_read_a_ledger(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("visit", "bob")
    document = "query ($id: ID!) { member(id: $id) { ledger { nodes { amount } } } }"

    for actor in (club.moderator, club.operator, club.service, club.member_actor("bob")):
        answer = succeeded(await graphql(actor, document, {"id": member_gid(club, "bob")}))
        assert answer["member"]["ledger"]["nodes"] == [{"amount": 5}]
    result = await graphql(club.member_actor("ann"), document, {"id": member_gid(club, "bob")})
    refused(result, "FORBIDDEN", at="member.ledger")
    assert result.data == {"member": {"ledger": None}}
