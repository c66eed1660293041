"""Which tasks of a pool a member gets in a period: pure, and the same for everyone who computes it.

`docs/tasks.md` has it to the byte. Nothing is stored: picks follow from the pool's terms, the member's id and the period.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import islice

from gamification.kit.chance import below, keyed, words
from gamification.kit.periods import Cycle, Period, first_day_of_key, period_at
from gamification.kit.records import record
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import PickTerms, Task, TaskPool, TaskZone
from gamification.tasks.progress import UNCOUNTED, counted_period, period_of

FORMAT = "starguild-picks/1"
_ROUNDS_KEPT = 8
"""Orders of rounds that are held for a member and pool: two are looked at together."""
_EPOCH = date(1970, 1, 1)
_FIRST_MONDAY = date(1970, 1, 5)


def is_there(catalogue: Catalogue, task: str, member_id: bytes, period: str) -> bool:
    """Whether a task is there for a member in that period, as far as pools decide: it is picked, or in no pool then. One
    that waits for the period in which it joins a pool is there for everybody until then, if it was before."""
    waits: list[PickTerms] = []
    for pool in catalogue.pools_of.get(task, ()):
        day = first_day_of_key(pool.cycle.cycle, period)
        terms = terms_on(pool, day)
        if terms is not None and task in terms.tasks:
            return task in picks(catalogue, pool.key, member_id, period)
        later = (one for one in pool.terms if one.since is not None and one.since > day)
        waits += [one for one in later if task in one.tasks][:1]
    return all(task in one.open_before for one in waits)


def picked_period(catalogue: Catalogue, task: Task, member_id: bytes, at: datetime, member_zone: str) -> str:
    """The key of the period that an activity of that member at that instant counts in, or UNCOUNTED: out of the task's
    times, or not among the member's picks."""
    period = counted_period(task, at, member_zone, catalogue.settings.time_zone)
    if period == UNCOUNTED or task.key not in catalogue.pools_of:
        return period
    return period if is_there(catalogue, task.key, member_id, period) else UNCOUNTED


def unpicked(catalogue: Catalogue, member: Member, now: datetime) -> frozenset[str]:
    """The keys of the tasks that are not there for a member now, since a pool did not pick them."""
    zone = catalogue.settings.time_zone
    return frozenset(
        key
        for key in catalogue.pools_of
        if not is_there(
            catalogue, key, member.id, period_of(catalogue.tasks[key], now, member.time_zone, zone).key
        )
    )


@record(frozen=True, slots=True)
class Picked:
    """What a pool picks for a member in a period: keys of tasks, in the order in which they were picked."""

    pool: TaskPool
    period: Period
    tasks: tuple[str, ...]


def picked_at(catalogue: Catalogue, pool: TaskPool, member: Member, at: datetime) -> Picked:
    """The picks of the period that holds that instant, by the pool's calendar; those that take effect."""
    zone = member.time_zone if pool.zone is TaskZone.MEMBER else catalogue.settings.time_zone
    period = period_at(pool.cycle.cycle, at, zone)
    found = picks(catalogue, pool.key, member.id, period.key)
    return Picked(pool, period, tuple(key for key in found if published(catalogue.tasks[key])))


@lru_cache(maxsize=16_384)
def picks(catalogue: Catalogue, pool: str, member_id: bytes, period: str) -> tuple[str, ...]:
    """The keys of the tasks that the pool picks for a member in that period, in the order in which they were picked;
    archived ones too. None where the pool takes no effect in it."""
    cycle = catalogue.task_pools[pool].cycle.cycle
    return _picking(catalogue, pool, member_id).at(_index(cycle, first_day_of_key(cycle, period)))


def terms_on(pool: TaskPool, day: date) -> PickTerms | None:
    """The terms of the period that begins on that day; None before there were any."""
    begun = [one for one in pool.terms if one.since is None or one.since <= day]
    return begun[-1] if begun else None


