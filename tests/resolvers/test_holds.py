"""Points set aside for a spending under way: `authorisePoints`, `capturePoints`, `releasePoints`."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from community.services import Services
from gamification.verification.service import VerificationService
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, succeeded, typed
from tests.resolvers.test_unit_policies import at_work, document, entries, holding
from tests.support import ProgrammeUnderTest

START = datetime(2027, 1, 31, 12, tzinfo=UTC)
HELD = "replayed hold { id state amount captured reference expiresAt settledAt transfer { amount kind } } balance { active held spent lifetime }"


@pytest.fixture
async def shop(programme: MakeProgramme) -> ProgrammeUnderTest:
    """Ann has 10 points until the end of 28 February and 20 until the end of 21 February."""
    club = await programme(document(expiry={"after": "P1M"}), lateness="unlimited")
    club.clock.now = START
    await club.join("ann")
    await club.do("buy", "ann", amount=10)
    await club.do("buy", "ann", amount=20, at=START - timedelta(days=10))
    return club


def aside(club: ProgrammeUnderTest, amount: int, key: str = "a", **more: Any) -> dict[str, Any]:
    stated = {"memberId": member_gid(club, "ann"), "unit": "points", "amount": amount, "ttlSeconds": 3600}
    return {**stated, "reference": "order:1", "idempotencyKey": key, **more}


async def held(graphql: GraphQL, club: ProgrammeUnderTest, amount: int, **more: Any) -> dict[str, Any]:
    return await graphql.done(club.service, "authorisePoints", aside(club, amount, **more), HELD)


async def is_sound(club: ProgrammeUnderTest) -> None:
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def test_points_set_aside_can_be_spent_by_nothing_else(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    answer = await held(graphql, shop, 25)
    short = typed(
        await graphql.mutate(
            shop.member_actor("ann"), "spendPoints", {"unit": "points", "amount": 6, "idempotencyKey": "s"}
        ),
        "InsufficientPointsError",
    )

    assert answer["balance"] == {"active": 5, "held": 25, "spent": 0, "lifetime": 30}
    assert (answer["hold"]["state"], answer["hold"]["expiresAt"]) == ("OPEN", "2027-01-31T13:00:00.000Z")
    assert short["available"] == 5
    await is_sound(shop)


async def test_capturing_spends_and_gives_back_the_rest_with_its_old_expiry(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    hold = (await held(graphql, shop, 25))["hold"]

    answer = await graphql.done(
        shop.service, "capturePoints", {"holdId": hold["id"], "amount": 4, "idempotencyKey": "c"}, HELD
    )

    assert answer["balance"] == {"active": 26, "held": 0, "spent": 4, "lifetime": 30}
    assert (answer["hold"]["state"], answer["hold"]["captured"]) == ("CAPTURED", 4)
    assert answer["hold"]["transfer"] == {"amount": -4, "kind": "SPENT"}
    assert (await entries(graphql, shop))[2:] == [("HELD", -25, 0), ("RELEASED", 25, 0), ("SPENT", -4, 0)]
    account = await shop.account("ann", "points")
    assert account is not None
    assert [lot.amount for lot in account.lots] == [16, 10]
    await is_sound(shop)


async def test_capturing_all_and_releasing_all(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    whole = (await held(graphql, shop, 10))["hold"]
    other = (await held(graphql, shop, 10, key="b"))["hold"]

    captured = await graphql.done(
        shop.operator, "capturePoints", {"holdId": whole["id"], "idempotencyKey": "c"}, HELD
    )
    released = await graphql.done(
        shop.operator, "releasePoints", {"holdId": other["id"], "idempotencyKey": "d"}, HELD
    )

    assert captured["hold"]["captured"] == 10
    assert (released["hold"]["state"], released["hold"]["transfer"]) == ("RELEASED", None)
    assert released["balance"] == {"active": 20, "held": 0, "spent": 10, "lifetime": 30}
    await is_sound(shop)


async def test_each_acts_once(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    first = await held(graphql, shop, 25)
    assert await held(graphql, shop, 25) == {**first, "replayed": True}
    typed(await graphql.mutate(shop.service, "authorisePoints", aside(shop, 24)), "IdempotencyConflictError")
    stated = {"holdId": first["hold"]["id"], "idempotencyKey": "c"}
    captured = await graphql.done(shop.service, "capturePoints", stated, HELD)

    assert await graphql.done(shop.service, "capturePoints", stated, HELD) == {**captured, "replayed": True}
    for field in ("capturePoints", "releasePoints"):
        late = {"holdId": first["hold"]["id"], "idempotencyKey": "other"}
        typed(await graphql.mutate(shop.service, field, late), "ConflictError", "HOLD_NOT_OPEN", "holdId")
    assert (await holding(graphql, shop))["spent"] == 25


async def test_a_hold_expires_back_to_the_same_lots_once(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    await held(graphql, shop, 25)
    shop.clock.advance(timedelta(hours=1))

    made = []
    for _ in range(2):
        before = len(await shop.transfers("ann"))
        await asyncio.gather(*(shop.services.holds.expire_due(shop.clock.now) for _ in range(3)))
        made.append(len(await shop.transfers("ann")) - before)

    assert made == [1, 0]
    account = await shop.account("ann", "points")
    assert account is not None
    assert (account.active, account.held, [lot.amount for lot in account.lots]) == (30, 0, [20, 10])
    await is_sound(shop)


async def test_at_the_instant_of_expiry_a_hold_is_gone(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    one = (await held(graphql, shop, 10))["hold"]
    two = (await held(graphql, shop, 10, key="b"))["hold"]
    shop.clock.now = START + timedelta(hours=1) - timedelta(milliseconds=1)
    await graphql.done(shop.service, "capturePoints", {"holdId": one["id"], "idempotencyKey": "c"})
    shop.clock.now = START + timedelta(hours=1)

    late = {"holdId": two["id"], "idempotencyKey": "d"}
    results = await asyncio.gather(
        graphql.mutate(shop.service, "capturePoints", late),
        shop.services.holds.expire_due(shop.clock.now),
    )

    typed(results[0], "ConflictError", "HOLD_NOT_OPEN")
    found = await holding(graphql, shop)
    assert (found["active"], found["spent"]) == (20, 10)
    await is_sound(shop)


async def test_what_lapsed_meanwhile_can_be_captured_but_not_released(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    hold = (await held(graphql, shop, 25, ttlSeconds=40 * 86400))["hold"]
    shop.clock.now = datetime(2027, 2, 23, 12, tzinfo=UTC)

    answer = await graphql.done(
        shop.service, "capturePoints", {"holdId": hold["id"], "amount": 15, "idempotencyKey": "c"}, HELD
    )

    # Of 20 that lapsed on the 21st 15 were captured; 5 lapse now, and 5 of the later ones come back.
    assert answer["balance"] == {"active": 10, "held": 0, "spent": 15, "lifetime": 30}
    assert (await entries(graphql, shop))[-1] == ("EXPIRED", -5, 0)
    await is_sound(shop)


async def test_what_lapsed_meanwhile_has_the_grace_that_is_stated(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await programme(document(expiry={"after": "P1M"}, grace="P3D"))
    club.clock.now = START
    await club.join("ann")
    await club.do("buy", "ann", amount=10)
    hold = (await held(graphql, club, 10, ttlSeconds=60 * 86400))["hold"]
    club.clock.now = datetime(2027, 3, 10, 12, tzinfo=UTC)

    await graphql.done(club.service, "releasePoints", {"holdId": hold["id"], "idempotencyKey": "c"})

    assert (await holding(graphql, club))["nextExpiry"] == {
        "amount": 10,
        "expiresAt": "2027-03-14T00:00:00.000Z",
    }


async def test_fifty_at_once_for_points_for_one(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    results = await asyncio.gather(
        *(graphql.mutate(shop.service, "authorisePoints", aside(shop, 30, f"k{n}")) for n in range(50))
    )

    names = [succeeded(result)["authorisePoints"]["__typename"] for result in results]
    assert (names.count("AuthorisePointsSuccess"), names.count("InsufficientPointsError")) == (1, 49)
    await is_sound(shop)


async def test_capture_and_release_at_once_do_one_of_the_two(
    graphql: GraphQL, shop: ProgrammeUnderTest
) -> None:
    hold = (await held(graphql, shop, 25))["hold"]
    stated = [{"holdId": hold["id"], "idempotencyKey": f"k{n}"} for n in range(10)]

    results = await asyncio.gather(
        *(
            graphql.mutate(shop.service, "capturePoints" if n % 2 else "releasePoints", one)
            for n, one in enumerate(stated)
        )
    )

    names = [next(iter(succeeded(result).values()))["__typename"] for result in results]
    assert sum(name.endswith("Success") for name in names) == 1
    assert names.count("ConflictError") == 9
    await is_sound(shop)


BAD: list[tuple[dict[str, Any], str, str, int | None]] = [
    ({"amount": 0}, "InvalidInputError", "amount", 1),
    ({"ttlSeconds": 0}, "InvalidInputError", "ttlSeconds", 7776000),
    ({"ttlSeconds": 7776001}, "InvalidInputError", "ttlSeconds", 7776000),
    ({"reference": ""}, "InvalidInputError", "reference", None),
    ({"reference": "x" * 201}, "InvalidInputError", "reference", 200),
    ({"unit": "nope"}, "NotFoundError", "unit", None),
    ({"memberId": "nobody"}, "NotFoundError", "memberId", None),
    ({"amount": 31}, "InsufficientPointsError", "", None),
]


@pytest.mark.parametrize(("changed", "kind", "path", "limit"), BAD)
async def test_refuses_what_makes_no_sense(
    graphql: GraphQL,
    shop: ProgrammeUnderTest,
    changed: dict[str, Any],
    kind: str,
    path: str,
    limit: int | None,
) -> None:
    stated = aside(shop, **{"amount": 1, **changed})

    typed(await graphql.mutate(shop.service, "authorisePoints", stated), kind, path=path, limit=limit)

    assert (await holding(graphql, shop))["active"] == 30


async def test_refuses_a_hold_that_is_not_there_and_more_than_it_holds(
    graphql: GraphQL, shop: ProgrammeUnderTest, programme: MakeProgramme
) -> None:
    hold = (await held(graphql, shop, 5))["hold"]
    other = await programme(document())
    more = {"holdId": hold["id"], "amount": 6, "idempotencyKey": "c"}
    typed(
        await graphql.mutate(shop.service, "capturePoints", more), "InvalidInputError", path="amount", limit=5
    )
    none = {"holdId": hold["id"], "amount": 0, "idempotencyKey": "d"}
    typed(await graphql.mutate(shop.service, "capturePoints", none), "InvalidInputError", path="amount")

    for field in ("capturePoints", "releasePoints"):
        stated = {"holdId": hold["id"], "idempotencyKey": "e"}
        typed(await graphql.mutate(other.service, field, stated), "NotFoundError", path="holdId")
        gone = {"holdId": member_gid(shop, "ann"), "idempotencyKey": "f"}
        typed(await graphql.mutate(shop.service, field, gone), "NotFoundError", path="holdId")


async def test_members_neither_hold_nor_see_others_holds(graphql: GraphQL, shop: ProgrammeUnderTest) -> None:
    await shop.join("bob")
    hold = (await held(graphql, shop, 5))["hold"]
    ann = shop.member_actor("ann")
    refused(await graphql.mutate(ann, "authorisePoints", aside(shop, 1, "x")), "FORBIDDEN")
    refused(
        await graphql.mutate(ann, "releasePoints", {"holdId": hold["id"], "idempotencyKey": "x"}), "FORBIDDEN"
    )
    listed = "query ($id: ID!) { member(id: $id) { holds(state: OPEN) { nodes { amount unit { key } member { id } } } } }"

    own = await graphql.read(ann, listed, {"id": member_gid(shop, "ann")})
    others = await graphql(shop.member_actor("bob"), listed, {"id": member_gid(shop, "ann")})

    assert own["member"]["holds"]["nodes"] == [
        {"amount": 5, "unit": {"key": "points"}, "member": {"id": member_gid(shop, "ann")}}
    ]
    refused(others, "FORBIDDEN", at="member.holds")


async def test_the_feed_tells_of_holds(graphql: GraphQL, shop: ProgrammeUnderTest, live: Services) -> None:
    told = "subscription { myProgress { __typename ... on PointsPosted { transfer { kind amount } } } }"
    async with graphql.subscribe(shop.member_actor("ann"), told) as stream:
        await stream.data()
        hold = (await held(graphql, shop, 5))["hold"]
        assert (await stream.data())["transfer"] == {"kind": "HELD", "amount": -5}
        await graphql.done(shop.service, "releasePoints", {"holdId": hold["id"], "idempotencyKey": "c"})
        assert (await stream.data())["transfer"] == {"kind": "RELEASED", "amount": 5}


async def test_a_capture_pays_what_was_promised_though_a_debt_was_made_meanwhile(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await programme(document(floor=-50))
    await club.join("ann")
    await club.do("buy", "ann", amount=30)
    hold = (await held(graphql, club, 20))["hold"]
    await club.do("cost", "ann", amount=40)

    answer = await graphql.done(
        club.service, "capturePoints", {"holdId": hold["id"], "amount": 15, "idempotencyKey": "c"}, HELD
    )

    assert answer["balance"] == {"active": -25, "held": 0, "spent": 15, "lifetime": -10}
    assert await at_work(club) == 0
    await is_sound(club)
