"""What campaigns add to the points that rules give: pure."""

from collections.abc import Mapping, Sequence

from gamification.kit.numbers import LONG_MAX
from gamification.programmes.definitions import Rule
from gamification.rules.model import PostPoints, ResolvedEffect, RuleRef
from gamification.rules.ruleset import ReadyMultiplier

_OF_CAMPAIGNS = "campaigns."


def multiplied(multipliers: Sequence[ReadyMultiplier], effects: Sequence[ResolvedEffect]) -> list[PostPoints]:
    """What is given beside the points of these effects, each in the name of its campaign and within its budget. Of multipliers
    that don't stack only the greatest counts, the first of equal ones; what the others add is added. Rounded down, each."""
    found: list[PostPoints] = []
    for effect in effects:
        if isinstance(effect, PostPoints) and effect.amount > 0:
            found += [_beside(effect, one) for one in _counting(multipliers, effect)]
    return [one for one in found if one.amount]


def _counting(multipliers: Sequence[ReadyMultiplier], effect: PostPoints) -> list[ReadyMultiplier]:
    about = [
        one
        for one in multipliers
        if one.definition.unit == effect.unit
        and (not one.definition.rules or effect.rule.key in one.definition.rules)
    ]
    alone = [one for one in about if not one.definition.stacks]
    greatest = max(alone, key=lambda one: one.definition.percent, default=None)
    return [one for one in about if one.definition.stacks or one is greatest]


def _beside(effect: PostPoints, multiplier: ReadyMultiplier) -> PostPoints:
    amount = min(effect.amount * (multiplier.definition.percent - 100) // 100, LONG_MAX)
    # Named after the rule as well: of two rules' points each is multiplied, and each can be taken back by itself.
    rule = RuleRef(rule_of(multiplier.campaign, effect.rule.key), multiplier.version)
    return PostPoints(rule, effect.index, effect.unit, amount, effect.boards, (), multiplier.budgets)


def rule_of(campaign: str, rule: str) -> str:
    """What the cause of points is called that a campaign gives beside a rule's."""
    return f"{_OF_CAMPAIGNS}{campaign}:{rule}"


def campaign_behind(rules: Mapping[str, Rule], rule: str) -> str | None:
    """The campaign for which a cause of that name gave: it multiplied a rule's points, or the rule is one of its own."""
    if rule.startswith(_OF_CAMPAIGNS) and ":" in rule:
        return rule.removeprefix(_OF_CAMPAIGNS).partition(":")[0]
    stated = rules.get(rule)
    return stated.campaign if stated is not None else None
