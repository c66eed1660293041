"""Taking back a part of an activity: an amount of it, or some of its lines."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from gamification.activity.derivation import facts_of
from gamification.activity.model import Activity, Refund, activity_id
from gamification.activity.refunds import LINES_MAX, remainder, scores_left, targets
from gamification.activity.reversal import ReversalService
from gamification.activity.shifting import Partly
from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import (
    Conflict,
    ErrorCode,
    IdempotencyConflict,
    InvalidInput,
    LimitExceeded,
    NotFound,
)
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.model import Transfer, TransferKind
from gamification.members.profile import check_text
from gamification.programmes.definitions import RefundTerms
from gamification.rules.engine import evaluate
from gamification.rules.model import ResolvedEffect
from gamification.rules.ruleset import ruleset_of
from gamification.settlement.taking_back import Part, take_back_part
from gamification.settlement.unit import Unit

REFUNDS_MAX = 100
_KEY_LENGTH_MAX = 200


class RefundService(ReversalService):
    """`refundActivity`."""

    async def refund(
        self,
        actor: Actor,
        source: str,
        source_id: str,
        amount: Decimal | None,
        lines: Sequence[str],
        reason: str | None,
        key: str,
    ) -> tuple[Activity, bool]:
        """The activity as it is then, and whether that refund, by its `key`, had been made before. Refunding all that
        is left takes the activity back.

        Raises: Forbidden, NotFound, Conflict where it was taken back, IdempotencyConflict, InvalidInput.
        """
        actor.require(Permission.ACTIVITY_REVERSE)
        check_text(key, "idempotencyKey", _KEY_LENGTH_MAX)
        if reason is not None:
            check_text(reason, "reason", 500)
        if (amount is None) == (not lines):
            raise InvalidInput("State an amount or lines, not both.", path=["amount"])
        if len(lines) > LINES_MAX:
            raise LimitExceeded(f"At most {LINES_MAX} lines.", path=["lines"], limit=LINES_MAX)
        wanted = activity_id(actor.programme_id, source, source_id)
        by = f"{actor.role}:{actor.subject}"
        names = tuple(sorted(set(lines)))

        async def body(work: Unit) -> tuple[Activity, bool]:
            found = (await self._repository.by_ids(actor.programme_id, [wanted], work.tx)).get(wanted)
            if found is None:
                raise NotFound("There is no such activity.", path=["sourceId"])
            refund = Refund(key, work.space.now, by, reason, _text(amount), names)
            known = next((one for one in found.refunds if one.key == key), None)
            if known is not None:
                if (known.amount, known.lines) != (refund.amount, refund.lines):
                    raise IdempotencyConflict(
                        "This idempotencyKey was used for another refund.", path=["idempotencyKey"]
                    )
                return found, True
            if found.reversal is not None:
                raise Conflict("The activity was taken back.", code=ErrorCode.CONFLICT, path=["sourceId"])
            if len(found.refunds) >= REFUNDS_MAX:
                raise InvalidInput(f"At most {REFUNDS_MAX} refunds.", path=["sourceId"], limit=REFUNDS_MAX)
            partly = await self._partly(work, found, refund, amount)
            return await self._reverse(work, actor, found, reason, partly), False

        return await self._settlement.run(actor.programme_id, body)

    async def _partly(self, work: Unit, activity: Activity, refund: Refund, amount: Decimal | None) -> Partly:
        definition = work.space.catalogue.activity_types.get(activity.type)
        if definition is None or definition.refund is None:
            raise InvalidInput("Activity of this type is refunded as a whole only.", path=["sourceId"])
        terms = definition.refund
        rest = remainder(activity, terms, amount, refund.lines)
        then = await self._programmes.catalogue(activity.programme_id, activity.programme_version)
        ruleset = ruleset_of(then)
        before = evaluate(
            ruleset,
            facts_of(evolve(activity, remaining=None)),
            {use.id: use.value - use.add for use in activity.counters},
        ).effects
        await work.load_transfers(activity.transfers)
        own = {t.id: t for t in work.space.loaded_transfers if t.id in set(activity.transfers)}
        applied = {transfer_id: _applied(transfer) for transfer_id, transfer in own.items()}

        def become(smaller: Activity, after: Sequence[ResolvedEffect]) -> Activity:
            if rest.is_nothing:
                wanted = dict(applied)
            else:
                share = rest.share if amount is not None else None
                wanted = targets(activity, applied, before, after, share)
            already = activity.taken
            taken = {one: total - already.get(one, 0) for one, total in wanted.items()}
            made = evolve(refund, taken=tuple((one, part) for one, part in taken.items() if part))
            scores = () if rest.is_nothing else scores_left(activity, before, after, applied, wanted)
            return evolve(smaller, scores=scores, refunds=(*activity.refunds, made))

        def take(work: Unit, became: Activity, because: Cause) -> None:
            _take(work, own, activity.taken, became.refunds[-1], terms, because)

        return Partly(evolve(activity, remaining=rest.properties), rest.is_nothing, become, take)


def _take(
    work: Unit,
    own: Mapping[bytes, Transfer],
    already: Mapping[bytes, int],
    refund: Refund,
    terms: RefundTerms,
    because: Cause,
) -> None:
    """Deductions come back first, as they were made last."""
    parts = [
        Part(own[found], amount, already.get(found, 0), derived_id("refund", found, refund.key))
        for found, amount in refund.taken
    ]
    for part in sorted(parts, key=lambda part: (part.transfer.sequence, part.transfer.ordinal), reverse=True):
        take_back_part(work.space, part, terms, because)


def _applied(transfer: Transfer) -> int:
    return transfer.pending if transfer.kind is TransferKind.PENDING else abs(transfer.amount)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount.normalize(), "f")
