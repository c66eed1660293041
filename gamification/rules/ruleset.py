"""A catalogue's rules with their expressions compiled, found by activity type."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import (
    Amount,
    BudgetPer,
    CapScope,
    CodeSource,
    Counter,
    Effect,
    Multiplier,
    Rule,
    budget_key,
)
from gamification.programmes.expressions import Compiled, compile_expression, context_of
from gamification.rules.model import RuleRef

_ACTIVITY = re.compile(r"\bactivity\b(?:\.([A-Za-z_]\w*))?")


@dataclass(frozen=True, slots=True)
class ReadyEffect:
    """An effect of a published rule whose target is published too; expressions compiled, numbers as they are."""

    definition: Effect
    index: int
    when: Compiled | None
    amount: int | Compiled
    extra: int | str | Compiled | None


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """`confirms`: a unit whose pending points the activity makes active, before any other rule is looked at."""

    ref: RuleRef
    when: Compiled | None
    counters: frozenset[str]
    effects: tuple[ReadyEffect, ...]
    confirms: str | None = None
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class ReadyCounter:
    definition: Counter
    add: int | Compiled
    fed: bool


@dataclass(frozen=True, slots=True)
class ReadyMultiplier:
    """A campaign's multiplier, with the campaign's version; `budgets` bound what it adds."""

    campaign: str
    version: int
    definition: Multiplier
    budgets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TypeRules:
    """What an activity of one type meets: counters first (those it feeds, then those only read), then rules.
    `uses` are the variables that their expressions read, `fields` the fields of `activity`; None is all of them."""

    counters: tuple[ReadyCounter, ...]
    rules: tuple[ReadyRule, ...]
    uses: frozenset[str]
    fields: frozenset[str] | None
    multipliers: tuple[ReadyMultiplier, ...] = ()
    """Of campaigns that take effect, as far as rules of the type give points of the unit."""

    @property
    def campaigns(self) -> frozenset[str]:
        """The keys of the campaigns that it makes a difference to whether they are on."""
        return frozenset(rule.campaign for rule in self.rules if rule.campaign is not None) | {
            one.campaign for one in self.multipliers
        }

    @property
    def uses_member(self) -> bool:
        return "member" in self.uses


class RuleSet:
    """The rules of one catalogue; `for_type` is empty for a type without rules.

    `context` is what the engine evaluates in: building one costs more than evaluating, so there is one, and the
    engine sets every variable that a type's expressions read before it runs them.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.time_zone = catalogue.settings.time_zone
        self.context = context_of({})
        self._by_type: dict[str, TypeRules] = {}
        self._budgets: dict[str, frozenset[str]] = {}

    def for_type(self, type_key: str) -> TypeRules:
        """The counters and rules of that type, compiled at first use."""
        found = self._by_type.get(type_key)
        if found is None:
            found = self._by_type[type_key] = self._compile(type_key)
        return found

    def shared_budgets(self, type_key: str) -> frozenset[str]:
        """The budgets of all members that an activity of that type may use up, by its rules or by a task's reward, and the
        stocks of what its rules give: two at once would only conflict."""
        found = self._budgets.get(type_key)
        if found is None:
            effects = [effect.definition for rule in self.for_type(type_key).rules for effect in rule.effects]
            named = {budget for effect in effects if effect.points for budget in effect.points.budgets}
            named |= {budget for one in self.for_type(type_key).multipliers for budget in one.budgets}
            for rule in self.for_type(type_key).rules:
                for part in (effect.definition.points for effect in rule.effects):
                    named |= set(self.budgets_of(rule.campaign, part.unit)) if part else set()
            if any(effect.advance for effect in effects):
                rewards = [reward for task in self.catalogue.document.tasks for reward in task.reward]
                named |= {budget for reward in rewards if reward.points for budget in reward.points.budgets}
            found = frozenset(key for key in named if self.catalogue.budgets[key].per is BudgetPer.PROGRAMME)
            found |= {f"rewards.{key}" for key in self._bounded(effects)}
            found |= {f"campaigns.{key}" for key in self._bounded_campaigns(type_key)}
            self._budgets[type_key] = found
        return found

    def _bounded_campaigns(self, type_key: str) -> Iterator[str]:
        """The campaigns in whose budget of rewards or money the rules of the type count."""
        for rule in self.for_type(type_key).rules:
            if rule.campaign is not None and any(effect.definition.reward for effect in rule.effects):
                budget = self.catalogue.campaigns[rule.campaign].budget
                if budget.rewards or budget.money is not None:
                    yield rule.campaign

    def _bounded(self, effects: Iterable[Effect]) -> Iterator[str]:
        """The rewards that these effects give of which there are so many for all members together."""
        for given in (effect.reward for effect in effects if effect.reward):
            reward = self.catalogue.rewards[given.reward]
            pooled = reward.coupon is not None and reward.coupon.codes.source is CodeSource.IMPORTED
            capped = any(cap.per is CapScope.PROGRAMME for cap in given.caps)
            if reward.stock is not None or reward.red_packet is not None or pooled or capped:
                yield given.reward

    def _compile(self, type_key: str) -> TypeRules:
        confirming = tuple(
            ReadyRule(
                RuleRef(f"units.{unit.key}.pending", unit.version),
                _maybe(unit.pending.when, ()),
                frozenset(),
                (),
                unit.key,
            )
            for unit in self.catalogue.document.units
            if unit.pending is not None and type_key in unit.pending.on and published(unit)
        )
        rules = confirming + tuple(
            ReadyRule(
                ref=RuleRef(rule.key, rule.version),
                when=_maybe(rule.when, rule.counters),
                counters=frozenset(rule.counters),
                effects=tuple(
                    _ready(effect, index, rule.counters)
                    for index, effect in enumerate(rule.effects)
                    if self._takes_effect(effect)
                ),
                campaign=rule.campaign,
            )
            for rule in self.catalogue.document.rules
            if type_key in rule.on and published(rule) and self._is_run(rule)
        )
        read = {key for rule in rules for key in rule.counters}
        counters = sorted(
            (
                ReadyCounter(counter, _amount(counter.add, ()), fed=type_key in counter.on)
                for counter in self.catalogue.document.counters
                if published(counter) and (type_key in counter.on or counter.key in read)
            ),
            key=lambda ready: not ready.fed,
        )
        expressions = _expressions(counters, rules)
        uses = frozenset[str]().union(*(expression.uses for expression in expressions))
        return TypeRules(tuple(counters), rules, uses, _fields(expressions), self._multipliers(rules))

    def _is_run(self, rule: Rule) -> bool:
        """Whether the rule is no campaign's, or that of one that takes effect."""
        return rule.campaign is None or published(self.catalogue.campaigns.get(rule.campaign))

    def _multipliers(self, rules: Iterable[ReadyRule]) -> tuple[ReadyMultiplier, ...]:
        given = {
            (rule.ref.key, effect.definition.points.unit)
            for rule in rules
            for effect in rule.effects
            if rule.campaign is None and effect.definition.points
        }
        return tuple(
            ReadyMultiplier(campaign.key, campaign.version, one, self.budgets_of(campaign.key, one.unit))
            for campaign in self.catalogue.published_campaigns
            for one in campaign.multiply
            if any(unit == one.unit and (not one.rules or key in one.rules) for key, unit in given)
        )

    def budgets_of(self, campaign: str | None, unit: str) -> tuple[str, ...]:
        """The keys of the budgets that a campaign's points of a unit count in."""
        if campaign is None:
            return ()
        key = budget_key(campaign, unit)
        return (key,) if key in self.catalogue.budgets else ()

    def _takes_effect(self, effect: Effect) -> bool:
        catalogue = self.catalogue
        if effect.points:
            return published(catalogue.units.get(effect.points.unit))
        if effect.advance:
            return published(catalogue.tasks.get(effect.advance.task))
        if effect.contribute:
            return published(catalogue.goals.get(effect.contribute.goal))
        if effect.award:
            return published(catalogue.badges.get(effect.award.badge))
        if effect.check_in_item:
            return published(catalogue.check_ins.get(effect.check_in_item.check_in))
        if effect.reward:
            return published(catalogue.rewards.get(effect.reward.reward))
        if effect.qualify:
            return published(catalogue.referrals.get(effect.qualify.referral))
        return effect.score is not None and published(catalogue.leaderboards.get(effect.score.board))


