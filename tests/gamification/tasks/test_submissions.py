"""When one more submission may be handed in, and who may decide on it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.actors import Actor, Role
from gamification.kit.errors import Conflict, ErrorCode
from gamification.members.model import Identity, Member
from gamification.programmes.definitions import Task, TaskApproval
from gamification.tasks.evidence import Evidence
from gamification.tasks.submissions import (
    CHANGES_MAX,
    Submission,
    SubmissionMoved,
    SubmissionState,
    by,
    decided,
    is_own,
    new_submission,
    refuse_another,
    require_state,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TERMS = TaskApproval(activity="a", resubmissions=2)
P, A, R = SubmissionState.PENDING, SubmissionState.APPROVED, SubmissionState.REJECTED
W, S, V = SubmissionState.WITHDRAWN, SubmissionState.SUPERSEDED, SubmissionState.REVOKED


def task(goal: int = 1) -> Task:
    return Task(key="photo", goal=goal, approval=TERMS)


def member(**stated: Any) -> Member:
    return Member(b"m" * 12, "p", "ann", "Ann", NOW, "en", "UTC", **stated)


def submission(number: int = 1, state: SubmissionState = P) -> Submission:
    made = new_submission(member(), task(), "all", number, Evidence("x", None), NOW, number)
    return made if state is P else decided(made, state, NOW, "member")


def refused(goal: int, *states: SubmissionState, replacing: bool = False) -> ErrorCode | None:
    earlier = [submission(number, state) for number, state in enumerate(states, 1)]
    try:
        refuse_another(task(goal), TERMS, earlier, replacing=replacing)
    except Conflict as error:
        return error.code
    return None


def test_as_many_stand_at_once_as_the_goal_asks_for() -> None:
    assert refused(1) is None
    assert refused(1, P) is ErrorCode.SUBMISSION_WAITING
    assert refused(1, P, replacing=True) is None
    assert refused(1, A) is ErrorCode.ALREADY_APPROVED
    assert refused(2, P) is None
    assert refused(2, P, P) is ErrorCode.SUBMISSION_WAITING
    assert refused(2, A, P) is ErrorCode.SUBMISSION_WAITING
    assert refused(2, A, P, replacing=True) is None
    assert refused(2, A, A) is ErrorCode.ALREADY_APPROVED
    assert refused(1, A, A) is ErrorCode.ALREADY_APPROVED  # as where the goal was made smaller


def test_after_so_many_rejections_nothing_more_is_taken() -> None:
    assert refused(1, R, R) is None
    assert refused(1, R, R, R) is ErrorCode.NO_SUBMISSION_LEFT
    assert refused(1, R, V, R) is ErrorCode.NO_SUBMISSION_LEFT
    assert refused(9, R, R, A, R) is ErrorCode.NO_SUBMISSION_LEFT


def test_what_waits_is_changed_only_so_often() -> None:
    changes = [W, S] * (CHANGES_MAX // 2)

    assert refused(1, *changes[:-1]) is None
    assert refused(1, *changes) is ErrorCode.NO_SUBMISSION_LEFT
    assert refused(1, *changes, P, replacing=True) is ErrorCode.NO_SUBMISSION_LEFT


@given(st.integers(1, 5), st.lists(st.sampled_from([P, A, R, W, S, V]), max_size=60))
def test_never_more_than_the_goal_stand_and_each_period_holds_a_bounded_number(
    goal: int, wanted: list[SubmissionState]
) -> None:
    made: list[SubmissionState] = []
    for state in wanted:
        if refused(goal, *made) is None:
            made.append(state)

    assert sum(state in (P, A) for state in made) <= goal
    assert len(made) <= goal + TERMS.resubmissions + 1 + CHANGES_MAX


def test_ids_are_of_the_member_task_period_and_number() -> None:
    assert submission(1).id == submission(1).id != submission(2).id


def test_a_decision_is_the_next_version_and_is_kept() -> None:
    approved = decided(submission(), A, NOW, "moderator:kim", note="fine", activity_id=b"a")
    revoked = decided(approved, V, NOW, "operator:ops", "a copy")

    assert (approved.version, approved.activity_id, approved.reason) == (2, b"a", None)
    assert (revoked.version, revoked.activity_id, revoked.reason) == (3, b"a", "a copy")
    assert [(one.state, one.actor, one.note) for one in revoked.decisions] == [
        (A, "moderator:kim", "fine"),
        (V, "operator:ops", None),
    ]


def test_only_what_was_looked_at_is_decided_on() -> None:
    waiting = submission()

    require_state(waiting, P)
    require_state(waiting, P, 1)
    for state, version in ((A, 1), (A, None), (P, 2), (P, 0)):
        with pytest.raises(SubmissionMoved) as moved:
            require_state(waiting, state, version)
        assert moved.value.submission == waiting


def test_whose_it_is_decides_in_no_role() -> None:
    known = member(identities=(Identity("sso", "ann@work"),))

    assert is_own(Actor("p", "ann", Role.MODERATOR), known)
    assert is_own(Actor("p", "ann", Role.OPERATOR), known)
    assert is_own(Actor("p", "ann@work", Role.MODERATOR), known)
    assert is_own(Actor("p", "old-ann", Role.MODERATOR), member(former=("old-ann",)))
    assert not is_own(Actor("p", "kim", Role.MODERATOR), known)


def test_of_members_no_name_is_kept_with_a_decision() -> None:
    assert by(Actor("p", "ann", Role.MEMBER)) == "member"
    assert by(Actor("p", "kim", Role.MODERATOR)) == "moderator:kim"
