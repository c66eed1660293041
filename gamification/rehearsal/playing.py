"""Playing history on a stage: one activity after the other, by the rules of its time or by the draft's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gamification.activity.derivation import counted, facts_of, settle
from gamification.activity.model import Activity
from gamification.badges.model import BY_HAND, BY_RULES, award_id
from gamification.campaigns.approval import digest_of
from gamification.campaigns.joining import joined_at
from gamification.campaigns.model import new_run
from gamification.kit.causes import Cause
from gamification.kit.errors import DomainError, ErrorCode, InvalidInput
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.caps import CapUse
from gamification.ledger.model import Posting, TransferKind
from gamification.members.facts import member_facts
from gamification.members.feed import FeedKind
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue, published
from gamification.rehearsal.outline import Claim, Honour, Movement, Other, Piece
from gamification.rehearsal.refunded import play_refunded
from gamification.rehearsal.stage import Done, Stage
from gamification.rehearsal.unit import StageUnit, measured_of
from gamification.rewards.limits import stock_of
from gamification.rules.engine import evaluate
from gamification.rules.model import Evaluation, Joined
from gamification.rules.ruleset import RuleSet, ruleset_of
from gamification.settlement.collecting import collect
from gamification.settlement.completion import progress_in, reward
from gamification.settlement.growth import GROWING, climb, climbing_of
from gamification.settlement.needs import NeedsFinder
from gamification.settlement.pending import settle_due
from gamification.tiers.measuring import day_of


@dataclass(slots=True)
class Played:
    """What an activity did, or why it could not be taken."""

    done: Done
    rules: frozenset[str] = frozenset()
    error: DomainError | None = None


class Player:
    """`draft` is what is rehearsed. Counters are held by id."""

    def __init__(self, unit: StageUnit, members: Mapping[bytes, Member], draft: Catalogue) -> None:
        self._unit = unit
        self._stage: Stage = unit.stage
        self._members = members
        self._draft = draft
        self._counters: dict[bytes, int] = {}
        self._measured = measured_of(climbing_of(draft))
        self._runs = {
            one.key: evolve(new_run(draft.programme_id, one.key), approved=digest_of(draft, one))
            for one in draft.published_campaigns
        }

    def member(self, found: bytes) -> Member | None:
        """The member, or whom they were merged into."""
        member = self._members.get(found)
        if member is not None and member.merged_into is not None:
            return self._members.get(member.merged_into, member)
        return member

    async def play(
        self, activity: Activity, then: Catalogue, now: datetime, *, counts: bool
    ) -> Played | None:
        """Play an activity at that time: by the draft where it counts, else by `then`, the rules of its time. None where there is
        nobody any more who did it."""
        member = self.member(activity.member_id)
        if member is None:
            return None
        stage, catalogue = self._stage, self._draft if counts else then
        stage.set_scene(catalogue, now)
        stage.enter(member.id)
        await self._bring_up_to_date(member, now)
        mark, tiers = stage.mark(), len(stage.done.tiers)
        stage.begin(activity.sequence)
        ruleset = ruleset_of(catalogue)
        try:
            seen = self._as_seen(activity, then, member, ruleset) if counts else activity
            evaluation = await self._settle(seen, member, ruleset)
            await collect(self._unit)
            await climb(self._unit)
        except DomainError as error:
            stage.give_up(mark, tiers)
            return Played(self._done(), error=error)
        for use in evaluation.counters:
            self._counters[use.id] = use.value
        if not counts:
            self._backfill(activity, member)
        done = self._done()
        for growth in counted(activity, evaluation.counters):
            self._grow(member.id, ("counter", growth.counter or ""), growth.at, growth.amount)
        return Played(done, frozenset(effect.rule.key for effect in evaluation.effects))

    async def also(self, other: Other, catalogue: Catalogue, at: datetime) -> Done | None:
        """Let something else happen as it did, as far as it can."""
        stage = self._stage
        stage.set_scene(catalogue, at)
        if isinstance(other, Piece):
            self._take_piece(catalogue, other)
            return None
        member = self.member(other.member_id)
        if member is None:
            return None
        stage.enter(member.id)
        await self._bring_up_to_date(member, at)
        mark, tiers = stage.mark(), len(stage.done.tiers)
        stage.begin(0 if isinstance(other, Claim) else other.sequence)
        try:
            if isinstance(other, Movement):
                self._move(member, other)
            elif isinstance(other, Claim):
                await self._claim(member, other)
            else:
                self._honour(member, other)
            await collect(self._unit)
            await climb(self._unit)
        except DomainError:
            stage.give_up(mark, tiers)
        return self._done()

    async def review(self, member_id: bytes, at: datetime) -> Done | None:
        """Look at a member's tiers once more, as of the end."""
        member = self.member(member_id)
        if member is None:
            return None
        self._stage.set_scene(self._draft, at)
        self._stage.enter(member.id)
        await self._unit.ready_tiers(member, at)
        return self._done()

    async def _bring_up_to_date(self, member: Member, now: datetime) -> None:
        """What time alone did since: points that waited, tiers."""
        stage = self._stage
        if stage.pendings:
            for pending in [one for one in stage.pendings.values() if one.due_at <= now]:
                if pending.unit in stage.catalogue.units:
                    settle_due(stage, pending)
        await self._unit.ready_tiers(member, now)

    async def _settle(self, activity: Activity, member: Member, ruleset: RuleSet) -> Evaluation:
        stage, facts = self._stage, facts_of(activity)
        evaluation = evaluate(ruleset, facts, self._counters)
        finder = NeedsFinder(stage.catalogue)
        finder.add_effects(member, activity.occurred_at, evaluation.effects, activity.subject)
        if activity.refunds:
            whole = evaluate(ruleset, facts_of(evolve(activity, remaining=None)), self._counters)
            finder.add_effects(member, activity.occurred_at, whole.effects, activity.subject)
        await self._unit.load(finder.needs)
        if activity.refunds:
            return play_refunded(stage, member, activity, ruleset, self._counters)
        settle(stage, member, activity, evaluation)
        return evaluation

    def _as_seen(self, activity: Activity, then: Catalogue, member: Member, ruleset: RuleSet) -> Activity:
        """The activity as the draft would have recorded it. Raises: InvalidInput where it would not have."""
        draft = ruleset.catalogue
        definition, before = draft.activity_types.get(activity.type), then.activity_types.get(activity.type)
        if definition is None or not published(definition):
            raise InvalidInput(
                f"There is no activity type {activity.type!r}.",
                code=ErrorCode.UNKNOWN_ACTIVITY_TYPE,
                path=["type"],
            )
        if before is None or before.properties != definition.properties:
            draft.properties_of(activity.type).accept(activity.properties)
        met = ruleset.for_type(activity.type)
        facts = activity.member_facts
        if met.uses_member and facts is None:
            facts = member_facts(member)
        return evolve(
            activity, member_facts=facts, campaigns=self._joined(activity, then, member, met.campaigns)
        )

    def _joined(
        self, activity: Activity, then: Catalogue, member: Member, asked: frozenset[str]
    ) -> tuple[Joined, ...]:
        """The campaigns that are on for the member: of those that stayed as they were what was decided then, of others what
        would be, once approved."""
        if not asked:
            return ()
        types = ruleset_of(then).for_type(activity.type).campaigns
        kept = {key for key in asked & types if then.campaigns[key] == self._draft.campaigns[key]}
        found = {one.campaign: one for one in activity.campaigns if one.campaign in kept}
        at = activity.occurred_at
        decided = joined_at(self._draft, self._runs, member, at, asked - kept)
        found |= {one.campaign: one for one in decided}
        return tuple(found[one.key] for one in self._draft.published_campaigns if one.key in found)

    def _backfill(self, activity: Activity, member: Member) -> None:
        """Badges that were awarded for it later."""
        for due in activity.awards:
            if due.programme_version is not None and due.badge in self._stage.catalogue.badges:
                cause = Cause(activity_id=activity.id, rule=due.rule, rule_version=due.rule_version)
                at = activity.occurred_at
                self._stage.award(member, due.badge, due.occurrence, BY_RULES, due.level, cause, at)

    def _move(self, member: Member, other: Movement) -> None:
        stage = self._stage
        if other.unit not in stage.catalogue.units:
            return
        kind = other.kind
        if kind not in GROWING:
            kind = TransferKind.EARNED if kind is TransferKind.PENDING else TransferKind.RECEIVED
            kind = TransferKind.GIVEN if other.amount < 0 else kind
        for found in other.caps:
            stage.loaded_caps.add(found)
            stage.caps.setdefault(found, CapUse(found, member.programme_id, "", ""))
        found = derived_id("moved", other.sequence, other.unit, other.member_id, other.amount)
        posting = Posting(
            found, other.amount, kind, other.occurred_at, Cause(), other.expires_at, caps=other.caps
        )
        stage.put(stage.account(member.id, other.unit), posting)

    async def _claim(self, member: Member, other: Claim) -> None:
        stage = self._stage
        task = stage.catalogue.tasks.get(other.task)
        progress = progress_in(stage, member, other.task, other.period) if task is not None else None
        if task is None or progress is None or not progress.is_claimable(stage.now):
            return
        completed_at = progress.completed_at or stage.now
        finder = NeedsFinder(stage.catalogue)
        finder.add_reward(member, completed_at, task, other.period)
        await self._unit.load(finder.needs)
        cause = Cause(
            activity_id=progress.cause.activity_id if progress.cause else None,
            task=task.key,
            task_version=task.version,
        )
        reward(stage, member, task, progress, cause, completed_at, FeedKind.TASK_ADVANCED)

    def _honour(self, member: Member, other: Honour) -> None:
        stage = self._stage
        if other.badge not in stage.catalogue.badges:
            return
        award, _ = stage.award(member, other.badge, other.occurrence, BY_HAND, other.level, Cause(), other.at)
        if other.barred:
            found = award_id(member.programme_id, member.id, award.badge, award.occurrence)
            stage.awards[found] = evolve(award, barred=True, grounds={}, revoked_at=other.at)

    def _take_piece(self, catalogue: Catalogue, other: Piece) -> None:
        definition = catalogue.rewards.get(other.reward)
        stock = stock_of(catalogue.programme_id, definition) if definition is not None else None
        if stock is not None:
            shelf = self._stage.shelf
            shelf.loaded.add(stock.tally.id)
            tally = shelf.tally(stock)
            shelf.tallies[tally.id] = evolve(tally, taken=tally.taken + 1)

    def _done(self) -> Done:
        """What was done, with what of it is measured for tiers, and codes that are gone."""
        done = self._stage.take_done()
        for one in done.transfers:
            if one.kind in GROWING and one.amount:
                self._grow(one.member_id, ("unit", one.unit), one.occurred_at, one.amount)
        for given in done.redemptions:
            if given.stands and given.reward in self._unit.codes:
                self._unit.codes[given.reward] -= 1
        return done

    def _grow(self, member_id: bytes, what: tuple[str, str], at: datetime, amount: int) -> None:
        if what in self._measured and amount:
            day = day_of(at, self._draft.settings.time_zone).isoformat()
            days = self._unit.grown.setdefault(member_id, {}).setdefault(what, {})
            days[day] = days.get(day, 0) + amount
