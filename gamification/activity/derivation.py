"""From an evaluation to what an activity derives, and applying it to a workspace: pure."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace

from gamification.activity.model import (
    Activity,
    DerivedAdvance,
    DerivedAward,
    DerivedContribution,
    DerivedGift,
    DerivedQualification,
)
from gamification.badges.awarding import occurrence_for
from gamification.badges.model import BY_RULES
from gamification.goals.counting import counted_in
from gamification.goals.model import UNCOUNTED as NOT_IN_GOAL
from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.model import account_id
from gamification.members.facts import member_facts
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.rules.model import (
    Advance,
    Award,
    Confirm,
    Contribute,
    CounterUse,
    Evaluation,
    Facts,
    GiveItems,
    GiveReward,
    PostPoints,
    Qualify,
    ResolvedEffect,
    WriteScore,
)
from gamification.settlement.check_ins import add_items
from gamification.settlement.completion import advance
from gamification.settlement.gifts import give_by_rule
from gamification.settlement.goals import contribute
from gamification.settlement.growth import factors, multiply, note_counted
from gamification.settlement.pending import About, confirm
from gamification.settlement.sights import sees
from gamification.settlement.workspace import Given, Workspace
from gamification.tasks.picks import picked_period
from gamification.tasks.progress import UNCOUNTED
from gamification.tiers.model import Growth


def facts_of(activity: Activity) -> Facts:
    """A stored activity as rules see it."""
    return Facts(
        activity.type,
        activity.source,
        activity.source_id,
        activity.counted_as or activity.member_id,
        activity.occurred_at,
        activity.subject,
        activity.standing_properties,
        activity.member_facts or {},
        activity.approved,
        activity.campaigns,
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
        _advance(catalogue, activity, member_zone, effect)
        for effect in effects
        if isinstance(effect, Advance)
    )


def derived_contributions(
    catalogue: Catalogue,
    member: Member,
    activity: Activity,
    effects: Sequence[ResolvedEffect],
) -> tuple[DerivedContribution, ...]:
    """What these effects contribute to goals, judged as of when the activity was recorded. What it contributed by the same
    rule before stays in its period and with its team; what is new counts for the team that the member is in now."""
    places = {(one.rule, one.goal): (one.period, one.team) for one in activity.contributed}
    return tuple(
        _contribution(effect, place)
        if (place := places.get((effect.rule.key, effect.goal)))
        else _contribution(effect, _place(catalogue, member, activity, effect.goal))
        for effect in effects
        if isinstance(effect, Contribute)
    )


def _contribution(effect: Contribute, place: tuple[str, str | None]) -> DerivedContribution:
    return DerivedContribution(effect.rule.key, effect.rule.version, effect.goal, *place, effect.by)


def _place(catalogue: Catalogue, member: Member, activity: Activity, goal: str) -> tuple[str, str | None]:
    """(period, team) in which the activity contributes to a goal."""
    return counted_in(
        catalogue.programme_id,
        catalogue.goals[goal],
        activity.occurred_at,
        activity.recorded_at,
        catalogue.settings.time_zone,
        member_facts(member),
    )


def derived_gifts(effects: Sequence[ResolvedEffect]) -> tuple[DerivedGift, ...]:
    """The rewards that these effects find due, whatever their caps have left."""
    return tuple(_gift(effect) for effect in effects if isinstance(effect, GiveReward))


def _gift(effect: GiveReward, *, capped: bool = False) -> DerivedGift:
    return DerivedGift(effect.rule.key, effect.rule.version, effect.index, effect.reward, capped)


def _award(catalogue: Catalogue, effect: Award) -> DerivedAward:
    occurrence = occurrence_for(catalogue.badges[effect.badge], effect.occurrence)
    return DerivedAward(effect.rule.key, effect.rule.version, effect.badge, occurrence, effect.level)


def _advance(catalogue: Catalogue, activity: Activity, member_zone: str, effect: Advance) -> DerivedAdvance:
    period = effect.period or picked_period(
        catalogue,
        catalogue.tasks[effect.task],
        activity.counted_as or activity.member_id,
        activity.occurred_at,
        member_zone,
    )
    return DerivedAdvance(effect.rule.key, effect.rule.version, effect.task, period, effect.by, effect.value)


def unseen(space: Workspace, member: Member, effects: Sequence[ResolvedEffect]) -> frozenset[str]:
    """The keys of the tasks among these effects that are not there for the member now."""
    tasks, gated = space.catalogue.tasks, space.catalogue.gated_tasks
    if not gated:
        return gated
    advanced = {effect.task for effect in effects if isinstance(effect, Advance)}
    return frozenset(key for key in advanced & gated if not sees(space, member, tasks[key]))


def items_ground(activity_id: bytes) -> str:
    """The ground on which an activity's rules give make-up cards, freezes and rewards of the catalogue."""
    return f"activity:{activity_id.hex()}"


