"""Completing a task and taking a completion back: pure operations on a workspace.

Reward ids are derived from the progress and the number of the completion, so a reward can't be paid twice.
"""

from datetime import datetime

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.members.feed import FeedKind
from gamification.members.model import Member
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import Claim, Task
from gamification.settlement.giving import Gift, Grounds, give_rewards, take_back_rewards
from gamification.settlement.sights import sees
from gamification.settlement.workspace import Workspace
from gamification.tasks.model import Progress, new_progress, places_in, progress_id
from gamification.tasks.progress import count, dependents, is_met, required_period, take_place, terms_of


def advance(
    space: Workspace,
    member: Member,
    task: Task,
    period: str,
    by: int,
    value: str | None,
    cause: Cause,
    at: datetime,
) -> None:
    """Count one activity towards a task, and complete it and what it unlocks where that is due."""
    progress = progress_in(space, member, task.key, period)
    counted = put_counted(space, member, task, progress, count(progress, task, by, value))
    settle(space, member, task, counted, cause, at)
    for composite in space.catalogue.composites.get(task.key, ()):
        recount(space, member, composite, period, cause, at)


def settle(
    space: Workspace, member: Member, task: Task, progress: Progress, cause: Cause, at: datetime
) -> None:
    """Bring completion in line with the count, then look at the tasks that require this one."""
    met = is_met(progress, task, lambda key: _is_complete(space, member, key, progress.period))
    if met == progress.is_complete or (met and not sees(space, member, task)):
        return
    if met:
        _complete(space, member, task, progress, cause, at)
    else:
        _uncomplete(space, member, task, progress, cause, at)
    for dependent in dependents(space.catalogue.document.tasks, task.key):
        if published(dependent) and task.key in dependent.parts:
            recount(space, member, dependent, progress.period, cause, at)
        elif published(dependent):
            for waiting in _waiting(space, member, dependent, task, progress.period):
                settle(space, member, dependent, waiting, cause, at)


def reward(
    space: Workspace,
    member: Member,
    task: Task,
    progress: Progress,
    cause: Cause,
    at: datetime,
    kind: FeedKind,
) -> Progress:
    """Give the reward of a completed task, once. `at` decides the board periods it counts in."""
    grounds = Grounds(cause, _ground(progress), progress.period, at)
    gift = give_rewards(
        space,
        member,
        task.reward,
        grounds,
        lambda index: derived_id("reward", progress.id, progress.completions, index),
    )
    rewarded = evolve(
        progress,
        claimed_at=space.now,
        due_at=None,
        transfers=gift.transfers,
        scores=gift.scores,
        reward_sequence=space.sequence,
    )
    return space.put_progress(rewarded, kind)


def put_counted(
    space: Workspace, member: Member, task: Task, before: Progress, counted: Progress
) -> Progress:
    """Keep a changed count; before completion, with the task's terms as they are now. Who does not see the task is told
    nothing."""
    if not counted.is_complete and (counted.goal, counted.version) != (task.goal, task.version):
        counted = terms_of(counted, task)
    kind = FeedKind.TASK_ADVANCED if sees(space, member, task) else None
    return space.put_progress(counted, kind) if counted != before else counted


def recount(space: Workspace, member: Member, task: Task, period: str, cause: Cause, at: datetime) -> None:
    """Count the complete parts of a task that is made of tasks, and settle it."""
    progress = progress_in(space, member, task.key, period)
    value = sum(_is_complete(space, member, part, period) for part in task.parts)
    if value or progress.value or progress.is_complete:
        counted = put_counted(space, member, task, progress, evolve(progress, value=value))
        settle(space, member, task, counted, cause, at)


def progress_in(space: Workspace, member: Member, task: str, period: str) -> Progress:
    """The progress, or one where nothing was counted."""
    found = space.progress.get(progress_id(space.catalogue.programme_id, member.id, task, period))
    return found or new_progress(space.catalogue.programme_id, member.id, task, period)


def _is_complete(space: Workspace, member: Member, key: str, period: str) -> bool:
    """Whether a required task is complete, for that period of the task which requires it."""
    required = space.catalogue.tasks[key]
    return progress_in(space, member, key, required_period(required, period)).is_complete


def _waiting(
    space: Workspace, member: Member, dependent: Task, required: Task, period: str
) -> list[Progress]:
    """The dependent's progress that the required task decides on: of the same period, or where that one is done
    once, of every period, oldest first."""
    if dependent.cycle is required.cycle:
        found = [progress_in(space, member, dependent.key, period)]
    else:
        found = [p for p in space.progress.values() if (p.member_id, p.task) == (member.id, dependent.key)]
    return sorted((p for p in found if p.value or p.is_complete), key=lambda p: p.period)


def _complete(
    space: Workspace, member: Member, task: Task, progress: Progress, cause: Cause, at: datetime
) -> None:
    because = evolve(
        cause, task=task.key, task_version=task.version, programme_version=space.catalogue.version
    )
    progress = _placed(space, task, progress)
    claim_by = space.now + task.claim_within if task.claim_within and not progress.missed else None
    completed = evolve(
        terms_of(progress, task),
        claim_by=claim_by,
        due_at=claim_by - task.notice if claim_by else None,
        completed_at=at,
        completions=progress.completions + 1,
        cause=because,
    )
    if task.claim is Claim.AUTOMATIC and not progress.missed:
        reward(space, member, task, completed, because, at, FeedKind.TASK_COMPLETED)
    else:
        space.put_progress(completed, FeedKind.TASK_COMPLETED)


def _placed(space: Workspace, task: Task, progress: Progress) -> Progress:
    """The progress with its place, where the task is for the first finishers."""
    if task.finishers is None:
        return progress
    fresh = places_in(space.catalogue.programme_id, task.key, progress.period)
    placed, taken = take_place(progress, space.places.get(fresh.id, fresh), task.finishers)
    if taken is not None:
        space.put_places(taken)
    return placed


def _uncomplete(
    space: Workspace, member: Member, task: Task, progress: Progress, cause: Cause, at: datetime
) -> None:
    """Take the reward back. Boards are recomputed by the caller, from what still stands."""
    take_back_rewards(space, member, Gift(progress.transfers, progress.scores), _ground(progress), cause)
    space.put_progress(
        evolve(
            progress,
            completed_at=None,
            claimed_at=None,
            claim_by=None,
            lapsed_at=None,
            due_at=None,
            missed=False,
            transfers=(),
            scores=(),
            reward_sequence=0,
            cause=None,
        ),
        FeedKind.TASK_ADVANCED if sees(space, member, task) else None,
    )


def _ground(progress: Progress) -> str:
    return f"task:{progress.id.hex()}"
