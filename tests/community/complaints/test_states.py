"""What can become of a complaint, whatever order things come in; and times that nine of ten lie below."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.complaints import states
from community.complaints.model import Complaint, ComplaintState, Rating
from community.complaints.statistics import place_of
from gamification.kit.errors import Conflict
from gamification.kit.records import evolve

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NEW = Complaint(
    id=b"c" * 12,
    programme_id="p",
    member_id=b"m" * 12,
    category="delivery",
    text="Late",
    about=None,
    state=ComplaintState.OPEN,
    version=1,
    filed_at=BEGAN,
    first_due_at=BEGAN + DAY,
    due_at=BEGAN + DAY,
)
Step = Callable[[Complaint, datetime], Complaint]
STEPS: dict[str, Step] = {
    "write": lambda one, _: states.written_to(one),
    "take": lambda one, _: states.taken(one, "moderator:kim"),
    "release": lambda one, _: states.released(one),
    "answer": lambda one, now: states.answered(one, "moderator:kim", now),
    "close": lambda one, now: states.closed(one, now, by_member=True),
    "close by staff": lambda one, now: states.closed(one, now, by_member=False),
    "reopen": lambda one, now: states.reopened(one, now, states.over_since(one) + 5 * DAY, now + DAY),
    "rate": lambda one, now: states.rated(one, Rating(4, None, now)),
}


@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 3)), max_size=30))
def test_an_answer_is_owed_by_a_time_just_while_one_is_owed(steps: list[tuple[str, int]]) -> None:
    complaint, now = NEW, BEGAN
    for name, days in steps:
        now += days * DAY
        before = complaint
        try:
            complaint = STEPS[name](complaint, now)
        except Conflict:
            continue
        assert complaint.version == before.version + 1
        assert (complaint.due_at is not None) == complaint.state.owes
        assert (complaint.assignee is not None) or complaint.state is not ComplaintState.IN_PROGRESS
        assert (complaint.closed_at is not None) == (complaint.state is ComplaintState.CLOSED)
        if complaint.state is ComplaintState.ANSWERED:
            assert complaint.answered_at is not None
        if before.first_answered_at is not None:
            assert complaint.first_answered_at == before.first_answered_at


def test_staff_close_nothing_that_is_owed_an_answer() -> None:
    for state in (ComplaintState.OPEN, ComplaintState.IN_PROGRESS, ComplaintState.REOPENED):
        with pytest.raises(Conflict):
            states.closed(evolve(NEW, state=state), BEGAN, by_member=False)


def test_a_complaint_is_late_after_its_time_only() -> None:
    assert [NEW.is_overdue(BEGAN + DAY + timedelta(seconds=by)) for by in (-1, 0, 1)] == [False, False, True]
    assert not states.answered(NEW, "x", BEGAN).is_overdue(BEGAN + 9 * DAY)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=50), st.integers(1, 100))
def test_a_percentile_is_the_least_that_so_many_do_not_exceed(values: list[int], percent: int) -> None:
    spans = sorted(timedelta(seconds=value) for value in values)
    found = spans[place_of(len(spans), percent)]
    reached = [span for span in spans if span <= found]
    below = [span for span in spans if span < found]
    assert len(reached) * 100 >= percent * len(spans)
    assert len(below) * 100 < percent * len(spans)
