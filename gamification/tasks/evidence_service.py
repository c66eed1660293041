"""Reading what was handed in for tasks, and knowing when a queue changed. What changes it is in `settlement/` and
`activity/`."""

import contextlib
from collections.abc import Sequence
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.records import record
from gamification.members.model import Member
from gamification.members.service import may_see_private
from gamification.tasks.evidence_repository import SubmissionRepository
from gamification.tasks.service import TaskService
from gamification.tasks.submissions import Submission, SubmissionState
from storage.paging import Page, Window
from storage.redis import RedisStore, RedisUnavailable

CHANNEL = "sg:task-evidence"
"""Where it is published that what waits for a moderator has changed."""


def bell_of(programme_id: str) -> str:
    """The key by which doorbells name a programme's queue."""
    return f"task-evidence|{programme_id}"


class QueueBell:
    """Rung after a commit. A ring that is lost, as with the process, is made up by whoever listens looking again."""

    def __init__(self, redis: RedisStore) -> None:
        self._redis = redis

    async def ring(self, programme_id: str) -> None:
        """Say that the queue has changed."""
        with contextlib.suppress(*RedisUnavailable):
            await self._redis.publish(CHANNEL, [f"{bell_of(programme_id)}|0".encode()])


@record(frozen=True, slots=True)
class QueueFilter:
    """None is all."""

    task: str | None = None
    state: SubmissionState | None = SubmissionState.PENDING
    member_id: bytes | None = None


@record(frozen=True, slots=True)
class QueueState:
    """How many wait, and which of them longest and shortest."""

    waiting: int
    oldest: Submission | None = None
    newest: Submission | None = None


class EvidenceReading:
    """A submission is its member's, and staff's and services' to read; the queue moderators' and operators'."""

    def __init__(self, repository: SubmissionRepository, tasks: TaskService) -> None:
        self._repository = repository
        self._tasks = tasks

    async def queue(self, actor: Actor, wanted: QueueFilter, window: Window) -> Page[Submission]:
        """What was handed in, oldest first. Raises: Forbidden."""
        actor.require(Permission.TASKS_REVIEW)
        return await self._repository.page(_query(actor, wanted), window, newest_first=False)

    async def count(self, actor: Actor, wanted: QueueFilter) -> int:
        """How many that is, up to 10 000. Raises: Forbidden."""
        actor.require(Permission.TASKS_REVIEW)
        return await self._repository.count(_query(actor, wanted))

    async def state(self, actor: Actor, task: str | None) -> QueueState:
        """How the queue stands, of one task or of all. Raises: Forbidden."""
        actor.require(Permission.TASKS_REVIEW)
        query = _query(actor, QueueFilter(task))
        return QueueState(await self._repository.count(query), *(await self._repository.ends(query) or ()))

    async def of_member(
        self, actor: Actor, member: Member, task: str | None, window: Window
    ) -> Page[Submission]:
        """What a member handed in, newest first; of tasks that are not there for them, nothing to themselves."""
        if not may_see_private(actor, member):
            return Page([], [], has_next=False, has_previous=False)
        query: dict[str, Any] = {"member_id": member.id}
        hidden = await self._tasks.hidden_from(actor)
        if task is not None:
            query["task"] = task
        if task in hidden:
            return Page([], [], has_next=False, has_previous=False)
        if hidden and task is None:
            query["task"] = {"$nin": sorted(hidden)}
        return await self._repository.page(query, window, newest_first=True)

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Submission]:
        """Submissions by id, of this programme. The caller checks that the actor may read their member's."""
        found = await self._repository.by_ids(actor.programme_id, ids)
        hidden = await self._tasks.hidden_from(actor) if found else frozenset[str]()
        return {key: one for key, one in found.items() if one.task not in hidden}

    async def other_members(self, actor: Actor, submissions: Sequence[Submission]) -> dict[bytes, int]:
        """By id, how many other members handed in the same link, for whatever task. Raises: Forbidden."""
        actor.require(Permission.TASKS_REVIEW)
        links = sorted({one.link for one in submissions if one.link is not None})
        found = await self._repository.same_links(actor.programme_id, links) if links else {}
        return {one.id: found.get(one.link, 1) - 1 for one in submissions if one.link is not None}


def _query(actor: Actor, wanted: QueueFilter) -> dict[str, Any]:
    query: dict[str, Any] = {"programme_id": actor.programme_id}
    if wanted.member_id is not None:
        query["member_id"] = wanted.member_id
    if wanted.task is not None:
        query["task"] = wanted.task
    if wanted.state is not None:
        query["state"] = wanted.state.value
    return query
