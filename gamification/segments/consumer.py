"""What follows whatever is settled: members' days are added up anew, and then their segments are looked at."""

from collections import defaultdict
from collections.abc import Sequence

from gamification.rollups.service import RollupService
from gamification.segments.keeping import SegmentKeeping
from gamification.settlement.followup import Followup, followup_of
from storage.backlog import Chore

CONSUMER = "days"


class DayKeeping:
    """The consumer that keeps what is told of members by day."""

    def __init__(self, rollups: RollupService, segments: SegmentKeeping) -> None:
        self._rollups = rollups
        self._segments = segments

    async def handle(self, chores: Sequence[Chore]) -> None:
        """Follow what these transactions did, programme by programme."""
        by_programme: dict[str, list[Followup]] = defaultdict(list)
        for chore in chores:
            by_programme[chore.programme_id].append(followup_of(chore.body))
        for programme_id, followups in by_programme.items():
            members = await self._rollups.follow(programme_id, followups)
            await self._segments.look_at(programme_id, sorted(members))
