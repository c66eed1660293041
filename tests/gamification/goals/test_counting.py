"""Where contributions count, what they add up to, and what that reaches."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.goals.counting import add_up, closes_at, counted_in, period_of, reach, value_of
from gamification.goals.model import UNCOUNTED, Entry, GoalPeriod, Run, RunState, new_run
from gamification.kit.records import evolve
from gamification.programmes.definitions import TARGET, Goal

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
NOW = MONDAY + timedelta(days=2)


def goal(**stated: Any) -> Goal:
    return Goal.model_validate({"key": "clean", "target": 100, **stated})


def place(
    stated: Goal, at: datetime, now: datetime | None = None, **attributes: Any
) -> tuple[str, str | None]:
    return counted_in("club", stated, at, now or at, "UTC", {"attributes": attributes})


def run_of(stated: Goal, total: int = 0, **more: Any) -> Run:
    run = new_run(GoalPeriod("club", stated.key, "all", None, None, None))
    return evolve(run, total=total, **more)


def test_a_community_goal_counts_everybody_in_one_period() -> None:
    assert place(goal(), NOW) == ("all", None)


def test_a_weekly_goal_counts_by_its_own_zone() -> None:
    weekly = goal(cycle="weekly", time_zone="Asia/Shanghai")

    assert place(weekly, MONDAY - timedelta(hours=9)) == ("2026-W46", None)
    assert place(weekly, MONDAY - timedelta(hours=8)) == ("2026-W47", None)


def test_out_of_its_times_nothing_counts() -> None:
    bounded = goal(starts_at=MONDAY.isoformat(), ends_at=NOW.isoformat())

    instants = [MONDAY - timedelta(milliseconds=1), MONDAY, NOW - timedelta(milliseconds=1), NOW]
    assert [place(bounded, at)[0] for at in instants] == [UNCOUNTED, "all", "all", UNCOUNTED]


def test_late_activity_counts_until_the_period_is_closed_to_the_millisecond() -> None:
    bounded = goal(ends_at=NOW.isoformat(), settles_after="P1D")
    closing = NOW + timedelta(days=1)

    assert closes_at(bounded, period_of("club", bounded, MONDAY, "UTC", None)) == closing
    assert place(bounded, MONDAY, closing - timedelta(milliseconds=1)) == ("all", None)
    assert place(bounded, MONDAY, closing) == (UNCOUNTED, None)


@pytest.mark.parametrize(("attributes", "team"), [({"team": "red"}, "red"), ({"team": 7}, "7")])
def test_members_contribute_for_their_team(attributes: dict[str, Any], team: str) -> None:
    assert place(goal(group="member.attributes.team"), NOW, **attributes) == ("all", team)


@pytest.mark.parametrize("attributes", [{}, {"team": ""}, {"team": "a|b"}, {"team": None}, {"team": True}])
def test_who_is_in_no_team_contributes_to_none(attributes: dict[str, Any]) -> None:
    assert place(goal(group="member.attributes.team"), NOW, **attributes) == (UNCOUNTED, None)


def test_a_week_is_cut_to_the_goals_times() -> None:
    weekly = goal(cycle="weekly", starts_at=NOW.isoformat())

    period = period_of("club", weekly, NOW, "UTC", None)

    assert (period.starts_at, period.ends_at) == (NOW, MONDAY + timedelta(days=7))


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-2, 2), st.integers(-2, 2)), max_size=5))
def test_the_order_in_which_entries_are_added_up_changes_nothing(changes: list[tuple[int, int, int]]) -> None:
    period = GoalPeriod("club", "clean", "all", None, None, None)
    entries = [Entry(bytes([number]), period, *change) for number, change in enumerate(changes)]

    assert len({add_up(new_run(period), order) for order in permutations(entries)}) == 1


def test_members_count_where_they_have_the_least() -> None:
    members = goal(measure="members", least=10, target=2)

    assert value_of(members, run_of(members, 500, contributors=30, participants=1)) == 1


def test_milestones_are_reached_at_their_percent_rounded_up() -> None:
    stated = goal(target=10, milestones=[{"key": "quarter", "percent": 25}, {"key": "more", "percent": 150}])

    found = {
        total: [one.milestone for one in reach(stated, run_of(stated, total), NOW, 1).reached]
        for total in (2, 3, 9, 10, 14, 15)
    }
    assert found == {
        2: [],
        3: ["quarter"],
        9: ["quarter"],
        10: ["quarter", TARGET],
        14: ["quarter", TARGET],
        15: ["quarter", TARGET, "more"],
    }


def test_what_was_reached_stays_reached_by_the_terms_of_then() -> None:
    stated = goal()
    run = reach(stated, run_of(stated, 100), NOW, 3)

    after = reach(goal(target=500), evolve(run, total=7), NOW + timedelta(days=1), 4)

    assert after.reached == run.reached
    assert (run.reached[0].value, run.reached[0].threshold, run.reached[0].programme_version) == (100, 100, 3)
    assert (run.turn, run.unpaid, after.turn) == (1, True, 1)


def test_paid_at_the_close_it_is_as_the_sum_says_until_then() -> None:
    stated = goal(pays="close", ends_at=NOW.isoformat(), settles_after="P1D")
    run = reach(stated, run_of(stated, 100), NOW, 3)

    assert [one.milestone for one in run.reached] == [TARGET]
    assert not run.unpaid
    assert reach(stated, evolve(run, total=99), NOW, 3).reached == ()
    closing = reach(stated, run, NOW + timedelta(days=1), 5, closing=True)
    assert (closing.reached[0].at, closing.reached[0].programme_version) == (NOW, 5)


@pytest.mark.parametrize("state", [RunState.FREEZING, RunState.CLOSING, RunState.CLOSED])
def test_what_is_closed_reaches_nothing_more(state: RunState) -> None:
    stated = goal()

    assert reach(stated, run_of(stated, 100, state=state), NOW, 1).reached == ()
