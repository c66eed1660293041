"""Tiers: what both earned counts, by the day it was earned; nobody is lower than the higher of both was."""

from collections.abc import Mapping

from gamification.kit.causes import Cause
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.merging.repository import MergeRepository
from gamification.settlement.growth import climbing_of, put_tier, terms_of
from gamification.settlement.unit import Unit
from gamification.tiers.assessment import Terms, assess, new_state, set_by_hand
from gamification.tiers.model import TierState, state_id


async def take_tiers(work: Unit, stored: MergeRepository, merged: Member) -> dict[str, TierState]:
    """The merged account's states by ladder, which end; its history stays."""
    space = work.space
    ids = {
        state_id(merged.programme_id, ladder.key, merged.id): ladder.key
        for ladder in space.catalogue.document.ladders
    }
    found = await work.stores.tiers.states(ids, work.tx)
    for one in ids:
        space.tiers.pop(one, None)
    await stored.delete("tier_states", sorted(found), work.tx)
    return {ids[one]: state for one, state in found.items()}


async def unite_tiers(
    work: Unit, into: Member, theirs: Mapping[str, TierState], cause: Cause
) -> dict[str, str | None]:
    """Measure the survivor anew on every ladder, by what both did; their tiers then. What both did must be stored as the
    survivor's."""
    space, climbing = work.space, climbing_of(work.space.catalogue)
    tiers: dict[str, str | None] = {}
    if climbing is None:
        return tiers
    zone = space.catalogue.settings.time_zone
    for ladder in climbing.ladders.values():
        found = state_id(into.programme_id, ladder.key, into.id)
        terms = await terms_of(work, ladder)
        known = space.tiers.get(found)
        if known is None:
            stored = await work.stores.tiers.states([found], work.tx)
            work.know_all(stored)
            known = stored.get(found)
        other = theirs.get(ladder.key)
        if known is None and other is None:
            continue
        measures = [measure.key for measure in ladder.measures]
        days = await work.stores.tiers.measured(into.programme_id, ladder, measures, [into.id], zone, work.tx)
        state = known or new_state(terms, into.programme_id, into.id, space.now)
        put_tier(space, assess(terms, evolve(state, days=days[into.id]), space.now, cause))
        if other is not None:
            _not_lower(work, terms, space.tiers[found], other, cause)
        tiers[ladder.key] = space.tiers[found].tier
    return tiers


def _not_lower(work: Unit, terms: Terms, state: TierState, other: TierState, cause: Cause) -> None:
    """Keep the merged account's tier where it was the higher one, as long as that account would have kept it."""
    index = terms.ladder.index
    if index(other.tier) <= index(state.tier):
        return
    if other.until is not None and other.until <= work.space.now:
        return
    put_tier(work.space, set_by_hand(terms, state, other.tier, other.until, work.space.now, cause))
