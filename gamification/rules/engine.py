"""Evaluate one activity: the same pure function serves live intake, reversal, verification and rehearsal."""

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

import cel

from gamification.kit.errors import InvalidInput
from gamification.kit.identifiers import IDS_CACHED, derived_id
from gamification.kit.numbers import exact_long
from gamification.kit.periods import period_at
from gamification.programmes.catalogue import published
from gamification.programmes.definitions import Counter, CounterScope
from gamification.programmes.expressions import Compiled, ExpressionFailed
from gamification.rules.model import (
    Advance,
    Approved,
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
    RuleRef,
    WriteScore,
)
from gamification.rules.multiplying import multiplied
from gamification.rules.ruleset import ReadyEffect, ReadyRule, RuleSet, TypeRules

_NAME_LENGTH_MAX = 200


def evaluate(
    ruleset: RuleSet, facts: Facts, counters: Mapping[bytes, int], only: Collection[str] | None = None
) -> Evaluation:
    """The counters and effects of one activity. `counters` are values before it, by counter id; absent is 0.

    With `only`, just the rules of these keys are run. Raises: InvalidInput (RULE_FAILED, NOT_EXACT) naming the
    rule; then the activity has no effect at all.
    """
    met = ruleset.for_type(facts.type)
    scope = _Scope(facts, ruleset, met)
    uses: list[CounterUse] = []
    values: dict[str, int] = {}
    for ready in met.counters:
        counter = ready.definition
        counter_id = id_of_counter(ruleset, counter, facts)
        if counter_id is None:
            values[counter.key] = 0
            continue
        place = f"counters.{counter.key}.add"
        add = scope.number(ready.add, place) if ready.fed else 0
        value = _exact(counters.get(counter_id, 0) + add, place)
        values[counter.key] = value
        uses.append(CounterUse(counter_id, counter.key, add, value))
    scope.counters = values
    effects: list[ResolvedEffect] = []
    on = {one.campaign for one in facts.campaigns}
    for rule in met.rules:
        if (only is None or rule.ref.key in only) and (rule.campaign is None or rule.campaign in on):
            _run(rule, scope, effects)
    if on and met.multipliers and only is None:
        own = {rule.ref.key for rule in met.rules if rule.campaign is not None}
        base = [effect for effect in effects if effect.rule.key not in own]
        effects += multiplied([one for one in met.multipliers if one.campaign in on], base)
    if facts.approved is not None and only is None:
        effects += _approved(ruleset, facts.approved)
    return Evaluation(tuple(uses), tuple(effects))


def _approved(ruleset: RuleSet, approved: Approved) -> list[Advance]:
    """What an approval does beside the rules: it counts one towards its task. No counter decides on it."""
    task = ruleset.catalogue.tasks.get(approved.task)
    if task is None or task.approval is None or not published(task):
        return []
    ref = RuleRef(f"tasks.{task.key}.approval", task.version)
    return [Advance(ref, 0, task.key, 1, None, approved.period)]


def counter_ids(ruleset: RuleSet, facts: Facts) -> list[bytes]:
    """The counters whose values `evaluate` needs for this activity."""
    found = (
        id_of_counter(ruleset, ready.definition, facts) for ready in ruleset.for_type(facts.type).counters
    )
    return [counter_id for counter_id in found if counter_id is not None]


def id_of_counter(ruleset: RuleSet, counter: Counter, facts: Facts) -> bytes | None:
    """The counter's id for this activity's member, subject and period; None where it has no subject to count."""
    if counter.per is CounterScope.MEMBER:
        scope: tuple[bytes | str, ...] = (facts.member_id,)
    elif facts.subject is None:
        return None
    elif counter.per is CounterScope.SUBJECT:
        scope = (facts.subject,)
    else:
        scope = (facts.member_id, facts.subject)
    period = period_at(counter.cycle, facts.occurred_at, ruleset.time_zone)
    return _counter_id(ruleset.catalogue.programme_id, counter.key, period.key, *scope)


@lru_cache(maxsize=IDS_CACHED)
def _counter_id(*parts: str | bytes) -> bytes:
    return derived_id("counter", *parts)


def _run(rule: ReadyRule, scope: "_Scope", effects: list[ResolvedEffect]) -> None:
    place = f"units.{rule.confirms}.pending" if rule.confirms else f"rules.{rule.ref.key}"
    if rule.when is not None and not scope.holds(rule.when, f"{place}.when"):
        return
    if rule.confirms is not None:
        effects.append(Confirm(rule.ref, rule.confirms))
    for effect in rule.effects:
        at = f"{place}.effects.{effect.index}"
        if effect.when is None or scope.holds(effect.when, f"{at}.when"):
            resolved = _resolve(rule, effect, scope, at)
            if resolved is not None:
                effects.append(resolved)


