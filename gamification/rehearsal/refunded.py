"""Playing an activity of which a part was refunded: the smaller activity that it is, with points in proportion."""

from collections.abc import Mapping
from decimal import Decimal

from gamification.activity.derivation import cause_of, facts_of, settle
from gamification.activity.model import Activity
from gamification.activity.refunds import remainder, targets
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.model import Transfer, TransferKind
from gamification.members.model import Member
from gamification.programmes.definitions import RefundTerms
from gamification.rehearsal.stage import Stage
from gamification.rules.engine import evaluate
from gamification.rules.model import Evaluation, PostPoints
from gamification.rules.ruleset import RuleSet
from gamification.settlement.taking_back import Part, take_back_part
from gamification.settlement.workspace import Given


def play_refunded(
    stage: Stage, member: Member, activity: Activity, ruleset: RuleSet, values: Mapping[bytes, int]
) -> Evaluation:
    """Settle what the activity was before any refund as far as points go, then take back of them what refunds took; for all
    else it is what refunds left. The evaluation of what they left. Raises: DomainError."""
    whole = evolve(activity, remaining=None, refunds=())
    before = evaluate(ruleset, facts_of(whole), values)
    after = evaluate(ruleset, facts_of(activity), values)
    points = [effect for effect in before.effects if isinstance(effect, PostPoints)]
    rest = [effect for effect in after.effects if not isinstance(effect, PostPoints)]
    bare = [evolve(effect, boards=()) for effect in points]
    first = len(stage.transfers)
    settle(stage, member, activity, Evaluation(after.counters, (*bare, *rest)))
    own = {one.id: one for one in stage.transfers[first:] if one.kind is not TransferKind.REVERSED}
    by_effect = {derived_id("transfer", activity.id, one.rule.key, one.index): one for one in points}
    applied = {found: _applied(own[found]) for found in by_effect if found in own}
    terms = ruleset.catalogue.activity_types[activity.type].refund
    taken = _taken(whole, activity, terms, before, ruleset, values, applied) if terms is not None else {}
    for found, effect in by_effect.items():
        if found not in own:
            continue
        gone = taken.get(found, 0)
        cause = cause_of(activity, effect)
        if gone and terms is not None:
            take_back_part(stage, Part(own[found], gone, 0, derived_id("refund", found)), terms, cause)
        left = applied[found] - gone
        if left and own[found].amount:
            for board in effect.boards:
                definition = stage.catalogue.leaderboards[board]
                value = left if own[found].amount > 0 else -left
                stage.score(member, definition, value, 0, activity.occurred_at, Given())
    return after


def _taken(
    whole: Activity,
    activity: Activity,
    terms: RefundTerms,
    before: Evaluation,
    ruleset: RuleSet,
    values: Mapping[bytes, int],
    applied: Mapping[bytes, int],
) -> dict[bytes, int]:
    """How much of each transfer the refunds take, one after the other."""
    taken: dict[bytes, int] = {}
    for refund in activity.refunds:
        amount = Decimal(refund.amount) if refund.amount is not None else None
        rest = remainder(whole, terms, amount, refund.lines)
        smaller = evolve(whole, remaining=rest.properties)
        after = evaluate(ruleset, facts_of(smaller), values)
        share = rest.share if amount is not None else None
        wanted = targets(whole, applied, before.effects, after.effects, share)
        made = evolve(refund, taken=tuple((one, total - taken.get(one, 0)) for one, total in wanted.items()))
        taken |= wanted
        whole = evolve(smaller, refunds=(*whole.refunds, made))
    return taken


def _applied(transfer: Transfer) -> int:
    return transfer.pending if transfer.kind is TransferKind.PENDING else abs(transfer.amount)
