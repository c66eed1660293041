"""Edge cases of referrals as two accounts become one: who brought whom, once, in no circle, and paid for once."""

import asyncio
from typing import Any

import pytest

from gamification.merging.model import MergeWarning
from gamification.referrals.model import Referral, ReferralRefused, ReferralStatus, RefusalReason, referral_id
from tests.conftest import MakeProgramme
from tests.merge_world import merge, sound
from tests.resolvers.harness import brought
from tests.resolvers.test_referrals import CLUB
from tests.support import ProgrammeUnderTest

REWARDED, REJECTED, PENDING = ReferralStatus.REWARDED, ReferralStatus.REJECTED, ReferralStatus.PENDING


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(CLUB)
    for name in ("old", "new", "ann", "bob", "cec"):
        await club.join(name)
    return club


async def bring(club: ProgrammeUnderTest, name: str, by: str, *, buys: bool = True) -> Any:
    """One brings another, who buys what qualifies."""
    await brought(club, name, by)
    return await club.do("buy", name, amount=100) if buys else None


async def referral(club: ProgrammeUnderTest, name: str) -> Referral | None:
    """How a member was brought."""
    found = referral_id(club.key, club.id_of(name))
    return (await club.services.stores.referrals.by_ids([found])).get(found)


async def test_a_self_referral_that_the_merge_discovers_is_taken_back_on_both_sides(
    club: ProgrammeUnderTest,
) -> None:
    await bring(club, "new", "old")
    await bring(club, "ann", "old", buys=False)
    assert (await club.balance("old", "points"), await club.balance("new", "points")) == (100, 50)

    done = await merge(club, "old", "new")

    assert done.warnings == (MergeWarning.SELF_REFERRAL,)
    assert await club.balance("new", "points") == 0
    assert await club.awards("new") == {}
    assert await referral(club, "new") is None
    kept = await referral(club, "old")
    assert kept is not None
    assert (kept.status, kept.reason) == (REJECTED, "accounts merged: self referral")
    assert await club.ranking("invites") == []
    theirs = await referral(club, "ann")
    assert theirs is not None
    assert theirs.referrer_id == club.id_of("new")
    await sound(club)


async def test_a_self_referral_the_other_way_round_is_taken_back_too(club: ProgrammeUnderTest) -> None:
    await bring(club, "old", "new")

    done = await merge(club, "old", "new")

    assert done.warnings == (MergeWarning.SELF_REFERRAL,)
    assert await club.balance("new", "points") == 0
    await sound(club)


async def test_of_two_referrals_the_earlier_one_stands_and_the_later_ones_rewards_go(
    club: ProgrammeUnderTest,
) -> None:
    await bring(club, "old", "ann")
    await bring(club, "new", "bob")

    done = await merge(club, "old", "new")

    assert done.warnings == (MergeWarning.REFERRED_TWICE,)
    stands, lost = await referral(club, "new"), await referral(club, "old")
    assert stands is not None
    assert lost is not None
    assert (stands.referrer_id, stands.status) == (club.id_of("ann"), REWARDED)
    assert (lost.referrer_id, lost.status) == (club.id_of("bob"), REJECTED)
    assert [await club.balance(name, "points") for name in ("new", "ann", "bob")] == [50, 100, 0]
    assert set(await club.awards("new")) == {("guest", "")}
    assert await club.awards("bob") == {}
    await sound(club)


async def test_the_survivors_own_referral_stands_where_it_is_the_earlier(club: ProgrammeUnderTest) -> None:
    await bring(club, "new", "bob")
    await bring(club, "old", "ann")

    await merge(club, "old", "new")

    stands = await referral(club, "new")
    assert stands is not None
    assert (stands.referrer_id, stands.status) == (club.id_of("bob"), REWARDED)
    assert [await club.balance(name, "points") for name in ("new", "ann", "bob")] == [50, 0, 100]
    await sound(club)


