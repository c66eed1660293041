"""Claiming the reward of a completed task, and telling members when that must be done."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import Conflict, ErrorCode, NotFound
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.settlement.completion import reward
from gamification.settlement.needs import Needs, NeedsFinder
from gamification.settlement.service import SettlementService
from gamification.settlement.sights import sees
from gamification.settlement.unit import Unit
from gamification.tasks.model import Progress, progress_id
from gamification.tasks.progress import period_of


class ClaimService:
    """`claimTask`, and what the worker does for claims that lapse."""

    def __init__(self, settlement: SettlementService) -> None:
        self._settlement = settlement

    async def claim(
        self, actor: Actor, member_id: bytes | None, task_key: str, period: str | None, key: str
    ) -> tuple[Progress, bool]:
        """Give the reward of a completed task: the member's own, or by a service anyone's.

        Without `period`, the present one. Raises: NotFound, Conflict (TASK_NOT_CLAIMABLE, TASK_CLAIM_LAPSED),
        IdempotencyConflict.
        """

        async def body(work: Unit) -> dict[str, Any]:
            member = await self._settlement.member(actor, member_id, work.tx)
            own = actor.is_member(member.external_id, member.former)
            actor.require(Permission.TASKS_CLAIM_OWN if own else Permission.TASKS_CLAIM_ANY)
            catalogue, now = work.space.catalogue, work.space.now
            task = catalogue.tasks.get(task_key)
            if task is None or task.status == "draft":
                raise NotFound(f"There is no task {task_key!r}.", path=["task"])
            wanted = period or period_of(task, now, member.time_zone, catalogue.settings.time_zone).key
            finder = NeedsFinder(catalogue)
            finder.needs.progress.add(progress_id(catalogue.programme_id, member.id, task_key, wanted))
            if task.key in catalogue.tiered_tasks:
                finder.needs.climbers.add(member.id)
            await work.load(finder.needs)
            if not sees(work.space, member, task):
                raise NotFound(f"There is no task {task_key!r}.", path=["task"])
            progress = next(iter(work.space.progress.values()), None)
            if progress is None or progress.completed_at is None:
                raise Conflict("The task is not complete.", code=ErrorCode.TASK_NOT_CLAIMABLE, path=["task"])
            if progress.missed:
                raise Conflict(
                    "All places were taken before.", code=ErrorCode.TASK_NOT_CLAIMABLE, path=["task"]
                )
            if progress.claim_by is not None and progress.claimed_at is None and now >= progress.claim_by:
                raise Conflict(
                    "The reward was not claimed in time.", code=ErrorCode.TASK_CLAIM_LAPSED, path=["task"]
                )
            if progress.claimed_at is not None:
                raise Conflict(
                    "The reward was claimed before.", code=ErrorCode.TASK_NOT_CLAIMABLE, path=["task"]
                )
            finder.add_reward(member, progress.completed_at, task, wanted)
            await work.load(finder.needs)
            work.space.begin(await work.next_sequence())
            cause = Cause(
                activity_id=progress.cause.activity_id if progress.cause else None,
                task=task.key,
                task_version=task.version,
                programme_version=catalogue.version,
                actor=f"{actor.role}:{actor.subject}",
            )
            rewarded = reward(
                work.space, member, task, progress, cause, progress.completed_at, FeedKind.TASK_ADVANCED
            )
            return {"progress": rewarded.id}

        payload = {"member": member_id, "task": task_key, "period": period}
        result, replayed = await self._settlement.run_once(actor, key, "claimTask", payload, body)
        found = await self._settlement.stores.progress.by_ids([result["progress"]])
        return found[result["progress"]], replayed

    async def tell_due(self, now: datetime, limit: int = 200) -> int:
        """Tell members whose claims lapse soon, or have lapsed, each in a transaction; how many. The scheduler calls it
        until it gives 0. Whether a claim has lapsed does not wait for it."""
        due = await self._settlement.stores.progress.due(now, limit)
        for waiting in due:
            await self._settlement.run(waiting.programme_id, _telling(waiting.id), now)
        return len(due)


def _telling(progress: bytes) -> Callable[[Unit], Awaitable[None]]:
    async def body(work: Unit) -> None:
        space = work.space
        await work.load(Needs(progress={progress}))
        # Who does not see the task now is told nothing; the claim lapses all the same.
        told = await _is_seen(work, space.progress.get(progress))
        found = space.progress.get(progress)
        if found is None or found.claim_by is None or found.due_at is None or found.due_at > space.now:
            return
        space.begin(await work.next_sequence())
        if space.now < found.claim_by:
            waits = evolve(found, due_at=found.claim_by)
            space.put_progress(waits, FeedKind.TASK_CLAIM_ENDING if told else None)
        else:
            lapsed = evolve(found, due_at=None, lapsed_at=found.claim_by)
            space.put_progress(lapsed, FeedKind.TASK_CLAIM_LAPSED if told else None)

    return body


async def _is_seen(work: Unit, progress: Progress | None) -> bool:
    task = work.space.catalogue.tasks[progress.task] if progress else None
    if progress is None or task is None or task.key not in work.space.catalogue.gated_tasks:
        return True
    if task.key in work.space.catalogue.tiered_tasks:
        await work.load(Needs(climbers={progress.member_id}))
    members = await work.stores.members.by_ids(progress.programme_id, [progress.member_id], work.tx)
    return progress.member_id in members and sees(work.space, members[progress.member_id], task)
