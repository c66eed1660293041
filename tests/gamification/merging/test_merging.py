"""What becomes of two accounts' points, badges, tasks, scores and tiers, and what is taken back afterwards."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from gamification.activity.model import ActivityStatus
from gamification.kit.errors import Conflict, DomainError, ErrorCode, InvalidInput, NotFound
from gamification.ledger.model import TransferKind
from gamification.members.model import Identity, NewMember, Standing
from gamification.merging.model import MergeBlock, MergeBlocked
from gamification.tiers.model import state_id
from tests.conftest import MakeProgramme
from tests.merge_world import SHOP, merge, sound
from tests.resolvers.harness import CLUB
from tests.support import SOURCE, ProgrammeUnderTest, statuses

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)


@pytest.fixture
async def shop(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(SHOP, lateness="unlimited")
    club.clock.now = NOON
    await club.join("old", identities=(Identity("app", "1"),))
    await club.join("new", identities=(Identity("shop", "2"),))
    await club.join("third")
    return club


# -- points


async def test_lots_move_with_their_expiry_by_transfers_that_belong_to_each_other(
    shop: ProgrammeUnderTest,
) -> None:
    await shop.do("buy", "old", amount=30, at=NOON - timedelta(days=100))
    await shop.do("buy", "old", amount=12)
    await shop.do("buy", "new", amount=5)
    before = await shop.account("old", "points")
    assert before is not None

    done = await merge(shop, "old", "new")

    old, new = await shop.account("old", "points"), await shop.account("new", "points")
    assert old is not None
    assert new is not None
    assert (old.active, old.lots, old.heir) == (0, (), shop.id_of("new"))
    assert new.active == 47
    assert {lot.expires_at: lot.amount for lot in new.lots} == {
        before.lots[0].expires_at: 30,
        before.lots[1].expires_at: 17,
    }
    assert (old.lifetime, new.lifetime) == (0, 47)
    gone = next(one for one in await shop.transfers("old", "points") if one.kind is TransferKind.MERGED)
    came = next(one for one in await shop.transfers("new", "points") if one.kind is TransferKind.MERGED)
    assert (gone.related, came.related) == (came.id, gone.id)
    assert (gone.amount, came.amount, came.lots) == (-42, 42, before.lots)
    assert {(one.unit, one.active, one.pending) for one in done.points} == {
        ("points", 42, 0),
        ("growth", 42, 0),
        # Of what waited ten days that of a hundred days ago is active.
        ("later", 7, 7),
    }
    await sound(shop)


async def test_pending_points_become_active_for_the_survivor(shop: ProgrammeUnderTest) -> None:
    await shop.do("buy", "old", amount=1)
    await merge(shop, "old", "new")
    new = await shop.account("new", "later")
    assert new is not None
    assert (new.active, new.pending) == (0, 7)

    shop.clock.advance(timedelta(days=11))
    await shop.services.points.settle_pending(shop.clock.now)

    assert await shop.balance("new", "later") == 7
    assert await shop.balance("old", "later") == 0
    await sound(shop)


async def test_a_debt_is_netted_with_what_the_other_has(shop: ProgrammeUnderTest) -> None:
    for name, amount in (("old", -300), ("new", 100)):
        await shop.services.points.adjust(shop.operator, shop.id_of(name), "credit", amount, "r", name)

    await merge(shop, "old", "new")

    assert (await shop.balance("old", "credit"), await shop.balance("new", "credit")) == (0, -200)
    await sound(shop)


async def test_what_a_reversal_could_not_take_is_owed_by_the_survivor(shop: ProgrammeUnderTest) -> None:
    bought = await shop.do("buy", "old", amount=40)
    await shop.services.points.spend(shop.service, shop.id_of("old"), "points", 40, "r", "1")
    await shop.reverse(bought)
    old = await shop.account("old", "points")
    assert old is not None
    assert old.owed == 40

    await merge(shop, "old", "new")

    old, new = await shop.account("old", "points"), await shop.account("new", "points")
    assert old is not None
    assert new is not None
    assert (old.owed, new.owed) == (0, 40)
    await sound(shop)


# -- who they are


async def test_every_name_of_the_merged_account_finds_the_survivor(shop: ProgrammeUnderTest) -> None:
    await merge(shop, "old", "new")
    members, new = shop.services.members, shop.id_of("new")

    by_id = await members.by_external_id(shop.service, "old")
    by_identity = await members.by_identity(shop.service, Identity("app", "1"))
    own = await members.me(shop.member_actor("old"))

    assert by_id is not None
    assert by_identity is not None
    assert own is not None
    assert {by_id.id, by_identity.id, own.id} == {new}
    assert own.former == ("old",)
    joined, fresh = await members.join(shop.member_actor("old"), NewMember("old"))
    assert (joined.id, fresh) == (new, False)
    again = await members.by_external_id(shop.service, "old")
    assert again is not None
    assert again.id == new


async def test_activity_under_either_id_is_the_survivors_and_taken_once(shop: ProgrammeUnderTest) -> None:
    await shop.do("buy", "old", amount=1, source_id="before")
    await merge(shop, "old", "new")

    again = await shop.record(
        shop.activity("buy", "old", amount=1, source_id="before"),
        shop.activity("buy", "new", amount=1, source_id="before"),
        shop.activity("buy", "old", amount=10, source_id="after"),
        shop.activity("buy", "new", amount=10, source_id="after"),
    )

    assert statuses(again) == ["duplicate", "duplicate", "recorded", "duplicate"]
    assert again[2].activity is not None
    assert again[2].activity.member_id == shop.id_of("new")
    assert await shop.balance("new", "points") == 11
    await sound(shop)


async def test_a_token_of_the_old_subject_acts_as_the_survivor_and_its_keys_stay_its_own(
    shop: ProgrammeUnderTest,
) -> None:
    await shop.do("buy", "old", amount=50)
    old = shop.member_actor("old")
    await shop.services.points.spend(old, None, "points", 10, "r", "key")
    await merge(shop, "old", "new")

    _, replayed = await shop.services.points.spend(old, None, "points", 10, "r", "key")
    assert replayed
    await shop.services.points.spend(old, None, "points", 15, "r", "other")

    assert await shop.balance("new", "points") == 25
    await sound(shop)


async def test_nothing_can_be_done_as_the_merged_account(shop: ProgrammeUnderTest) -> None:
    await merge(shop, "old", "new")
    old = shop.id_of("old")
    points, services = shop.services.points, shop.services
    with pytest.raises(NotFound):
        await points.adjust(shop.operator, old, "points", 5, "r", "1")
    with pytest.raises(NotFound):
        await services.moderation.set_standing(shop.moderator, old, Standing.ACTIVE, "r")
    with pytest.raises(NotFound):
        await services.follows.follow(shop.service, old, shop.id_of("third"))
    with pytest.raises(NotFound):
        await services.erasures.erase(shop.operator, old, "old")
    assert (await services.members.by_ids(shop.member_actor("third"), [old])) == {}
    seen = (await services.members.by_ids(shop.operator, [old]))[old]
    assert seen.merged_into == shop.id_of("new")


async def test_accounts_merged_one_after_the_other_all_lead_to_the_last(shop: ProgrammeUnderTest) -> None:
    first = await shop.do("buy", "old", amount=30)
    await merge(shop, "old", "new")
    await merge(shop, "new", "third")

    for name in ("old", "new"):
        found = await shop.services.members.by_external_id(shop.service, name)
        assert found is not None
        assert found.id == shop.id_of("third")
    assert await shop.balance("third", "points") == 30
    await sound(shop)
    await shop.reverse(first)
    assert await shop.balance("third", "points") == 0
    await sound(shop)


# -- what is refused


async def test_refusals_name_what_is_wrong(shop: ProgrammeUnderTest) -> None:
    services, old, new = shop.services, shop.id_of("old"), shop.id_of("new")

    async def refused(one: bytes, other: bytes) -> tuple[ErrorCode, list[str] | None]:
        with pytest.raises(DomainError) as caught:
            await services.merges.merge(shop.service, one, other, "r", "k")
        return caught.value.code, caught.value.path

    assert await refused(old, old) == (ErrorCode.SAME_MEMBER, ["into"])
    assert await refused(b"x" * 12, new) == (ErrorCode.NOT_FOUND, ["from"])
    assert await refused(old, b"x" * 12) == (ErrorCode.NOT_FOUND, ["into"])
    await services.erasures.erase(shop.operator, shop.id_of("third"), "third")
    assert await refused(shop.id_of("third"), new) == (ErrorCode.NOT_FOUND, ["from"])
    await services.moderation.set_standing(shop.moderator, old, Standing.BANNED, "r")
    assert await refused(old, new) == (ErrorCode.MERGE_BLOCKED, ["from"])
    await services.moderation.set_standing(shop.moderator, old, Standing.ACTIVE, "r")
    await merge(shop, "old", "new")
    assert await refused(old, new) == (ErrorCode.ALREADY_MERGED, ["from"])
    await shop.join("late")
    assert await refused(shop.id_of("late"), old) == (ErrorCode.ALREADY_MERGED, ["into"])


async def test_points_set_aside_must_be_settled_first(shop: ProgrammeUnderTest) -> None:
    await shop.do("buy", "old", amount=50)
    hold, _ = await shop.services.holds.authorise(
        shop.service, shop.id_of("old"), "points", 20, timedelta(days=1), "order", "1"
    )
    with pytest.raises(MergeBlocked) as caught:
        await merge(shop, "old", "new")
    assert caught.value.blocks == (MergeBlock.OPEN_HOLDS,)

    await shop.services.holds.capture(shop.service, hold.id, 15, "2")
    await merge(shop, "old", "new")

    assert await shop.balance("new", "points") == 35
    await sound(shop)


# -- badges


async def test_badges_stand_on_the_grounds_of_both_and_go_with_the_last_of_them(
    shop: ProgrammeUnderTest,
) -> None:
    first = await shop.do("visit", "old", subject="a", at=NOON - timedelta(days=2))
    second = await shop.do("visit", "new", subject="b", at=NOON - timedelta(days=1))
    numbers = {name: (await shop.awards(name))["visitor", ""].number for name in ("old", "new")}
    assert numbers == {"old": 1, "new": 2}

    await merge(shop, "old", "new")

    assert await shop.awards("old", revoked=True) == {}
    award = (await shop.awards("new"))["visitor", ""]
    # The earlier one stands; the survivor's number stays, and the other is nobody else's.
    assert award.awarded_at == NOON - timedelta(days=2)
    assert (award.number, award.former_numbers) == (2, (1,))
    await shop.do("visit", "third", subject="c")
    assert (await shop.awards("third"))["visitor", ""].number == 3
    await sound(shop)
    await shop.reverse(second)
    assert ("visitor", "") in await shop.awards("new")
    await sound(shop)
    await shop.reverse(first)
    assert ("visitor", "") not in await shop.awards("new")
    await sound(shop)


async def test_levels_occurrences_and_numbers_that_only_the_merged_account_had_are_kept(
    shop: ProgrammeUnderTest,
) -> None:
    await shop.do("visit", "old", subject="a")
    await shop.do("like", "old", subject="post:1")
    await shop.do("like", "new", subject="post:2")
    for name, level in (("old", 2), ("new", 1)):
        await shop.services.honours.award(
            shop.moderator, shop.id_of(name), "champion", None, level, "r", name
        )

    await merge(shop, "old", "new")

    awards = await shop.awards("new")
    assert awards["champion", ""].level == 2
    assert awards["visitor", ""].number == 1
    assert {("liked", "post:1"), ("liked", "post:2")} <= awards.keys()
    await sound(shop)


async def test_a_collection_that_both_together_have_is_completed_and_rewarded_once(
    shop: ProgrammeUnderTest,
) -> None:
    bought = await shop.do("buy", "old", amount=100)
    await shop.do("visit", "new", subject="a")
    assert await shop.balance("new", "credit") == 1

    await merge(shop, "old", "new")

    assert await shop.balance("new", "credit") == 10
    await sound(shop)
    await shop.reverse(bought)
    assert await shop.balance("new", "credit") == 1
    await sound(shop)


# -- tasks


async def test_what_both_did_is_counted_together_and_completes_a_task(shop: ProgrammeUnderTest) -> None:
    visits = [await shop.do("visit", name, subject=name) for name in ("old", "old", "new")]

    done = await merge(shop, "old", "new")

    progress = await shop.progress("new", "regular")
    assert progress is not None
    assert (progress.value, progress.is_complete) == (3, True)
    assert done.completed == ("regular",)
    assert ("faithful", "") in await shop.awards("new")
    # 50 for the task, and what both got for being quick.
    assert await shop.balance("new", "credit") == 52
    places = await shop.progress("new", "places")
    assert places is not None
    assert places.value == 2
    await sound(shop)
    await shop.reverse(visits[0])
    assert ("faithful", "") not in await shop.awards("new")
    assert await shop.balance("new", "credit") == 2
    await sound(shop)


async def test_a_task_that_both_completed_is_not_paid_again_and_goes_with_the_last_of_both(
    shop: ProgrammeUnderTest,
) -> None:
    visits = [await shop.do("visit", name, subject="a") for name in ("old",) * 3 + ("new",) * 3]

    await merge(shop, "old", "new")
    await shop.do("visit", "old", subject="a")

    progress = await shop.progress("new", "regular")
    assert progress is not None
    assert (progress.value, len(progress.transfers)) == (7, 2)
    assert await shop.balance("new", "credit") == 102
    quick = await shop.progress("new", "quick")
    assert quick is not None
    assert sorted([quick.place or 0, *quick.former_places]) == [1, 2]
    await shop.do("visit", "third", subject="a")
    other = await shop.progress("third", "quick")
    assert other is not None
    assert other.place == 3
    await sound(shop)
    for visit in visits[:4]:
        await shop.reverse(visit)
    assert await shop.balance("new", "credit") == 102
    await shop.reverse(visits[4])
    # Both rewards go with the completion that they are one of now.
    assert await shop.balance("new", "credit") == 2
    await sound(shop)


async def test_a_claim_that_only_one_made_is_not_made_again(shop: ProgrammeUnderTest) -> None:
    for name in ("old", "new"):
        for place in "abc":
            await shop.do("visit", name, subject=place)
    await shop.services.claims.claim(shop.member_actor("old"), None, "places", None, "1")

    await merge(shop, "old", "new")

    with pytest.raises(Conflict):
        await shop.services.claims.claim(shop.member_actor("new"), None, "places", None, "2")
    # Who asks again by the key of before hears of the progress that it is now.
    progress, replayed = await shop.services.claims.claim(shop.member_actor("old"), None, "places", None, "1")
    assert (progress.member_id, replayed) == (shop.id_of("new"), True)
    await sound(shop)


# -- boards


async def test_scores_become_what_the_boards_operator_makes_of_both(shop: ProgrammeUnderTest) -> None:
    await shop.do("buy", "old", amount=30)
    await shop.do("buy", "new", amount=5)
    await shop.do("buy", "third", amount=33)
    for name, score in (("old", 8), ("new", 5), ("third", 7)):
        await shop.do("play", name, score=score)
        shop.clock.advance(timedelta(seconds=1))

    await merge(shop, "old", "new")

    assert await shop.ranking("total") == [(1, "new", 35), (2, "third", 33)]
    assert await shop.ranking("best") == [(1, "new", 8), (2, "third", 7)]
    assert await shop.ranking("latest") == [(1, "third", 7), (2, "new", 5)]
    await sound(shop)


async def test_closed_standings_stay_and_are_the_survivors_where_they_had_none(
    shop: ProgrammeUnderTest,
) -> None:
    week = (await shop.period("weekly")).key
    await shop.do("buy", "old", amount=30)
    bought = await shop.do("buy", "third", amount=10)
    shop.clock.advance(timedelta(days=7))
    later = (await shop.period("weekly")).key
    await shop.do("buy", "old", amount=4)
    await shop.do("buy", "new", amount=1)
    await shop.do("buy", "third", amount=2)
    shop.clock.advance(timedelta(days=7))
    await shop.services.closing.close_due()
    await sound(shop)

    done = await merge(shop, "old", "new")

    assert done.counts["records"] == 3
    assert await shop.ranking("weekly", period=week) == [(1, "new", 30), (2, "third", 10)]
    # Both had a place: the survivor's own stays what it was, the other one is not shown any more.
    assert await shop.ranking("weekly", period=later) == [(1, "third", 2), (2, "new", 1)]
    await sound(shop)
    await shop.reverse(bought)
    await sound(shop)


# -- tiers


async def test_tiers_count_what_both_earned_by_the_day_it_was_earned(shop: ProgrammeUnderTest) -> None:
    await shop.do("buy", "old", amount=90, at=NOON - timedelta(days=20))
    await shop.do("buy", "new", amount=90)
    states = [state_id(shop.key, "club", shop.id_of(name)) for name in ("old", "new")]
    before = await shop.services.stores.tiers.states(states)
    assert {state.tier for state in before.values()} == {"basic"}

    done = await merge(shop, "old", "new")

    assert done.tiers == {"club": "gold"}
    after = await shop.services.stores.tiers.states(states)
    assert after.keys() == {states[1]}
    await sound(shop)
    # Twenty days are gone already for what the merged account earned.
    shop.clock.advance(timedelta(days=11))
    await shop.services.tier_keeping.review(shop.clock.now, programmes=[shop.key])
    (state,) = (await shop.services.stores.tiers.states(states)).values()
    assert state.tier == "basic"
    await sound(shop)


async def test_nobody_falls_below_the_higher_tier_of_both(shop: ProgrammeUnderTest) -> None:
    until = NOON + timedelta(days=40)
    await shop.services.tier_keeping.set_tier(
        shop.operator, shop.id_of("old"), "club", "gold", until, "r", "1"
    )
    await shop.do("buy", "new", amount=1)

    done = await merge(shop, "old", "new")

    assert done.tiers == {"club": "gold"}
    found = state_id(shop.key, "club", shop.id_of("new"))
    assert (await shop.services.stores.tiers.states([found]))[found].until == until
    await sound(shop)


# -- taking back


async def test_taking_back_what_the_merged_account_did_takes_it_from_the_survivor_exactly_once(
    shop: ProgrammeUnderTest,
) -> None:
    bought = await shop.do("buy", "old", amount=120)
    await shop.do("buy", "new", amount=10)
    await merge(shop, "old", "new")

    assert not await shop.reverse(bought)
    assert await shop.reverse(bought)

    assert await shop.balance("new", "points") == 10
    assert await shop.balance("old", "points") == 0
    later = await shop.account("new", "later")
    assert later is not None
    assert later.pending == 7
    assert ("spender", "") not in await shop.awards("new")
    assert await shop.ranking("total") == [(1, "new", 10)]
    (state,) = (
        await shop.services.stores.tiers.states([state_id(shop.key, "club", shop.id_of("new"))])
    ).values()
    assert state.tier == "basic"
    await sound(shop)


async def test_a_part_of_a_purchase_is_refunded_from_the_survivor(shop: ProgrammeUnderTest) -> None:
    await shop.do("buy", "old", amount=100, source_id="order")
    await merge(shop, "old", "new")

    for key in ("first", "first"):
        await shop.services.refunds.refund(shop.service, SOURCE, "order", Decimal(40), [], key, "r")

    assert await shop.balance("new", "points") == 60
    assert ("spender", "") not in await shop.awards("new")
    await sound(shop)


async def test_a_spent_balance_leaves_a_shortfall_with_the_survivor(shop: ProgrammeUnderTest) -> None:
    bought = await shop.do("buy", "old", amount=50)
    await merge(shop, "old", "new")
    await shop.services.points.spend(shop.service, shop.id_of("new"), "points", 30, "r", "1")

    await shop.reverse(bought)

    new = await shop.account("new", "points")
    assert new is not None
    assert (new.active, new.owed) == (0, 30)
    await sound(shop)


# -- previews


async def test_a_preview_tells_exactly_what_will_be_done_and_does_nothing(shop: ProgrammeUnderTest) -> None:
    for name in ("old", "old", "new"):
        await shop.do("visit", name, subject=name)
    await shop.do("buy", "old", amount=30)
    merges, old, new = shop.services.merges, shop.id_of("old"), shop.id_of("new")

    preview = await merges.preview(shop.operator, old, new)

    assert preview.merge is not None
    assert await shop.balance("old", "points") == 30
    assert (await shop.services.members.by_ids(shop.operator, [old]))[old].merged_into is None
    await sound(shop)
    done = await merge(shop, "old", "new")
    for field in ("points", "counts", "warnings", "completed", "tiers"):
        assert getattr(preview.merge, field) == getattr(done, field), field
    assert preview.blocks == ()


# -- check-ins, and accounts that were never used


async def test_check_ins_move_where_only_one_has_them_and_block_where_both_have(
    programme: MakeProgramme,
) -> None:
    club = await programme(CLUB)
    for name in ("a", "b", "c"):
        await club.join(name)
    day, _ = await club.services.check_ins.check_in(club.member_actor("a"), None, "daily", None, "1")
    await merge(club, "a", "b")

    (standing,) = [state async for state in club.services.stores.check_ins.stream(club.key)]
    assert (standing.member_id, standing.run.streak) == (club.id_of("b"), 1)
    with pytest.raises(Conflict):
        await club.services.check_ins.check_in(club.member_actor("b"), None, "daily", None, "2")
    again, replayed = await club.services.check_ins.check_in(club.member_actor("a"), None, "daily", None, "1")
    assert (again.day, again.member_id, replayed) == (day.day, club.id_of("b"), True)
    await sound(club)

    await club.services.check_ins.check_in(club.member_actor("c"), None, "daily", None, "3")
    with pytest.raises(MergeBlocked) as caught:
        await merge(club, "c", "b")
    assert caught.value.blocks == (MergeBlock.CHECK_INS,)


async def test_an_account_without_anything_is_merged_too(shop: ProgrammeUnderTest) -> None:
    done = await merge(shop, "old", "new")

    assert (done.points, set(done.counts.values())) == ((), {0})
    await sound(shop)


# -- at the same time


async def test_of_two_that_merge_each_other_at_once_one_is_refused(shop: ProgrammeUnderTest) -> None:
    await shop.do("buy", "old", amount=30)
    await shop.do("buy", "new", amount=5)

    outcomes = await asyncio.gather(
        merge(shop, "old", "new"), merge(shop, "new", "old"), return_exceptions=True
    )

    (failed,) = [one for one in outcomes if isinstance(one, BaseException)]
    assert isinstance(failed, Conflict)
    assert failed.code is ErrorCode.ALREADY_MERGED
    assert await shop.balance("old", "points") + await shop.balance("new", "points") == 35
    await sound(shop)


async def test_the_same_key_at_once_merges_once(shop: ProgrammeUnderTest) -> None:
    await shop.do("buy", "old", amount=30)

    outcomes = await asyncio.gather(
        *(
            shop.services.merges.merge(shop.operator, shop.id_of("old"), shop.id_of("new"), "r", "k")
            for _ in range(4)
        )
    )

    assert sorted(replayed for _, replayed in outcomes) == [False, True, True, True]
    assert len({merge.id for merge, _ in outcomes}) == 1
    assert await shop.balance("new", "points") == 30
    await sound(shop)


async def test_activity_recorded_while_merging_is_the_survivors(shop: ProgrammeUnderTest) -> None:
    for number in range(20):
        await shop.do("buy", "old", amount=1, source_id=f"before {number}")

    async def record(number: int) -> None:
        name = ("old", "new")[number % 2]
        outcomes = await shop.record(
            shop.activity("buy", name, amount=1, source_id=f"during {number}"),
            shop.activity("visit", name, subject=str(number), source_id=f"visit {number}"),
        )
        assert {one.status for one in outcomes} == {ActivityStatus.RECORDED}

    await asyncio.gather(*(record(number) for number in range(10)), merge(shop, "old", "new"))

    assert await shop.balance("new", "points") == 30
    assert await shop.balance("old", "points") == 0
    progress = await shop.progress("new", "regular")
    assert progress is not None
    assert progress.value == 10
    await sound(shop)


async def test_merging_and_erasing_at_once_leave_one_of_both_done(shop: ProgrammeUnderTest) -> None:
    await shop.do("buy", "old", amount=30)

    outcomes = await asyncio.gather(
        merge(shop, "old", "new"),
        shop.services.erasures.erase(shop.operator, shop.id_of("old"), "old"),
        return_exceptions=True,
    )

    failed = [one for one in outcomes if isinstance(one, BaseException)]
    assert all(isinstance(one, NotFound | InvalidInput) for one in failed)
    assert len(failed) == 1
    await sound(shop)


async def test_reversing_while_merging_takes_back_once(shop: ProgrammeUnderTest) -> None:
    bought = await shop.do("buy", "old", amount=30)
    await shop.do("buy", "new", amount=5)

    await asyncio.gather(merge(shop, "old", "new"), shop.reverse(bought))

    assert await shop.balance("new", "points") == 5
    await sound(shop)
