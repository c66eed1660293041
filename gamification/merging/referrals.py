"""Referrals: whom either brought, the survivor brought. They were brought once themselves: by who came first; a referral
that would make a circle, such as one between the two, is taken back on both sides.

The loser of two stays with the merged account, of whom nobody was brought any more: so it closes no circle.
"""

from gamification.activity.repository import ActivityRepository
from gamification.activity.rescoring import rescore
from gamification.kit.causes import Cause
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.merging import uniting
from gamification.merging.awards import reground
from gamification.merging.model import MergeWarning
from gamification.merging.repository import MergeRepository
from gamification.referrals.model import (
    Given,
    Qualifying,
    Referral,
    ReferralStatus,
    Referrer,
    referral_id,
    referrer_id,
)
from gamification.settlement.unit import Unit


def ground_of(found: bytes, side: str) -> str:
    """The ground on which a referral's or a milestone's reward stands."""
    return f"referral:{found.hex()}:{side}"


async def judge(
    work: Unit, merged: Member, into: Member
) -> tuple[Referral | None, list[tuple[Referral, MergeWarning]]]:
    """The referral by which the survivor was brought, and those that can't be, with why."""
    stores, programme_id = work.stores.referrals, into.programme_id
    ids = [referral_id(programme_id, one.id) for one in (into, merged)]
    stored = await stores.by_ids(ids, work.tx)
    pair = {merged.id, into.id}
    found = sorted(
        stored.values(), key=lambda one: (one.status is ReferralStatus.REJECTED, one.used_at, one.id)
    )
    winner: Referral | None = None
    losers: list[tuple[Referral, MergeWarning]] = []
    for one in found:
        if one.referrer_id in pair:
            losers.append((one, MergeWarning.SELF_REFERRAL))
        elif pair & set((await stores.chain(programme_id, one.referrer_id, work.tx)).values()):
            losers.append((one, MergeWarning.REFERRAL_CYCLE))
        elif winner is not None:
            losers.append((one, MergeWarning.REFERRED_TWICE))
        else:
            winner = one
    return winner, losers


async def reject(
    work: Unit,
    activities: ActivityRepository,
    losers: list[tuple[Referral, MergeWarning]],
    cause: Cause,
) -> None:
    """Take back what these gave both sides; they are rejected for good. While the two are two yet."""
    work.space.because = cause
    for one, why in losers:
        if one.status is not ReferralStatus.REJECTED:
            reason = f"accounts merged: {why.value.replace('_', ' ')}"
            rejected = evolve(one, status=ReferralStatus.REJECTED, cleared=False, reason=reason)
            work.space.decided[one.id] = rejected
    await work.flush()
    await rescore(work, activities, {})
    await work.flush()
    work.space.stale.clear()


async def grounds_of_referrals(work: Unit, merged: Member, into: Member) -> dict[str, str]:
    """The new names of what the merged account was given as a referee and for milestones."""
    programme_id = into.programme_id
    renamed = {
        ground_of(referral_id(programme_id, merged.id), "referee"): ground_of(
            referral_id(programme_id, into.id), "referee"
        )
    }
    for one in await _referrers(work, merged):
        heir = referrer_id(programme_id, one.offer, into.id)
        for reached in one.milestones:
            side = str(reached.count)
            renamed[ground_of(one.id, side)] = ground_of(heir, side)
    return renamed


async def move_referrals(
    work: Unit,
    stored: MergeRepository,
    merged: Member,
    into: Member,
    winner: Referral | None,
    losers: list[tuple[Referral, MergeWarning]],
    awards: dict[bytes, bytes],
) -> int:
    """Make all referrals of the merged account the survivor's; how many it had brought."""
    brought = await _brought(work, stored, merged, into)
    await _move_referrers(work, stored, merged, into, awards)
    await _move_being_referred(work, stored, merged, into, winner, losers, awards)
    return brought


