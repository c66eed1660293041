"""Which stored states a set of effects may touch, known before they are applied, so that each kind is read once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gamification.badges.awarding import occurrence_for
from gamification.badges.model import award_id, edition_id
from gamification.checkins.model import state_id
from gamification.goals.counting import counted_in
from gamification.goals.model import UNCOUNTED, contribution_id, run_id
from gamification.leaderboards.model import record_id
from gamification.leaderboards.scoring import period_for
from gamification.ledger.caps import bounds_on
from gamification.ledger.model import account_id
from gamification.members.facts import member_facts
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import Cap, Goal, Reward, Task
from gamification.rules.model import (
    Advance,
    Award,
    Confirm,
    Contribute,
    CounterUse,
    GiveItems,
    GiveReward,
    PostPoints,
    ResolvedEffect,
    WriteScore,
)
from gamification.settlement.gifts import caps_of_gift
from gamification.settlement.growth import climbing_of
from gamification.tasks.model import places_in, progress_id
from gamification.tasks.progress import dependents, period_of, required_period


@dataclass(slots=True)
class Needs:
    """Ids of the states to load."""

    accounts: set[bytes] = field(default_factory=set)
    progress: set[bytes] = field(default_factory=set)
    awards: set[bytes] = field(default_factory=set)
    editions: set[bytes] = field(default_factory=set)
    places: set[bytes] = field(default_factory=set)
    records: set[bytes] = field(default_factory=set)
    caps: set[bytes] = field(default_factory=set)
    pendings: set[bytes] = field(default_factory=set)
    abouts: set[tuple[bytes, str | None]] = field(default_factory=set)
    check_ins: set[bytes] = field(default_factory=set)
    contributions: set[bytes] = field(default_factory=set)
    climbers: set[bytes] = field(default_factory=set)
    """Members whose states on every ladder may change, or say what their points are multiplied by."""
    issues: list[tuple[bytes, str]] = field(default_factory=list)
    """Members' ids and the keys of rewards of the catalogue that may be given to them."""
    tallies: set[bytes] = field(default_factory=set)
    """What counts in the caps of effects that give rewards."""
    unlocks: dict[tuple[bytes, str], "Unlock"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unlock:
    """A task of many periods that waits for a task done once: whatever of it the member has progress in may
    complete, or lose its completion, with the progress `required`."""

    member: Member
    at: datetime
    task: Task
    required: bytes


class NeedsFinder:
    """Gathers needs over many effects of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._climbing = climbing_of(catalogue)
        self._followed: set[bytes] = set()
        self.needs = Needs()

    def add_effects(
        self, member: Member, at: datetime, effects: Iterable[ResolvedEffect], subject: str | None = None
    ) -> None:
        """What these effects of an activity at that instant, about that subject, may touch."""
        for effect in effects:
            if isinstance(effect, PostPoints):
                self.add_points(
                    member, at, effect.unit, effect.boards, effect.rule.key, effect.caps, effect.budgets
                )
            elif isinstance(effect, Confirm):
                account = account_id(self._catalogue.programme_id, member.id, effect.unit)
                self.needs.accounts.add(account)
                self.needs.abouts.add((account, subject))
            elif isinstance(effect, Award):
                self.add_award(member, effect.badge, effect.occurrence)
            elif isinstance(effect, WriteScore):
                self.add_score(member, at, effect.board)
            elif isinstance(effect, GiveItems):
                self.needs.check_ins.add(state_id(self._catalogue.programme_id, member.id, effect.check_in))
            elif isinstance(effect, GiveReward):
                self.needs.issues.append((member.id, effect.reward))
                bounds = caps_of_gift(self._catalogue, member.id, at, effect)
                self.needs.tallies |= {bound.tally.id for bound in bounds}
            elif isinstance(effect, Contribute):
                self.add_contribution(member, at, self._catalogue.goals[effect.goal])
            elif isinstance(effect, Advance):
                self.add_task(member, at, self._catalogue.tasks[effect.task], effect.period)

    def add_points(
        self,
        member: Member,
        at: datetime,
        unit: str,
        boards: Iterable[str] = (),
        rule: str | None = None,
        caps: Sequence[Cap] = (),
        budgets: Sequence[str] = (),
    ) -> None:
        self.needs.accounts.add(account_id(self._catalogue.programme_id, member.id, unit))
        if self._climbing is not None and self._climbing.concerns(unit):
            self.needs.climbers.add(member.id)
        definition = self._catalogue.units[unit]
        if definition.caps or caps or budgets:
            limits = bounds_on(self._catalogue, member, definition, at, rule, caps, budgets)
            self.needs.caps |= {limit.use.id for limit in limits if limit.use}
        for board in boards:
            self.add_score(member, at, board)

    def add_counted(self, member: Member, counters: Iterable[CounterUse]) -> None:
        """What the counters that an activity fed may lift."""
        if self._climbing is not None and any(use.key in self._climbing.counters for use in counters):
            self.needs.climbers.add(member.id)

    def add_award(self, member: Member, badge: str, occurrence: str) -> None:
        definition = self._catalogue.badges[badge]
        self.needs.awards.add(
            award_id(self._catalogue.programme_id, member.id, badge, occurrence_for(definition, occurrence))
        )
        if definition.limit is not None:
            self.needs.editions.add(edition_id(self._catalogue.programme_id, badge))

    def add_score(self, member: Member, at: datetime, board: str) -> None:
        definition = self._catalogue.leaderboards[board]
        if definition.group is not None and "tiers" in definition.group:
            self.needs.climbers.add(member.id)  # it may read `member.tiers`
        period = period_for(self._catalogue.programme_id, definition, at, self._catalogue.settings.time_zone)
        if period is not None:
            self.needs.records.add(record_id(self._catalogue.programme_id, board, period.key, member.id))

    def add_task(self, member: Member, at: datetime, task: Task, period: str | None = None) -> None:
        """What counting towards the task, in that period or else the one that holds `at`, may touch: its progress
        and reward, the progress of what it requires, and the same of the tasks that require it."""
        programme_id, programme_zone = self._catalogue.programme_id, self._catalogue.settings.time_zone
        period = period or period_of(task, at, member.time_zone, programme_zone).key
        found = progress_id(programme_id, member.id, task.key, period)
        if found in self._followed:
            return
        self._followed.add(found)
        self.needs.progress.add(found)
        if task.key in self._catalogue.tiered_tasks:
            self.needs.climbers.add(member.id)
        if task.finishers is not None:
            self.needs.places.add(places_in(programme_id, task.key, period).id)
        self.add_reward(member, at, task, period)
        for key in task.awaits:
            required = required_period(self._catalogue.tasks[key], period)
            self.needs.progress.add(progress_id(programme_id, member.id, key, required))
        for dependent in dependents(self._catalogue.document.tasks, task.key):
            if not published(dependent):
                continue
            if dependent.cycle is task.cycle:
                self.add_task(member, at, dependent, period)
            else:
                self.needs.unlocks[member.id, dependent.key] = Unlock(member, at, dependent, found)

    def add_contribution(self, member: Member, at: datetime, goal: Goal) -> None:
        """What contributing to a goal at that instant may touch."""
        programme_id, zone = self._catalogue.programme_id, self._catalogue.settings.time_zone
        key, team = counted_in(programme_id, goal, at, at, zone, member_facts(member))
        if key != UNCOUNTED:
            self.needs.contributions.add(
                contribution_id(run_id(programme_id, goal.key, key, team), member.id)
            )

    def add_reward(self, member: Member, at: datetime, task: Task, period: str) -> None:
        """What the task's reward touches."""
        self.add_rewards(member, at, task.reward, period)

    def add_rewards(self, member: Member, at: datetime, rewards: Iterable[Reward], period: str) -> None:
        """What rewards touch; `period` is what a repeatable badge is awarded for."""
        for reward in rewards:
            if reward.points:
                self.add_points(
                    member, at, reward.points.unit, reward.points.boards, budgets=reward.points.budgets
                )
            elif reward.award:
                self.add_award(member, reward.award.badge, period)
            elif reward.score:
                self.add_score(member, at, reward.score.board)
            elif reward.reward:
                self.needs.issues.append((member.id, reward.reward.reward))
            elif reward.check_in_item:
                found = state_id(self._catalogue.programme_id, member.id, reward.check_in_item.check_in)
                self.needs.check_ins.add(found)
