"""Completing a task and taking a completion back: pure operations on a workspace.

Reward ids are derived from the progress and the number of the completion, so a reward can't be paid twice.
"""

from collections.abc import Mapping
from datetime import datetime

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.model import Transfer, TransferKind
from gamification.members.feed import FeedKind
from gamification.members.model import Member
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import Claim, Task
from gamification.settlement.workspace import Given, Workspace, reversal_id
from gamification.tasks.model import Progress, new_progress, progress_id
from gamification.tasks.progress import count, dependents, is_met, required_period


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
    counted = count(progress, task, by, value)
    if not counted.is_complete and (counted.goal, counted.version) != (task.goal, task.version):
        counted = evolve(counted, goal=task.goal, requires=task.requires, version=task.version)
    if counted != progress:
        counted = space.put_progress(counted, FeedKind.TASK_ADVANCED)
    settle(space, member, task, counted, cause, at)


def settle(
    space: Workspace, member: Member, task: Task, progress: Progress, cause: Cause, at: datetime
) -> None:
    """Bring completion in line with the count, then look at the tasks that require this one."""
    met = is_met(progress, task, lambda key: _is_complete(space, member, key, progress.period))
    if met == progress.is_complete:
        return
    if met:
        _complete(space, member, task, progress, cause, at)
    else:
        _uncomplete(space, member, task, progress, cause, at)
    for dependent in dependents(space.catalogue.document.tasks, task.key):
        if published(dependent):
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
    given = Given()
    catalogue = space.catalogue
    for index, part in enumerate(task.reward):
        if part.points and published(catalogue.units[part.points.unit]):
            space.post(
                member,
                part.points.unit,
                part.points.amount,
                derived_id("reward", progress.id, progress.completions, index),
                cause,
                at,
                given,
                boards=part.points.boards,
            )
        elif part.award and published(catalogue.badges[part.award.badge]):
            ground = _ground(progress)
            space.award(member, part.award.badge, progress.period, ground, part.award.level or 0, cause, at)
        elif part.score and published(catalogue.leaderboards[part.score.board]):
            board = catalogue.leaderboards[part.score.board]
            space.score(member, board, part.score.value, 0, at, given)
    rewarded = evolve(
        progress,
        claimed_at=space.now,
        transfers=tuple(given.transfers),
        scores=tuple(given.scores),
        reward_sequence=space.sequence,
    )
    return space.put_progress(rewarded, kind)


def progress_in(space: Workspace, member: Member, task: str, period: str) -> Progress:
    """The progress, or one where nothing was counted."""
    found = space.progress.get(progress_id(space.catalogue.programme_id, member.id, task, period))
    return found or new_progress(space.catalogue.programme_id, member.id, task, period)


def take_back(
    space: Workspace, member: Member, transfer: Transfer, cause: Cause, *, given: Given | None = None
) -> Transfer | None:
    """Post the opposite of a transfer, as applied; where the floor is in the way, the shortfall is recorded."""
    if transfer.amount == 0:
        return None
    return space.post(
        member,
        transfer.unit,
        -transfer.amount,
        reversal_id(transfer.id),
        cause,
        space.now,
        given or Given(),
        kind=TransferKind.REVERSED,
        reverses=transfer.id,
    )


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
    completed = evolve(
        progress,
        goal=task.goal,
        requires=task.requires,
        version=task.version,
        completed_at=at,
        completions=progress.completions + 1,
        cause=because,
    )
    if task.claim is Claim.AUTOMATIC:
        reward(space, member, task, completed, because, at, FeedKind.TASK_COMPLETED)
    else:
        space.put_progress(completed, FeedKind.TASK_COMPLETED)


def _uncomplete(
    space: Workspace, member: Member, task: Task, progress: Progress, cause: Cause, at: datetime
) -> None:
    """Take the reward back. Boards are recomputed by the caller, from what still stands."""
    known: Mapping[bytes, Transfer] = {transfer.id: transfer for transfer in space.loaded_transfers}
    for transfer_id in progress.transfers:
        take_back(space, member, known[transfer_id], cause)
    for award in list(space.awards.values()):
        if _ground(progress) in award.grounds:
            space.withdraw(award, _ground(progress), cause)
    for score in progress.scores:
        space.stale.add((member.id, score.board, score.period))
    space.put_progress(
        evolve(
            progress,
            completed_at=None,
            claimed_at=None,
            transfers=(),
            scores=(),
            reward_sequence=0,
            cause=None,
        ),
        FeedKind.TASK_ADVANCED,
    )


def _ground(progress: Progress) -> str:
    return f"task:{progress.id.hex()}"
