"""What becomes of orders, coupons, caps, wishes, follows, draws, credentials, exports and erasures as two accounts become
one."""

from datetime import timedelta
from typing import Any

import pytest

from gamification.kit.actors import Actor
from gamification.kit.errors import Conflict, ErrorCode, NotFound
from gamification.lottery.model import RoundState
from gamification.members.tombstones import REFUSED_FOR
from gamification.merging.model import MergeWarning
from gamification.merging.service import SWEPT_AFTER
from gamification.privacy.sections import ExportSection
from gamification.rewards.model import RedemptionStatus
from storage.mongo import Mongo
from storage.paging import Window
from tests.conftest import MakeProgramme
from tests.merge_world import merge, sound
from tests.resolvers.harness import CLUB
from tests.resolvers.test_permissions import everything
from tests.support import ProgrammeUnderTest

CAPPED = {
    **CLUB,
    "rewards": [{**one, "caps": [{"count": 2}]} for one in CLUB["rewards"] if one["key"] == "tenner"],
}
CAPPED.pop("flash_sales")


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(CLUB)
    for name in ("old", "new", "ann"):
        await club.join(name)
        await club.do("buy", name, amount=50)
    return club


async def redeem(club: ProgrammeUnderTest, name: str, reward: str, key: str) -> bytes:
    address = "a street" if reward == "parcel" else None
    made, _ = await club.services.redemptions.redeem(club.member_actor(name), None, reward, address, key)
    return made.id


async def test_orders_and_coupons_are_the_survivors_and_are_refunded_to_them(
    club: ProgrammeUnderTest,
) -> None:
    made = await redeem(club, "old", "tenner", "1")
    parcel = await redeem(club, "old", "parcel", "2")
    await club.services.redemptions.advance(
        club.operator, parcel, RedemptionStatus.PROCESSING, None, None, "3"
    )

    done = await merge(club, "old", "new")

    assert done.counts["redemptions"] == 2
    assert done.warnings == (MergeWarning.OPEN_ORDERS,)
    found = await club.services.stores.rewards.by_ids([made, parcel])
    assert {one.member_id for one in found.values()} == {club.id_of("new")}
    assert await club.balance("new", "points") == 98
    await sound(club)
    for key, one in (("4", made), ("5", parcel)):
        await club.services.redemptions.cancel(club.operator, one, "not wanted", key)
    assert await club.balance("new", "points") == 100
    await sound(club)


async def test_caps_count_what_both_redeemed(programme: MakeProgramme) -> None:
    club = await programme(CAPPED)
    for name in ("old", "new"):
        await club.join(name)
        await club.do("buy", name, amount=50)
        await redeem(club, name, "tenner", name)

    await merge(club, "old", "new")

    with pytest.raises(Conflict) as caught:
        await redeem(club, "new", "tenner", "another")
    assert caught.value.code is ErrorCode.REWARD_LIMIT_REACHED
    await sound(club)


async def test_wishes_and_follows_move_once_and_nobody_follows_themselves(club: ProgrammeUnderTest) -> None:
    follows, rewards = club.services.follows, club.services.rewards
    for one, other in (
        ("old", "new"),
        ("new", "old"),
        ("old", "ann"),
        ("new", "ann"),
        ("ann", "old"),
        ("ann", "new"),
    ):
        await follows.follow(club.service, club.id_of(one), club.id_of(other))
    for name, reward in (("old", "tenner"), ("old", "parcel"), ("new", "parcel")):
        await rewards.wish(club.member_actor(name), reward, wished=True)

    await merge(club, "old", "new")

    new, ann = club.members["new"], club.members["ann"]
    assert await follows.followed_by(new) == [ann.id]
    assert await follows.followed_by(ann) == [new.id]
    counts = club.services.stores.mongo.collection("follow_counts")
    rows = await counts.find({"programme_id": club.key}).to_list(None)
    assert {row["_id"]: row["following"] for row in rows} == {new.id: 1, ann.id: 1}
    stored = club.services.stores.mongo.collection("reward_wishes")
    wished = await stored.find({"programme_id": club.key}).to_list(None)
    assert sorted((row["member_id"], row["reward"]) for row in wished) == [
        (new.id, "parcel"),
        (new.id, "tenner"),
    ]


async def test_tickets_move_and_draws_of_before_stay_provable(club: ProgrammeUnderTest) -> None:
    for name in ("old", "new"):
        await club.services.points.adjust(club.operator, club.id_of(name), "gems", 5, "r", name)
        await club.services.drawing.draw(club.service, club.id_of(name), "wheel", "seed", name)
    await merge(club, "old", "new")

    for number in range(3):
        await club.services.drawing.draw(club.member_actor("old"), None, "wheel", "seed", f"after {number}")

    await sound(club)


