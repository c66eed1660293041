"""What erasing a member does to gatherings: their places are others'."""

from community.gatherings.model import RsvpState
from community.gatherings.places import counted
from community.gatherings.repository import GatheringRepository, RsvpRepository
from gamification.kit.records import evolve
from gamification.privacy.model import Erasure
from gamification.privacy.repository import ErasureRepository
from gamification.privacy.service import Step
from gamification.settlement.unit import Unit

RSVPS_A_PART = 50


def withdrawing(gatherings: GatheringRepository, rsvps: RsvpRepository) -> Step:
    """Go to nothing that they have not come to; the worker gives their places to who waits. Where they came, that stays: the
    count hangs on it."""

    async def withdraw(work: Unit, erasure: Erasure, _: ErasureRepository) -> bytes | None:
        found = await rsvps.to_withdraw(erasure.id, RSVPS_A_PART, work.tx)
        programme_id = work.space.catalogue.programme_id
        known = await gatherings.by_ids(programme_id, [one.gathering_id for one in found], work.tx)
        for one in found:
            gathering = known[one.gathering_id]
            await gatherings.save(gathering, counted(gathering, one, -1), work.space.now, work.tx)
        gone = [evolve(one, state=RsvpState.NOT_GOING, turn=0, shadowed=False) for one in found]
        await rsvps.save(gone, work.tx)
        return b"" if len(found) == RSVPS_A_PART else None

    return withdraw
