"""Reading activities."""

from collections.abc import Sequence
from datetime import datetime

from gamification.activity.model import Activity, activity_id
from gamification.activity.repository import ActivityRepository
from gamification.kit.actors import Actor, Permission
from gamification.members.model import Member
from gamification.members.service import may_see_private
from storage.paging import Page, Window


class ActivityService:
    """Staff and services read any activity, members their own."""

    def __init__(self, repository: ActivityRepository) -> None:
        self._repository = repository

    async def find(self, actor: Actor, source: str, source_id: str) -> Activity | None:
        """An activity by the sender's name for it: staff and services."""
        if not actor.can(Permission.ACTIVITY_READ):
            return None
        found = activity_id(actor.programme_id, source, source_id)
        return (await self._repository.by_ids(actor.programme_id, [found])).get(found)

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Activity]:
        """Activities by id, of this programme. The caller checks that the actor may read their member's."""
        return await self._repository.by_ids(actor.programme_id, ids)

    async def counts_between(
        self, actor: Actor, member: Member, since: datetime, until: datetime
    ) -> dict[str, int]:
        """How much standing activity of each type happened from the one instant to before the other, by type; empty for
        those who may not see it."""
        if not may_see_private(actor, member):
            return {}
        return await self._repository.counts_between(member.id, since, until)

    async def page(self, actor: Actor, member: Member, window: Window) -> Page[Activity]:
        """A member's activities, newest first."""
        if not may_see_private(actor, member):
            return Page([], [], has_next=False, has_previous=False)
        return await self._repository.page(member.id, window)