def span_of(terms: PickTerms) -> tuple[int, int, int]:
    """How many tasks are picked, within how many periods none comes again, and in how many periods each comes at most
    once. Where there are too few tasks, as when some are archived, all are picked, or come again sooner."""
    count = min(terms.picks, len(terms.tasks))
    if not count:
        return 0, 0, 1
    apart = min(terms.no_repeat, (len(terms.tasks) // count - 1) // 2)
    return count, apart, len(terms.tasks) // count if apart else 1


@lru_cache(maxsize=4096)
def _picking(catalogue: Catalogue, pool: str, member_id: bytes) -> "_Picking":
    return _Picking(catalogue.programme_id, catalogue.task_pools[pool], member_id)


class _Picking:
    """The picks of one member from one pool, by the number of the period."""

    def __init__(self, programme_id: str, pool: TaskPool, member_id: bytes) -> None:
        self._names = (programme_id, pool.key, member_id.hex())
        self._terms = pool.terms
        cycle = pool.cycle.cycle
        self._starts = [_index(cycle, one.since) if one.since else None for one in pool.terms]
        self._rounds: dict[tuple[int, int], list[str]] = {}

    def at(self, index: int) -> tuple[str, ...]:
        """The picks of that period."""
        begun = [place for place, start in enumerate(self._starts) if start is None or start <= index]
        if not begun:
            return ()
        terms, start = self._terms[begun[-1]], self._starts[begun[-1]] or 0
        count, apart, length = span_of(terms)
        number, position = divmod(index - start, length)
        if not apart:
            return tuple(islice(self._order(terms, number), count))
        order = self._round(begun[-1], number)
        if position >= length - apart:
            return tuple(order[position * count : (position + 1) * count])
        # The last periods of a round are as they were drawn, whatever came before: so which tasks came last is known
        # without knowing what came before those.
        left = order[: (length - apart) * count] + order[length * count :]
        first = index - position
        before = [self.at(first - back) for back in range(1, apart + 1)]
        picked: list[str] = []
        for place in range(position + 1):
            recent = {task for found in before[: max(apart - place, 0)] for task in found}
            fresh = [one for one in left if one not in recent]
            picked = [*fresh, *(one for one in left if one in recent)][:count]
            left = [one for one in left if one not in picked]
        return tuple(picked)

    def _round(self, place: int, number: int) -> list[str]:
        """All tasks of some terms in the order of a round."""
        found = self._rounds.get((place, number))
        if found is None:
            if len(self._rounds) >= _ROUNDS_KEPT:
                self._rounds.clear()
            found = self._rounds[place, number] = list(self._order(self._terms[place], number))
        return found

    def _order(self, terms: PickTerms, number: int) -> Iterator[str]:
        """The tasks in a random order, by their weights: that of the terms' round with that number."""
        since = terms.since.isoformat() if terms.since else ""
        stream = words(keyed(terms.seed.encode(), FORMAT, *self._names, since, str(number)))
        tasks = list(terms.tasks)
        weights = list(terms.weights) or [1] * len(tasks)
        while tasks:
            found = _holder(weights, below(stream, sum(weights)))
            weights.pop(found)
            yield tasks.pop(found)


def _holder(weights: Sequence[int], number: int) -> int:
    """The place that holds a number below the sum of the weights."""
    for place, weight in enumerate(weights):
        if number < weight:
            return place
        number -= weight
    raise AssertionError("the number is below the sum")


def _index(cycle: Cycle, day: date) -> int:
    """The number of the period that begins on that day: 0 begins on 1 January 1970, of weeks on the 5th, a Monday."""
    if cycle is Cycle.DAILY:
        return (day - _EPOCH).days
    if cycle is Cycle.WEEKLY:
        return (day - _FIRST_MONDAY).days // 7
    return (day.year - _EPOCH.year) * 12 + day.month - 1
