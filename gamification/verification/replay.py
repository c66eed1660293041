"""Evaluating every standing activity again, in order, by the definitions of its time.

What comes out is what counters, awards, task progress and scores must be. It is held in memory while it is
compared: a few hundred bytes a member, task, award and board entry, none an activity.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from gamification.activity.backfilling import still_due
from gamification.activity.derivation import (
    derived_advances,
    derived_awards,
    derived_gifts,
    derived_qualifications,
    facts_of,
    items_ground,
)
from gamification.activity.model import Activity
from gamification.goals.model import UNCOUNTED as NOT_IN_GOAL
from gamification.kit.errors import DomainError
from gamification.leaderboards.model import Contribution
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Task, TaskZone
from gamification.rules.engine import evaluate
from gamification.rules.model import Evaluation
from gamification.rules.ruleset import ruleset_of
from gamification.settlement.gifts import gift_id
from gamification.tasks.model import Progress, new_progress
from gamification.tasks.picks import is_there
from gamification.tasks.progress import UNCOUNTED, count, is_open, period_of
from gamification.verification.goals import Contributed, compare_contributed
from gamification.verification.report import Report

AwardKey = tuple[bytes, str, str]
BoardKey = tuple[bytes, str, str]


@dataclass(slots=True)
class Expected:
    """What standing activities amount to. Awards: the highest level due by (member, badge, occurrence).
    Progress by its id. Scores: (sequence, contribution) by (member, board, period). Approved, by the submission:
    (activity, member, task, period)."""

    counters: dict[bytes, tuple[str, int]] = field(default_factory=dict)
    awards: dict[AwardKey, int] = field(default_factory=dict)
    progress: dict[bytes, Progress] = field(default_factory=dict)
    scores: dict[BoardKey, list[tuple[int, Contribution]]] = field(default_factory=lambda: defaultdict(list))
    given: dict[bytes, str] = field(default_factory=dict)
    """By the id of each redemption that rules gave, the ground that it was given on."""
    qualified: dict[tuple[bytes, str], list[datetime]] = field(default_factory=lambda: defaultdict(list))
    contributed: dict[Contributed, int] = field(default_factory=lambda: defaultdict(int))
    approved: dict[bytes, tuple[bytes | None, bytes, str, str]] = field(default_factory=dict)


def replay(
    activity: Activity,
    then: Catalogue,
    now: Catalogue,
    expected: Expected,
    report: Report,
    later: Mapping[int, Catalogue] | None = None,
) -> None:
    """Evaluate one activity, compare with what it recorded, and add it up. `then` is the catalogue it was
    evaluated by, `now` the present one, `later` those by which backfills looked at it."""
    report.count("activities")
    if activity.reversal is not None:
        report.count("reversed activities")
        return
    if activity.erased:
        _as_recorded(activity, expected, report)
    elif not _evaluated(activity, then, expected, report):
        return
    _replay_backfills(activity, later or {}, expected, report)
    if (of := activity.approved) is not None:
        expected.approved[of.submission] = (activity.id, activity.member_id, of.task, of.period)
    for advance in activity.advances:
        if advance.period == UNCOUNTED:
            continue
        fresh = new_progress(activity.programme_id, activity.member_id, advance.task, advance.period)
        progress = expected.progress.get(fresh.id, fresh)
        expected.progress[fresh.id] = count(progress, now.tasks[advance.task], advance.by, advance.value)
    _add_gifts(activity, expected)
    for found in activity.qualifies:
        expected.qualified[activity.member_id, found.offer].append(activity.occurred_at)
    for one in activity.contributed:
        if one.period != NOT_IN_GOAL:
            expected.contributed[activity.member_id, one.goal, one.period, one.team] += one.by
    for score in activity.scores:
        expected.scores[(activity.member_id, score.board, score.period)].append((activity.sequence, score))


def _add_gifts(activity: Activity, expected: Expected) -> None:
    for gift in activity.gives:
        if not gift.capped:
            expected.given[gift_id(activity.id, gift.rule, gift.index)] = items_ground(activity.id)


def _as_recorded(activity: Activity, expected: Expected, report: Report) -> None:
    """Of an erased member's activity: what its rules read is gone, so what it recorded is what it derived."""
    report.count("activities of erased members")
    for use in activity.counters:
        expected.counters[use.id] = (use.key, use.value)
    for award in activity.awards:
        key = (activity.member_id, award.badge, award.occurrence)
        expected.awards[key] = max(award.level, expected.awards.get(key, 0))