async def test_a_circle_through_others_is_broken_where_it_closes(club: ProgrammeUnderTest) -> None:
    await bring(club, "ann", "old")
    await bring(club, "bob", "ann")
    await bring(club, "new", "bob")

    done = await merge(club, "old", "new")

    assert done.warnings == (MergeWarning.REFERRAL_CYCLE,)
    assert await referral(club, "new") is None
    # Ann and Bob keep what they were given for each other.
    assert [await club.balance(name, "points") for name in ("new", "ann", "bob")] == [100, 150, 50]
    await sound(club)
    code = await club.services.referrals.mine(club.member_actor("bob"), "invite")
    assert code is not None
    with pytest.raises(ReferralRefused) as caught:
        await club.services.referring.use(club.service, club.id_of("new"), code[0].code, None, "again")
    assert caught.value.reason is RefusalReason.CYCLE


async def test_codes_of_both_go_on_and_whom_they_bring_counts_together(club: ProgrammeUnderTest) -> None:
    await bring(club, "ann", "old")
    codes = [
        (await club.services.referrals.mine(club.member_actor(name), "invite")) for name in ("old", "new")
    ]
    await merge(club, "old", "new")

    assert codes[0] is not None
    await club.services.referring.use(club.service, club.id_of("bob"), codes[0][0].code, None, "1")
    await club.do("buy", "bob", amount=100)

    # Two were brought, one before and one after: that is a milestone.
    assert ("star", "") in await club.awards("new")
    assert await club.balance("new", "points") == 700
    assert await club.ranking("invites") == [(1, "new", 2)]
    await sound(club)


async def test_a_milestone_goes_as_a_referral_of_the_merged_account_is_taken_back(
    club: ProgrammeUnderTest,
) -> None:
    bought = [await bring(club, name, "old") for name in ("ann", "bob")]
    assert await club.balance("old", "points") == 700
    await bring(club, "cec", "new")

    await merge(club, "old", "new")
    assert await club.balance("new", "points") == 800
    await sound(club)

    await club.reverse(bought[0])
    assert await club.balance("new", "points") == 700
    await sound(club)
    await club.reverse(bought[1])
    assert await club.balance("new", "points") == 100
    assert ("star", "") not in await club.awards("new")
    assert await club.ranking("invites") == [(1, "new", 1)]
    await sound(club)


async def test_both_sides_are_clawed_back_after_the_referee_was_merged(club: ProgrammeUnderTest) -> None:
    bought = await bring(club, "old", "ann")
    await merge(club, "old", "new")
    assert (await club.balance("ann", "points"), await club.balance("new", "points")) == (100, 50)

    await club.reverse(bought)

    stands = await referral(club, "new")
    assert stands is not None
    assert stands.status is ReferralStatus.REVERSED
    assert (await club.balance("ann", "points"), await club.balance("new", "points")) == (0, 0)
    assert await club.awards("ann") == {}
    await sound(club)


async def test_what_the_merged_account_did_qualifies_the_survivor(club: ProgrammeUnderTest) -> None:
    await bring(club, "new", "ann", buys=False)
    await club.do("buy", "old", amount=100)

    await merge(club, "old", "new")

    stands = await referral(club, "new")
    assert stands is not None
    assert stands.status is REWARDED
    assert (await club.balance("ann", "points"), await club.balance("new", "points")) == (100, 50)
    await sound(club)


async def test_a_pending_referral_of_the_merged_account_is_qualified_by_the_survivor(
    club: ProgrammeUnderTest,
) -> None:
    await bring(club, "old", "ann", buys=False)
    await merge(club, "old", "new")
    stands = await referral(club, "new")
    assert stands is not None
    assert stands.status is PENDING

    await club.do("buy", "new", amount=100)
    await club.do("buy", "old", amount=100)

    assert (await club.balance("ann", "points"), await club.balance("new", "points")) == (100, 50)
    await sound(club)


async def test_merging_and_using_a_code_at_once_close_no_circle(club: ProgrammeUnderTest) -> None:
    await bring(club, "ann", "old")

    await asyncio.gather(merge(club, "old", "new"), brought(club, "new", "ann"), return_exceptions=True)

    await sound(club)
