"""Rewarding referrals and taking that back, for all that a transaction qualified or ceased to, just before it is written.

Reward ids are derived from the referral and how often it was rewarded, so a reward can't be given twice. The two members'
states and the referrer's count are written with it, so of two transactions at once one runs again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.members.model import Member, Standing
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import ReferralOffer, Reward
from gamification.referrals.model import (
    Given,
    ReachedMilestone,
    Referral,
    ReferralStatus,
    Referrer,
    referrer_id,
)
from gamification.referrals.qualification import ended, first_of, qualified, unqualified
from gamification.settlement.giving import Gift, Grounds, give_rewards, take_back_rewards
from gamification.settlement.needs import Needs, NeedsFinder
from gamification.settlement.workspace import Workspace

if TYPE_CHECKING:
    from gamification.settlement.unit import Unit


@dataclass(frozen=True, slots=True)
class _Case:
    """A referral before and after, with who it is about."""

    before: Referral
    after: Referral
    offer: ReferralOffer
    referrer: Member
    referee: Member
    count: Referrer

    @property
    def gives(self) -> bool:
        return (
            self.after.status is ReferralStatus.REWARDED and self.before.status is not ReferralStatus.REWARDED
        )

    @property
    def takes(self) -> bool:
        return (
            self.before.status is ReferralStatus.REWARDED and self.after.status is not ReferralStatus.REWARDED
        )


async def refer(work: "Unit") -> None:
    """Bring the referrals of everyone who qualified, or ceased to, in line with that."""
    space = work.space
    if not (space.qualified or space.requalified or space.decided):
        return
    by_referral, space.qualified = space.qualified, {}
    anew, space.requalified = space.requalified, {}
    decided, space.decided = space.decided, {}
    found: dict[bytes, list[object]] = {one.referral_id: [] for one in by_referral.values()}
    ids = found.keys() | anew.keys() | decided.keys()
    stored = await work.stores.referrals.by_ids(ids, work.tx)
    work.know_all(stored)
    members = await _members(work, stored.values())
    changes: list[tuple[Referral, Referral]] = []
    for key in sorted(stored):
        before = stored[key]
        banned = members[before.referrer_id].standing is Standing.BANNED
        after = decided.get(key, before)
        if key in anew:
            first = first_of(before, anew[key])
            after = unqualified(after) if first is None else _renamed(after, first.at, first.cause)
            if first is not None:
                after = qualified(after, first, referrer_banned=banned)
        else:
            first = first_of(before, [one for one in by_referral.values() if one.referral_id == key])
            if first is not None and published(space.catalogue.referrals.get(before.offer)):
                after = qualified(after, first, referrer_banned=banned)
        if _is_to_give(before, after) and _has_gone(before, members):
            after = ended(before)
        if after != before:
            changes.append((before, after))
    if changes:
        await _apply(work, changes, members)


def _is_to_give(before: Referral, after: Referral) -> bool:
    giving = (ReferralStatus.HELD, ReferralStatus.REWARDED)
    return after.status in giving and before.status is not ReferralStatus.REWARDED


def _has_gone(referral: Referral, members: Mapping[bytes, Member]) -> bool:
    """Whether one of the two is erased, so that their account is closed, or about to be."""
    return any(members[found].erased_at is not None for found in (referral.referrer_id, referral.referee_id))


def _renamed(referral: Referral, at: datetime, cause: Cause) -> Referral:
    """With the activity that qualifies it now, where another did before."""
    if referral.status in (ReferralStatus.HELD, ReferralStatus.REWARDED) and referral.cause != cause:
        return evolve(referral, at=at, cause=cause)
    return referral


async def _members(work: "Unit", referrals: Iterable[Referral]) -> dict[bytes, Member]:
    ids = {found for one in referrals for found in (one.referrer_id, one.referee_id)}
    return await work.stores.members.by_ids(work.space.catalogue.programme_id, sorted(ids), work.tx)


async def _apply(
    work: "Unit", changes: list[tuple[Referral, Referral]], members: dict[bytes, Member]
) -> None:
    space = work.space
    programme_id = space.catalogue.programme_id
    wanted = {referrer_id(programme_id, r.offer, r.referrer_id) for r, _ in changes} - space.referrers.keys()
    space.referrers |= await work.stores.referrals.referrers(wanted, work.tx)
    cases = [
        _Case(
            before,
            after,
            space.catalogue.referrals[before.offer],
            members[before.referrer_id],
            members[before.referee_id],
            space.referrers[referrer_id(programme_id, before.offer, before.referrer_id)],
        )
        for before, after in changes
    ]
    await _load(work, cases)
    for case in cases:
        _settle(space, case)


async def _load(work: "Unit", cases: list[_Case]) -> None:
    """Every state that giving or taking back may touch."""
    space = work.space
    finder = NeedsFinder(space.catalogue)
    gone: list[Given] = []
    for case in cases:
        if case.gives and case.after.at is not None:
            finder.add_rewards(case.referrer, case.after.at, case.offer.referrer, "")
            finder.add_rewards(case.referee, case.after.at, case.offer.referee, "")
            for milestone in case.offer.milestones:
                finder.add_rewards(case.referrer, case.after.at, milestone.reward, "")
        elif case.takes:
            gone += [case.before.to_referrer, case.before.to_referee]
            gone += [one.given for one in case.count.milestones if one.stands]
    await work.load(finder.needs)
    await work.load_transfers([transfer for given in gone for transfer in given.transfers])
    await work.load(Needs(awards={award for given in gone for award in given.awards}))


def _settle(space: Workspace, case: _Case) -> None:
    after = case.after
    count = space.referrers[case.count.id]
    if case.gives:
        after = evolve(after, runs=after.runs + 1, reward_sequence=space.sequence)
        after = evolve(
            after,
            to_referrer=_give(space, case.referrer, after, case.offer.referrer, "referrer"),
            to_referee=_give(space, case.referee, after, case.offer.referee, "referee"),
        )
        count = evolve(count, rewarded=count.rewarded + 1)
    elif case.takes:
        why = space.because or Cause(programme_version=space.catalogue.version)
        why = evolve(why, referral=case.offer.key)
        for member, given, side in (
            (case.referrer, case.before.to_referrer, "referrer"),
            (case.referee, case.before.to_referee, "referee"),
        ):
            take_back_rewards(space, member, _gift(given), _ground(after.id, side), why)
        after = evolve(after, to_referrer=Given(), to_referee=Given())
        count = evolve(count, rewarded=count.rewarded - 1)
    space.put_referral(evolve(after, sequence=space.sequence))
    if count.rewarded != case.count.rewarded:
        space.put_referrer(_milestones(space, case, count, after))
    body = {"referral": after.id, "status": after.status.value}
    for member in (case.referrer, case.referee):
        space.tell(member.id, FeedKind.REFERRAL_CHANGED, body)


def _give(
    space: Workspace, member: Member, referral: Referral, rewards: tuple[Reward, ...], side: str
) -> Given:
    assert referral.at is not None  # noqa: S101 - what is rewarded was qualified at some instant
    cause = evolve(referral.cause or Cause(), referral=referral.offer)
    grounds = Grounds(cause, _ground(referral.id, side), "", referral.at)
    gift = give_rewards(
        space, member, rewards, grounds, lambda i: derived_id("referred", referral.id, referral.runs, side, i)
    )
    return Given(gift.transfers, gift.scores, gift.awards)


def _milestones(space: Workspace, case: _Case, count: Referrer, referral: Referral) -> Referrer:
    """The referrer with the milestones that so many rewarded referrals reach, and without those that they don't."""
    known = {one.count: one for one in count.milestones}
    for milestone in case.offer.milestones:
        one = known.get(milestone.count) or ReachedMilestone(milestone.count, 0, stands=False)
        if not one.stands and count.rewarded >= milestone.count and referral.at is not None:
            runs = one.runs + 1
            cause = evolve(referral.cause or Cause(), referral=case.offer.key)
            ground = _ground(count.id, str(milestone.count))
            gift = give_rewards(
                space,
                case.referrer,
                milestone.reward,
                Grounds(cause, ground, "", referral.at),
                _milestone_ids(count.id, milestone.count, runs),
            )
            given = Given(gift.transfers, gift.scores, gift.awards)
            known[one.count] = ReachedMilestone(
                one.count, runs, stands=True, given=given, sequence=space.sequence
            )
    for one in list(known.values()):
        if one.stands and count.rewarded < one.count:
            why = evolve(
                space.because or Cause(programme_version=space.catalogue.version), referral=case.offer.key
            )
            take_back_rewards(space, case.referrer, _gift(one.given), _ground(count.id, str(one.count)), why)
            known[one.count] = ReachedMilestone(one.count, one.runs, stands=False)
    return evolve(count, milestones=tuple(known[key] for key in sorted(known)))


def _milestone_ids(found: bytes, count: int, run: int) -> Callable[[int], bytes]:
    return lambda index: derived_id("milestone", found, count, run, index)


def _gift(given: Given) -> Gift:
    return Gift(given.transfers, given.scores, given.awards)


def _ground(found: bytes, side: str) -> str:
    return f"referral:{found.hex()}:{side}"
