"""Evaluating every standing activity again, in order, by the definitions of its time.

What comes out is what counters, awards, task progress and scores must be. It is held in memory while it is
compared: a few hundred bytes a member, task, award and board entry, none an activity.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace

from gamification.activity.derivation import derived_advances, derived_awards, facts_of
from gamification.activity.model import Activity
from gamification.kit.errors import DomainError
from gamification.leaderboards.model import Contribution
from gamification.programmes.catalogue import Catalogue
from gamification.rules.engine import evaluate
from gamification.rules.model import Evaluation
from gamification.rules.ruleset import ruleset_of
from gamification.tasks.model import Progress, new_progress
from gamification.tasks.progress import count
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


def replay(activity: Activity, then: Catalogue, now: Catalogue, expected: Expected, report: Report) -> None:
    """Evaluate one activity, compare with what it recorded, and add it up. `then` is the catalogue it was
    evaluated by, `now` the present one."""
    report.count("activities")
    if activity.reversal is not None:
        report.count("reversed activities")
        return
    ruleset = ruleset_of(then)
    values = {use.id: expected.counters.get(use.id, ("", 0))[1] for use in activity.counters}
    try:
        evaluation = evaluate(ruleset, facts_of(activity), values)
    except DomainError as error:
        report.differs(f"{_name(activity)}: can't be evaluated any more: {error.message}")
        return
    _compare(activity, then, evaluation, report)
    for use in evaluation.counters:
        expected.counters[use.id] = (use.key, use.value)
    for award in derived_awards(then, evaluation.effects):
        key = (activity.member_id, award.badge, award.occurrence)
        expected.awards[key] = max(award.level, expected.awards.get(key, 0))
    for advance in activity.advances:
        fresh = new_progress(activity.programme_id, activity.member_id, advance.task, advance.period)
        progress = expected.progress.get(fresh.id, fresh)
        expected.progress[fresh.id] = count(progress, now.tasks[advance.task], advance.by, advance.value)
    for score in activity.scores:
        expected.scores[(activity.member_id, score.board, score.period)].append((activity.sequence, score))


def _compare(activity: Activity, then: Catalogue, evaluation: Evaluation, report: Report) -> None:
    """What the activity recorded must be what evaluating it again derives. A member's zone may have changed
    since, so the periods of advances are taken as recorded."""
    name = _name(activity)
    report.compare(f"{name} counters", activity.counters, evaluation.counters)
    report.compare(f"{name} awards", set(activity.awards), set(derived_awards(then, evaluation.effects)))
    stored = [replace(advance, period="") for advance in activity.advances]
    computed = [replace(a, period="") for a in derived_advances(then, "UTC", activity, evaluation.effects)]
    report.compare(f"{name} advances", sorted(stored, key=repr), sorted(computed, key=repr))


def _name(activity: Activity) -> str:
    return f"activity {activity.source} {activity.source_id}"
