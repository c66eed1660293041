from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.kit.numbers import LONG_MAX
from gamification.programmes.definitions import Measure, Task, TaskCycle, TaskZone
from gamification.tasks.model import Progress, new_progress
from gamification.tasks.progress import DISTINCT_VALUES_MAX, count, dependents, digest, is_met, period_of

COUNT = Task(key="t", goal=3)
DISTINCT = Task(key="t", goal=3, measure=Measure.DISTINCT)
SUM = Task(key="t", goal=3, measure=Measure.SUM)


def fresh() -> Progress:
    return new_progress("p", b"m", "t", "all")


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("abc")), max_size=12), st.data())
@pytest.mark.parametrize("task", [COUNT, SUM, DISTINCT])
def test_what_counts_is_what_stands_whatever_the_order(
    task: Task, steps: list[tuple[int, str]], data: st.DataObject
) -> None:
    standing, gone = (
        data.draw(st.permutations(range(len(steps)))),
        set(data.draw(st.sets(st.integers(0, 11)))),
    )
    progress = fresh()
    for by, value in steps:
        progress = count(progress, task, by, value)
    for index in standing:
        if index in gone:
            progress = count(progress, task, *steps[index], times=-1)

    alone = fresh()
    for index, (by, value) in enumerate(steps):
        if index not in gone:
            alone = count(alone, task, by, value)
    assert progress == alone


def test_a_value_counts_once_as_long_as_one_activity_brings_it() -> None:
    progress = fresh()
    for _ in range(2):
        progress = count(progress, DISTINCT, 1, "a")
    once = count(progress, DISTINCT, 1, "a", times=-1)

    assert (progress.value, once.value) == (1, 1)
    assert count(once, DISTINCT, 1, "a", times=-1) == fresh()


def test_distinct_values_are_bounded() -> None:
    full = replace(
        fresh(), distinct={digest(str(n)): 1 for n in range(DISTINCT_VALUES_MAX)}, value=DISTINCT_VALUES_MAX
    )

    assert count(full, DISTINCT, 1, "new") == full
    assert count(full, DISTINCT, 1, "0").distinct[digest("0")] == 2


def test_a_sum_beyond_what_can_be_held_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        count(replace(fresh(), value=LONG_MAX), SUM, 1, None)

    assert refused.value.code is ErrorCode.NOT_EXACT


def test_is_met_by_the_goal_and_what_it_requires() -> None:
    task = Task(key="t", goal=3, requires=("a", "b"))

    assert is_met(replace(fresh(), value=3), task, lambda _: True)
    assert not is_met(replace(fresh(), value=2), task, lambda _: True)
    assert not is_met(replace(fresh(), value=9), task, lambda key: key == "a")


def test_what_is_complete_keeps_the_terms_by_which_it_was_completed() -> None:
    complete = replace(fresh(), value=3, goal=3, completed_at=datetime(2026, 1, 1, tzinfo=UTC))
    harder = Task(key="t", goal=10, requires=("new",))

    assert is_met(complete, harder, lambda _: False)
    assert not is_met(replace(complete, value=2), harder, lambda _: False)


@pytest.mark.parametrize(
    ("cycle", "zone", "key"),
    [
        (TaskCycle.ONCE, TaskZone.MEMBER, "all"),
        (TaskCycle.DAILY, TaskZone.PROGRAMME, "2026-11-30"),
        (TaskCycle.DAILY, TaskZone.MEMBER, "2026-12-01"),
        (TaskCycle.WEEKLY, TaskZone.MEMBER, "2026-W49"),
        (TaskCycle.MONTHLY, TaskZone.PROGRAMME, "2026-11"),
        (TaskCycle.MONTHLY, TaskZone.MEMBER, "2026-12"),
    ],
)
def test_periods_follow_the_members_or_the_programmes_zone(
    cycle: TaskCycle, zone: TaskZone, key: str
) -> None:
    task = Task(key="t", goal=1, cycle=cycle, zone=zone)
    at = datetime(2026, 11, 30, 20, tzinfo=UTC)

    assert period_of(task, at, "Asia/Shanghai", "UTC").key == key


def test_finds_what_requires_a_task() -> None:
    tasks = [
        Task(key="a", goal=1),
        Task(key="b", goal=1, requires=("a",)),
        Task(key="c", goal=1, requires=("b",)),
    ]

    assert [task.key for task in dependents(tasks, "a")] == ["b"]
