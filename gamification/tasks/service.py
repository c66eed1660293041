"""Reading tasks and progress. What changes progress is in `settlement/`."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.members.facts import member_facts
from gamification.members.model import Member
from gamification.members.service import MemberService, may_see_private
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Status, Task, TaskPool
from gamification.programmes.service import ProgrammeService
from gamification.tasks.model import Progress, new_progress, places_in, progress_id
from gamification.tasks.picks import Picked, picked_at, unpicked
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
        now: Callable[[], datetime],
    ) -> None:
        self._repository = repository
        self._programmes = programmes
        self._members = members
        self._tiers = tiers
        self._now = now

    async def task(self, actor: Actor, key: str) -> Task | None:
        """A task by key."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        found = catalogue.tasks.get(key)
        if found is None or not _visible(actor, found):
            return None
        concerns = key in catalogue.gated_tasks or key in catalogue.pools_of
        return None if concerns and key in await self._absent(actor, catalogue) else found

    async def tasks(self, actor: Actor) -> list[Task]:
        """Every visible task, in file order."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        absent = await self._absent(actor, catalogue)
        return [task for task in catalogue.document.tasks if _visible(actor, task) and task.key not in absent]

    async def completed_between(self, actor: Actor, member: Member, since: datetime, until: datetime) -> int:
        """How many tasks, each period's by itself, a member completed from the one instant to before the other; 0 for
        those who may not see it."""
        if not may_see_private(actor, member):
            return 0
        return await self._repository.completed_between(member.id, since, until)

    async def current(self, actor: Actor, member: Member, now: datetime) -> list[tuple[Task, Progress]]:
        """Every published task that the member sees, with their progress in its present period, in file order."""
        if not may_see_private(actor, member):
            return []
        catalogue = await self._programmes.catalogue(actor.programme_id)
        absent = await self._absent(actor, catalogue, member, now)
        tasks = [
            task
            for task in catalogue.document.tasks
            if task.status is Status.PUBLISHED and task.key not in absent
        ]
        zone = catalogue.settings.time_zone
        wanted = [(task, period_of(task, now, member.time_zone, zone).key) for task in tasks]
        return await self._in_periods(catalogue, member, wanted)

    async def _in_periods(
        self, catalogue: Catalogue, member: Member, wanted: Sequence[tuple[Task, str]]
    ) -> list[tuple[Task, Progress]]:
        """A member's progress in tasks, each in the period with that key."""
        programme_id = catalogue.programme_id
        ids = [progress_id(programme_id, member.id, task.key, period) for task, period in wanted]
        found = await self._repository.by_ids(ids)
        return [
            (task, found.get(one) or new_progress(programme_id, member.id, task.key, period))
            for (task, period), one in zip(wanted, ids, strict=True)
        ]

    async def picked(
        self, actor: Actor, member: Member, now: datetime, pool: str | None = None
    ) -> list[tuple[Picked, list[tuple[Task, Progress]]]]:
        """What every published pool, or that one, picks for a member in its present period, with their progress; no pool
        that is not there for them."""
        if not may_see_private(actor, member):
            return []
        catalogue = await self._programmes.catalogue(actor.programme_id)
        hidden = await self._hidden(actor, catalogue, member)
        made = [
            picked_at(catalogue, one, member, now)
            for one in catalogue.document.task_pools
            if one.status is Status.PUBLISHED and pool in (None, one.key) and not hidden & {*one.tasks}
        ]
        progress = await self._in_periods(
            catalogue, member, [(catalogue.tasks[key], one.period.key) for one in made for key in one.tasks]
        )
        by_task = {task.key: (task, found) for task, found in progress}
        return [(one, [by_task[key] for key in one.tasks]) for one in made]

    async def pools(self, actor: Actor) -> list[TaskPool]:
        """The pools that the actor may see: members those whose tasks are there for them, staff and services all."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        if not catalogue.document.task_pools:
            return []
        hidden = await self._hidden(actor, catalogue)
        return [
            pool
            for pool in catalogue.document.task_pools
            if (pool.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS))
            and not (pool.is_gated and hidden & {*pool.tasks})
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
        if actor.is_member(member.external_id, member.former):
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

    async def hidden_from(self, actor: Actor) -> frozenset[str]:
        """The keys of the tasks that are not there for the actor."""
        return await self._hidden(actor, await self._programmes.catalogue(actor.programme_id))

    async def _absent(
        self, actor: Actor, catalogue: Catalogue, member: Member | None = None, now: datetime | None = None
    ) -> frozenset[str]:
        """The keys of the tasks that are not there now for this member, or else the actor: hidden from them, or not among
        their picks. None for staff and services."""
        hidden = await self._hidden(actor, catalogue, member)
        if not catalogue.pools_of:
            return hidden
        viewer = member or await self._members.me(actor)
        if viewer is None:
            sees_all = actor.can(Permission.MEMBERS_READ_PRIVATE)
            return hidden if sees_all else hidden | catalogue.pools_of.keys()
        return hidden | unpicked(catalogue, viewer, now or self._now())

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
        if catalogue.tiered_tasks:
            standings = (await self._tiers.standings(actor, [viewer])).get(viewer.id, [])
            tiers = {standing.ladder.key: standing.state.tier for standing in standings}
        facts = member_facts(viewer)
        return frozenset(task.key for task in gated if not is_visible(catalogue, task, facts, tiers))


def _visible(actor: Actor, task: Task) -> bool:
    return task.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
