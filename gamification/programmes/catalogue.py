"""One version of a programme, ready to be looked things up in."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from gamification.programmes.definitions import (
    ActivityType,
    Badge,
    Budget,
    Campaign,
    CatalogueReward,
    CheckIn,
    Collection,
    ComplaintCategory,
    Contest,
    Counter,
    Definition,
    Draw,
    FlashSale,
    Goal,
    GoodCause,
    Ladder,
    Leaderboard,
    ReferralOffer,
    Rule,
    Segment,
    Settings,
    Space,
    Status,
    Survey,
    Task,
    TaskPool,
    Unit,
    budget_key,
)
from gamification.programmes.document import Document
from gamification.programmes.properties import Properties

D = TypeVar("D", bound=Definition)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The definitions of `programme_id` as of `version`; every lookup is by key, in file order.

    It holds drafts and archived definitions too: what was granted by one must stay readable. What takes
    effect goes through `published`.
    """

    programme_id: str
    version: int
    document: Document
    _properties: dict[str, Properties] = field(default_factory=dict, repr=False)

    @property
    def settings(self) -> Settings:
        return self.document.programme

    @cached_property
    def units(self) -> dict[str, Unit]:
        return _by_key(self.document.units)

    @cached_property
    def budgets(self) -> dict[str, Budget]:
        """Those that the file states, and those of campaigns, which are theirs alone."""
        own = [
            Budget(
                key=budget_key(one.key, part.unit), unit=part.unit, amount=part.amount, version=one.version
            )
            for one in self.document.campaigns
            for part in one.budget.points
        ]
        return _by_key((*self.document.budgets, *own))

    @cached_property
    def campaigns(self) -> dict[str, Campaign]:
        return _by_key(self.document.campaigns)

    @cached_property
    def published_campaigns(self) -> tuple[Campaign, ...]:
        """Those that take effect in their time, in file order."""
        return tuple(one for one in self.document.campaigns if published(one))

    @cached_property
    def rules_of_campaigns(self) -> dict[str, tuple[Rule, ...]]:
        """By a campaign's key, the rules that are on only while it is, in file order."""
        found: dict[str, tuple[Rule, ...]] = {}
        for rule in self.document.rules:
            if rule.campaign is not None:
                found[rule.campaign] = (*found.get(rule.campaign, ()), rule)
        return found

    @cached_property
    def causes(self) -> dict[str, GoodCause]:
        return _by_key(self.document.causes)

    @cached_property
    def activity_types(self) -> dict[str, ActivityType]:
        return _by_key(self.document.activity_types)

    @cached_property
    def counters(self) -> dict[str, Counter]:
        return _by_key(self.document.counters)

    @cached_property
    def rules(self) -> dict[str, Rule]:
        return _by_key(self.document.rules)

    @cached_property
    def tasks(self) -> dict[str, Task]:
        return _by_key(self.document.tasks)

    @cached_property
    def goals(self) -> dict[str, Goal]:
        return _by_key(self.document.goals)

    @cached_property
    def gated_tasks(self) -> frozenset[str]:
        """The keys of the tasks that are there for some members only, by a gate of theirs or of a pool."""
        return frozenset(self.task_gates)

    @cached_property
    def tiered_tasks(self) -> frozenset[str]:
        """The keys of those among them that it takes a tier to see."""
        return frozenset(key for key, gates in self.task_gates.items() if any(gate.tier for gate in gates))

    @cached_property
    def task_gates(self) -> dict[str, tuple[Task | TaskPool, ...]]:
        """By the key of each gated task, what says for whom it is: itself, pools that it is in."""
        found: dict[str, tuple[Task | TaskPool, ...]] = {
            task.key: (task,) for task in self.document.tasks if task.is_gated
        }
        for pool in self.document.task_pools:
            if published(pool) and pool.is_gated:
                for key in pool.tasks:
                    found[key] = (*found.get(key, ()), pool)
        return found

    @cached_property
    def spaces(self) -> dict[str, Space]:
        return _by_key(self.document.spaces)

    @cached_property
    def contests(self) -> dict[str, Contest]:
        return _by_key(self.document.contests)

    @cached_property
    def surveys(self) -> dict[str, Survey]:
        return _by_key(self.document.surveys)

    @cached_property
    def complaint_categories(self) -> dict[str, ComplaintCategory]:
        return _by_key(self.document.complaint_categories)

    @cached_property
    def segments(self) -> dict[str, Segment]:
        return _by_key(self.document.segments)

    @cached_property
    def live_segments(self) -> tuple[Segment, ...]:
        """Those that are kept up by themselves, in file order."""
        return tuple(one for one in self.document.segments if one.is_live and published(one))

    @cached_property
    def kept_segments(self) -> frozenset[str]:
        """The keys of the segments that the worker keeps: live ones, and those that take no effect, which nobody stays in."""
        return frozenset(one.key for one in self.document.segments if one.is_live or not published(one))

    @cached_property
    def task_pools(self) -> dict[str, TaskPool]:
        return _by_key(self.document.task_pools)

    @cached_property
    def pools_of(self) -> dict[str, tuple[TaskPool, ...]]:
        """By the key of each task that is, was or will be picked from some, those pools."""
        found: dict[str, tuple[TaskPool, ...]] = {}
        for pool in self.document.task_pools:
            for key in dict.fromkeys(key for terms in pool.terms for key in terms.tasks):
                found[key] = (*found.get(key, ()), pool)
        return found

    @cached_property
    def composites(self) -> dict[str, tuple[Task, ...]]:
        """By the key of each part, the tasks made of tasks that take effect."""
        found: dict[str, tuple[Task, ...]] = {}
        for task in self.document.tasks:
            if published(task):
                for part in task.parts:
                    found[part] = (*found.get(part, ()), task)
        return found

    @cached_property
    def badges(self) -> dict[str, Badge]:
        return _by_key(self.document.badges)

    @cached_property
    def secret_badges(self) -> frozenset[str]:
        return frozenset(badge.key for badge in self.document.badges if badge.secret)

    @cached_property
    def collections(self) -> dict[str, Collection]:
        return _by_key(self.document.collections)

    @cached_property
    def referrals(self) -> dict[str, ReferralOffer]:
        return _by_key(self.document.referrals)

    @cached_property
    def collected(self) -> dict[str, tuple[Collection, ...]]:
        """By the key of each badge that is in some, the collections that take effect."""
        found: dict[str, tuple[Collection, ...]] = {}
        for collection in self.document.collections:
            if published(collection):
                for badge in collection.badges:
                    found[badge] = (*found.get(badge, ()), collection)
        return found

    @cached_property
    def leaderboards(self) -> dict[str, Leaderboard]:
        return _by_key(self.document.leaderboards)

    @cached_property
    def check_ins(self) -> dict[str, CheckIn]:
        return _by_key(self.document.check_ins)

    @cached_property
    def ladders(self) -> dict[str, Ladder]:
        return _by_key(self.document.ladders)

    @cached_property
    def rewards(self) -> dict[str, CatalogueReward]:
        return _by_key(self.document.rewards)

    @cached_property
    def flash_sales(self) -> dict[str, FlashSale]:
        return _by_key(self.document.flash_sales)

    @cached_property
    def draws(self) -> dict[str, Draw]:
        return _by_key(self.document.draws)

    def properties_of(self, type_key: str) -> Properties:
        """The compiled schema of an activity type."""
        found = self._properties.get(type_key)
        if found is None:
            found = self._properties[type_key] = Properties(self.activity_types[type_key].properties)
        return found


def published(definition: Definition | None) -> bool:
    """Whether a definition is there and takes effect."""
    return definition is not None and definition.status is Status.PUBLISHED


def _by_key(definitions: tuple[D, ...]) -> dict[str, D]:
    return {definition.key: definition for definition in definitions}
