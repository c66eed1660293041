"""What the worker does for gatherings: reminders, what all concerned are told, and places for those who wait.

Whom a notice was told to is kept with their answer, in the transaction that tells them: whatever is interrupted goes on
where it was, and nobody is told twice.
"""

from collections.abc import Awaitable, Callable

import structlog

from community.gatherings.model import Gathering, NoticeKind
from community.gatherings.places import noticed
from community.gatherings.work import GatheringWork, tell
from gamification.kit.records import evolve
from gamification.settlement.unit import Unit
from storage.mongo import Contention

log = structlog.get_logger()
TOLD_AT_ONCE = 200
_ROUNDS = 50
_PATIENCE_S = 2.0


class GatheringKeeping(GatheringWork):
    """Called by the scheduler."""

    async def run_all(self) -> int:
        """Do what is due now, part by part, for a while; how many parts. The scheduler calls it again."""
        done = 0
        for _ in range(_ROUNDS):
            count = await self.run_due()
            done += count
            if not count:
                break
        return done

    async def run_due(self, limit: int = 100) -> int:
        """Do a part for each gathering for which something is due; for how many."""
        done = 0
        for gathering in await self._gatherings.due(self._settlement.now(), limit):
            try:
                await self._settlement.run(
                    gathering.programme_id, self._part(gathering.id), patience_s=_PATIENCE_S
                )
                done += 1
            except Contention:
                log.warning("gatherings.put_off", programme=gathering.programme_id, id=gathering.id.hex())
        return done

    def _part(self, gathering_id: bytes) -> Callable[[Unit], Awaitable[None]]:
        async def body(work: Unit) -> None:
            programme_id = work.space.catalogue.programme_id
            found = await self._gatherings.by_ids(programme_id, [gathering_id], work.tx)
            gathering = found.get(gathering_id)
            if gathering is None:
                return
            after = await self._told(work, _reminded(work, gathering))
            after = await self.move_up(work, after)
            await self._gatherings.save(gathering, after, work.space.now, work.tx)

        return body

    async def _told(self, work: Unit, gathering: Gathering) -> Gathering:
        """Tell the first notice to those who don't know of it; it is done with once nobody is left."""
        if not gathering.pending:
            return gathering
        notice = gathering.pending[0]
        untold = await self._rsvps.untold(gathering.id, notice, TOLD_AT_ONCE, work.tx)
        for one in untold:
            tell(work, one.member_id, gathering, notice.kind)
        await self._rsvps.save([evolve(one, told=notice.number) for one in untold], work.tx)
        if len(untold) < TOLD_AT_ONCE:
            return evolve(gathering, pending=gathering.pending[1:])
        return gathering


def _reminded(work: Unit, gathering: Gathering) -> Gathering:
    """With a notice for what of its reminders is due. Several that are due at once are one; none is given once it began."""
    now = work.space.now
    left = tuple(at for at in gathering.reminders_due if at > now)
    if left == gathering.reminders_due:
        return gathering
    gathering = evolve(gathering, reminders_due=left)
    return noticed(gathering, NoticeKind.REMINDER) if now < gathering.times.starts_at else gathering
