from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.activity.model import NewActivity
from gamification.importers.ordering import ActivitySorter

START = datetime(2018, 3, 12, tzinfo=UTC)


def activity(number: int, milliseconds: int = 0) -> NewActivity:
    return NewActivity(
        type="t",
        source="s",
        source_id=str(number),
        member_external_id="1",
        occurred_at=START + timedelta(milliseconds=milliseconds),
        subject=None if number % 2 else f"post:{number}",
        properties={"amount": 0.1 + number, "names": ["é", number]},
    )


@given(times=st.lists(st.integers(0, 20), max_size=60), run_length=st.integers(1, 70))
def test_runs_on_disk_change_nothing(times: list[int], run_length: int) -> None:
    sorter = ActivitySorter(run_length)
    given_ = [activity(number, time) for number, time in enumerate(times)]
    for one in given_:
        sorter.add((int((one.occurred_at - START).total_seconds() * 1000),), one)
    # Python's sort is stable, so equal times stay in the order in which they came.
    assert list(sorter) == sorted(given_, key=lambda one: one.occurred_at)
    assert len(sorter) == len(times)


def test_blocks_of_a_long_run_are_read_in_turn() -> None:
    sorter = ActivitySorter(run_length=1200)
    for number in reversed(range(3000)):
        sorter.add((number,), activity(number))
    assert [one.source_id for one in sorter] == [str(number) for number in range(3000)]


def test_two_readers_do_not_disturb_each_other() -> None:
    sorter = ActivitySorter(run_length=2)
    for number in range(9):
        sorter.add((number,), activity(number))
    pairs = list(zip(sorter, sorter, strict=True))
    assert [(one.source_id, other.source_id) for one, other in pairs] == [(str(n), str(n)) for n in range(9)]


@pytest.mark.parametrize("run_length", [1, 10])
def test_nothing_added_gives_nothing(run_length: int) -> None:
    assert list(ActivitySorter(run_length)) == []
