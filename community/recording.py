"""What is done in the community, as activity: rules, tasks and boards see it like any other, in the same transaction; and
what is taken down takes it back.

The programme says which type each kind of act is recorded as; where it says none, nothing is recorded.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from community.acting import as_kept
from gamification.activity.model import NewActivity
from gamification.activity.recording import RecordingService
from gamification.activity.repository import ActivityRepository
from gamification.activity.reversal import ReversalService
from gamification.kit.actors import Actor
from gamification.members.model import Member
from gamification.settlement.unit import Unit


class Acts:
    """Records acts within a transaction that is open already, and takes them back."""

    def __init__(
        self, recording: RecordingService, reversal: ReversalService, activities: ActivityRepository
    ) -> None:
        self._recording = recording
        self._reversal = reversal
        self._activities = activities

    async def record(
        self,
        work: Unit,
        member: Member,
        act: str,
        about: bytes,
        time: int,
        facts: Mapping[str, Any],
        at: datetime | None = None,
    ) -> bytes | None:
        """Record that the member did `act` to what has the id `about` for the `time`-th time; the activity's id, or None
        where the programme records no such act. Raises: whatever the activity can't be taken for."""
        recorded_as = work.space.catalogue.settings.community.activities.type_of(act)
        if recorded_as is None:
            return None
        activity = await self._recording.record_within(
            work,
            NewActivity(
                type=recorded_as,
                source=source_of(act),
                source_id=f"{about.hex()}:{time}",
                member_external_id=member.external_id,
                occurred_at=at or work.space.now,
                subject=f"{act}:{about.hex()}",
                properties=dict(facts),
            ),
        )
        return activity.id

    async def take_back(self, work: Unit, actor: Actor, activity_id: bytes, reason: str) -> None:
        """Take back all that an act caused; again is the same as once."""
        programme_id = work.space.catalogue.programme_id
        found = (await self._activities.by_ids(programme_id, [activity_id], work.tx)).get(activity_id)
        if found is not None and found.reversal is None:
            await self._reversal.reverse_within(work, await as_kept(work, actor), found, reason)


def source_of(act: str) -> str:
    """The source of the activities that an act is recorded as."""
    return f"community:{act}"
