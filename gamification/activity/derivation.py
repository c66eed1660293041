"""From an evaluation to what an activity derives, and applying it to a workspace: pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from gamification.activity.model import Activity, DerivedAdvance, DerivedAward, DerivedQualification
from gamification.badges.awarding import occurrence_for
from gamification.badges.model import BY_RULES
from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.model import account_id
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.rules.model import (
    Advance,
    Award,
    Confirm,
    CounterUse,
    Evaluation,
    Facts,
    GiveItems,
    PostPoints,
    Qualify,
    ResolvedEffect,
    WriteScore,
)
from gamification.settlement.check_ins import add_items
from gamification.settlement.completion import advance
from gamification.settlement.growth import factors, multiply, note_counted
from gamification.settlement.pending import About, confirm
from gamification.settlement.sights import sees
from gamification.settlement.workspace import Given, Workspace
from gamification.tasks.progress import UNCOUNTED, counted_period
from gamification.tiers.model import Growth


def facts_of(activity: Activity) -> Facts:
    """A stored activity as rules see it."""
    return Facts(
        activity.type,
        activity.source,
        activity.source_id,
        activity.member_id,
        activity.occurred_at,
        activity.subject,
        activity.standing_properties,
        activity.member_facts or {},
    )


def derived_awards(catalogue: Catalogue, effects: Sequence[ResolvedEffect]) -> tuple[DerivedAward, ...]:
    """The awards that these effects find due."""
    return tuple(_award(catalogue, effect) for effect in effects if isinstance(effect, Award))


def derived_qualifications(effects: Sequence[ResolvedEffect]) -> tuple[DerivedQualification, ...]:
    """The referral offers by which these effects find the member qualified."""
    return tuple(
        DerivedQualification(effect.rule.key, effect.rule.version, effect.offer)
        for effect in effects
        if isinstance(effect, Qualify)
    )


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
    period = counted_period(catalogue.tasks[effect.task], at, member_zone, catalogue.settings.time_zone)
    return DerivedAdvance(effect.rule.key, effect.rule.version, effect.task, period, effect.by, effect.value)


def unseen(space: Workspace, member: Member, effects: Sequence[ResolvedEffect]) -> frozenset[str]:
    """The keys of the tasks among these effects that are not there for the member now."""
    tasks, gated = space.catalogue.tasks, space.catalogue.gated_tasks
    if not gated:
        return gated
    advanced = {effect.task for effect in effects if isinstance(effect, Advance)}
    return frozenset(key for key in advanced & gated if not sees(space, member, tasks[key]))


def items_ground(activity_id: bytes) -> str:
    """The ground on which an activity's rules give make-up cards and freezes."""
    return f"activity:{activity_id.hex()}"


def settle(space: Workspace, member: Member, activity: Activity, evaluation: Evaluation) -> Activity:
    """Apply an evaluation; the activity with all that it derived and gave. Raises: InvalidInput (NOT_EXACT)."""
    catalogue, at = space.catalogue, activity.occurred_at
    given = Given()
    awards: list[DerivedAward] = []
    advances: list[DerivedAdvance] = []
    if evaluation.effects:
        # Also where nothing changes, as for a badge held already: a reversal at the same time must meet it.
        space.touched.add(member.id)
    hidden = unseen(space, member, evaluation.effects)  # as of before the activity, too
    lifted_by = factors(space, member.id)  # as of before the activity, whatever it lifts
    for effect in evaluation.effects:
        cause = cause_of(activity, effect)
        if isinstance(effect, PostPoints):
            transfer_id = derived_id("transfer", activity.id, effect.rule.key, effect.index)
            amount, cause = multiply(lifted_by, effect.unit, effect.amount, cause)
            space.post(
                member,
                effect.unit,
                amount,
                transfer_id,
                cause,
                at,
                given,
                boards=effect.boards,
                caps=effect.caps,
                budgets=effect.budgets,
                about=About(activity.subject),
            )
        elif isinstance(effect, Confirm):
            account = account_id(catalogue.programme_id, member.id, effect.unit)
            confirmed = confirm(space, account, About(activity.subject), at, cause)
            given.transfers += [transfer.id for transfer in confirmed]
        elif isinstance(effect, Advance):
            task = catalogue.tasks[effect.task]
            derived = _advance(catalogue, member.time_zone, at, effect)
            if effect.task in hidden:
                derived = replace(derived, period=UNCOUNTED)
            advances.append(derived)
            if derived.period != UNCOUNTED:
                advance(space, member, task, derived.period, effect.by, effect.value, cause, at)
        elif isinstance(effect, Award):
            awards.append(_award(catalogue, effect))
            space.award(member, effect.badge, effect.occurrence, BY_RULES, effect.level, cause, at)
        elif isinstance(effect, GiveItems):
            entry = derived_id("check-in-item", activity.id, effect.rule.key, effect.index)
            definition = catalogue.check_ins[effect.check_in]
            ground = items_ground(activity.id)
            add_items(space, member, definition, effect.item, effect.count, entry, cause, ground)
        elif isinstance(effect, Qualify):
            space.qualify(member, effect.offer, activity.id, at, cause)
        elif isinstance(effect, WriteScore):
            board = catalogue.leaderboards[effect.board]
            space.score(member, board, effect.value, effect.subscore, at, given)
    note_counted(space, activity.id, member.id, counted(activity, evaluation.counters))
    return evolve(
        activity,
        counters=evaluation.counters,
        awards=tuple(awards),
        advances=tuple(advances),
        transfers=tuple(given.transfers),
        scores=tuple(given.scores),
        unscored=tuple(given.unscored),
        qualifies=derived_qualifications(evaluation.effects),
    )


def counted(
    activity: Activity, counters: Iterable[CounterUse], sign: int = 1, because: Cause | None = None
) -> Iterator[Growth]:
    """What the activity added to counters, or with a sign of −1 what goes with it, as growth."""
    cause = because or Cause(activity_id=activity.id, programme_version=activity.programme_version)
    for use in counters:
        yield Growth(
            activity.id,
            activity.member_id,
            use.add * sign,
            activity.occurred_at,
            cause,
            counter=use.key,
            taken_back=sign < 0,
        )


def cause_of(activity: Activity, effect: ResolvedEffect) -> Cause:
    """The activity and rule behind an effect."""
    return Cause(
        activity_id=activity.id,
        rule=effect.rule.key,
        rule_version=effect.rule.version,
        programme_version=activity.programme_version,
    )