async def _brought(work: Unit, stored: MergeRepository, merged: Member, into: Member) -> int:
    """Whom the merged account brought."""
    query = {"programme_id": into.programme_id, "referrer_id": merged.id}
    ids = await stored.ids("referrals", query, work.tx)
    for one in (await work.stores.referrals.by_ids(ids, work.tx)).values():
        _put(work, evolve(one, referrer_id=into.id))
    return len(ids)


async def _move_referrers(
    work: Unit, stored: MergeRepository, merged: Member, into: Member, awards: dict[bytes, bytes]
) -> None:
    """Codes go on to work; whom they brought counts once, for the survivor."""
    space, stores = work.space, work.stores.referrals
    for one in await _referrers(work, merged):
        found = referrer_id(into.programme_id, one.offer, into.id)
        milestones = tuple(evolve(reached, given=_given(reached.given, awards)) for reached in one.milestones)
        theirs = evolve(one, id=found, member_id=into.id, milestones=milestones)
        space.referrers.pop(one.id, None)
        known = space.referrers.get(found) or (await stores.referrers([found], work.tx)).get(found)
        if known is None:
            await stored.rename("referrers", one.id, {"_id": found, "member_id": into.id}, work.tx)
            space.put_referrer(theirs)
        else:
            await stores.save_referrers([evolve(one, member_id=into.id, rewarded=0, milestones=())], work.tx)
            space.put_referrer(uniting.referrers(known, theirs))


async def _move_being_referred(
    work: Unit,
    stored: MergeRepository,
    merged: Member,
    into: Member,
    winner: Referral | None,
    losers: list[tuple[Referral, MergeWarning]],
    awards: dict[bytes, bytes],
) -> None:
    """The one referral that stands is the survivor's; what lost is the merged account's."""
    stores, programme_id = work.stores.referrals, into.programme_id
    mine, theirs = referral_id(programme_id, merged.id), referral_id(programme_id, into.id)
    current = await stores.by_ids([mine, theirs], work.tx)
    places: dict[bytes, Referral] = {}
    if winner is not None and winner.id in current:
        places[theirs] = current[winner.id]
    for one, _ in losers:  # one at most: else there had been a circle before
        places[mine] = current[one.id]
    await stored.delete("referrals", sorted(current), work.tx)
    for found in current:
        work.space.referrals.pop(found, None)
    for place, one in places.items():
        referee = into.id if place == theirs else merged.id
        moved = evolve(one, id=place, referee_id=referee, to_referee=_given(one.to_referee, awards))
        if moved.referrer_id == merged.id:
            moved = evolve(moved, referrer_id=into.id)
        await stores.save([moved], (), work.tx)
        if one.id != place:
            await _follow(work, stored, one, place)


async def _follow(work: Unit, stored: MergeRepository, before: Referral, place: bytes) -> None:
    """What the referrer was given stands on the referral's new id."""
    old, new = ground_of(before.id, "referrer"), ground_of(place, "referrer")
    await reground(work, list(before.to_referrer.awards), old, new)
    await stored.regrounded(before.referrer_id, {old: new}, work.tx)


async def requalify(work: Unit, into: Member, winner: Referral | None, qualifying: list[Qualifying]) -> None:
    """Let what both did qualify the survivor, where that is due."""
    if winner is None:
        return
    found = referral_id(into.programme_id, into.id)
    work.space.requalified[found] = tuple(evolve(one, referral_id=found) for one in qualifying)
    chain = await work.stores.referrals.chain(into.programme_id, into.id, work.tx)
    root = into.id
    while root in chain:
        root = chain[root]
    # Meets whoever joins two trees of referrals at the same time.
    work.space.touched.add(root)


async def _referrers(work: Unit, merged: Member) -> list[Referrer]:
    ids = [
        referrer_id(merged.programme_id, offer.key, merged.id)
        for offer in work.space.catalogue.document.referrals
    ]
    found = await work.stores.referrals.referrers(ids, work.tx)
    return [found[one] for one in sorted(found)]


def _given(given: Given, awards: dict[bytes, bytes]) -> Given:
    return evolve(given, awards=tuple(awards.get(one, one) for one in given.awards))


def _put(work: Unit, referral: Referral) -> None:
    work.know_all([referral.id])
    work.space.put_referral(referral)
