"""The terms by which pools pick tasks, kept with each pool so that a change of it never changes picks that are seen: pure.

What is changed counts from the first period that has begun nowhere yet, two minutes from now at the earliest: whoever
reads meanwhile, by the old document or the new one, sees the same.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta, timezone

from gamification.kit.periods import Cycle, zone
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import PickTerms, TaskPool, TaskZone
from gamification.programmes.document import Document

TERMS_KEPT = 60
"""So many terms of a pool are kept; what happened before the oldest of them does not count any more."""
_NOTICE = timedelta(minutes=2)
_EARLIEST = timezone(timedelta(hours=14))
"""Where dates begin first."""


def with_terms(old: Document | None, new: Document, now: datetime) -> Document:
    """The new document, each of its pools with the terms of the old one's and, where it differs from the last of them, its
    own."""
    if not new.task_pools:
        return new
    before = {pool.key: pool for pool in old.task_pools} if old else {}
    pools = tuple(
        pool.model_copy(update={"terms": _terms(old, new, before.get(pool.key), pool, now)})
        for pool in new.task_pools
    )
    return new.model_copy(update={"task_pools": pools})


def next_period(pool: TaskPool, now: datetime, programme_zone: str) -> date:
    """The first day of the pool's first period that begins more than two minutes from now, wherever members are."""
    by = _EARLIEST if pool.zone is TaskZone.MEMBER else zone(programme_zone)
    day = (now.astimezone(UTC) + _NOTICE).astimezone(by).date()
    if pool.cycle.cycle is Cycle.DAILY:
        return day + timedelta(days=1)
    if pool.cycle.cycle is Cycle.WEEKLY:
        return day + timedelta(days=7 - day.weekday())
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _terms(
    old: Document | None, new: Document, before: TaskPool | None, pool: TaskPool, now: datetime
) -> tuple[PickTerms, ...]:
    known = before.terms if before else ()
    taking = {task.key for task in new.tasks if published(task)} if published(pool) else set[str]()
    tasks = tuple(key for key in pool.tasks if key in taking)
    stated = PickTerms(
        tasks=tasks,
        picks=pool.picks if tasks else 0,
        no_repeat=pool.no_repeat if tasks else 0,
        weights=tuple(pool.weights.get(key, 1) for key in tasks) if pool.weights else (),
        seed=pool.seed if tasks else "",
    )
    last = known[-1] if known else PickTerms()
    if stated == last.model_copy(update={"since": None, "open_before": ()}):
        return known
    since = next_period(pool, now, new.programme.time_zone)
    if not known and not _seen(old, tasks):
        return (stated,)  # nobody misses anything: they are picked at once
    open_before = _open(old, since, tasks)
    made = stated.model_copy(update={"since": since, "open_before": open_before})
    lasting = tuple(one for one in known if one.since is None or one.since < since)
    return (*lasting, made)[-TERMS_KEPT:]


def _seen(old: Document | None, tasks: Collection[str]) -> bool:
    """Whether some of the tasks were there for anybody before."""
    return old is not None and any(published(task) and task.key in tasks for task in old.tasks)


def _open(old: Document | None, since: date, tasks: Collection[str]) -> tuple[str, ...]:
    """Those of the tasks that were there for everybody so far, and are until then."""
    if old is None:
        return ()
    pooled = {
        key
        for pool in old.task_pools
        for last in pool.terms[-1:]
        for key in last.tasks
        if not (key in last.open_before and last.since is not None and last.since >= since)
    }
    there = {task.key for task in old.tasks if published(task)} - pooled
    return tuple(key for key in tasks if key in there)