def settle(space: Workspace, member: Member, activity: Activity, evaluation: Evaluation) -> Activity:
    """Apply an evaluation; the activity with all that it derived and gave. Raises: InvalidInput (NOT_EXACT)."""
    catalogue, at = space.catalogue, activity.occurred_at
    given = Given()
    awards: list[DerivedAward] = []
    advances: list[DerivedAdvance] = []
    gives: list[DerivedGift] = []
    if evaluation.effects:
        # Also where nothing changes, as for a badge held already: a reversal at the same time must meet it.
        space.touched.add(member.id)
    hidden = unseen(space, member, evaluation.effects)  # as of before the activity, too
    lifted_by = factors(space, member.id)  # as of before the activity, whatever it lifts
    for effect in evaluation.effects:
        cause = cause_of(activity, effect)
        if isinstance(effect, PostPoints):
            _post(
                space, member, activity, effect, multiply(lifted_by, effect.unit, effect.amount, cause), given
            )
        elif isinstance(effect, Confirm):
            account = account_id(catalogue.programme_id, member.id, effect.unit)
            confirmed = confirm(space, account, About(activity.subject), at, cause)
            given.transfers += [transfer.id for transfer in confirmed]
        elif isinstance(effect, Advance):
            advances.append(_go_on(space, member, activity, effect, cause, hidden))
        elif isinstance(effect, Award):
            awards.append(_award(catalogue, effect))
            space.award(member, effect.badge, effect.occurrence, BY_RULES, effect.level, cause, at)
        elif isinstance(effect, GiveItems):
            entry = derived_id("check-in-item", activity.id, effect.rule.key, effect.index)
            definition = catalogue.check_ins[effect.check_in]
            ground = items_ground(activity.id)
            add_items(space, member, definition, effect.item, effect.count, entry, cause, ground)
        elif isinstance(effect, GiveReward):
            there = give_by_rule(space, member, activity.id, at, effect, items_ground(activity.id), cause)
            gives.append(_gift(effect, capped=not there))
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
        gives=tuple(gives),
        qualifies=derived_qualifications(evaluation.effects),
        contributed=_contributed(space, member, activity, evaluation.effects),
    )


def _post(
    space: Workspace,
    member: Member,
    activity: Activity,
    effect: PostPoints,
    lifted: tuple[int, Cause],
    given: Given,
) -> None:
    """Post an effect's points: `lifted` is the amount after multipliers, with what then is the cause."""
    amount, cause = lifted
    space.post(
        member,
        effect.unit,
        amount,
        derived_id("transfer", activity.id, effect.rule.key, effect.index),
        cause,
        activity.occurred_at,
        given,
        boards=effect.boards,
        caps=effect.caps,
        budgets=effect.budgets,
        about=About(activity.subject),
    )


def _go_on(
    space: Workspace,
    member: Member,
    activity: Activity,
    effect: Advance,
    cause: Cause,
    hidden: Container[str],
) -> DerivedAdvance:
    """Advance a task, where it counts and is there for the member."""
    derived = _advance(space.catalogue, activity, member.time_zone, effect)
    if effect.task in hidden and effect.period is None:
        derived = replace(derived, period=UNCOUNTED)
    if derived.period != UNCOUNTED:
        task, at = space.catalogue.tasks[effect.task], activity.occurred_at
        advance(space, member, task, derived.period, effect.by, effect.value, cause, at)
    return derived


def _contributed(
    space: Workspace, member: Member, activity: Activity, effects: Sequence[ResolvedEffect]
) -> tuple[DerivedContribution, ...]:
    """What effects contribute to goals, contributed."""
    found = derived_contributions(space.catalogue, member, activity, effects)
    for one in found:
        if one.period != NOT_IN_GOAL:
            contribute(space, member, space.catalogue.goals[one.goal], one.period, one.team, one.by)
    return found


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
