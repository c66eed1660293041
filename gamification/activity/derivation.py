"""From an evaluation to what an activity derives, and applying it to a workspace: pure."""

from collections.abc import Sequence
from datetime import datetime

from gamification.activity.model import Activity, DerivedAdvance, DerivedAward
from gamification.badges.awarding import occurrence_for
from gamification.badges.model import BY_RULES
from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.rules.model import Advance, Award, Evaluation, Facts, PostPoints, ResolvedEffect, WriteScore
from gamification.settlement.completion import advance
from gamification.settlement.workspace import Given, Workspace
from gamification.tasks.progress import period_of


def member_facts(member: Member) -> dict[str, object]:
    """What conditions may read of a member."""
    return {
        "id": member.id.hex(),
        "external_id": member.external_id,
        "joined_at": member.joined_at,
        "locale": member.locale,
        "time_zone": member.time_zone,
        "attributes": member.attributes,
    }


def facts_of(activity: Activity) -> Facts:
    """A stored activity as rules see it."""
    return Facts(
        activity.type,
        activity.source,
        activity.source_id,
        activity.member_id,
        activity.occurred_at,
        activity.subject,
        activity.properties,
        activity.member_facts or {},
    )


def derived_awards(catalogue: Catalogue, effects: Sequence[ResolvedEffect]) -> tuple[DerivedAward, ...]:
    """The awards that these effects find due."""
    return tuple(_award(catalogue, effect) for effect in effects if isinstance(effect, Award))


def derived_advances(
    catalogue: Catalogue, member_zone: str, activity: Activity, effects: Sequence[ResolvedEffect]
) -> tuple[DerivedAdvance, ...]:
    """The advances that these effects make, each with its period."""
    return tuple(
        _advance(catalogue, member_zone, activity.occurred_at, effect)
        for effect in effects
        if isinstance(effect, Advance)
    )


def _award(catalogue: Catalogue, effect: Award) -> DerivedAward:
    occurrence = occurrence_for(catalogue.badges[effect.badge], effect.occurrence)
    return DerivedAward(effect.rule.key, effect.rule.version, effect.badge, occurrence, effect.level)


def _advance(catalogue: Catalogue, member_zone: str, at: datetime, effect: Advance) -> DerivedAdvance:
    period = period_of(catalogue.tasks[effect.task], at, member_zone, catalogue.settings.time_zone).key
    return DerivedAdvance(effect.rule.key, effect.rule.version, effect.task, period, effect.by, effect.value)


def settle(space: Workspace, member: Member, activity: Activity, evaluation: Evaluation) -> Activity:
    """Apply an evaluation; the activity with all that it derived and gave. Raises: InvalidInput (NOT_EXACT)."""
    catalogue, at = space.catalogue, activity.occurred_at
    given = Given()
    awards: list[DerivedAward] = []
    advances: list[DerivedAdvance] = []
    if evaluation.effects:
        # Also where nothing changes, as for a badge held already: a reversal at the same time must meet it.
        space.touched.add(member.id)
    for effect in evaluation.effects:
        cause = cause_of(activity, effect)
        if isinstance(effect, PostPoints):
            transfer_id = derived_id("transfer", activity.id, effect.rule.key, effect.index)
            space.post(
                member, effect.unit, effect.amount, transfer_id, cause, at, given, boards=effect.boards
            )
        elif isinstance(effect, Advance):
            task = catalogue.tasks[effect.task]
            derived = _advance(catalogue, member.time_zone, at, effect)
            advances.append(derived)
            advance(space, member, task, derived.period, effect.by, effect.value, cause, at)
        elif isinstance(effect, Award):
            awards.append(_award(catalogue, effect))
            space.award(member, effect.badge, effect.occurrence, BY_RULES, effect.level, cause, at)
        elif isinstance(effect, WriteScore):
            board = catalogue.leaderboards[effect.board]
            space.score(member, board, effect.value, effect.subscore, at, given)
    return evolve(
        activity,
        counters=evaluation.counters,
        awards=tuple(awards),
        advances=tuple(advances),
        transfers=tuple(given.transfers),
        scores=tuple(given.scores),
    )


def cause_of(activity: Activity, effect: ResolvedEffect) -> Cause:
    """The activity and rule behind an effect."""
    return Cause(
        activity_id=activity.id,
        rule=effect.rule.key,
        rule_version=effect.rule.version,
        programme_version=activity.programme_version,
    )
