"""Taking an activity back: exactly what it caused, as applied; what others justify stays.

Transfers and scores are undone from what was stored. Badges and tasks are functions of the activities that
still stand: the activity's own derivations go, and the rules that read a counter it fed are evaluated again
for the activities that share that counter, since their grounds may have gone, or come, with it.
"""

from dataclasses import replace

from gamification.activity.check_ins import withdraw_check_in
from gamification.activity.derivation import counted, items_ground
from gamification.activity.model import Activity, Reversal, activity_id
from gamification.activity.repository import ActivityRepository
from gamification.activity.rescoring import rescore
from gamification.activity.shifting import Partly, Shift, Shifting
from gamification.badges.awarding import Outcome
from gamification.badges.model import BY_RULES, BadgeAward, award_id
from gamification.checkins.model import LostItems
from gamification.goals.model import UNCOUNTED as NOT_IN_GOAL
from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import Conflict, NotFound
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.model import TransferKind
from gamification.members.model import Member
from gamification.members.profile import check_text
from gamification.programmes.definitions import RefundTerms
from gamification.programmes.service import ProgrammeService
from gamification.referrals.model import Qualifying, referral_id
from gamification.rewards.shelf import Lost
from gamification.settlement.completion import progress_in, put_counted, settle
from gamification.settlement.evidence import revoke_approved
from gamification.settlement.followup import Fate
from gamification.settlement.gifts import gift_id
from gamification.settlement.giving import take_back
from gamification.settlement.goals import load_payments, needed, recount
from gamification.settlement.growth import load_climbers, note_counted
from gamification.settlement.needs import NeedsFinder
from gamification.settlement.service import SettlementService
from gamification.settlement.taking_back import Part, take_back_part
from gamification.settlement.unit import Unit
from gamification.settlement.workspace import Workspace, reversal_id
from gamification.tasks.progress import UNCOUNTED, count


