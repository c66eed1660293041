"""`eraseMember`: nothing of the database names the member any more, and everything still adds up."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from bson import encode

from gamification.kit.errors import DomainError
from gamification.members.model import NewMember
from gamification.members.tombstones import REFUSED_FOR
from gamification.privacy import service as erasing
from gamification.rewards.checkout import Cart, Item
from gamification.verification.service import VerificationService
from resolvers.relay import encode_id
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.resolvers.harness import CLUB, GraphQL, brought, member_gid, refused, typed
from tests.resolvers.lived_in_world import ANN, NAME
from tests.resolvers.reward_world import mall, of, redeem
from tests.resolvers.test_leaderboard_updated import UPDATES, shown, until
from tests.resolvers.test_permissions import everything
from tests.support import ProgrammeUnderTest

ERASURE = "erasedBefore erasure { memberId askedAt doneAt pseudonym askedBy }"


async def erased(graphql: GraphQL, club: ProgrammeUnderTest, name: str) -> dict[str, Any]:
    """Erase a member as the operator; it must be done."""
    stated = {"memberId": member_gid(club, name), "confirmExternalId": name}
    answer = await graphql.done(club.operator, "eraseMember", stated, ERASURE)
    assert answer["erasure"]["doneAt"] is not None
    return answer


async def sound(club: ProgrammeUnderTest) -> None:
    """Everything still adds up."""
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []


def texts(value: Any, path: str = "") -> list[tuple[str, str]]:
    """(path, text) of every text in a document, names of fields too."""
    if isinstance(value, dict):
        return [
            found
            for key, below in value.items()
            for found in [(path, str(key)), *texts(below, f"{path}.{key}".lstrip("."))]
        ]
    if isinstance(value, list):
        return [found for below in value for found in texts(below, path)]
    if isinstance(value, bytes):
        return [(path, value.decode("latin-1"))]
    return [(path, value)] if isinstance(value, str) else []


KEPT = {
    # The programme's own names for what happened, and for what it was about.
    ("activities", "source_id"),
    ("activities", "subject"),
    ("activities", "refunds.key"),
    # The proof of a draw is of it.
    ("draw_plays", "client_seed"),
    # Of staff, and of other members.
    ("idempotency_keys", "_id"),
    ("members", "display_name"),
    ("gatherings", "online_url"),
    # Fields that are called so: a code is made with the one, and ballots may be the other.
    ("gatherings", ""),
    ("polls", ""),
    ("members", "names.terms"),
    ("members", "standing_reason"),
    ("referrals", "reason"),
    ("rehearsals", "draft.badges"),
    ("webhook_endpoints", ""),
    # The same names of the programme's, where they are told on.
    ("webhook_events", "data.activity.sourceId"),
    ("rehearsal_results", "result.failures.source_id"),
}
"""Where what was called secret may still stand: docs/privacy.md says why."""


async def names_nobody(mongo: Mongo, club: ProgrammeUnderTest) -> None:
    """Neither Ann's external id nor her name is anywhere, but in what senders called their keys."""
    for name, rows in (await everything(mongo, club)).items():
        found = {text for row in rows for _, text in texts(row) if ANN in text or NAME in text}
        if name == "idempotency_keys":
            found = {key for key in found if f"member:{ANN}\x00" in key}
        assert found == set(), name


async def test_nothing_in_the_database_names_who_was_erased_and_everything_adds_up(
    graphql: GraphQL, world: ProgrammeUnderTest, mongo: Mongo
) -> None:
    await sound(world)

    await erased(graphql, world, ANN)

    found = {
        (name, path)
        for name, rows in (await everything(mongo, world)).items()
        for row in rows
        if (name, row.get("member_id")) != ("moderation_log", world.id_of("cec"))  # of another, who is there
        for path, text in texts(row)
        if "secret" in text or NAME in text
    }
    assert found <= KEPT
    await names_nobody(mongo, world)
    await sound(world)
    accounts = await world.services.stores.ledger.accounts_of(world.key, [world.id_of(ANN)])
    assert accounts
    assert {(max(one.active, 0), one.pending, one.held) for one in accounts} == {(0, 0, 0)}


