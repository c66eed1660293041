"""What becomes of the places of who may not come any more: they are others'."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from community.gatherings.model import Gathering, GatheringState, Rsvp, RsvpState
from community.gatherings.places import counted, is_over
from community.gatherings.repository import GatheringRepository, RsvpRepository
from gamification.kit.records import evolve
from gamification.members.repository import MemberRepository
from gamification.privacy.model import Erasure
from gamification.privacy.repository import ErasureRepository
from gamification.privacy.service import Step
from gamification.settlement.unit import Unit
from storage.mongo import Tx

RSVPS_A_PART = 50


class Leaving:
    """Called in the transaction that bans members or puts them out of a space; the worker gives their places to who waits."""

    def __init__(
        self,
        gatherings: GatheringRepository,
        rsvps: RsvpRepository,
        members: MemberRepository,
        now: Callable[[], datetime],
    ) -> None:
        self._gatherings = gatherings
        self._rsvps = rsvps
        self._members = members
        self._now = now

    async def leave(self, programme_id: str, member_id: bytes, tx: Tx, space: str | None = None) -> None:
        """Let a member go to nothing more, in that space or anywhere; where they have come, that stays, and so does what is
        over. They may ask anew once they may come again. Outside a unit of work, which does so itself, `space` is stated."""
        if space is not None:
            # As every transaction that touches a member does, so that their answer at the same time conflicts.
            heads = await self._members.heads([member_id], tx)
            await self._members.save_heads({member_id: heads.get(member_id, 0)}, heads, tx)
        found = await self._rsvps.to_withdraw(member_id, None, tx)
        known = await self._gatherings.by_ids(programme_id, [one.gathering_id for one in found], tx)
        now = self._now()
        lost = {
            key: one
            for key, one in known.items()
            if space in (None, one.space) and one.state is GatheringState.SCHEDULED and not is_over(one, now)
        }
        concerned = [one for one in found if one.gathering_id in lost]
        await _withdraw(self._gatherings, self._rsvps, lost, concerned, now, tx)


def withdrawing(gatherings: GatheringRepository, rsvps: RsvpRepository) -> Step:
    """Of who is erased: go to nothing that they have not come to, past or to come. Where they came, that stays: the count
    hangs on it."""

    async def withdraw(work: Unit, erasure: Erasure, _: ErasureRepository) -> bytes | None:
        found = await rsvps.to_withdraw(erasure.id, RSVPS_A_PART, work.tx)
        programme_id = work.space.catalogue.programme_id
        known = await gatherings.by_ids(programme_id, [one.gathering_id for one in found], work.tx)
        await _withdraw(gatherings, rsvps, known, found, work.space.now, work.tx)
        return b"" if len(found) == RSVPS_A_PART else None

    return withdraw


async def _withdraw(
    gatherings: GatheringRepository,
    rsvps: RsvpRepository,
    known: Mapping[bytes, Gathering],
    answers: Sequence[Rsvp],
    now: datetime,
    tx: Tx,
) -> None:
    """A member has one answer to each gathering, so that each is saved once."""
    for one in answers:
        gathering = known[one.gathering_id]
        await gatherings.save(gathering, counted(gathering, one, -1), now, tx)
    gone = [evolve(one, state=RsvpState.NOT_GOING, turn=0, shadowed=False) for one in answers]
    await rsvps.save(gone, tx)
