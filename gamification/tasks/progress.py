"""Counting towards a goal, forth and back: pure.

What counts is a function of the activities that stand, not of their order: progress goes on beyond the goal, so
that taking one activity back leaves the task complete where the others still reach it.
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from gamification.kit.numbers import exact_long
from gamification.kit.periods import ALL_TIME, Period, period_at, zone
from gamification.kit.records import evolve
from gamification.programmes.definitions import Measure, Task, TaskCycle, TaskDay, TaskGroup, TaskZone
from gamification.tasks.model import Places, Progress, Requirement

DISTINCT_VALUES_MAX = 5000
"""Distinct values kept for one task and period; further ones no longer count."""
UNCOUNTED = ""
"""The period of an advance that does not count, as out of the task's times or hidden from the member: kept, so that it
need not be judged again."""


def period_of(task: Task, at: datetime, member_zone: str, programme_zone: str) -> Period:
    """The task's period that holds `at`, by the member's or the programme's calendar."""
    return period_at(task.cycle.cycle, at, member_zone if task.zone is TaskZone.MEMBER else programme_zone)


def is_open(task: Task, at: datetime, member_zone: str, programme_zone: str) -> bool:
    """Whether activity at that instant counts: within the task's window, and on one of its days by its calendar."""
    if (task.starts_at and at < task.starts_at) or (task.ends_at and at >= task.ends_at):
        return False
    if not task.days:
        return True
    day = at.astimezone(zone(member_zone if task.zone is TaskZone.MEMBER else programme_zone)).date()
    return any(falls_on(stated, day) for stated in task.days)


def falls_on(stated: TaskDay, day: date) -> bool:
    """Whether a day is that weekday, and of its month that one."""
    if day.isoweekday() != stated.weekday.number:
        return False
    if stated.nth is None:
        return True
    if stated.nth < 0:
        return (day + timedelta(days=7)).month != day.month
    return (day.day - 1) // 7 + 1 == stated.nth


def counted_period(task: Task, at: datetime, member_zone: str, programme_zone: str) -> str:
    """The key of the period that an activity at that instant counts in, or UNCOUNTED."""
    if not is_open(task, at, member_zone, programme_zone):
        return UNCOUNTED
    return period_of(task, at, member_zone, programme_zone).key


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
    goal, requires, group = (
        (progress.goal, progress.requires, progress.group)
        if progress.is_complete
        else (task.goal, task.requires, requirement_of(task.prerequisites))
    )
    return (
        progress.value >= goal
        and all(is_complete(required) for required in requires)
        and (group is None or is_satisfied(group, is_complete))
    )


def is_satisfied(group: Requirement, is_complete: Callable[[str], bool]) -> bool:
    """Whether enough of a group is complete."""
    done = sum(is_complete(key) for key in group.tasks)
    return done + sum(is_satisfied(inner, is_complete) for inner in group.groups) >= group.least


def requirement_of(group: TaskGroup | None) -> Requirement | None:
    """A group as it is kept with progress."""
    if group is None:
        return None
    inner = (requirement_of(member) for member in group.members if isinstance(member, TaskGroup))
    keys = tuple(member for member in group.members if isinstance(member, str))
    return Requirement(group.least, keys, tuple(found for found in inner if found))


def terms_of(progress: Progress, task: Task) -> Progress:
    """The progress with the task's goal and requirements as they are now."""
    return evolve(
        progress,
        goal=task.goal,
        requires=task.requires,
        group=requirement_of(task.prerequisites),
        version=task.version,
    )


def take_place(progress: Progress, places: Places, limit: int) -> tuple[Progress, Places | None]:
    """Give completed progress its place, and the places with it taken; None where they are as before, since the member
    has a place from an earlier completion, or none is left."""
    if progress.place is not None:
        return progress, None
    if places.taken >= limit:
        return evolve(progress, missed=True), None
    taken = evolve(places, taken=places.taken + 1)
    return evolve(progress, place=taken.taken), taken


def dependents(tasks: Iterable[Task], key: str) -> list[Task]:
    """The tasks that require the task of that key, or are made of it."""
    return [
        task
        for task in tasks
        if key in task.requires
        or key in task.parts
        or (task.prerequisites and key in task.prerequisites.every_key())
    ]