@lru_cache(maxsize=128)
def ruleset_of(catalogue: Catalogue) -> RuleSet:
    """The catalogue's rules, compiled once for as long as it is in use."""
    return RuleSet(catalogue)


def _ready(effect: Effect, index: int, counters: tuple[str, ...]) -> ReadyEffect:
    amount: int | Compiled = 1
    extra: int | str | Compiled | None = None
    if effect.points:
        amount = _amount(effect.points.amount, counters)
    elif effect.advance:
        amount = _amount(effect.advance.by, counters)
        extra = _maybe(effect.advance.value, counters)
    elif effect.contribute:
        amount = _amount(effect.contribute.by, counters)
    elif effect.award:
        amount = _amount(effect.award.level or 0, counters)
        extra = _maybe(effect.award.occurrence, counters)
    elif effect.score:
        amount = _amount(effect.score.value, counters)
        extra = _amount(effect.score.subscore, counters)
    return ReadyEffect(effect, index, _maybe(effect.when, counters), amount, extra)


def _maybe(source: str | None, counters: tuple[str, ...]) -> Compiled | None:
    return None if source is None else compile_expression(source, counters)


def _amount(source: Amount, counters: tuple[str, ...]) -> int | Compiled:
    return compile_expression(source, counters) if isinstance(source, str) else source


def _expressions(counters: Iterable[ReadyCounter], rules: Iterable[ReadyRule]) -> list[Compiled]:
    found: list[object] = [counter.add for counter in counters]
    for rule in rules:
        found.append(rule.when)
        for effect in rule.effects:
            found += [effect.when, effect.amount, effect.extra]
    return [expression for expression in found if isinstance(expression, Compiled)]


def _fields(expressions: Iterable[Compiled]) -> frozenset[str] | None:
    """The fields of `activity` that are read by name: handing over just those is most of an evaluation's cost."""
    fields: set[str] = set()
    for expression in expressions:
        for field in _ACTIVITY.findall(expression.source):
            if not field:
                return None
            fields.add(field)
    return frozenset(fields)
