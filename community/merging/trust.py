"""How far the survivor is trusted: assessed at once by what both did, from the higher of both levels on."""

from collections.abc import Mapping
from dataclasses import replace

from community.merging.repository import MergingRepository
from community.trust.behaviour import BehaviourReading
from community.trust.levels import assessed
from community.trust.model import Trust
from community.trust.repository import COLLECTION, TrustRepository
from gamification.kit.records import evolve
from gamification.merging.steps import Pair, Step


def united(kept: Trust, other: Trust) -> Trust:
    """What both were: what staff set goes first, the survivor's before the other's; else the higher level."""
    if kept.pinned or not (other.pinned or other.level > kept.level):
        return kept
    return evolve(kept, level=other.level, since=other.since, pinned=other.pinned)


def moving_trust(stored: MergingRepository, trust: TrustRepository, behaviour: BehaviourReading) -> Step:
    """To be done last, once all that is counted is the survivor's."""

    async def step(pair: Pair) -> Mapping[str, int]:
        merged, into, tx, now = pair.merged.id, pair.into, pair.work.tx, pair.work.space.now
        known = await trust.by_ids([merged, into.id], tx)
        if not known:
            return {}
        none = Trust(into.id, into.programme_id, 0, now)
        after = united(known.get(into.id, none), known.get(merged, none))
        settings = pair.work.space.catalogue.settings.community.trust
        if settings is not None:
            heir = replace(into, joined_at=min(into.joined_at, pair.merged.joined_at))
            found = await behaviour.of([heir], settings, now, tx)
            after = assessed(settings, after, found[into.id], now)
        await trust.save([after], tx)
        # Who writes so much a day does so with both accounts together.
        written = [*await trust.written(into.id, tx), *await trust.written(merged, tx)]
        if written:
            await trust.keep_written(after, written, tx)
        await stored.delete(COLLECTION, [merged], tx)
        return {}

    return step
