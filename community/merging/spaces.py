"""Who is in which space: once, and in the higher role. Who was put out of a space and barred does not come back by another
account."""

from collections.abc import Mapping

from community.merging.repository import MergingRepository
from community.spaces.model import SpaceMembership, SpaceState, membership_id
from community.spaces.repository import COLLECTION, SpaceMembershipRepository
from gamification.kit.records import evolve
from gamification.merging.steps import Pair, Step

_ORDER = (SpaceState.BARRED, SpaceState.ACTIVE, SpaceState.REQUESTED)


def united(kept: SpaceMembership, other: SpaceMembership) -> SpaceMembership:
    """What both come to: barred where one was, else in it where one was; of two in it, in the higher role and since the
    first."""
    stays, goes = sorted((kept, other), key=lambda one: (_ORDER.index(one.state), -one.role.rank))
    since = min(stays.since, goes.since) if stays.state is goes.state else stays.since
    return evolve(stays, id=kept.id, member_id=kept.member_id, since=since)


def moving_memberships(stored: MergingRepository, memberships: SpaceMembershipRepository) -> Step:
    """All of them."""

    async def step(pair: Pair) -> Mapping[str, int]:
        into, tx = pair.into, pair.work.tx
        mine = await memberships.of_member(pair.merged.id, tx)
        known = {one.space: one for one in await memberships.of_member(into.id, tx)} if mine else {}
        saved = []
        for one in mine:
            found = membership_id(into.programme_id, one.space, into.id)
            theirs = evolve(one, id=found, member_id=into.id)
            kept = known.get(one.space)
            saved.append(theirs if kept is None else united(kept, theirs))
        await memberships.save(saved, tx)
        await stored.delete(COLLECTION, [one.id for one in mine], tx)
        return {}

    return step