class ReversalService:
    """`reverseActivity`."""

    def __init__(
        self, settlement: SettlementService, repository: ActivityRepository, programmes: ProgrammeService
    ) -> None:
        self._settlement = settlement
        self._repository = repository
        self._programmes = programmes
        self._shifting = Shifting(repository, programmes)

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

    async def reverse_within(
        self, work: Unit, actor: Actor, activity: Activity, reason: str | None
    ) -> Activity:
        """Reverse an activity that stands in a transaction that is open already; whoever may is the caller's to say."""
        return await self._reverse(work, actor, activity, reason)

    async def _reverse(
        self,
        work: Unit,
        actor: Actor,
        activity: Activity,
        reason: str | None,
        partly: Partly | None = None,
    ) -> Activity:
        space = work.space
        sharing = await self._shifting.sharing(work, activity)
        ids = {activity.member_id} | {other.member_id for other in sharing}
        members = await work.stores.members.by_ids(activity.programme_id, sorted(ids), work.tx)
        if members[activity.member_id].erased_at is not None:
            raise NotFound("There is no such activity.", path=["sourceId"])
        if members[activity.member_id].merged_into is not None:
            # It was in the middle of being recorded when its member was merged; the worker gives it to the other.
            raise Conflict(
                "The member's accounts are being merged; try again in some seconds.", path=["sourceId"]
            )
        shift = await self._shifting.shift(activity, sharing, members, partly)
        shift.advances = [one for one in shift.advances if one[1].period != UNCOUNTED]
        space.begin(await work.next_sequence())
        by = f"{actor.role}:{actor.subject}"
        because = Cause(
            activity_id=activity.id, programme_version=space.catalogue.version, actor=by, reason=reason
        )
        # Before it is gone from what is added up of a member who was never measured.
        if space.catalogue.document.ladders and any(use.add for use in activity.counters):
            await load_climbers(work, [activity.member_id])
        undone = shift.becomes or replace(activity, reversal=Reversal(space.now, by, reason))
        if partly is not None and partly.is_all:
            undone = partly.become(evolve(undone, remaining=partly.smaller.remaining), ())
        await self._repository.replace([undone, *shift.rewritten], work.tx)
        fate = Fate.REVERSED if undone.reversal is not None else Fate.REFUNDED
        work.followup.note(fate, activity.id, activity.member_id, activity.occurred_at)
        await work.stores.counters.save(activity.programme_id, shift.counters, set(shift.counters), work.tx)

        # Meets whatever else becomes or ceases to be grounds for their awards at the same time.
        space.touched |= {activity.member_id} | {other.member_id for other, _ in shift.awards}
        space.touched |= {other.member_id for other, _, _ in shift.advances}
        shift.contributed = [one for one in shift.contributed if one[1].period != NOT_IN_GOAL]
        await self._load(work, members, activity, shift)
        if partly is not None:
            partly.take(work, undone, because)
        else:
            self._take_back_transfers(work, members[activity.member_id], activity, because)
        gone = [*counted(activity, activity.counters, -1, because)]
        if shift.becomes is not None:
            gone += counted(shift.becomes, shift.becomes.counters, 1, because)
        note_counted(
            space, derived_id("reversal", activity.id, *_refund_key(undone)), activity.member_id, gone
        )
        await self._recount(work, members, shift, because)
        recount(
            space,
            [
                (members[other.member_id], made.goal, made.period, made.team, made.by * times)
                for other, made, times in shift.contributed
            ],
            because,
        )
        await self._rejustify(work, members, shift, because)
        await self._requalify(work, shift, because)
        space.stale |= {(activity.member_id, score.board, score.period) for score in activity.scores}
        if space.catalogue.document.check_ins and shift.becomes is None:
            space.lost_items.append(LostItems(activity.member_id, items_ground(activity.id), because))
            await withdraw_check_in(work, members[activity.member_id], activity, because)
        if activity.gives:
            kept = shift.becomes.gives if shift.becomes is not None else ()
            stays = frozenset(gift_id(activity.id, gift.rule, gift.index) for gift in kept)
            ground = items_ground(activity.id)
            space.shelf.lost.append(Lost(activity.member_id, ground, because, stays))
        if activity.approved is not None and shift.becomes is None:
            await revoke_approved(work, members[activity.member_id], activity.approved, activity.id, because)
        await work.flush()
        await rescore(work, self._repository, members)
        return undone

    async def _load(self, work: Unit, members: dict[bytes, Member], activity: Activity, shift: Shift) -> None:
        """Every state that taking back may touch."""
        catalogue = work.space.catalogue
        finder = NeedsFinder(catalogue)
        for other, derived, _ in shift.advances:
            task = catalogue.tasks[derived.task]
            finder.add_task(members[other.member_id], other.occurred_at, task, derived.period)
        for other, due in shift.awards:
            finder.add_award(members[other.member_id], due.badge, due.occurrence)
        for other, made, _ in shift.contributed:
            finder.needs.contributions.add(
                needed(catalogue.programme_id, made.goal, made.period, made.team, other.member_id)
            )
        await work.load(finder.needs)
        await load_payments(work, finder.needs.contributions)
        await work.load_unlocked(finder.needs, reversing=True)
        rewarded = [t for progress in work.space.progress.values() for t in progress.transfers]
        wanted = [*activity.transfers, *rewarded]
        await work.load_transfers(wanted)

    def _take_back_transfers(self, work: Unit, member: Member, activity: Activity, because: Cause) -> None:
        own, taken = set(activity.transfers), activity.taken
        for transfer in sorted(work.space.loaded_transfers, key=lambda t: (t.sequence, t.ordinal)):
            before = taken.get(transfer.id, 0)
            if transfer.id not in own:
                continue
            if before and transfer.kind is not TransferKind.PENDING:
                rest = Part(transfer, abs(transfer.amount) - before, before, reversal_id(transfer.id))
                if rest.amount:
                    take_back_part(work.space, rest, _REST, because)
            else:
                take_back(work.space, member, transfer, because)

    async def _recount(self, work: Unit, members: dict[bytes, Member], shift: Shift, because: Cause) -> None:
        """Count tasks forth and back, then bring completions in line."""
        space = work.space
        for other, derived, times in shift.advances:
            member, task = members[other.member_id], space.catalogue.tasks[derived.task]
            progress = progress_in(space, member, derived.task, derived.period)
            put_counted(
                space, member, task, progress, count(progress, task, derived.by, derived.value, times)
            )
        for other, derived, _ in shift.advances:
            member, task = members[other.member_id], space.catalogue.tasks[derived.task]
            progress = progress_in(space, member, derived.task, derived.period)
            settle(space, member, task, progress, because, other.occurred_at)

    async def _rejustify(
        self, work: Unit, members: dict[bytes, Member], shift: Shift, because: Cause
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

    async def _requalify(self, work: Unit, shift: Shift, because: Cause) -> None:
        """For each referral that lost or won a qualifying activity: all that qualify it now."""
        work.space.because = because
        for member_id, offer in sorted({(other.member_id, found.offer) for other, found in shift.qualifies}):
            standing = await self._repository.qualifying(member_id, offer, work.tx)
            found = referral_id(work.space.catalogue.programme_id, member_id)
            work.space.requalified[found] = work.space.requalified.get(found, ()) + tuple(
                Qualifying(found, offer, one.occurred_at, qualifying_cause(one, offer)) for one in standing
            )
            work.space.touched.add(member_id)


_REST = RefundTerms(amount="amount")
"""What a reversal does with what refunds have left: all of it, down to the unit's floor."""


def _refund_key(activity: Activity) -> tuple[str, ...]:
    """What tells a refund from others of the same activity, and from its reversal."""
    return () if activity.reversal is not None else tuple(refund.key for refund in activity.refunds[-1:])


def qualifying_cause(activity: Activity, offer: str) -> Cause:
    """Which activity and rule qualified whoever did it."""
    found = next(one for one in activity.qualifies if one.offer == offer)
    return Cause(
        activity_id=activity.id,
        rule=found.rule,
        rule_version=found.rule_version,
        programme_version=activity.programme_version,
    )


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
        programme_version=due.programme_version or activity.programme_version,
    )
