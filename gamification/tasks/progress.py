"""Counting towards a goal, forth and back: pure.

What counts is a function of the activities that stand, not of their order: progress goes on beyond the goal, so
that taking one activity back leaves the task complete where the others still reach it.
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime

from gamification.kit.numbers import exact_long
from gamification.kit.periods import ALL_TIME, Period, period_at
from gamification.kit.records import evolve
from gamification.programmes.definitions import Measure, Task, TaskCycle, TaskZone
from gamification.tasks.model import Progress

DISTINCT_VALUES_MAX = 5000
"""Distinct values kept for one task and period; further ones no longer count."""


def period_of(task: Task, at: datetime, member_zone: str, programme_zone: str) -> Period:
    """The task's period that holds `at`, by the member's or the programme's calendar."""
    return period_at(task.cycle.cycle, at, member_zone if task.zone is TaskZone.MEMBER else programme_zone)


def required_period(required: Task, period: str) -> str:
    """The period of a required task that counts for that period of the task which requires it: its one and only
    period where it is done once, else the same one."""
    return ALL_TIME.key if required.cycle is TaskCycle.ONCE else period


def digest(value: str) -> str:
    """A short name of a distinct value, fit for a document's field."""
    return hashlib.blake2b(value.encode(), digest_size=9).hexdigest()


def count(progress: Progress, task: Task, by: int, value: str | None, times: int = 1) -> Progress:
    """Count an activity (`times` = 1) or take it back (−1). Raises: InvalidInput (NOT_EXACT)."""
    if task.measure is not Measure.DISTINCT:
        return evolve(progress, value=exact_long(progress.value + by * times, "value"))
    if value is None:
        return progress
    name = digest(value)
    seen = dict(progress.distinct)
    left = seen.get(name, 0) + times
    if left > 0:
        if name not in seen and len(seen) >= DISTINCT_VALUES_MAX:
            return progress
        seen[name] = left
    else:
        seen.pop(name, None)
    return evolve(progress, distinct=seen, value=len(seen))


def is_met(progress: Progress, task: Task, is_complete: Callable[[str], bool]) -> bool:
    """Whether the goal is reached and all required tasks are complete. What is complete keeps the goal and the
    requirements by which it was completed, whatever the task's definition says since."""
    goal, requires = (
        (progress.goal, progress.requires) if progress.is_complete else (task.goal, task.requires)
    )
    return progress.value >= goal and all(is_complete(required) for required in requires)


def dependents(tasks: Iterable[Task], key: str) -> list[Task]:
    """The tasks that require the task of that key."""
    return [task for task in tasks if key in task.requires]
