"""Awarding a rule-made badge over activity that was recorded before: pure parts, and the job as a value.

An activity is looked at by the counters that it recorded. Where a rule reads one that the activity never met, what that
counter would have been is not known, and the activity is passed over.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from gamification.activity.derivation import derived_awards, facts_of
from gamification.activity.model import Activity, DerivedAward
from gamification.kit.errors import DomainError
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Rule, Status
from gamification.rules.engine import evaluate
from gamification.rules.ruleset import ruleset_of

SAMPLE_MAX = 10


class BackfillStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Found:
    """An award that is due by an older activity, and is not there."""

    member_id: bytes
    occurrence: str
    level: int
    activity_id: bytes


@dataclass(frozen=True, slots=True)
class Backfill:
    """A job over the activities up to the place `until` in the programme's order; all up to `after` are done.
    `passed` counts those that could not be looked at, `due` the awards that were made, or in a preview would be."""

    id: bytes
    programme_id: str
    badge: str
    version: int
    is_preview: bool
    started_by: str
    started_at: datetime
    until: int
    after: int = 0
    status: BackfillStatus = BackfillStatus.RUNNING
    scanned: int = 0
    passed: int = 0
    due: int = 0
    sample: tuple[Found, ...] = ()
    finished_at: datetime | None = None


def awarding(catalogue: Catalogue, badge: str, *, is_preview: bool) -> list[Rule]:
    """The rules that award the badge and take effect; in a preview drafts, too."""
    return [
        rule
        for rule in catalogue.document.rules
        if any(effect.award and effect.award.badge == badge for effect in rule.effects)
        and (published(rule) or (is_preview and rule.status is Status.DRAFT))
    ]


def as_if_published(catalogue: Catalogue, badge: str) -> Catalogue:
    """The catalogue with the badge and the rules that award it in effect."""
    document, rules = catalogue.document, {r.key for r in awarding(catalogue, badge, is_preview=True)}
    live = {"status": Status.PUBLISHED}
    document = document.model_copy(
        update={
            "badges": tuple(b.model_copy(update=live) if b.key == badge else b for b in document.badges),
            "rules": tuple(r.model_copy(update=live) if r.key in rules else r for r in document.rules),
        }
    )
    return Catalogue(catalogue.programme_id, catalogue.version, document)


def due_by(
    catalogue: Catalogue, activity: Activity, badge: str, rules: Collection[str]
) -> list[DerivedAward] | None:
    """The awards of the badge that these rules find due by a recorded activity, as the catalogue states them; None where
    that can't be told."""
    ruleset = ruleset_of(catalogue)
    met = {use.key for use in activity.counters}
    wanted = {rule.ref.key: rule for rule in ruleset.for_type(activity.type).rules if rule.ref.key in rules}
    known = {key for key, rule in wanted.items() if rule.counters <= met}
    before = {use.id: use.value - use.add for use in activity.counters}
    try:
        effects = evaluate(ruleset, facts_of(activity), before, known).effects if known else ()
    except DomainError:
        return None
    if not known and wanted:
        return None
    found = derived_awards(catalogue, effects)
    return [replace(one, programme_version=catalogue.version) for one in found if one.badge == badge]


def still_due(catalogue: Catalogue, activity: Activity, awards: Iterable[DerivedAward]) -> list[DerivedAward]:
    """Of awards that were made over this activity by that version, those that are due with its counters as they are now."""
    kept: list[DerivedAward] = []
    for badge, rule in sorted({(one.badge, one.rule) for one in awards}):
        kept += due_by(catalogue, activity, badge, {rule}) or []
    return kept