async def test_what_is_deleted_is_the_members_own(
    graphql: GraphQL, world: ProgrammeUnderTest, mongo: Mongo
) -> None:
    ann = world.id_of(ANN)
    before = await everything(mongo, world)

    await erased(graphql, world, ANN)

    after = await everything(mongo, world)
    for name, rows in before.items():
        left = [row["_id"] for row in after.get(name, [])]
        gone = [row for row in rows if row["_id"] not in left]
        others = [row for row in gone if ann not in encode(row) and ANN.encode() not in encode(row)]
        assert others == [], name


async def test_nobody_elses_messages_go(graphql: GraphQL, programme: MakeProgramme, mongo: Mongo) -> None:
    elsewhere, club = await programme(CLUB), await programme(CLUB)
    # Ids rise: there are members from before and from after.
    for one, names in ((elsewhere, ["eve"]), (club, ["old", "ann", "new"])):
        for name in names:
            await one.join(name)
            await one.do("visit", name)

    await erased(graphql, club, "ann")

    feed = mongo.collection("member_feed")
    for one, name in ((elsewhere, "eve"), (club, "old"), (club, "new")):
        member = one.id_of(name)
        rows = await feed.find({"programme_id": one.key}, ["_id"]).to_list(None)
        assert [row for row in rows if row["_id"][:12] == member], name
        told = await one.services.stores.feed.after(member, 0)
        assert told, name
    assert await club.services.stores.feed.after(club.id_of("ann"), 0) == []


