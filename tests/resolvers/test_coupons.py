"""Coupons at the till: `validateCoupons`, `redeemCoupons`, `rollBackCoupons`."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, refused, succeeded, typed
from tests.resolvers.reward_world import MALL, mall, redeem
from tests.support import ProgrammeUnderTest

TOGETHER = {"stacking": "together"}
COUPONS = [
    {"key": "five", "coupon": {"currency": "CNY", "off": 500, "category": "cash", **TOGETHER}},
    {"key": "six", "coupon": {"currency": "CNY", "off": 600, "category": "cash", **TOGETHER}},
    {"key": "tenth", "coupon": {"percent": 10, "priority": 1, **TOGETHER}},
    {"key": "tea", "coupon": {"free_item": "TEA", **TOGETHER}},
    {"key": "twice", "coupon": {"percent": 5, "uses": 2}},
    {"key": "big", "coupon": {"currency": "CNY", "off": 5000, "minimum": 10_000}},
]
DISCOUNTS = "discount discounts { amount coupon { code maskedCode uses } }"


async def till(programme: MakeProgramme) -> ProgrammeUnderTest:
    return await mall(programme, "ann", rewards=[*MALL["rewards"], *COUPONS])


async def codes(graphql: GraphQL, club: ProgrammeUnderTest, *rewards: str) -> list[str]:
    found = []
    for reward in rewards:
        got = await redeem(graphql, club.member_actor("ann"), reward, f"key {reward} {club.clock.now}")
        found.append(got["coupon"]["code"])
    return found


def order(codes: list[str], amount: int = 10_000, name: str = "o1", **more: Any) -> dict[str, Any]:
    return {"codes": codes, "order": {"order": name, "currency": "CNY", "amount": amount}, **more}


def using(codes: list[str], key: str = "use", **more: Any) -> dict[str, Any]:
    return order(codes, idempotencyKey=key, **more)


async def test_the_till_uses_a_coupon_once(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await till(programme)
    (code,) = await codes(graphql, club, "tenner")

    quote = await graphql.done(club.service, "validateCoupons", order([code]), f"lockedUntil {DISCOUNTS}")
    used = await graphql.done(club.service, "redeemCoupons", using([code]), f"replayed {DISCOUNTS}")
    again = await graphql.done(club.service, "redeemCoupons", using([code]), f"replayed {DISCOUNTS}")

    assert (quote["discount"], quote["lockedUntil"]) == (1000, None)
    assert (used["discount"], used["discounts"][0]["coupon"]["uses"], used["replayed"]) == (1000, 1, False)
    assert used["discounts"][0]["coupon"]["code"] is None
    assert again["replayed"] is True
    for stated, refusal in (
        (using([code], "2"), "CONFLICT"),
        (using([code], "3", name="o2"), "COUPON_USED_UP"),
    ):
        typed(await graphql.mutate(club.service, "redeemCoupons", stated), "ConflictError", refusal)


async def test_codes_are_read_however_people_write_them(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await till(programme)
    (code,) = await codes(graphql, club, "tenner")
    written = f" {code[:4]}-{code[4:8]} {code[8:]}".lower()

    quote = await graphql.done(club.service, "validateCoupons", order([written]), DISCOUNTS)
    typed(
        await graphql.mutate(club.service, "validateCoupons", order(["NOSUCHCODE"])),
        "NotFoundError", "NOT_FOUND", "codes.0",
    )  # fmt: skip

    assert quote["discount"] == 1000


@pytest.mark.parametrize("name", ["member", "moderator", "operator"])
async def test_only_services_are_at_the_till(graphql: GraphQL, programme: MakeProgramme, name: str) -> None:
    club = await till(programme)
    actor = club.member_actor("ann") if name == "member" else getattr(club, name)

    for field, stated in (
        ("validateCoupons", order(["X"])),
        ("redeemCoupons", using(["X"])),
        ("rollBackCoupons", {"order": "o1", "idempotencyKey": "k"}),
    ):
        refused(await graphql.mutate(actor, field, stated), "FORBIDDEN")


async def test_coupons_stack_as_they_state(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await till(programme)
    five, six, tenth, tea, alone = await codes(graphql, club, "five", "six", "tenth", "tea", "tenner")
    items = [{"sku": "TEA", "quantity": 1, "unitPrice": 300}]

    stated = order([five, tea, tenth])
    stated["order"]["items"] = items
    together = await graphql.done(club.service, "validateCoupons", stated, DISCOUNTS)

    assert together["discounts"][0]["amount"] == 1000  # the tenth has the least priority number
    assert together["discount"] == 1000 + 500 + 300
    for wrong in ([five, six], [five, alone], [five, five]):
        typed(
            await graphql.mutate(club.service, "validateCoupons", order(wrong)),
            "ConflictError",
            "COUPONS_DO_NOT_STACK",
        )
    typed(
        await graphql.mutate(club.service, "validateCoupons", order([tea])),
        "ConflictError",
        "COUPON_NOT_APPLICABLE",
    )


async def test_a_coupon_keeps_to_its_minimum_currency_and_time(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await till(programme)
    big, tenner = await codes(graphql, club, "big", "tenner")
    dollars = order([tenner])
    dollars["order"]["currency"] = "USD"

    for stated in (order([big], 9_999), dollars):
        typed(
            await graphql.mutate(club.service, "validateCoupons", stated),
            "ConflictError",
            "COUPON_NOT_APPLICABLE",
        )
    club.clock.advance(timedelta(days=31))
    typed(
        await graphql.mutate(club.service, "validateCoupons", order([tenner])),
        "ConflictError",
        "COUPON_EXPIRED",
    )
    left = await graphql.done(club.service, "validateCoupons", order([big], 10_000), DISCOUNTS)
    assert left["discount"] == 5000


async def test_terms_are_those_by_which_it_was_issued(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await till(programme)
    (code,) = await codes(graphql, club, "tenner")
    tenner = {**MALL["rewards"][0], "coupon": {"currency": "CNY", "off": 1}}
    await club.apply({**MALL, "rewards": [tenner, *MALL["rewards"][1:], *COUPONS]})

    quote = await graphql.done(club.service, "validateCoupons", order([code]), DISCOUNTS)

    assert quote["discount"] == 1000


async def test_a_session_keeps_coupons_and_overrides_what_it_kept(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await till(programme)
    first, second = await codes(graphql, club, "five", "tenth")

    async def valid(codes: list[str], session: str | None) -> Any:
        stated = order(codes, session=session, sessionSeconds=60)
        return succeeded(await graphql.mutate(club.service, "validateCoupons", stated))["validateCoupons"]

    club.clock.now = club.clock.now
    assert (await valid([first], "A"))["__typename"] == "ValidateCouponsSuccess"
    assert (await valid([first], "B"))["code"] == "COUPON_LOCKED"
    assert (await valid([first], None))["code"] == "COUPON_LOCKED"
    assert (await valid([first], "A"))["__typename"] == "ValidateCouponsSuccess"
    assert (await valid([second], "A"))["__typename"] == "ValidateCouponsSuccess"
    assert (await valid([first], "B"))["__typename"] == "ValidateCouponsSuccess"
    assert (await valid([], "B"))["__typename"] == "ValidateCouponsSuccess"
    assert (await valid([first, second], "A"))["__typename"] == "ValidateCouponsSuccess"
    club.clock.advance(timedelta(seconds=60))
    assert (await valid([first], None))["__typename"] == "ValidateCouponsSuccess"


async def test_the_session_that_keeps_a_coupon_uses_it(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await till(programme)
    (code,) = await codes(graphql, club, "tenner")
    await graphql.done(club.service, "validateCoupons", order([code], session="A"))

    other = await graphql.mutate(club.service, "redeemCoupons", using([code], "1", name="b", session="B"))
    own = await graphql.mutate(club.service, "redeemCoupons", using([code], "2", name="a", session="A"))

    typed(other, "ConflictError", "COUPON_LOCKED")
    assert succeeded(own)["redeemCoupons"]["__typename"] == "RedeemCouponsSuccess"


async def test_rolling_back_makes_it_usable_once_more(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await till(programme)
    (code,) = await codes(graphql, club, "tenner")
    await graphql.done(club.service, "redeemCoupons", using([code]))
    back = {"order": "o1", "idempotencyKey": "back"}

    done = await graphql.done(club.service, "rollBackCoupons", back, "replayed coupons { uses }")
    again = await graphql.done(club.service, "rollBackCoupons", back, "replayed coupons { uses }")
    typed(
        await graphql.mutate(club.service, "rollBackCoupons", {**back, "idempotencyKey": "other"}),
        "ConflictError",
        "CONFLICT",
    )
    await graphql.done(club.service, "redeemCoupons", using([code], "anew"))

    assert done == {"__typename": "RollBackCouponsSuccess", "replayed": False, "coupons": [{"uses": 0}]}
    assert again["replayed"] is True


async def test_a_used_coupon_is_not_cancelled_and_stays_when_its_ground_goes(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await till(programme)
    came = await club.do("visit", "ann")
    document = "{ me { redemptions { nodes { id status isKept coupon { code state } } } } }"
    (got,) = (await graphql.read(club.member_actor("ann"), document))["me"]["redemptions"]["nodes"]
    await graphql.done(club.service, "redeemCoupons", using([got["coupon"]["code"]]))

    cancelling = {"redemption": got["id"], "reason": "r", "idempotencyKey": "c"}
    typed(await graphql.mutate(club.operator, "cancelRedemption", cancelling), "ConflictError", "REWARD_USED")
    await club.reverse(came)

    (kept,) = (await graphql.read(club.member_actor("ann"), document))["me"]["redemptions"]["nodes"]
    assert (kept["status"], kept["isKept"], kept["coupon"]["state"]) == ("DONE", True, "ISSUED")


async def test_two_tills_at_once_use_what_there_is(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await till(programme)
    (code,) = await codes(graphql, club, "twice")

    answers = await asyncio.gather(
        *(
            graphql.mutate(club.service, "redeemCoupons", using([code], f"k{n}", name=f"order {n}"))
            for n in range(8)
        )
    )

    kinds = [succeeded(answer)["redeemCoupons"] for answer in answers]
    assert sum(one["__typename"] == "RedeemCouponsSuccess" for one in kinds) == 2
    assert sum(one.get("code") == "COUPON_USED_UP" for one in kinds) == 6
