"""What changes in what activities derived once one of them, or a part of it, is gone.

Its own derivations go. The rules that read a counter it fed are evaluated again for the activities that share that
counter, since their grounds may have gone, or come, with it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from gamification.activity.backfilling import still_due
from gamification.activity.derivation import (
    derived_advances,
    derived_awards,
    derived_contributions,
    derived_gifts,
    derived_qualifications,
    facts_of,
)
from gamification.activity.model import (
    Activity,
    DerivedAdvance,
    DerivedAward,
    DerivedContribution,
    DerivedGift,
    DerivedQualification,
)
from gamification.activity.repository import ActivityRepository
from gamification.kit.causes import Cause
from gamification.kit.errors import InvalidInput
from gamification.members.model import Member
from gamification.programmes.service import ProgrammeService
from gamification.rules.engine import evaluate
from gamification.rules.model import CounterUse, ResolvedEffect
from gamification.rules.ruleset import ruleset_of
from gamification.settlement.unit import Unit

D = TypeVar("D", DerivedAward, DerivedAdvance, DerivedContribution, DerivedQualification)


@dataclass(slots=True)
class Shift:
    """How derivations change: advances and contributions to count (+1) or take back (−1), and awards to look at again."""

    advances: list[tuple[Activity, DerivedAdvance, int]] = field(default_factory=list)
    awards: list[tuple[Activity, DerivedAward]] = field(default_factory=list)
    qualifies: list[tuple[Activity, DerivedQualification]] = field(default_factory=list)
    contributed: list[tuple[Activity, DerivedContribution, int]] = field(default_factory=list)
    rewritten: list[Activity] = field(default_factory=list)
    counters: dict[bytes, tuple[str, int]] = field(default_factory=dict)
    becomes: Activity | None = None


@dataclass(frozen=True, slots=True)
class Partly:
    """A part of an activity to be taken back: the activity with what is left of its properties, nothing where
    `is_all`. `become` completes it, given the effects that it has now; `take` takes back the points."""

    smaller: Activity
    is_all: bool
    become: Callable[[Activity, Sequence[ResolvedEffect]], Activity]
    take: Callable[[Unit, Activity, Cause], None]


class Shifting:
    """Finds what shifts; reads, and writes nothing."""

    def __init__(self, repository: ActivityRepository, programmes: ProgrammeService) -> None:
        self._repository = repository
        self._programmes = programmes

    async def sharing(self, work: Unit, activity: Activity) -> list[Activity]:
        """The standing activities that met a counter which this one fed, in order."""
        fed = [use.id for use in activity.counters if use.add]
        if not fed:
            return []
        return await self._repository.sharing_counters(
            activity.programme_id, activity.member_id, activity.subject, fed, work.tx
        )

    async def shift(
        self,
        activity: Activity,
        sharing: Sequence[Activity],
        members: dict[bytes, Member],
        partly: Partly | None = None,
    ) -> Shift:
        """What goes with the activity, or with a part of it, and what changes for those that share its counters."""
        shift = Shift(
            advances=[(activity, derived, -1) for derived in activity.advances],
            awards=[(activity, derived) for derived in activity.awards],
            qualifies=[(activity, derived) for derived in activity.qualifies],
            contributed=[(activity, derived, -1) for derived in activity.contributed],
        )
        fed = {use.id: use for use in activity.counters if use.add}
        # What stands adds up to the counter's value, so counting anew starts from nothing.
        running = dict.fromkeys(fed, 0)
        for other in sharing:
            if other.id == activity.id:
                if partly is not None and not partly.is_all:
                    await self._become(shift, activity, members[activity.member_id], partly, running)
                continue
            changed = await self._evaluated_again(other, members[other.member_id], running)
            if other.sequence > activity.sequence and changed != other:
                shift.rewritten.append(changed)
                shift.awards += [(other, a) for a in {*other.awards} ^ {*changed.awards}]
                shift.qualifies += [(other, q) for q in {*other.qualifies} ^ {*changed.qualifies}]
                before, after = Counter(other.advances), Counter(changed.advances)
                shift.advances += [(other, a, -1) for a in (before - after).elements()]
                shift.advances += [(other, a, 1) for a in (after - before).elements()]
                shift.contributed += _differing(other, other.contributed, changed.contributed)
        if partly is not None and not partly.is_all and shift.becomes is None:
            await self._become(shift, activity, members[activity.member_id], partly, running)
        shift.counters = {
            counter_id: (use.key, running.get(counter_id, 0)) for counter_id, use in fed.items()
        }
        return shift

    async def _become(
        self, shift: Shift, activity: Activity, member: Member, partly: Partly, running: dict[bytes, int]
    ) -> None:
        """What the activity derives once a part of it is gone, and how that differs. Raises: InvalidInput where its
        rules can't be evaluated without that part."""
        catalogue = await self._programmes.catalogue(activity.programme_id, activity.programme_version)
        before = {use.id: running.get(use.id, use.value - use.add) for use in activity.counters}
        evaluation = evaluate(ruleset_of(catalogue), facts_of(partly.smaller), before)
        running |= {use.id: use.value for use in evaluation.counters if use.id in running}
        effects = evaluation.effects
        periods = {(a.rule, a.task): a.period for a in activity.advances}
        advances = derived_advances(catalogue, member.time_zone, activity, effects)
        becomes = partly.become(
            replace(
                partly.smaller,
                counters=evaluation.counters,
                awards=(
                    *derived_awards(catalogue, effects),
                    *await self._backfilled(replace(partly.smaller, counters=evaluation.counters)),
                ),
                qualifies=derived_qualifications(effects),
                gives=_still_given(activity, effects),
                contributed=derived_contributions(catalogue, member, activity, effects),
                advances=tuple(replace(a, period=periods.get((a.rule, a.task), a.period)) for a in advances),
            ),
            effects,
        )
        old, new = Counter(activity.advances), Counter(becomes.advances)
        shift.becomes = becomes
        shift.advances = (
            [(activity, a, -1) for a in (old - new).elements()]
            + [(activity, a, 1) for a in (new - old).elements()]
            + [one for one in shift.advances if one[0].id != activity.id]
        )
        shift.awards = [(activity, a) for a in {*activity.awards} ^ {*becomes.awards}] + [
            one for one in shift.awards if one[0].id != activity.id
        ]
        shift.contributed = _differing(activity, activity.contributed, becomes.contributed) + [
            one for one in shift.contributed if one[0].id != activity.id
        ]
        shift.qualifies = [(activity, q) for q in {*activity.qualifies} ^ {*becomes.qualifies}] + [
            one for one in shift.qualifies if one[0].id != activity.id
        ]

    async def _evaluated_again(self, other: Activity, member: Member, running: dict[bytes, int]) -> Activity:
        """The activity with its shared counters counted anew, and the rules that read them run again."""
        uses: list[CounterUse] = []
        shared_keys: set[str] = set()
        for use in other.counters:
            if use.id in running:
                running[use.id] += use.add
                shared_keys.add(use.key)
                uses.append(replace(use, value=running[use.id]))
            else:
                uses.append(use)
        changed = replace(other, counters=tuple(uses))
        if changed.counters == other.counters:
            return other
        if other.erased:
            return changed
        catalogue = await self._programmes.catalogue(other.programme_id, other.programme_version)
        ruleset = ruleset_of(catalogue)
        affected = {
            rule.ref.key for rule in ruleset.for_type(other.type).rules if rule.counters & shared_keys
        }
        before = {use.id: use.value - use.add for use in uses}
        try:
            effects = evaluate(ruleset, facts_of(other), before, affected).effects
        except InvalidInput:
            effects = ()  # with these counters the rules find nothing due, as they cannot be evaluated
        kept_periods = {(a.rule, a.task): a.period for a in other.advances}
        advances = derived_advances(catalogue, member.time_zone, other, effects)
        return replace(
            changed,
            awards=(
                *_merged(_own(other.awards), derived_awards(catalogue, effects), affected),
                *await self._backfilled(changed),
            ),
            qualifies=_merged(other.qualifies, derived_qualifications(effects), affected),
            contributed=_merged(
                other.contributed, derived_contributions(catalogue, member, other, effects), affected
            ),
            advances=_merged(
                other.advances,
                (replace(a, period=kept_periods.get((a.rule, a.task), a.period)) for a in advances),
                affected,
            ),
        )

    async def _backfilled(self, activity: Activity) -> list[DerivedAward]:
        """What a backfill found due by an activity, as far as it is with its counters and properties as they are now."""
        kept: list[DerivedAward] = []
        for version in sorted({a.programme_version for a in activity.awards if a.programme_version}):
            catalogue = await self._programmes.catalogue(activity.programme_id, version)
            made = [a for a in activity.awards if a.programme_version == version]
            kept += still_due(catalogue, activity, made)
        return kept


def _differing(
    activity: Activity, before: Iterable[DerivedContribution], after: Iterable[DerivedContribution]
) -> list[tuple[Activity, DerivedContribution, int]]:
    """What is to be taken back and what is to be counted, where one takes the other's place."""
    old, new = Counter(before), Counter(after)
    gone = [(activity, one, -1) for one in (old - new).elements()]
    return gone + [(activity, one, 1) for one in (new - old).elements()]


def _own(awards: Iterable[DerivedAward]) -> tuple[DerivedAward, ...]:
    """Those by the rules of the activity's own time."""
    return tuple(award for award in awards if award.programme_version is None)


def _merged(old: tuple[D, ...], new: Iterable[D], affected: set[str]) -> tuple[D, ...]:
    """The derivations of unaffected rules, and the new ones of the affected."""
    return tuple([derived for derived in old if derived.rule not in affected] + list(new))


def _still_given(activity: Activity, effects: Sequence[ResolvedEffect]) -> tuple[DerivedGift, ...]:
    """What of an activity's rewards its rules find due still; a smaller activity gives nothing that it did not before."""
    due = {(gift.rule, gift.index) for gift in derived_gifts(effects)}
    return tuple(gift for gift in activity.gives if (gift.rule, gift.index) in due)
