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
    derived_qualifications,
    facts_of,
)
from gamification.activity.model import Activity
from gamification.kit.errors import DomainError
from gamification.leaderboards.model import Contribution
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import TaskZone
from gamification.rules.engine import evaluate
from gamification.rules.model import Evaluation
from gamification.rules.ruleset import ruleset_of
from gamification.tasks.model import Progress, new_progress
from gamification.tasks.progress import UNCOUNTED, count, is_open
from gamification.verification.report import Report

AwardKey = tuple[bytes, str, str]
BoardKey = tuple[bytes, str, str]


@dataclass(slots=True)
class Expected:
    """What standing activities amount to. Awards: the highest level due by (member, badge, occurrence).
    Progress by its id. Scores: (sequence, contribution) by (member, board, period)."""

    counters: dict[bytes, tuple[str, int]] = field(default_factory=dict)
    awards: dict[AwardKey, int] = field(default_factory=dict)
    progress: dict[bytes, Progress] = field(default_factory=dict)
    scores: dict[BoardKey, list[tuple[int, Contribution]]] = field(default_factory=lambda: defaultdict(list))
    qualified: dict[tuple[bytes, str], list[datetime]] = field(default_factory=lambda: defaultdict(list))


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
    for advance in activity.advances:
        if advance.period == UNCOUNTED:
            continue
        fresh = new_progress(activity.programme_id, activity.member_id, advance.task, advance.period)
        progress = expected.progress.get(fresh.id, fresh)
        expected.progress[fresh.id] = count(progress, now.tasks[advance.task], advance.by, advance.value)
    for found in activity.qualifies:
        expected.qualified[activity.member_id, found.offer].append(activity.occurred_at)
    for score in activity.scores:
        expected.scores[(activity.member_id, score.board, score.period)].append((activity.sequence, score))


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
    report.compare(f"{name} qualifications", set(activity.qualifies), set(qualifies))
    stored = [replace(advance, period="") for advance in activity.advances]
    computed = [replace(a, period="") for a in derived_advances(then, "UTC", activity, evaluation.effects)]
    report.compare(f"{name} advances", sorted(stored, key=repr), sorted(computed, key=repr))
    for advance in activity.advances:
        task = then.tasks[advance.task]
        if task.zone is TaskZone.PROGRAMME or not task.days:
            counts = is_open(task, activity.occurred_at, "UTC", then.settings.time_zone)
            counted = advance.period != UNCOUNTED
            if counted or not task.is_gated:
                report.compare(f"{name} counts for {task.key}", counted, counts)


def _name(activity: Activity) -> str:
    return f"activity {activity.source} {activity.source_id}"
