"""`redeemReward`: what members get for their points, and why not."""

import asyncio
from datetime import datetime, timedelta

from gamification.ledger.model import TransferKind
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, succeeded, typed
from tests.resolvers.reward_world import mall, of, redeem


async def test_a_coupon_comes_at_once_with_a_code_of_ones_own(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await mall(programme, "ann")

    got = await redeem(graphql, club.member_actor("ann"), "tenner")

    assert (got["status"], got["source"], got["kind"]) == ("DONE", "REDEEMED", "COUPON")
    assert len(got["coupon"]["code"]) == 16
    assert got["coupon"]["maskedCode"] == "•" * 12 + got["coupon"]["code"][-4:]
    assert got["payment"] == {"amount": 100, "refunded": 0, "isHeld": False, "unit": {"key": "points"}}
    assert await club.balance("ann", "points") == 900
    (spent,) = [t for t in await club.transfers("ann") if t.kind is TransferKind.SPENT]
    assert (spent.amount, spent.cause.reward) == (-100, "tenner")


async def test_only_its_holder_reads_a_code(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann", "bob")
    code = (await redeem(graphql, club.member_actor("ann"), "tenner"))["coupon"]["code"]
    document = "query ($id: ID!) { member(id: $id) { redemptions { nodes { coupon { code maskedCode } } } } }"
    ann = {"id": member_gid(club, "ann")}

    own = await graphql.read(club.member_actor("ann"), document, ann)
    assert own["member"]["redemptions"]["nodes"][0]["coupon"]["code"] == code
    for actor in (club.operator, club.moderator, club.service):
        (shown,) = (await graphql.read(actor, document, ann))["member"]["redemptions"]["nodes"]
        assert shown["coupon"]["code"] is None
        assert code[:-4] not in shown["coupon"]["maskedCode"]
    refused(await graphql(club.member_actor("bob"), document, ann), "FORBIDDEN")


async def test_not_without_enough_points(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann", points=99)

    answer = typed(
        await graphql.mutate(
            club.member_actor("ann"), "redeemReward", {"reward": "tenner", "idempotencyKey": "k"}
        ),
        "InsufficientPointsError",
        "INSUFFICIENT_POINTS",
    )

    assert (answer["available"], answer["requested"]) == (99, 100)
    assert await club.balance("ann", "points") == 99


async def test_the_same_key_redeems_once(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")
    ann = club.member_actor("ann")

    first = await redeem(graphql, ann, "tenner")
    again = await graphql.done(
        ann, "redeemReward", {"reward": "tenner", "idempotencyKey": "k"}, "replayed redemption { id }"
    )
    typed(
        await graphql.mutate(ann, "redeemReward", {"reward": "last", "idempotencyKey": "k"}),
        "IdempotencyConflictError",
        "IDEMPOTENCY_CONFLICT",
    )

    assert (again["replayed"], again["redemption"]["id"]) == (True, first["id"])
    assert await club.balance("ann", "points") == 900


async def test_a_service_redeems_for_a_member(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")

    got = await redeem(graphql, club.service, "tenner", **of(club, "ann"))

    assert got["coupon"]["code"] is None
    assert await club.balance("ann", "points") == 900


async def test_gates_and_schedules_are_kept(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")
    await club.join("vic", attributes={"vip": True})

    for reward, code in (("vip", "NOT_ELIGIBLE"), ("past", "REWARD_NOT_OPEN")):
        stated = {"reward": reward, "idempotencyKey": reward}
        typed(await graphql.mutate(club.member_actor("ann"), "redeemReward", stated), "ConflictError", code)
    got = await redeem(graphql, club.member_actor("vic"), "vip")
    stated = {"reward": "none", "idempotencyKey": "none"}
    typed(
        await graphql.mutate(club.member_actor("ann"), "redeemReward", stated), "NotFoundError", "NOT_FOUND"
    )

    assert (got["flag"], got["expiresAt"]) == ("vip", None)


async def test_a_cap_counts_by_its_period(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")
    ann = club.member_actor("ann")
    club.clock.now = club.clock.now.replace(hour=12)
    await redeem(graphql, ann, "daily", "1")

    second = await graphql.mutate(ann, "redeemReward", {"reward": "daily", "idempotencyKey": "2"})
    club.clock.advance(timedelta(days=1))
    await redeem(graphql, ann, "daily", "3")

    typed(second, "ConflictError", "REWARD_LIMIT_REACHED")


async def test_a_red_packet_is_split_to_the_last_cent(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, *"abcd")

    shares = [(await redeem(graphql, club.member_actor(name), "luck"))["amount"] for name in "abc"]
    fourth = await graphql.mutate(
        club.member_actor("d"), "redeemReward", {"reward": "luck", "idempotencyKey": "k"}
    )

    assert sum(shares) == 1000
    assert min(shares) >= 100
    typed(fourth, "ConflictError", "OUT_OF_STOCK")
    assert await club.balance("d", "points") == 1000


async def test_privileges_follow_on_one_another_and_can_be_asked_for(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await mall(programme, "ann")
    ann, begin = club.member_actor("ann"), club.clock.now
    club.clock.now = begin

    await redeem(graphql, ann, "lounge", "1")
    await redeem(graphql, ann, "lounge", "2")

    document = "query ($id: ID!) { member(id: $id) { privileges { flag startsAt endsAt isCurrent } } }"
    answer = await graphql.read(club.service, document, {"id": member_gid(club, "ann")})
    first, second = sorted(answer["member"]["privileges"], key=lambda one: one["startsAt"])
    assert (first["flag"], first["isCurrent"], second["isCurrent"]) == ("lounge", True, False)
    assert first["endsAt"] == second["startsAt"] == shown(begin + timedelta(days=7))
    club.clock.advance(timedelta(days=15))
    answer = await graphql.read(club.service, document, {"id": member_gid(club, "ann")})
    assert answer["member"]["privileges"] == []


def shown(at: datetime) -> str:
    """As the API shows an instant."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def test_exclusive_content_is_shown_to_its_holder(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")

    got = await redeem(graphql, club.member_actor("ann"), "secret")
    by_staff = await graphql.read(
        club.operator,
        "query ($id: ID!) { node(id: $id) { ... on Redemption { content { text } } } }",
        {"id": got["id"]},
    )

    assert got["content"] == {"text": "The recipe", "url": "https://club.example/secret"}
    assert by_staff["node"]["content"] is None


async def test_imported_codes_go_out_once_each(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, *"abc")
    stated = {"reward": "pool", "codes": ["AAA-111", "bbb 222", "AAA111"]}
    imported = await graphql.done(
        club.operator, "importCouponCodes", stated, "imported duplicates reward { left }"
    )
    again = await graphql.done(
        club.service, "importCouponCodes", stated, "imported duplicates reward { left }"
    )

    codes = [(await redeem(graphql, club.member_actor(name), "pool"))["coupon"]["code"] for name in "ab"]
    third = await graphql.mutate(
        club.member_actor("c"), "redeemReward", {"reward": "pool", "idempotencyKey": "k"}
    )

    assert (imported["imported"], imported["duplicates"], imported["reward"]["left"]) == (2, 1, 2)
    assert (again["imported"], again["duplicates"]) == (0, 3)
    assert set(codes) == {"AAA-111", "bbb 222"}
    typed(third, "ConflictError", "OUT_OF_STOCK")
    assert await club.balance("c", "points") == 1000


async def test_the_catalogue_says_what_is_left_and_what_one_can_afford(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await mall(programme, "ann", points=60)
    document = (
        "query ($filter: RewardFilter) { rewards(filter: $filter) { nodes { key left isAffordable kind } } }"
    )
    ann = club.member_actor("ann")
    await redeem(graphql, ann, "last")

    everything = await graphql.read(ann, document)
    affordable = await graphql.read(ann, document, {"filter": {"affordable": True, "open": True}})
    coupons = await graphql.read(club.operator, document, {"filter": {"kind": "COUPON"}})

    left = {one["key"]: one["left"] for one in everything["rewards"]["nodes"]}
    assert (left["last"], left["mug"], left["luck"], left["pool"], left["tenner"]) == (0, 5, 3, 0, None)
    keys = [one["key"] for one in affordable["rewards"]["nodes"]]
    assert "lounge" in keys
    assert not {"mug", "tenner", "past"} & set(keys)
    assert all(one["isAffordable"] is None for one in coupons["rewards"]["nodes"])
    assert len(coupons["rewards"]["nodes"]) == 4


async def test_a_wish_list_keeps_what_one_wishes_for(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann", "bob")
    ann = club.member_actor("ann")
    selection = "member { wishList { key } }"

    for reward in ("mug", "tenner", "mug"):
        await graphql.done(ann, "setWish", {"reward": reward}, selection)
    answer = await graphql.done(ann, "setWish", {"reward": "tenner", "wished": False}, selection)
    typed(await graphql.mutate(ann, "setWish", {"reward": "none"}), "NotFoundError", "NOT_FOUND")
    by_other = await graphql.read(
        club.member_actor("bob"),
        "query ($id: ID!) { member(id: $id) { wishList { key } } }",
        {"id": member_gid(club, "ann")},
    )

    assert answer["member"]["wishList"] == [{"key": "mug"}]
    assert by_other["member"]["wishList"] is None


async def test_the_member_is_told(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")
    document = """subscription { myProgress { __typename ... on RedemptionChanged { status redemption { reward { key } } } } }"""
    async with graphql.subscribe(club.member_actor("ann"), document) as stream:
        await stream.data()
        await redeem(graphql, club.member_actor("ann"), "tenner")

        told = [await stream.data(), await stream.data()]

    assert {
        "__typename": "RedemptionChanged",
        "status": "DONE",
        "redemption": {"reward": {"key": "tenner"}},
    } in told


async def test_fifty_at_once_with_points_for_one(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann", points=100)
    ann = club.member_actor("ann")

    answers = await asyncio.gather(
        *(
            graphql.mutate(ann, "redeemReward", {"reward": "tenner", "idempotencyKey": f"k{number}"})
            for number in range(50)
        )
    )

    kinds = [succeeded(answer)["redeemReward"] for answer in answers]
    assert sum(one["__typename"] == "RedeemRewardSuccess" for one in kinds) == 1
    assert sum(one.get("code") == "INSUFFICIENT_POINTS" for one in kinds) == 49
    assert await club.balance("ann", "points") == 0


async def test_two_hundred_want_the_last_coupon(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme)
    names = [f"m{number}" for number in range(200)]
    await club.join_all(*names)
    await club.record(*(club.activity("buy", name, amount=10) for name in names))

    answers = await asyncio.gather(
        *(
            graphql.mutate(club.member_actor(name), "redeemReward", {"reward": "last", "idempotencyKey": "k"})
            for name in names
        )
    )

    kinds = [succeeded(answer)["redeemReward"] for answer in answers]
    assert sum(one["__typename"] == "RedeemRewardSuccess" for one in kinds) == 1
    assert sum(one.get("code") == "OUT_OF_STOCK" for one in kinds) == 199
    assert sum([await club.balance(name, "points") for name in names]) == 199 * 10


async def test_a_double_click_redeems_once_and_another_key_again(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await mall(programme, "ann")
    ann = club.member_actor("ann")

    async def click(key: str) -> tuple[str, bool]:
        answer = await graphql.done(
            ann, "redeemReward", {"reward": "tenner", "idempotencyKey": key}, "replayed redemption { id }"
        )
        return answer["redemption"]["id"], answer["replayed"]

    first, twin, other = await asyncio.gather(click("a"), click("a"), click("b"))

    assert first[0] == twin[0] != other[0]
    assert sorted([first[1], twin[1]]) == [False, True]
    assert await club.balance("ann", "points") == 800


async def test_a_cap_holds_from_two_devices(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await mall(programme, "ann")
    ann = club.member_actor("ann")

    answers = await asyncio.gather(
        *(
            graphql.mutate(
                ann,
                "redeemReward",
                {"reward": "mug", "deliverTo": "Here", "idempotencyKey": f"device {number}"},
            )
            for number in range(6)
        )
    )

    kinds = [succeeded(answer)["redeemReward"] for answer in answers]
    assert sum(one["__typename"] == "RedeemRewardSuccess" for one in kinds) == 2
    assert sum(one.get("code") == "REWARD_LIMIT_REACHED" for one in kinds) == 4
    account = await club.account("ann", "points")
    assert account is not None
    assert (account.active, account.held) == (880, 120)


async def test_a_pool_gives_no_code_twice_under_a_stampede(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await mall(programme, *(f"m{number}" for number in range(20)), points=10)
    codes = [f"CODE-{number:04}" for number in range(15)]
    await graphql.done(club.operator, "importCouponCodes", {"reward": "pool", "codes": codes})

    answers = await asyncio.gather(
        *(
            graphql.mutate(
                club.member_actor(f"m{number}"),
                "redeemReward",
                {"reward": "pool", "idempotencyKey": "k"},
                "redemption { coupon { code } }",
            )
            for number in range(20)
        )
    )

    got = [succeeded(answer)["redeemReward"] for answer in answers]
    given = [one["redemption"]["coupon"]["code"] for one in got if "redemption" in one]
    assert sorted(given) == codes
    assert sum(one.get("code") == "OUT_OF_STOCK" for one in got) == 5