async def test_the_points_left_expire_with_the_reason_erased(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("visit", "ann")
    before = len(await club.transfers("ann"))

    await erased(graphql, club, "ann")

    (closing,) = (await club.transfers("ann"))[before:]
    assert (closing.amount, closing.kind, closing.cause.reason) == (-5, "expired", "erased")
    assert await club.balance("ann", "points") == 0
    await sound(club)


BOARDS = """query ($past: String!) {
    now: leaderboard(key: "daily") { period { ...of } }
    past: leaderboard(key: "daily") { period(key: $past) { ...of } }
    total: leaderboard(key: "total") { period { ...of } }
}
fragment of on LeaderboardPeriod { size entries { nodes { rank member { displayName } } } }"""


async def test_who_is_erased_leaves_live_and_past_boards_and_those_who_watch_are_told(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await programme(CLUB)
    for name in ("ann", "bob", "cec"):
        await club.join(name, display_name=name.title())
    for day in (timedelta(days=1), timedelta()):
        for name, visits in (("ann", 3), ("bob", 2), ("cec", 1)):
            await club.record(*(club.activity("visit", name, at=club.clock.now - day) for _ in range(visits)))
    past = (club.clock.now - timedelta(days=1)).date().isoformat()

    async with graphql.subscribe(club.member_actor("bob"), UPDATES, {"key": "total"}) as stream:
        assert len(shown(await stream.data())) == 3
        await erased(graphql, club, "ann")
        moved = await until(stream, lambda update: len(update["entries"]) == 2)

    assert [(rank, name) for rank, name, _ in shown(moved)] == [(1, "Bob"), (2, "Cec")]

    answer = await graphql.read(club.member_actor("bob"), BOARDS, {"past": past})
    for board in answer.values():
        entries = board["period"]["entries"]["nodes"]
        assert board["period"]["size"] == 2
        assert [(e["rank"], e["member"]["displayName"]) for e in entries] == [(1, "Bob"), (2, "Cec")]
    await sound(club)


async def test_members_erase_themselves_and_their_token_finds_nobody(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, gid = club.member_actor("ann"), member_gid(club, "ann")
    await club.do("visit", "ann")

    first = await graphql.done(ann, "eraseMember", {"confirmExternalId": "ann"}, ERASURE)
    again = await graphql.done(ann, "eraseMember", {"confirmExternalId": "ann"}, ERASURE)
    by_staff = await graphql.done(
        club.operator, "eraseMember", {"memberId": gid, "confirmExternalId": "ann"}, ERASURE
    )

    assert (first["erasedBefore"], again["erasedBefore"], by_staff["erasedBefore"]) == (False, True, True)
    assert first["erasure"] == again["erasure"] == by_staff["erasure"]
    assert first["erasure"]["askedBy"] == "member"
    assert await graphql.read(ann, "{ me { id } }") == {"me": None}
    spending = {"unit": "points", "amount": 1, "reason": "r", "idempotencyKey": "k"}
    typed(await graphql.mutate(ann, "spendPoints", spending), "NotFoundError", "NOT_FOUND")
    typed(await graphql.mutate(ann, "updateProfile", {"displayName": "A"}), "NotFoundError", "NOT_FOUND")
    for_them = {**spending, "memberId": gid}
    typed(await graphql.mutate(club.service, "spendPoints", for_them), "NotFoundError", "NOT_FOUND")
    standing = {"memberId": gid, "standing": "ACTIVE", "reason": "r"}
    typed(await graphql.mutate(club.operator, "setMemberStanding", standing), "NotFoundError", "NOT_FOUND")
    (outcome,) = await club.record(club.activity("visit", "ann"))
    assert outcome.error is not None
    assert outcome.error.code == "UNKNOWN_MEMBER"
    answer = await graphql.read(
        club.operator,
        "query ($id: ID!) { member(id: $id) { displayName externalId locale attributes erasedAt } "
        "memberErasure(memberId: $id) { doneAt } }",
        {"id": gid},
    )
    assert answer["member"]["displayName"] == "Erased member"
    assert answer["member"]["externalId"] == first["erasure"]["pseudonym"]
    assert answer["member"]["erasedAt"] is not None
    assert answer["memberErasure"]["doneAt"] == first["erasure"]["doneAt"]
    assert await graphql.read(
        club.member_actor("bob"), "query ($id: ID!) { member(id: $id) { id } }", {"id": gid}
    ) == {"member": None}


async def test_nobody_joins_by_an_erased_id_for_a_while_and_who_does_later_inherits_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    await club.do("visit", "ann")
    await erased(graphql, club, "ann")

    refusal = await graphql.mutate(club.member_actor("ann"), "joinProgramme", {})
    typed(refusal, "ConflictError", "CONFLICT", "externalId")
    typed(await graphql.mutate(club.service, "joinProgramme", {"externalId": "ann"}), "ConflictError")
    club.clock.advance(REFUSED_FOR)
    joined = await graphql.done(
        club.service,
        "joinProgramme",
        {"externalId": "ann"},
        "joined member { id balances { active } badgeAwards { nodes { id } } "
        "activities { nodes { id } } ledger { nodes { id } } }",
    )

    assert joined["joined"]
    assert joined["member"]["id"] != member_gid(club, "ann")
    assert {one["active"] for one in joined["member"]["balances"]} <= {0}
    for name in ("badgeAwards", "activities", "ledger"):
        assert joined["member"][name]["nodes"] == []
    club.clock.run()
    await sound(club)
    assert await mongo.collection("erased_ids").count_documents({"programme_id": club.key}) == 1


@pytest.mark.parametrize("confirmed", ["", "bob", "Ann"])
async def test_without_the_external_id_stated_nothing_is_erased(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo, confirmed: str
) -> None:
    before = await everything(mongo, club)

    stated = {"memberId": member_gid(club, "ann"), "confirmExternalId": confirmed}
    result = await graphql.mutate(club.operator, "eraseMember", stated)

    typed(result, "InvalidInputError", "INVALID_INPUT", "confirmExternalId")
    assert await everything(mongo, club) == before


async def test_who_is_not_there_is_not_erased(
    graphql: GraphQL, club: ProgrammeUnderTest, programme: MakeProgramme
) -> None:
    other = await programme(CLUB)
    for actor, stated in (
        (club.operator, {"memberId": encode_id("Member", b"\x01" * 12)}),
        (club.operator, {"memberId": "?"}),
        (club.operator, {}),
        (other.operator, {"memberId": member_gid(club, "ann")}),
        (club.member_actor("nobody"), {}),
    ):
        result = await graphql.mutate(actor, "eraseMember", {**stated, "confirmExternalId": "ann"})
        if result.errors:
            refused(result, "FORBIDDEN")
        else:
            typed(result, "NotFoundError", "NOT_FOUND", "memberId")


async def test_open_orders_end_with_the_stated_refund_before_the_account_is_closed(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await mall(programme, "ann", points=1000)
    orders = {
        name: await redeem(graphql, club.service, reward, key=name, **of(club, "ann"), **more)
        for name, reward, more in (
            ("pending", "mug", {"deliverTo": "1 Secret Street"}),
            ("processing", "mug", {"deliverTo": "1 Secret Street"}),
            ("unused", "tenner", {}),
        )
    }
    await graphql.done(
        club.operator,
        "advanceRedemption",
        {"redemption": orders["processing"]["id"], "status": "PROCESSING", "idempotencyKey": "on"},
    )
    await club.services.holds.authorise(
        club.service, club.id_of("ann"), "points", 7, timedelta(days=1), "secret-order", "hold"
    )

    await erased(graphql, club, "ann")

    gid = member_gid(club, "ann")
    read = await graphql.read(
        club.operator,
        "query ($id: ID!) { member(id: $id) { "
        "redemptions { nodes { id status deliverTo payment { refunded isHeld } coupon { state } } } "
        "holds { nodes { state reference } } balances { active held pending unit { key } } } }",
        {"id": gid},
    )
    found = {one["id"]: one for one in read["member"]["redemptions"]["nodes"]}
    assert {one["status"] for one in found.values()} == {"CANCELLED"}
    assert {one["deliverTo"] for one in found.values()} == {None}
    refunds = {name: found[order["id"]]["payment"]["refunded"] for name, order in orders.items()}
    assert refunds == {"pending": 60, "processing": 30, "unused": 100}
    assert found[orders["unused"]["id"]]["coupon"]["state"] == "VOID"
    assert {one["reference"] for one in read["member"]["holds"]["nodes"]} == {"erased"}
    assert not {one["state"] for one in read["member"]["holds"]["nodes"]} & {"OPEN"}
    points = next(one for one in read["member"]["balances"] if one["unit"]["key"] == "points")
    assert (points["active"], points["held"], points["pending"]) == (0, 0, 0)
    await sound(club)


async def test_what_waits_to_become_active_is_cancelled(graphql: GraphQL, programme: MakeProgramme) -> None:
    club = await programme(
        {
            "units": [{"key": "points", "pending": {"after": "P1D"}}],
            "activity_types": [{"key": "visit"}],
            "rules": [
                {"key": "r", "on": ["visit"], "effects": [{"points": {"unit": "points", "amount": 5}}]}
            ],
        }
    )
    await club.join("ann")
    await club.do("visit", "ann")
    account = await club.account("ann", "points")
    assert account is not None
    assert account.pending == 5

    await erased(graphql, club, "ann")

    account = await club.account("ann", "points")
    assert account is not None
    assert (account.active, account.pending) == (0, 0)
    club.clock.advance(timedelta(days=2))
    await club.services.points.settle_pending(club.clock.now)
    assert await club.balance("ann", "points") == 0
    club.clock.run()
    await sound(club)


async def test_referrals_that_wait_end_given_rewards_stay_and_the_code_is_nobodys(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    for name in ("cec", "dan"):
        await club.join(name)
        await brought(club, name, "ann")
    await club.do("buy", "cec", amount=1000)
    given = await club.balance("cec", "gems")
    code = (await graphql.read(club.member_actor("ann"), '{ myReferralCode(offer: "invite") { code } }'))[
        "myReferralCode"
    ]["code"]
    await club.join("eve")

    await erased(graphql, club, "ann")
    await club.do("buy", "dan", amount=1000)

    used = await graphql.mutate(
        club.member_actor("eve"), "useReferralCode", {"code": code, "idempotencyKey": "k"}
    )
    typed(used, "NotFoundError", "NOT_FOUND")
    assert given > 0
    assert (await club.balance("cec", "gems"), await club.balance("dan", "gems")) == (given, 0)
    read = await graphql.read(club.member_actor("dan"), "{ me { referredBy { status } } }")
    assert read["me"]["referredBy"]["status"] == "REJECTED"
    await sound(club)


async def test_who_is_erased_between_the_close_and_the_draw_is_excluded(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    for name in ("ann", "bob"):
        await club.do("visit", name)
    rounds = club.services.rounds
    await rounds.run_in(club.key)
    club.clock.advance(timedelta(days=2))
    await rounds.run_in(club.key)

    await erased(graphql, club, "ann")
    await rounds.give_beacon(club.operator, "raffle", "first", "a public value")
    await rounds.run_in(club.key)

    answer = await graphql.read(
        club.member_actor("bob"),
        '{ draw(key: "raffle") { rounds { nodes { state entrantCount winnerCount excluded { reason } } } } }',
    )
    (round_,) = answer["draw"]["rounds"]["nodes"]
    assert (round_["entrantCount"], round_["winnerCount"]) == (2, 1)
    assert [one["reason"] for one in round_["excluded"]] == ["gone"]
    club.clock.run()
    await sound(club)


async def test_who_is_erased_before_the_close_is_not_among_the_entrants(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    for name in ("ann", "bob"):
        await club.do("visit", name)
    rounds = club.services.rounds
    await rounds.run_in(club.key)

    await erased(graphql, club, "ann")
    club.clock.advance(timedelta(days=2))
    await rounds.run_in(club.key)

    answer = await graphql.read(
        club.member_actor("bob"), '{ draw(key: "raffle") { rounds { nodes { entrantCount } } } }'
    )
    assert [one["entrantCount"] for one in answer["draw"]["rounds"]["nodes"]] == [1]
    club.clock.run()
    await sound(club)


async def test_a_coupon_that_was_used_stays_used_and_can_not_be_used_again(
    graphql: GraphQL, programme: MakeProgramme
) -> None:
    club = await mall(programme, "ann")
    redemption = await redeem(graphql, club.service, "tenner", **of(club, "ann"))
    (coupon,) = [one async for one in club.services.stores.rewards.stream_coupons(club.key)]
    cart = Cart("order-1", "CNY", 5000, (Item("TEA", 1, 5000),))
    await club.services.coupons.redeem(club.service, [coupon.code], cart, None, "using")

    await erased(graphql, club, "ann")
    await club.services.coupons.roll_back(club.service, "order-1", "back")

    again = Cart("order-2", "CNY", 5000, (Item("TEA", 1, 5000),))
    with pytest.raises(DomainError):
        await club.services.coupons.redeem(club.service, [coupon.code], again, None, "again")
    read = await graphql.read(
        club.operator,
        "query ($id: ID!) { member(id: $id) { redemptions { nodes { id status coupon { uses } } } } }",
        {"id": member_gid(club, "ann")},
    )
    (kept,) = read["member"]["redemptions"]["nodes"]
    assert (kept["id"], kept["status"]) == (redemption["id"], "DONE")
    await sound(club)


async def test_follows_go_both_ways_and_are_counted_down(
    graphql: GraphQL, club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    ann, bob = club.id_of("ann"), club.id_of("bob")
    await club.services.follows.follow(club.service, ann, bob)
    await club.services.follows.follow(club.service, bob, ann)

    await erased(graphql, club, "ann")

    assert await mongo.collection("follows").count_documents({"programme_id": club.key}) == 0
    assert (await mongo.collection("follow_counts").find_one({"_id": bob}) or {})["following"] == 0
    assert await mongo.collection("follow_counts").find_one({"_id": ann}) is None


async def test_a_gift_stays_with_who_got_it_without_the_givers_words(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("visit", "ann")
    gift = {"unit": "points", "amount": 3, "receiverId": member_gid(club, "bob"), "idempotencyKey": "k"}
    await graphql.done(club.member_actor("ann"), "givePoints", {**gift, "message": "From Ann, with love"})

    await erased(graphql, club, "ann")

    (received,) = await club.transfers("bob")
    assert (received.amount, received.cause.actor, received.cause.reason) == (3, None, None)
    assert await club.balance("bob", "points") == 3
    await sound(club)


async def test_activity_of_who_was_erased_can_not_be_reversed_and_keeps_counting(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    bought = await club.do("buy", "ann", amount=7, note="for my mother")
    await erased(graphql, club, "ann")

    stored = await club.services.activities.by_ids(club.key, [bought.id])
    result = await graphql.mutate(
        club.operator, "reverseActivity", {"source": bought.source, "sourceId": bought.source_id}
    )

    assert stored[bought.id].properties == {"amount": 7}
    assert stored[bought.id].erased
    typed(result, "NotFoundError", "NOT_FOUND", "sourceId")
    await sound(club)


async def test_what_a_crash_leaves_the_worker_takes_up(
    graphql: GraphQL, world: ProgrammeUnderTest, mongo: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "PARTS_AT_ONCE", 1)
    monkeypatch.setattr(erasing, "DOCUMENTS_A_PART", 2)
    stated = {"memberId": member_gid(world, ANN), "confirmExternalId": ANN}

    begun = await graphql.done(world.operator, "eraseMember", stated, ERASURE)
    assert begun["erasure"]["doneAt"] is None
    await sound(world)
    # Two workers at once: each part is done once.
    await asyncio.gather(*(world.services.erasures.run_open() for _ in range(2)))

    read = await graphql.read(
        world.operator,
        "query ($id: ID!) { memberErasure(memberId: $id) { doneAt } }",
        {"id": stated["memberId"]},
    )
    assert read["memberErasure"]["doneAt"] is not None
    assert await world.services.erasures.run_open() == 0
    await names_nobody(mongo, world)
    await sound(world)


async def test_a_part_that_fails_is_done_again_and_keeps_no_other_waiting(
    club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ann", "bob"):
        await club.do("visit", name)
    ann, bob = club.id_of("ann"), club.id_of("bob")
    service = club.services.erasures
    original, poison = service.steps["accounts"], {ann}

    async def accounts(work: Any, erasure: Any, stored: Any) -> bytes | None:
        place = await original(work, erasure, stored)
        if erasure.id in poison:
            raise DomainError("the process dies here")
        return place

    monkeypatch.setitem(service.steps, "accounts", accounts)
    with pytest.raises(DomainError):
        await service.erase(club.operator, ann, "ann")
    monkeypatch.setattr(erasing, "PARTS_AT_ONCE", 1)
    await service.erase(club.operator, bob, "bob")
    with pytest.raises(DomainError):
        await service.run_open()

    found = [await service.find(club.operator, one) for one in (ann, bob)]
    assert [one.done_at is not None for one in found if one] == [False, True]
    assert await club.balance("ann", "points") == 5
    poison.clear()
    assert await service.run_open() == 1
    assert await club.balance("ann", "points") == 0
    await sound(club)


async def test_activity_that_is_recorded_while_its_member_is_erased_adds_up(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    batches = [[club.activity("visit", "ann") for _ in range(3)] for _ in range(4)]

    results = await asyncio.gather(
        *(club.record(*batch) for batch in batches), erased(graphql, club, "ann"), return_exceptions=True
    )
    await club.services.erasures.run_open()

    assert not [one for one in results if isinstance(one, BaseException)]
    assert await club.balance("ann", "points") == 0
    assert "ann" not in [name for _, name, _ in await club.ranking("total")]
    await sound(club)


async def test_two_who_erase_the_same_member_at_once_erase_once(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.do("visit", "ann")
    stated = {"memberId": member_gid(club, "ann"), "confirmExternalId": "ann"}

    answers = await asyncio.gather(
        *(graphql.done(club.operator, "eraseMember", stated, ERASURE) for _ in range(3))
    )

    assert sorted(one["erasedBefore"] for one in answers) == [False, True, True]
    assert len({one["erasure"]["pseudonym"] for one in answers}) == 1
    assert len(await club.transfers("ann")) == 2
    await sound(club)


async def test_joining_races_with_erasing_and_makes_no_second_member(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    joined, _ = await asyncio.gather(
        *(club.services.members.join(club.service, NewMember("ann")) for _ in range(1)),
        erased(graphql, club, "ann"),
        return_exceptions=True,
    )
    assert isinstance(joined, DomainError) or not joined[1]  # type: ignore[index]
    assert await club.services.members.by_external_id(club.service, "ann") is None