async def test_who_is_merged_before_the_draw_is_gone_from_it(club: ProgrammeUnderTest) -> None:
    rounds = club.services.rounds
    await rounds.run_in(club.key)
    club.clock.advance(timedelta(days=2))
    await rounds.run_in(club.key)

    done = await merge(club, "old", "new")

    assert MergeWarning.DRAW_ENTRIES in done.warnings
    await rounds.give_beacon(club.operator, "raffle", "first", "a public value")
    await rounds.run_in(club.key)
    (found,) = [
        one async for one in club.services.stores.lottery.stream_rounds(club.key) if one.draw == "raffle"
    ]
    assert found.state is RoundState.REVEALED
    wins = [win async for win in club.services.stores.lottery.stream_wins(club.key)]
    assert {win.member_id for win in wins} == {club.id_of("new"), club.id_of("ann")}
    await sound(club)


async def test_stray_activity_of_the_merged_account_is_given_to_the_survivor_by_the_worker(
    club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    stray = await club.do("visit", "old")
    await merge(club, "old", "new")
    old, new = club.id_of("old"), club.id_of("new")
    # As if its transaction had begun before, and touched nothing that the merge meets.
    await mongo.collection("activities").update_one({"_id": stray.id}, {"$set": {"member_id": old}})

    while await club.services.merges.sweep():
        pass  # those of other programmes, too
    with pytest.raises(Conflict):
        await club.reverse(stray)
    club.clock.advance(SWEPT_AFTER + timedelta(seconds=1))
    assert await club.services.merges.sweep() >= 1

    row = await mongo.collection("activities").find_one({"_id": stray.id})
    assert row is not None
    assert (row["member_id"], row["counted_as"]) == (new, old)
    await club.reverse(stray)
    await sound(club)


async def section(club: ProgrammeUnderTest, actor: Actor, name: ExportSection) -> list[dict[str, Any]]:
    page = await club.services.exports.page(actor, None, name, Window(100))
    return page.rows


async def test_an_export_holds_what_came_from_both(club: ProgrammeUnderTest) -> None:
    await club.services.points.spend(club.member_actor("old"), None, "points", 10, "old words", "1")
    await merge(club, "old", "new")

    for token in ("old", "new"):
        actor = club.member_actor(token)
        profiles = await section(club, actor, ExportSection.PROFILE)
        assert {row["externalId"] for row in profiles} == {"old", "new"}
        transfers = await section(club, actor, ExportSection.TRANSFERS)
        spent = next(row for row in transfers if row["kind"] == "spent")
        assert spent["cause"]["actor"] == "member:old"
        assert len(await section(club, actor, ExportSection.ACTIVITIES)) == 2


async def test_erasing_the_survivor_erases_what_was_merged_into_them(
    club: ProgrammeUnderTest, mongo: Mongo
) -> None:
    await club.services.points.spend(club.member_actor("old"), None, "points", 10, "secret words", "1")
    await merge(club, "old", "new", reason="secret reason")
    await club.services.points.spend(club.member_actor("old"), None, "points", 10, "secret words", "2")

    # The confirmation may state either name.
    await club.services.erasures.erase(club.member_actor("old"), None, "old")
    await club.services.erasures.run_open()

    for name, rows in (await everything(mongo, club)).items():
        text = repr(rows)
        assert "secret" not in text, name
        if name != "idempotency_keys":
            assert "member:old" not in text, name
    for name in ("old", "new"):
        with pytest.raises(Conflict):
            await club.join(name)
        assert await club.services.members.me(club.member_actor(name)) is None
    with pytest.raises(NotFound):
        await merge(club, "new", "ann")
    await sound(club)
    club.clock.advance(REFUSED_FOR + timedelta(days=1))
    fresh = await club.join("old")
    assert (await club.services.members.by_external_id(club.service, "old")) == fresh


async def test_credentials_of_the_merged_account_are_revoked(club: ProgrammeUnderTest, mongo: Mongo) -> None:
    await club.do("visit", "old")
    (award,) = (await club.awards("old")).values()
    await mongo.collection("credentials").insert_one(
        {
            "_id": b"c" * 16,
            "programme_id": club.key,
            "award_id": award.id,
            "withdrawals": 0,
            "level": 0,
            "index": 0,
            "salt": "s",
            "issued_at": club.clock.now,
        }
    )

    await merge(club, "old", "new")

    row = await mongo.collection("credentials").find_one({"_id": b"c" * 16})
    assert row is not None
    assert row["ended"]
