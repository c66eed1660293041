"""Taking an activity back: exactly what it caused, as applied; what others justify stays.

Transfers and scores are undone from what was stored. Badges and tasks are functions of the activities that
still stand: the activity's own derivations go, and the rules that read a counter it fed are evaluated again
for the activities that share that counter, since their grounds may have gone, or come, with it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from gamification.activity.derivation import derived_advances, derived_awards, facts_of
from gamification.activity.model import Activity, DerivedAdvance, DerivedAward, Reversal, activity_id
from gamification.activity.repository import ActivityRepository
from gamification.badges.awarding import Outcome
from gamification.badges.model import BY_RULES, BadgeAward, award_id
from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import InvalidInput, NotFound
from gamification.leaderboards.model import record_id
from gamification.leaderboards.scoring import fold
from gamification.ledger.model import account_id
from gamification.members.feed import FeedKind
from gamification.members.model import Member
from gamification.members.profile import check_text
from gamification.programmes.service import ProgrammeService
from gamification.rules.engine import evaluate
from gamification.rules.model import CounterUse
from gamification.rules.ruleset import ruleset_of
from gamification.settlement.completion import progress_in, settle, take_back
from gamification.settlement.needs import Needs, NeedsFinder
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from gamification.settlement.workspace import Workspace
from gamification.tasks.progress import count

D = TypeVar("D", DerivedAward, DerivedAdvance)


@dataclass(slots=True)
class _Shift:
    """How derivations change: advances to count (+1) or take back (−1), and awards to look at again."""

    advances: list[tuple[Activity, DerivedAdvance, int]] = field(default_factory=list)
    awards: list[tuple[Activity, DerivedAward]] = field(default_factory=list)
    rewritten: list[Activity] = field(default_factory=list)
    counters: dict[bytes, tuple[str, int]] = field(default_factory=dict)


class ReversalService:
    """`reverseActivity`."""

    def __init__(
        self, settlement: SettlementService, repository: ActivityRepository, programmes: ProgrammeService
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._programmes = programmes

    async def reverse(
        self, actor: Actor, source: str, source_id: str, reason: str | None
    ) -> tuple[Activity, bool]:
        """The reversed activity, and whether it had been reversed before: twice is the same as once.

        Raises: Forbidden, NotFound, InvalidInput.
        """
        actor.require(Permission.ACTIVITY_REVERSE)
        if reason is not None:
            check_text(reason, "reason", 500)
        wanted = activity_id(actor.programme_id, source, source_id)

        async def body(work: Unit) -> tuple[Activity, bool]:
            found = await self._repository.by_ids(actor.programme_id, [wanted], work.tx)
            if wanted not in found:
                raise NotFound("There is no such activity.", path=["sourceId"])
            if found[wanted].reversal is not None:
                return found[wanted], True
            return await self._reverse(work, actor, found[wanted], reason), False

        return await self._settlement.run(actor.programme_id, body)

    async def _reverse(self, work: Unit, actor: Actor, activity: Activity, reason: str | None) -> Activity:
        space = work.space
        sharing = await self._sharing(work, activity)
        ids = {activity.member_id} | {other.member_id for other in sharing}
        members = await work.stores.members.by_ids(activity.programme_id, sorted(ids), work.tx)
        shift = await self._shift(activity, sharing, members)
        space.begin(await work.next_sequence())
        by = f"{actor.role}:{actor.subject}"
        because = Cause(
            activity_id=activity.id, programme_version=space.catalogue.version, actor=by, reason=reason
        )
        undone = replace(activity, reversal=Reversal(space.now, by, reason))
        await self._repository.replace([undone, *shift.rewritten], work.tx)
        await work.stores.counters.save(activity.programme_id, shift.counters, set(shift.counters), work.tx)

        # Meets whatever else becomes or ceases to be grounds for their awards at the same time.
        space.touched |= {activity.member_id} | {other.member_id for other, _ in shift.awards}
        space.touched |= {other.member_id for other, _, _ in shift.advances}
        await self._load(work, members, activity, shift)
        self._take_back_transfers(work, members[activity.member_id], activity, because)
        await self._recount(work, members, shift, because)
        await self._rejustify(work, members, shift, because)
        space.stale |= {(activity.member_id, score.board, score.period) for score in activity.scores}
        await work.flush()
        await self._rescore(work, members)
        return undone

    async def _sharing(self, work: Unit, activity: Activity) -> list[Activity]:
        """The standing activities that met a counter which this one fed, in order."""
        fed = [use.id for use in activity.counters if use.add]
        if not fed:
            return []
        return await self._repository.sharing_counters(
            activity.programme_id, activity.member_id, activity.subject, fed, work.tx
        )

    async def _shift(
        self, activity: Activity, sharing: Sequence[Activity], members: dict[bytes, Member]
    ) -> _Shift:
        """What goes with the activity, and what changes for those that share its counters."""
        shift = _Shift(
            advances=[(activity, derived, -1) for derived in activity.advances],
            awards=[(activity, derived) for derived in activity.awards],
        )
        fed = {use.id: use for use in activity.counters if use.add}
        # What stands adds up to the counter's value, so counting anew starts from nothing.
        running = dict.fromkeys(fed, 0)
        for other in sharing:
            if other.id == activity.id:
                continue
            changed = await self._evaluated_again(other, members[other.member_id], running)
            if other.sequence > activity.sequence and changed != other:
                shift.rewritten.append(changed)
                shift.awards += [(other, a) for a in {*other.awards} ^ {*changed.awards}]
                before, after = Counter(other.advances), Counter(changed.advances)
                shift.advances += [(other, a, -1) for a in (before - after).elements()]
                shift.advances += [(other, a, 1) for a in (after - before).elements()]
        shift.counters = {
            counter_id: (use.key, running.get(counter_id, 0)) for counter_id, use in fed.items()
        }
        return shift

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
            awards=_merged(other.awards, derived_awards(catalogue, effects), affected),
            advances=_merged(
                other.advances,
                (replace(a, period=kept_periods.get((a.rule, a.task), a.period)) for a in advances),
                affected,
            ),
        )

    async def _load(
        self, work: Unit, members: dict[bytes, Member], activity: Activity, shift: _Shift
    ) -> None:
        """Every state that taking back may touch."""
        catalogue = work.space.catalogue
        finder = NeedsFinder(catalogue)
        for other, derived, _ in shift.advances:
            task = catalogue.tasks[derived.task]
            finder.add_task(members[other.member_id], other.occurred_at, task, derived.period)
        for other, due in shift.awards:
            finder.add_award(members[other.member_id], due.badge, due.occurrence)
        await work.load(finder.needs)
        await work.load_unlocked(finder.needs, reversing=True)
        rewarded = [t for progress in work.space.progress.values() for t in progress.transfers]
        wanted = [*activity.transfers, *rewarded]
        transfers = await work.stores.ledger.transfers(activity.programme_id, wanted, work.tx)
        work.space.loaded_transfers = list(transfers.values())
        accounts = {account_id(t.programme_id, t.member_id, t.unit) for t in transfers.values()}
        await work.load(Needs(accounts=accounts))

    def _take_back_transfers(self, work: Unit, member: Member, activity: Activity, because: Cause) -> None:
        own = set(activity.transfers)
        for transfer in sorted(work.space.loaded_transfers, key=lambda t: (t.sequence, t.ordinal)):
            if transfer.id in own:
                take_back(work.space, member, transfer, because)

    async def _recount(self, work: Unit, members: dict[bytes, Member], shift: _Shift, because: Cause) -> None:
        """Count tasks forth and back, then bring completions in line."""
        space = work.space
        for other, derived, times in shift.advances:
            member, task = members[other.member_id], space.catalogue.tasks[derived.task]
            progress = progress_in(space, member, derived.task, derived.period)
            counted = count(progress, task, derived.by, derived.value, times)
            if counted != progress:
                space.put_progress(counted, FeedKind.TASK_ADVANCED)
        for other, derived, _ in shift.advances:
            member, task = members[other.member_id], space.catalogue.tasks[derived.task]
            progress = progress_in(space, member, derived.task, derived.period)
            settle(space, member, task, progress, because, other.occurred_at)

    async def _rejustify(
        self, work: Unit, members: dict[bytes, Member], shift: _Shift, because: Cause
    ) -> None:
        """For each award that lost or won a derivation: does a standing activity still find it due?"""
        space = work.space
        for member_id, badge, occurrence in sorted(
            {(other.member_id, due.badge, due.occurrence) for other, due in shift.awards}
        ):
            standing = await self._repository.justifying(member_id, badge, occurrence, work.tx)
            level = max(
                (
                    a.level
                    for s in standing
                    for a in s.awards
                    if (a.badge, a.occurrence) == (badge, occurrence)
                ),
                default=0,
            )
            award = space.awards.get(award_id(space.catalogue.programme_id, member_id, badge, occurrence))
            held = award is not None and BY_RULES in award.grounds
            if award is not None and held and not standing:
                space.withdraw(award, BY_RULES, because)
            elif award is not None and held:
                _keep(space, award, level, standing)
            elif standing:
                cause = _cause(standing, badge, occurrence, level)
                space.award(
                    members[member_id], badge, occurrence, BY_RULES, level, cause, standing[0].occurred_at
                )

    async def _rescore(self, work: Unit, members: dict[bytes, Member]) -> None:
        """Fold what still stands, for every score that lost a contribution."""
        space = work.space
        for member_id, board, period in sorted(space.stale):
            await work.load(
                Needs(records={record_id(space.catalogue.programme_id, board, period, member_id)})
            )
            parts = await self._repository.contributions(member_id, board, period, work.tx)
            for progress in await work.stores.progress.rewarded_with_scores(member_id, work.tx):
                parts += [
                    (progress.reward_sequence, s)
                    for s in progress.scores
                    if (s.board, s.period) == (board, period)
                ]
            parts.sort(key=lambda part: (part[0], part[1].place))
            standing = fold(space.catalogue.leaderboards[board], [score for _, score in parts])
            space.set_standing(members[member_id], board, period, standing)


def _keep(space: Workspace, award: BadgeAward, level: int, standing: list[Activity]) -> None:
    """The award stays, at the level that what stands gives; its cause names an activity that stands."""
    grounds = {**award.grounds, BY_RULES: level}
    kept = replace(award, grounds=grounds)
    if award.cause.activity_id is not None and award.cause.activity_id not in {a.id for a in standing}:
        kept = replace(kept, cause=_cause(standing, award.badge, award.occurrence, level))
    lowered = award.stands and max(grounds.values()) != award.level
    if lowered:
        kept = replace(kept, level=max(grounds.values()))
    if kept != award:
        space.put_award(kept, Outcome.LEVEL_CHANGED if lowered else Outcome.UNCHANGED)


def _cause(standing: list[Activity], badge: str, occurrence: str, level: int) -> Cause:
    """The first activity that finds the award due at that level, which is the highest."""
    activity, due = next(
        (activity, award)
        for activity in standing
        for award in activity.awards
        if (award.badge, award.occurrence, award.level) == (badge, occurrence, level)
    )
    return Cause(
        activity_id=activity.id,
        rule=due.rule,
        rule_version=due.rule_version,
        programme_version=activity.programme_version,
    )


def _merged(old: tuple[D, ...], new: Iterable[D], affected: set[str]) -> tuple[D, ...]:
    """The derivations of unaffected rules, and the new ones of the affected."""
    return tuple([derived for derived in old if derived.rule not in affected] + list(new))
