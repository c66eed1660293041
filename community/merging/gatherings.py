"""Gatherings: one place for one person. Where both answered, what says most stays; a place that is free by that is given to
who waits by the worker. Who came came once, and counts once. The feed of a calendar is the survivor's own, else the other's."""

from collections.abc import Mapping

from community.gatherings.feeds import COLLECTION as FEEDS
from community.gatherings.model import Gathering, Rsvp, RsvpState, rsvp_id
from community.gatherings.places import counted
from community.gatherings.repository import RSVPS, GatheringRepository, RsvpRepository
from community.merging.repository import MergingRepository
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.merging.steps import Pair, Step

_ORDER = (
    RsvpState.REMOVED,
    RsvpState.GOING,
    RsvpState.WAITING,
    RsvpState.INTERESTED,
    RsvpState.NOT_GOING,
)
"""What goes before what, where nobody came."""


def united(kept: Rsvp, other: Rsvp) -> tuple[Rsvp, Rsvp]:
    """The answer that stays, with the survivor's ids, and the one that goes. Who came stays so; else who was taken out can't
    come back by another account; else the better place, that which others see, and of two who wait the earlier turn."""
    stays, goes = sorted((kept, other), key=_rank)
    after = evolve(
        stays,
        id=kept.id,
        member_id=kept.member_id,
        told=max(kept.told, other.told),
        attendances=max(kept.attendances, other.attendances),
    )
    return after, goes


def _rank(one: Rsvp) -> tuple[bool, int, bool, int]:
    return one.attended_at is None, _ORDER.index(one.state), one.shadowed, one.turn


def without(gathering: Gathering, rsvp: Rsvp) -> Gathering:
    """The gathering once an answer counts no more."""
    came = rsvp.attended_at is not None and rsvp.state.is_counted and not rsvp.shadowed
    return evolve(counted(gathering, rsvp, -1), attended=gathering.attended - came)


def moving_rsvps(stored: MergingRepository, gatherings: GatheringRepository, rsvps: RsvpRepository) -> Step:
    """Answers."""

    async def step(pair: Pair) -> Mapping[str, int]:
        into, tx = pair.into, pair.work.tx
        given = await rsvps.all_of(pair.merged.id, tx)
        theirs = [evolve(one, id=rsvp_id(one.gathering_id, into.id), member_id=into.id) for one in given]
        known = await rsvps.by_ids([one.id for one in theirs], tx)
        both = [known[one.id].gathering_id for one in theirs if one.id in known]
        found = await gatherings.by_ids(into.programme_id, both, tx) if both else {}
        saved: list[Rsvp] = []
        for other in theirs:
            if other.id not in known:
                saved.append(other)
                continue
            stays, goes = united(known[other.id], other)
            saved.append(stays)
            if goes.activity_id != stays.activity_id:
                await pair.take_back(goes.activity_id)
            before = found.get(other.gathering_id)
            if before is not None:
                await gatherings.save(before, without(before, goes), pair.work.space.now, tx)
        await rsvps.save(saved, tx)
        await stored.delete(RSVPS, [one.id for one in given], tx)
        return {}

    return step


def moving_feeds(stored: MergingRepository) -> Step:
    """Addresses of calendars: whoever has one goes on reading it, if the survivor has none."""

    async def step(pair: Pair) -> Mapping[str, int]:
        tx, into = pair.work.tx, pair.into.id
        rows = await stored.rows(FEEDS, {"member_id": {"$in": [pair.merged.id, into]}}, tx)
        mine = [row for row in rows if row["member_id"] == pair.merged.id]
        await stored.delete(FEEDS, [row["_id"] for row in mine], tx)
        if len(rows) == len(mine):
            found = derived_id("calendar_feed", into)
            await stored.insert(FEEDS, [{**row, "_id": found, "member_id": into} for row in mine], tx)
        return {}

    return step