def _evaluated(activity: Activity, then: Catalogue, expected: Expected, report: Report) -> bool:
    """Evaluate an activity's rules again, compare, and add up what they derive; whether that could be done."""
    ruleset = ruleset_of(then)
    values = {use.id: expected.counters.get(use.id, ("", 0))[1] for use in activity.counters}
    try:
        evaluation = evaluate(ruleset, facts_of(activity), values)
    except DomainError as error:
        report.differs(f"{_name(activity)}: can't be evaluated any more: {error.message}")
        return False
    _compare(activity, then, evaluation, report)
    for use in evaluation.counters:
        expected.counters[use.id] = (use.key, use.value)
    for award in derived_awards(then, evaluation.effects):
        key = (activity.member_id, award.badge, award.occurrence)
        expected.awards[key] = max(award.level, expected.awards.get(key, 0))
    return True


def _replay_backfills(
    activity: Activity, later: Mapping[int, Catalogue], expected: Expected, report: Report
) -> None:
    """Awards that backfills found due must be, and join the expected ones."""
    if activity.erased:
        return
    for version, catalogue in later.items():
        made = {award for award in activity.awards if award.programme_version == version}
        report.compare(
            f"{_name(activity)} backfilled", made, made & set(still_due(catalogue, activity, made))
        )
        for award in made:
            key = (activity.member_id, award.badge, award.occurrence)
            expected.awards[key] = max(award.level, expected.awards.get(key, 0))


def _compare(activity: Activity, then: Catalogue, evaluation: Evaluation, report: Report) -> None:
    """What the activity recorded must be what evaluating it again derives. A member's zone may have changed
    since, so the periods of advances are taken as recorded."""
    name = _name(activity)
    report.compare(f"{name} counters", activity.counters, evaluation.counters)
    own = {award for award in activity.awards if award.programme_version is None}
    report.compare(f"{name} awards", own, set(derived_awards(then, evaluation.effects)))
    qualifies = derived_qualifications(evaluation.effects)
    compare_contributed(name, activity, then, evaluation.effects, report)
    report.compare(f"{name} qualifications", set(activity.qualifies), set(qualifies))
    _compare_gifts(activity, then, evaluation, report)
    stored = [replace(advance, period="") for advance in activity.advances]
    computed = [replace(a, period="") for a in derived_advances(then, "UTC", activity, evaluation.effects)]
    report.compare(f"{name} advances", sorted(stored, key=repr), sorted(computed, key=repr))
    for advance in activity.advances:
        task = then.tasks[advance.task]
        if activity.approved is not None and activity.approved.task == task.key:
            report.compare(f"{name} counts in", advance.period, activity.approved.period)
            continue
        if advance.period != UNCOUNTED and not is_there(
            then, task.key, _picked_for(activity), advance.period
        ):
            report.differs(f"{name}: counts for {task.key} in {advance.period}, where it was not picked")
        if task.zone is TaskZone.PROGRAMME or not task.days:
            counts = is_open(task, activity.occurred_at, "UTC", then.settings.time_zone)
            counted = advance.period != UNCOUNTED
            if not counted and task.key in then.pools_of:
                counts = counts and _was_picked(activity, then, task)
            if counted or task.key not in then.gated_tasks:
                report.compare(f"{name} counts for {task.key}", counted, counts)


def _compare_gifts(activity: Activity, then: Catalogue, evaluation: Evaluation, report: Report) -> None:
    """What rules gave must be due by them still, unless they read counters: those go on after what was given. Nothing
    else is due, but where a refund made it so."""
    settled = {rule.key for rule in then.document.rules if not rule.counters}
    stored = {(one.rule, one.index) for one in activity.gives if one.rule in settled}
    due = {(one.rule, one.index) for one in derived_gifts(evaluation.effects) if one.rule in settled}
    report.compare(f"{_name(activity)} gives", stored, due & stored if activity.refunds else due)


def _was_picked(activity: Activity, then: Catalogue, task: Task) -> bool:
    """Whether the task was among the member's picks when the activity happened. By the member's calendar it is not known
    any more in which period that was: then it is taken that it was not."""
    if task.zone is TaskZone.MEMBER:
        return False
    period = period_of(task, activity.occurred_at, "UTC", then.settings.time_zone).key
    return is_there(then, task.key, _picked_for(activity), period)


def _picked_for(activity: Activity) -> bytes:
    return activity.counted_as or activity.member_id


def _name(activity: Activity) -> str:
    return f"activity {activity.source} {activity.source_id}"
