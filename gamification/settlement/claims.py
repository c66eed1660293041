"""Claiming the reward of a completed task."""

from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import Conflict, ErrorCode, NotFound
from gamification.members.feed import FeedKind
from gamification.settlement.completion import reward
from gamification.settlement.needs import NeedsFinder
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from gamification.tasks.model import Progress, progress_id
from gamification.tasks.progress import period_of


class ClaimService:
    """`claimTask`."""

    def __init__(self, settlement: SettlementService) -> None:
        self._settlement = settlement

    async def claim(
        self, actor: Actor, member_id: bytes | None, task_key: str, period: str | None, key: str
    ) -> tuple[Progress, bool]:
        """Give the reward of a completed task: the member's own, or by a service anyone's.

        Without `period`, the present one. Raises: NotFound, Conflict (TASK_NOT_CLAIMABLE), IdempotencyConflict.
        """

        async def body(work: Unit) -> dict[str, Any]:
            member = await self._settlement.member(actor, member_id, work.tx)
            own = actor.is_member(member.external_id)
            actor.require(Permission.TASKS_CLAIM_OWN if own else Permission.TASKS_CLAIM_ANY)
            catalogue, now = work.space.catalogue, work.space.now
            task = catalogue.tasks.get(task_key)
            if task is None or task.status == "draft":
                raise NotFound(f"There is no task {task_key!r}.", path=["task"])
            wanted = period or period_of(task, now, member.time_zone, catalogue.settings.time_zone).key
            finder = NeedsFinder(catalogue)
            finder.needs.progress.add(progress_id(catalogue.programme_id, member.id, task_key, wanted))
            await work.load(finder.needs)
            progress = next(iter(work.space.progress.values()), None)
            if progress is None or progress.completed_at is None:
                raise Conflict("The task is not complete.", code=ErrorCode.TASK_NOT_CLAIMABLE, path=["task"])
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
