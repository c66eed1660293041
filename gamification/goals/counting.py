"""Where a contribution counts, what contributions add up to, and what that reaches: pure.

Counts are functions of the activities that stand, whatever their order. Only what was reached is remembered, where the goal
says so (`pays: reached`).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from gamification.goals.model import UNCOUNTED, Entry, GoalPeriod, Reached, Run, RunState
from gamification.kit.numbers import LONG_MAX
from gamification.kit.periods import Period, period_at, period_of_key
from gamification.kit.records import evolve
from gamification.leaderboards.grouping import group_by
from gamification.programmes.definitions import Goal, GoalMeasure, GoalPays


def period_of(
    programme_id: str, goal: Goal, at: datetime, programme_zone: str, team: str | None
) -> GoalPeriod:
    """The goal's period that holds `at`, for all members or a team; whether it counts is another matter."""
    return _bounded(
        programme_id, goal, period_at(goal.cycle.cycle, at, goal.time_zone or programme_zone), team
    )


def period_named(
    programme_id: str, goal: Goal, key: str, programme_zone: str, team: str | None
) -> GoalPeriod:
    """The goal's period of that key. Raises: InvalidInput where no period has it."""
    zone = goal.time_zone or programme_zone
    return _bounded(programme_id, goal, period_of_key(goal.cycle.cycle, key, zone), team)


def is_open(goal: Goal, at: datetime) -> bool:
    """Whether activity at that instant is within the goal's times."""
    return not ((goal.starts_at and at < goal.starts_at) or (goal.ends_at and at >= goal.ends_at))


def closes_at(goal: Goal, period: GoalPeriod) -> datetime | None:
    """The instant from which nothing counts in the period any more, whoever settles it; None for never."""
    return goal.closing(period.ends_at)


def team_of(goal: Goal, member: Mapping[str, object]) -> str | None:
    """The member's team by their facts; None where the goal has no teams, or they are in none."""
    return None if goal.group is None else group_by(goal.group, goal.key, member)


def counted_in(
    programme_id: str,
    goal: Goal,
    at: datetime,
    now: datetime,
    programme_zone: str,
    member: Mapping[str, object],
) -> tuple[str, str | None]:
    """(period, team) of what a member does at that instant and is recorded `now`; the period is UNCOUNTED where it
    does not count."""
    team = team_of(goal, member)
    if not is_open(goal, at) or (goal.group is not None and team is None):
        return UNCOUNTED, None
    period = period_of(programme_id, goal, at, programme_zone, team)
    closing = closes_at(goal, period)
    if closing is not None and now >= closing:
        return UNCOUNTED, None
    return period.key, team


def value_of(goal: Goal, run: Run) -> int:
    """What counts towards the target. Sums beyond 2^53 − 1 are shown as that."""
    return run.participants if goal.measure is GoalMeasure.MEMBERS else min(run.total, LONG_MAX)


def add_up(run: Run, entries: Iterable[Entry]) -> Run:
    """The run with what transactions changed."""
    parts = list(entries)
    return evolve(
        run,
        total=run.total + sum(one.by for one in parts),
        contributors=run.contributors + sum(one.contributors for one in parts),
        participants=run.participants + sum(one.participants for one in parts),
    )


def reach(goal: Goal, run: Run, now: datetime, programme_version: int, *, closing: bool = False) -> Run:
    """The run with the milestones that its value reaches. By `pays: reached` those reached before stay; by `pays: close`
    they are as the value says, until it is closed. What is new, if it is paid at once, is a new turn."""
    if run.state is not RunState.OPEN:
        return run
    value = value_of(goal, run)
    known = {one.milestone: one for one in run.reached}
    stays = goal.pays is GoalPays.REACHED
    reached = []
    for stage in goal.stages:
        threshold, before = stage.threshold(goal.target), known.pop(stage.key, None)
        if before is not None and (stays or (value >= threshold and not closing)):
            reached.append(before)
        elif value >= threshold:
            at = before.at if before is not None else now
            reached.append(Reached(stage.key, at, value, threshold, programme_version))
    if stays:
        reached += known.values()  # milestones that are not stated any more
    is_new = stays and {one.milestone for one in reached} != {one.milestone for one in run.reached}
    return evolve(
        run,
        reached=tuple(reached),
        turn=run.turn + 1 if is_new else run.turn,
        unpaid=run.unpaid or is_new,
    )


def _bounded(programme_id: str, goal: Goal, period: Period, team: str | None) -> GoalPeriod:
    """The period within the goal's own times."""
    starts = [at for at in (period.starts_at, goal.starts_at) if at is not None]
    ends = [at for at in (period.ends_at, goal.ends_at) if at is not None]
    return GoalPeriod(
        programme_id, goal.key, period.key, team, max(starts, default=None), min(ends, default=None)
    )