def _resolve(rule: ReadyRule, effect: ReadyEffect, scope: "_Scope", at: str) -> ResolvedEffect | None:
    stated = effect.definition
    amount = scope.number(effect.amount, at)
    if stated.points:
        if amount == 0:
            return None
        return PostPoints(
            rule.ref,
            effect.index,
            stated.points.unit,
            amount,
            stated.points.boards,
            tuple(cap.bound_to(scope.properties) for cap in stated.points.caps),
            (*stated.points.budgets, *scope.budgets_of(rule.campaign, stated.points.unit)),
        )
    if stated.advance:
        if amount < 0:
            raise ExpressionFailed(
                f"{at}.advance.by must not be negative; a task goes back by reversal only."
            )
        value = scope.text(effect.extra, at)
        return (
            Advance(rule.ref, effect.index, stated.advance.task, amount, value) if amount or value else None
        )
    if stated.contribute:
        if amount < 0:
            raise ExpressionFailed(
                f"{at}.contribute.by must not be negative; a goal goes back by reversal only."
            )
        return Contribute(rule.ref, effect.index, stated.contribute.goal, amount) if amount else None
    if stated.award:
        return Award(rule.ref, effect.index, stated.award.badge, scope.text(effect.extra, at) or "", amount)
    if stated.check_in_item:
        items = stated.check_in_item
        return GiveItems(rule.ref, effect.index, items.check_in, items.item, items.count)
    if stated.reward:
        return GiveReward(rule.ref, effect.index, stated.reward.reward, stated.reward.caps, rule.campaign)
    if stated.qualify:
        return Qualify(rule.ref, effect.index, stated.qualify.referral)
    assert stated.score is not None  # noqa: S101 - Effect holds exactly one
    subscore = scope.number(effect.extra if isinstance(effect.extra, int | Compiled) else 0, at)
    return WriteScore(rule.ref, effect.index, stated.score.board, amount, subscore)


class _Scope:
    """The variables of one activity, set in the rule set's context once an expression needs them."""

    def __init__(self, facts: Facts, ruleset: RuleSet, met: TypeRules) -> None:
        self._facts = facts
        self.budgets_of = ruleset.budgets_of
        self._context = ruleset.context
        self._met = met
        self._set = False
        self.counters: Mapping[str, int] | None = None

    @property
    def properties(self) -> Mapping[str, Any]:
        """What the activity says."""
        return self._facts.properties

    def holds(self, expression: Compiled, place: str) -> bool:
        return expression.holds(self._ready(), place)

    def number(self, amount: int | Compiled, place: str) -> int:
        if isinstance(amount, int):
            return amount
        return _exact(amount.evaluate(self._ready(), place), place)

    def text(self, value: int | str | Compiled | None, place: str) -> str | None:
        if not isinstance(value, Compiled):
            return None
        found = value.evaluate(self._ready(), place)
        if isinstance(found, bool) or not isinstance(found, str | int):
            raise ExpressionFailed(
                f"{place}: `{value.source}` must be text or a whole number, not {found!r}."
            )
        text = str(found)
        if not 0 < len(text) <= _NAME_LENGTH_MAX:
            raise ExpressionFailed(
                f"{place}: `{value.source}` must have 1 to {_NAME_LENGTH_MAX} characters.",
                limit=_NAME_LENGTH_MAX,
            )
        return text

    def _ready(self) -> cel.Context:
        if not self._set:
            for name in self._met.uses & VARIABLES_OF.keys():
                self._context.add_variable(name, VARIABLES_OF[name](self._facts, self._met.fields))
            self._set = True
        if self.counters is not None:
            self._context.add_variable("counters", dict(self.counters))
            self.counters = None
        return self._context


Fields = frozenset[str] | None


def _activity(facts: Facts, fields: Fields) -> dict[str, Any]:
    values = {
        **facts.properties,
        "type": facts.type,
        "source": facts.source,
        "id": facts.source_id,
        "occurred_at": facts.occurred_at,
        "subject": facts.subject,
    }
    return values if fields is None else {name: values[name] for name in fields if name in values}


def _properties(facts: Facts, _: Fields) -> dict[str, Any]:
    return dict(facts.properties)


def _member(facts: Facts, _: Fields) -> dict[str, Any]:
    return dict(facts.member)


def _campaigns(facts: Facts, _: Fields) -> dict[str, Any]:
    return {one.campaign: one.variant for one in facts.campaigns}


def _subject(facts: Facts, _: Fields) -> dict[str, Any]:
    kind, _colon, name = (facts.subject or "").partition(":")
    return {"id": facts.subject or "", "kind": kind if name else "", "name": name or kind}


VARIABLES_OF: dict[str, Callable[[Facts, Fields], dict[str, Any]]] = {
    "activity": _activity,
    "properties": _properties,
    "member": _member,
    "subject": _subject,
    "campaigns": _campaigns,
}
"""Variables as expressions see them; `counters` joins them."""


def _exact(value: object, place: str) -> int:
    try:
        return exact_long(value, place)
    except InvalidInput as error:
        raise InvalidInput(
            error.message, code=error.code, path=place.split("."), limit=error.limit
        ) from error
