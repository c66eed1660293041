"""What a refund leaves of an activity, and how much of each of its transfers goes: pure.

A refunded activity is a smaller one: its amount less what was refunded, its lines without those. What is functions of
it (counters, tasks, badges, scores) follows from evaluating the smaller one. Points go in proportion: of an amount, as
much of each transfer as of the amount; of lines, as much as each effect's own amount falls without them. A proportion
is of what was applied, and of all refunds together, so that rounding never adds up to more or less than there was.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from gamification.activity.model import Activity
from gamification.kit.errors import InvalidInput
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve, record
from gamification.leaderboards.model import Contribution
from gamification.programmes.definitions import RefundTerms
from gamification.rules.model import PostPoints, ResolvedEffect, WriteScore

LINES_MAX = 500


@record(frozen=True, slots=True)
class Remainder:
    """What a refund leaves: the properties, how much was refunded of the amount in all, and whether that is all."""

    properties: dict[str, Any]
    share: Fraction
    is_nothing: bool


def remainder(
    activity: Activity, terms: RefundTerms, amount: Decimal | None, lines: Sequence[str]
) -> Remainder:
    """The activity less an amount or lines. Raises: InvalidInput where it has less than that, or not those lines."""
    standing = activity.standing_properties
    total = _number(activity.properties.get(terms.amount), terms.amount)
    left = _number(standing.get(terms.amount), terms.amount)
    properties = dict(standing)
    if amount is None:
        properties[terms.lines or ""], amount = _without(standing, terms, lines)
        amount = min(amount, left)
    elif not 0 < amount <= left:
        raise InvalidInput(f"amount must be more than 0 and at most {left}, which is left.", path=["amount"])
    rest = left - amount
    whole = rest == int(rest) and isinstance(standing.get(terms.amount), int)
    properties[terms.amount] = int(rest) if whole else float(rest)
    no_lines = bool(lines) and not properties[terms.lines or ""]
    return Remainder(properties, Fraction(total - rest) / Fraction(total), rest == 0 or no_lines)


def targets(
    activity: Activity,
    applied: Mapping[bytes, int],
    before: Sequence[ResolvedEffect],
    after: Sequence[ResolvedEffect],
    share: Fraction | None,
) -> dict[bytes, int]:
    """How much of each transfer (by id; `applied` is how much it was) refunds should have taken in all, at least what
    they have. `share` is that of an amount; without it the effects `before` any refund and `after` this one say."""
    found: dict[bytes, int] = {}
    taken = activity.taken
    lasting = {(effect.rule.key, effect.index): effect.amount for effect in _points(after)}
    for effect in _points(before):
        transfer_id = derived_id("transfer", activity.id, effect.rule.key, effect.index)
        if transfer_id in applied:
            gone = share
            if gone is None:
                kept = Fraction(lasting.get((effect.rule.key, effect.index), 0), effect.amount)
                gone = 1 - min(max(kept, Fraction(0)), Fraction(1))
            wanted = _rounded(applied[transfer_id] * gone)
            found[transfer_id] = max(wanted, taken.get(transfer_id, 0))
    return found


def scores_left(
    activity: Activity,
    before: Sequence[ResolvedEffect],
    after: Sequence[ResolvedEffect],
    applied: Mapping[bytes, int],
    taken: Mapping[bytes, int],
) -> tuple[Contribution, ...]:
    """What the smaller activity contributes to boards, each in the place of what it contributed before. Points count
    less what was to be taken of them."""
    lasting = {(e.rule.key, e.index): e for e in after if isinstance(e, WriteScore)}
    waiting = list(activity.scores)
    left: list[Contribution] = []
    for effect in before:
        if isinstance(effect, PostPoints):
            transfer_id = derived_id("transfer", activity.id, effect.rule.key, effect.index)
            for board in effect.boards:
                found = _take(waiting, board)
                rest = applied.get(transfer_id, 0) - taken.get(transfer_id, 0)
                if found is not None and rest:
                    left.append(evolve(found, value=rest if found.value > 0 else -rest))
        elif isinstance(effect, WriteScore):
            found, kept = _take(waiting, effect.board), lasting.get((effect.rule.key, effect.index))
            if found is not None and kept is not None:
                left.append(evolve(found, value=kept.value, subscore=kept.subscore))
    return tuple(left)


def _without(
    standing: Mapping[str, Any], terms: RefundTerms, lines: Sequence[str]
) -> tuple[list[Any], Decimal]:
    """The lines that are left, and what those that go cost."""
    if terms.lines is None:
        raise InvalidInput("Activity of this type has no lines; state an amount.", path=["lines"])
    there = standing.get(terms.lines)
    known = {
        str(line.get(terms.line_id)): line
        for line in (there if isinstance(there, list) else [])
        if isinstance(line, dict)
    }
    unknown = next((name for name in lines if name not in known), None)
    if unknown is not None:
        raise InvalidInput(f"There is no line {unknown[:100]!r} left.", path=["lines"])
    gone = set(lines)
    cost = sum((_number(known[name].get(terms.line_amount), terms.line_amount) for name in gone), Decimal())
    return [line for name, line in known.items() if name not in gone], cost


def _number(value: object, name: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise InvalidInput(f"The activity has no {name!r} that could be refunded.", path=["sourceId"])
    return Decimal(str(value))


def _points(effects: Sequence[ResolvedEffect]) -> list[PostPoints]:
    return [effect for effect in effects if isinstance(effect, PostPoints) and effect.amount]


def _take(waiting: list[Contribution], board: str) -> Contribution | None:
    """The next contribution, where it is to that board: none was made in a period that was closed, or between
    seasons."""
    return waiting.pop(0) if waiting and waiting[0].board == board else None


def _rounded(value: Fraction) -> int:
    """Halves upward."""
    return int(value + Fraction(1, 2))
