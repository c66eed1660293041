"""Reading tasks and progress. What changes progress is in `settlement/`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.members.model import Member
from gamification.members.service import may_see_private
from gamification.programmes.definitions import Status, Task
from gamification.programmes.service import ProgrammeService
from gamification.tasks.model import Progress, new_progress, progress_id
from gamification.tasks.progress import period_of
from gamification.tasks.repository import ProgressRepository
from storage.paging import Page, Window


class TaskService:
    """Tasks are open to everyone signed in; progress to the member, staff and services."""

    def __init__(self, repository: ProgressRepository, programmes: ProgrammeService) -> None:
        self._repository = repository
        self._programmes = programmes

    async def task(self, actor: Actor, key: str) -> Task | None:
        """A task by key."""
        found = (await self._programmes.catalogue(actor.programme_id)).tasks.get(key)
        return found if found is not None and _visible(actor, found) else None

    async def tasks(self, actor: Actor) -> list[Task]:
        """Every visible task, in file order."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        return [task for task in catalogue.document.tasks if _visible(actor, task)]

    async def current(self, actor: Actor, member: Member, now: datetime) -> list[tuple[Task, Progress]]:
        """Every published task with the member's progress in its present period, in file order."""
        if not may_see_private(actor, member):
            return []
        catalogue = await self._programmes.catalogue(actor.programme_id)
        tasks = [task for task in catalogue.document.tasks if task.status is Status.PUBLISHED]
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

    async def page(
        self, actor: Actor, member: Member, window: Window, *, task: str | None, completed: bool | None
    ) -> Page[Progress]:
        """A member's progress in all tasks and periods, latest change first."""
        if not may_see_private(actor, member):
            return Page([], [], has_next=False, has_previous=False)
        query: dict[str, Any] = {"task": task} if task else {}
        if completed is not None:
            query["completed_at"] = {"$ne": None} if completed else None
        return await self._repository.page(actor.programme_id, member.id, query, window)

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Progress]:
        """Progress by id, of this programme. The caller checks that the actor may read its member's."""
        found = await self._repository.by_ids(ids)
        return {
            key: progress for key, progress in found.items() if progress.programme_id == actor.programme_id
        }


def _visible(actor: Actor, task: Task) -> bool:
    return task.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
