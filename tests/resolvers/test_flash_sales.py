"""Flash sales: `reserveFlashSale`, `buyReserved`, `releaseReservation`, `flashSaleUpdated`."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from gamification.flashsale.admission import Admission, Claimant, Sale
from gamification.kit.actors import Actor
from gamification.verification.service import VerificationService
from storage.redis import RedisStore
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, succeeded, typed
from tests.resolvers.reward_world import MALL
from tests.support import ProgrammeUnderTest

RESERVED = "replayed reservation { id state until sale { key left } redemption { id } }"


async def opened(
    programme: MakeProgramme, *members: str, stock: int = 3, points: int = 100, **more: Any
) -> ProgrammeUnderTest:
    """A sale that opened a minute ago, of coupons for 20 points."""
    now = datetime.now().astimezone()
    sale = {
        "key": "rush",
        "reward": "tenner",
        "starts_at": (now - timedelta(minutes=1)).isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
        "stock": stock,
        "price": {"unit": "points", "amount": 20},
        "reserve": "PT10M",
        **more,
    }
    club = await programme({**MALL, "flash_sales": [sale]})
    await club.join_all(*members)
    if points and members:
        await club.record(*(club.activity("buy", name, amount=points) for name in members))
    return club


def claiming(key: str = "k", **more: Any) -> dict[str, Any]:
    return {"sale": "rush", "idempotencyKey": key, **more}


async def reserve(graphql: GraphQL, actor: Actor, key: str = "k", **more: Any) -> dict[str, Any]:
    answer = await graphql.done(actor, "reserveFlashSale", claiming(key, **more), RESERVED)
    found: dict[str, Any] = answer["reservation"]
    return found


async def attempt(graphql: GraphQL, actor: Actor, key: str = "k") -> str:
    """What came of it: the code of the refusal, or `reserved`."""
    answer = succeeded(await graphql.mutate(actor, "reserveFlashSale", claiming(key)))["reserveFlashSale"]
    return str(answer.get("code", "reserved"))


async def left(graphql: GraphQL, club: ProgrammeUnderTest) -> int:
    answer = await graphql.read(club.operator, '{ flashSale(key: "rush") { left } }')
    found: int = answer["flashSale"]["left"]
    return found


async def sale_of(club: ProgrammeUnderTest) -> Sale:
    return Sale(club.key, (await club.services.programmes.catalogue(club.key)).flash_sales["rush"])


async def test_a_piece_is_reserved_and_bought(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await opened(programme, "ann")
    ann = club.member_actor("ann")

    got = await reserve(graphql, ann)
    bought = await graphql.done(
        ann,
        "buyReserved",
        {"reservation": got["id"], "idempotencyKey": "buy"},
        "replayed redemption { source payment { amount } coupon { code } reward { key } }",
    )
    own = await graphql.read(ann, "{ me { reservations { nodes { state redemption { source } } } } }")

    assert (got["state"], got["sale"]) == ("RESERVED", {"key": "rush", "left": 2})
    assert bought["redemption"]["source"] == "FLASH_SALE"
    assert bought["redemption"]["payment"] == {"amount": 20}
    assert bought["redemption"]["coupon"]["code"]
    assert own["me"]["reservations"]["nodes"] == [{"state": "BOUGHT", "redemption": {"source": "FLASH_SALE"}}]
    assert await club.balance("ann", "points") == 80


async def test_who_is_late_early_or_greedy_is_told_at_once(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await opened(programme, *"abcd")
    assert [await attempt(graphql, club.member_actor(name)) for name in "abc"] == ["reserved"] * 3

    assert await attempt(graphql, club.member_actor("d")) == "SOLD_OUT"
    assert await attempt(graphql, club.member_actor("a"), "more") == "SALE_LIMIT_REACHED"
    club.clock.advance(timedelta(hours=2))
    assert await attempt(graphql, club.member_actor("d"), "late") == "SALE_NOT_OPEN"
    club.clock.advance(-timedelta(hours=4))
    assert await attempt(graphql, club.member_actor("d"), "early") == "SALE_NOT_OPEN"
    typed(
        await graphql.mutate(club.member_actor("d"), "reserveFlashSale", {**claiming(), "sale": "none"}),
        "NotFoundError", "NOT_FOUND", "sale",
    )  # fmt: skip


async def test_the_same_key_reserves_one_piece(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await opened(programme, "ann", per_member=3)
    ann = club.member_actor("ann")

    first, twin, other = await asyncio.gather(
        *(graphql.done(ann, "reserveFlashSale", claiming(key), RESERVED) for key in ("k", "k", "other"))
    )
    spent = {"unit": "points", "amount": 1, "idempotencyKey": "spent"}
    await graphql.done(ann, "spendPoints", spent)
    typed(
        await graphql.mutate(ann, "reserveFlashSale", claiming("spent")),
        "IdempotencyConflictError",
        "IDEMPOTENCY_CONFLICT",
    )

    assert first["reservation"]["id"] == twin["reservation"]["id"] != other["reservation"]["id"]
    assert sorted([first["replayed"], twin["replayed"]]) == [False, True]
    assert await left(graphql, club) == 1


async def test_a_reservation_expires_back_to_the_stock_once(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await opened(programme, "ann", "bob", stock=1)
    club.clock.now = club.clock.now
    got = await reserve(graphql, club.member_actor("ann"))
    club.clock.advance(timedelta(minutes=10))

    buying = {"reservation": got["id"], "idempotencyKey": "buy"}
    late, *_ = await asyncio.gather(
        graphql.mutate(club.member_actor("ann"), "buyReserved", buying),
        club.services.sale_keeper.expire_due(club.clock.now),
        club.services.sale_keeper.expire_due(club.clock.now),
    )

    typed(late, "ConflictError", "RESERVATION_OVER")
    assert await club.balance("ann", "points") == 100
    assert await left(graphql, club) == 1
    again = await graphql.done(club.member_actor("ann"), "reserveFlashSale", claiming(), RESERVED)
    assert (again["replayed"], again["reservation"]["state"]) == (True, "EXPIRED")
    assert await attempt(graphql, club.member_actor("bob")) == "reserved"
    assert await left(graphql, club) == 0


async def test_a_released_piece_is_on_sale_again(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await opened(programme, "ann", "bob", stock=1)
    got = await reserve(graphql, club.member_actor("ann"))
    giving = {"reservation": got["id"]}

    typed(
        await graphql.mutate(club.member_actor("bob"), "releaseReservation", giving),
        "NotFoundError",
        "NOT_FOUND",
    )
    ann, selection = club.member_actor("ann"), "reservation { state }"
    await graphql.done(ann, "releaseReservation", giving, selection)
    released = await graphql.done(ann, "releaseReservation", giving, selection)

    assert released["reservation"]["state"] == "RELEASED"
    assert await left(graphql, club) == 1
    assert await attempt(graphql, club.member_actor("ann"), "anew") == "reserved"
    await club.services.sale_keeper.reconcile(club.clock.now)
    assert await attempt(graphql, club.member_actor("bob")) == "SOLD_OUT"


async def test_without_points_it_stays_reserved(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await opened(programme, "ann", points=19)
    ann = club.member_actor("ann")
    got = await reserve(graphql, ann)

    buying = {"reservation": got["id"], "idempotencyKey": "buy"}
    typed(await graphql.mutate(ann, "buyReserved", buying), "InsufficientPointsError", "INSUFFICIENT_POINTS")
    await club.do("buy", "ann", amount=1)
    await graphql.done(ann, "buyReserved", buying)

    assert await club.balance("ann", "points") == 0


async def test_services_reserve_for_members_and_staff_do_not(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await opened(programme, "ann", "bob")
    for_ann = {"memberId": member_gid(club, "ann")}

    await reserve(graphql, club.service, **for_ann)
    refused(
        await graphql.mutate(club.member_actor("bob"), "reserveFlashSale", claiming(**for_ann)), "FORBIDDEN"
    )
    refused(await graphql.mutate(club.operator, "reserveFlashSale", claiming(**for_ann)), "FORBIDDEN")

    assert await attempt(graphql, club.member_actor("ann"), "own") == "SALE_LIMIT_REACHED"


async def test_a_stampede_sells_what_there_is(graphql: GraphQL, programme: MakeProgramme) -> None:
    names = [f"m{number}" for number in range(60)]
    club = await opened(programme, *names, stock=20, per_member=1)

    outcomes = Counter(
        await asyncio.gather(
            *(attempt(graphql, club.member_actor(name), f"k{turn}") for turn in range(4) for name in names)
        )
    )

    assert outcomes["reserved"] == 20
    assert outcomes["SOLD_OUT"] + outcomes["SALE_LIMIT_REACHED"] == 220
    live = [one for one, alive in [x async for x in club.services.reservations.stream(club.key)] if alive]
    assert sorted(one.slot for one in live) == list(range(20))
    assert len({one.member_id for one in live}) == 20
    assert await left(graphql, club) == 0
    assert (await VerificationService(club.services).verify(club.key)).differences == []


async def test_what_redis_forgot_is_counted_anew_before_it_admits(
    graphql: GraphQL, programme: MakeProgramme, redis_store: RedisStore
) -> None:
    club = await opened(programme, *"abcde")
    for name in "ab":
        await reserve(graphql, club.member_actor(name))
    await forget(redis_store, club)

    outcomes = await asyncio.gather(*(attempt(graphql, club.member_actor(name), "new") for name in "abcde"))

    assert Counter(outcomes) == {"SALE_LIMIT_REACHED": 2, "reserved": 1, "SOLD_OUT": 2}
    again = await graphql.done(club.member_actor("a"), "reserveFlashSale", claiming(), RESERVED)
    assert again["replayed"] is True


async def test_what_dies_after_redis_admitted_loses_no_piece(
    graphql: GraphQL, programme: MakeProgramme, redis_store: RedisStore
) -> None:
    club = await opened(programme, "ann", "bob", stock=1)
    sale, admission = await sale_of(club), Admission(redis_store)
    await club.services.flash_claims.rebuild(sale)
    club.clock.now = club.clock.now
    answer = await admission.claim(sale, Claimant(club.id_of("ann"), "died"), club.clock.now)
    assert answer.kind == "slot"

    assert await attempt(graphql, club.member_actor("bob"), "1") == "SOLD_OUT"
    await club.services.sale_keeper.reconcile_sale(sale, club.clock.now)
    assert await attempt(graphql, club.member_actor("bob"), "2") == "SOLD_OUT"  # it may still be on its way
    club.clock.advance(timedelta(seconds=31))
    await club.services.sale_keeper.reconcile_sale(sale, club.clock.now)

    assert await attempt(graphql, club.member_actor("bob"), "3") == "reserved"
    assert await attempt(graphql, club.member_actor("ann"), "4") == "SOLD_OUT"


async def test_two_redis_histories_sell_no_piece_twice(
    graphql: GraphQL, programme: MakeProgramme, redis_store: RedisStore
) -> None:
    club = await opened(programme, *"ab", stock=1)
    await reserve(graphql, club.member_actor("a"))
    sale, admission = await sale_of(club), Admission(redis_store)
    await forget(redis_store, club)
    await admission.rebuild(sale, [], club.clock.now)  # as if nothing had been stored yet

    assert await attempt(graphql, club.member_actor("b")) == "SOLD_OUT"
    await club.services.sale_keeper.reconcile_sale(sale, club.clock.now)

    assert await attempt(graphql, club.member_actor("a"), "more") == "SALE_LIMIT_REACHED"
    assert await left(graphql, club) == 0
    seen = await admission.seen(sale)
    assert seen is not None
    assert seen.held[0].member_id == club.id_of("a")


async def test_the_stock_is_told_live_and_coalesced(graphql: GraphQL, programme: MakeProgramme) -> None:
    names = [f"m{number}" for number in range(12)]
    club = await opened(programme, *names, stock=10)
    document = 'subscription { flashSaleUpdated(key: "rush") { state left sale { key } } }'

    async with graphql.subscribe(club.member_actor("m0"), document) as stream:
        first = await stream.data()
        await asyncio.gather(*(attempt(graphql, club.member_actor(name)) for name in names))
        told = await stream.until_quiet(1.0)

    assert first == {"state": "OPEN", "left": 10, "sale": {"key": "rush"}}
    assert told[-1]["left"] == 0
    assert len(told) < 10


async def forget(redis_store: RedisStore, club: ProgrammeUnderTest) -> None:
    """Redis loses the sale."""
    stem = f"sg:{{{club.key}:flash:rush}}"
    parts = ("ready", "free", "held", "members", "claims", "young")
    await redis_store.execute("DEL", *(f"{stem}:{part}" for part in parts))


async def test_what_dies_before_redis_learns_that_it_is_stored_changes_nothing(
    graphql: GraphQL, programme: MakeProgramme, redis_store: RedisStore
) -> None:
    club = await opened(programme, "ann", "bob", stock=1)
    sale, admission = await sale_of(club), Admission(redis_store)
    club.clock.now = club.clock.now
    await reserve(graphql, club.member_actor("ann"))
    young = f"sg:{{{club.key}:flash:rush}}:young"
    await redis_store.execute("HSET", young, 0, int(club.clock.now.timestamp() * 1000))
    club.clock.advance(timedelta(minutes=1))

    await club.services.sale_keeper.reconcile_sale(sale, club.clock.now)

    seen = await admission.seen(sale)
    assert seen is not None
    assert seen.young == {}
    assert await attempt(graphql, club.member_actor("bob")) == "SOLD_OUT"


async def test_what_dies_after_it_expired_comes_back_to_the_sale(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await opened(programme, "ann", "bob", stock=1)
    sale = await sale_of(club)
    club.clock.now = club.clock.now
    await reserve(graphql, club.member_actor("ann"))
    club.clock.advance(timedelta(minutes=11))
    ((due, _),) = [
        found
        for found in await club.services.reservations.due(club.clock.now, 1000)
        if found[0].programme_id == club.key
    ]
    assert await club.services.reservations.expire(due, club.clock.now)  # and Redis is never told

    assert await attempt(graphql, club.member_actor("bob")) == "SOLD_OUT"
    assert await club.services.sale_keeper.reconcile_sale(sale, club.clock.now) == 1
    assert await attempt(graphql, club.member_actor("bob"), "again") == "reserved"
