"""Reading tasks and progress. What changes progress is in `settlement/`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.members.facts import member_facts
from gamification.members.model import Member
from gamification.members.service import MemberService, may_see_private
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Status, Task
from gamification.programmes.service import ProgrammeService
from gamification.tasks.model import Progress, new_progress, places_in, progress_id
from gamification.tasks.progress import period_of
from gamification.tasks.repository import ProgressRepository
from gamification.tasks.visibility import is_visible
from gamification.tiers.service import TierService
from storage.paging import Page, Window


class TaskService:
    """Tasks are open to everyone signed in who sees them, staff and services see all; progress to the member, staff and
    services."""

    def __init__(
        self,
        repository: ProgressRepository,
        programmes: ProgrammeService,
        members: MemberService,
        tiers: TierService,
    ) -> None:
        self._repository = repository
        self._programmes = programmes
        self._members = members
        self._tiers = tiers

    async def task(self, actor: Actor, key: str) -> Task | None:
        """A task by key."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        found = catalogue.tasks.get(key)
        if found is None or not _visible(actor, found):
            return None
        return found if not found.is_gated or key not in await self._hidden(actor, catalogue) else None

    async def tasks(self, actor: Actor) -> list[Task]:
        """Every visible task, in file order."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        hidden = await self._hidden(actor, catalogue)
        return [task for task in catalogue.document.tasks if _visible(actor, task) and task.key not in hidden]

    async def current(self, actor: Actor, member: Member, now: datetime) -> list[tuple[Task, Progress]]:
        """Every published task that the member sees, with their progress in its present period, in file order."""
        if not may_see_private(actor, member):
            return []
        catalogue = await self._programmes.catalogue(actor.programme_id)
        hidden = await self._hidden(actor, catalogue, member)
        tasks = [
            task
            for task in catalogue.document.tasks
            if task.status is Status.PUBLISHED and task.key not in hidden
        ]
        periods = [period_of(task, now, member.time_zone, catalogue.settings.time_zone).key for task in tasks]
        ids = [
            progress_id(actor.programme_id, member.id, task.key, period)
            for task, period in zip(tasks, periods, strict=True)
        ]
        found = await self._repository.by_ids(ids)
        return [
            (task, found.get(wanted) or new_progress(actor.programme_id, member.id, task.key, period))
            for task, period, wanted in zip(tasks, periods, ids, strict=True)
        ]

    async def places_left(self, actor: Actor, tasks: Sequence[str], now: datetime) -> dict[str, int]:
        """By key, how many places are left in the present period of those tasks that are for the first finishers."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        zone = catalogue.settings.time_zone
        limits: dict[bytes, tuple[str, int]] = {}
        for key in tasks:
            task = catalogue.tasks[key]
            if task.finishers is not None:
                period = period_of(task, now, zone, zone).key
                limits[places_in(actor.programme_id, key, period).id] = key, task.finishers
        found = await self._repository.places(limits) if limits else {}
        return {
            key: limit - (found[places].taken if places in found else 0)
            for places, (key, limit) in limits.items()
        }

    async def page(
        self, actor: Actor, member: Member, window: Window, *, task: str | None, completed: bool | None
    ) -> Page[Progress]:
        """A member's progress in all tasks and periods, latest change first."""
        if not may_see_private(actor, member):
            return Page([], [], has_next=False, has_previous=False)
        hidden = frozenset[str]()
        if actor.is_member(member.external_id):
            catalogue = await self._programmes.catalogue(actor.programme_id)
            hidden = await self._hidden(actor, catalogue, member)
        query: dict[str, Any] = {"task": task} if task else {}
        if task in hidden:
            return Page([], [], has_next=False, has_previous=False)
        if hidden and not task:
            query["task"] = {"$nin": sorted(hidden)}
        if completed is not None:
            query["completed_at"] = {"$ne": None} if completed else None
        return await self._repository.page(actor.programme_id, member.id, query, window)

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Progress]:
        """Progress by id, of this programme. The caller checks that the actor may read its member's."""
        found = await self._repository.by_ids(ids)
        hidden = await self._hidden(actor, await self._programmes.catalogue(actor.programme_id))
        return {
            key: progress
            for key, progress in found.items()
            if progress.programme_id == actor.programme_id and progress.task not in hidden
        }

    async def _hidden(
        self, actor: Actor, catalogue: Catalogue, member: Member | None = None
    ) -> frozenset[str]:
        """The keys of the tasks that this member does not see, or else the actor; none for staff and services."""
        if not catalogue.gated_tasks:
            return frozenset()
        gated = [catalogue.tasks[key] for key in catalogue.gated_tasks]
        viewer = member or await self._members.me(actor)
        if viewer is None:
            sees_all = actor.can(Permission.MEMBERS_READ_PRIVATE)
            return frozenset() if sees_all else frozenset(task.key for task in gated)
        tiers: dict[str, str | None] = {}
        if any(task.tier for task in gated):
            standings = (await self._tiers.standings(actor, [viewer])).get(viewer.id, [])
            tiers = {standing.ladder.key: standing.state.tier for standing in standings}
        facts = member_facts(viewer)
        return frozenset(task.key for task in gated if not is_visible(catalogue, task, facts, tiers))


def _visible(actor: Actor, task: Task) -> bool:
    return task.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
