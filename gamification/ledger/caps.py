"""Earning caps: which ones an earning counts in, how far they let it through, and what is used of each.

`docs/programme-file.md` states the order: the caps a transaction has, then a member's of the unit, then the rule's, then
budgets; each cuts what those before it have left.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime

from gamification.kit.identifiers import derived_id
from gamification.kit.periods import Cycle, period_at
from gamification.kit.records import record
from gamification.ledger.model import Limit, LimitKind, Transfer, TransferKind
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import BoundCap, Budget, BudgetPer, Cap, CapPer, Unit
from storage.mongo import ASCENDING, Index, Mongo, ReplaceOne, Tx, find_by_ids, insert, write

COLLECTION = "cap_uses"
INDEXES = {COLLECTION: [Index([("programme_id", ASCENDING)])]}


@record(frozen=True, slots=True)
class CapUse:
    """How much was earned, and not taken back, within one cap and period. `key` is as limits name it."""

    id: bytes
    programme_id: str
    key: str
    period: str
    used: int = 0


@record(frozen=True, slots=True)
class CapLimit:
    """One bound on an earning: `amount` in all, of which `use` says how much is gone; None is gone of a transaction's."""

    kind: LimitKind
    key: str
    amount: int
    use: CapUse | None = None


@record(frozen=True, slots=True)
class CapScope:
    """Whose earning, in which unit, when, by which calendar."""

    programme_id: str
    member_id: bytes
    unit: str
    at: datetime
    time_zone: str


def limits_of(
    scope: CapScope,
    caps: Sequence[Cap],
    rule: str | None,
    rule_caps: Sequence[Cap],
    budgets: Iterable[Budget],
) -> list[CapLimit]:
    """The bounds on an earning in the order in which they cut: `caps` are the unit's, `rule_caps` the effect's, `rule`
    names it."""
    found = [
        CapLimit(LimitKind.TRANSACTION, key, cap.amount)
        for key, stated in ((scope.unit, caps), (rule or "", rule_caps))
        for cap in stated
        if cap.per is CapPer.TRANSACTION
    ]
    for kind, key, stated in ((LimitKind.MEMBER, scope.unit, caps), (LimitKind.RULE, rule or "", rule_caps)):
        for cap in stated:
            if cap.per is CapPer.MEMBER:
                value = (cap.each or "", cap.value) if isinstance(cap, BoundCap) else ()
                use = _use(scope, kind, key, cap.cycle, value, per_member=True)
                found.append(CapLimit(kind, use.key, cap.amount, use))
    for budget in budgets:
        use = _use(
            scope, LimitKind.BUDGET, budget.key, budget.cycle, (), per_member=budget.per is BudgetPer.MEMBER
        )
        found.append(CapLimit(LimitKind.BUDGET, use.key, budget.amount, use))
    return found


def bounds_on(
    catalogue: Catalogue,
    member: Member,
    unit: Unit,
    at: datetime,
    rule: str | None,
    caps: Sequence[Cap] = (),
    budgets: Iterable[str] = (),
) -> list[CapLimit]:
    """The bounds on what a member earns of a unit at that instant; `caps` and `budgets` are the effect's."""
    if not unit.caps and not caps and not budgets:
        return []
    scope = CapScope(catalogue.programme_id, member.id, unit.key, at, catalogue.settings.time_zone)
    shared = [catalogue.budgets[key] for key in budgets]
    return limits_of(scope, unit.caps, rule, caps, [budget for budget in shared if published(budget)])


def cut(
    amount: int, limits: Sequence[CapLimit], uses: Mapping[bytes, CapUse]
) -> tuple[int, tuple[Limit, ...]]:
    """What of the amount is let through, and which limits cut how much."""
    cutting: list[Limit] = []
    for limit in limits:
        used = uses[limit.use.id].used if limit.use else 0
        room = max(limit.amount - used, 0)
        if amount > room:
            cutting.append(Limit(limit.kind, amount - room, limit.key))
            amount = room
    return amount, tuple(cutting)


def counted(transfer: Transfer) -> int:
    """What a transfer adds to the caps that it counts in: what it changed; of a reversal all that it was to take, for
    what it took back does not stand any more, whatever was left of the points."""
    if transfer.kind is not TransferKind.REVERSED:
        return transfer.amount + transfer.pending
    cut = sum(limit.shortfall for limit in transfer.limited_by if limit.kind is LimitKind.FLOOR)
    return transfer.amount + transfer.pending - cut


def _use(
    scope: CapScope, kind: LimitKind, key: str, cycle: Cycle, value: tuple[str, ...], *, per_member: bool
) -> CapUse:
    period = period_at(cycle, scope.at, scope.time_zone).key
    whose = [scope.member_id] if per_member else []
    parts = (scope.programme_id, kind.value, scope.unit, key, cycle.value, period, *whose, *value)
    found = derived_id("cap", *parts)
    return CapUse(found, scope.programme_id, f"{key}/{cycle.value}", period)


class CapRepository:
    """`cap_uses`: read in the transaction that counts in them, so that two at once conflict and none counts past the
    other."""

    def __init__(self, mongo: Mongo) -> None:
        self._uses = mongo.collection(COLLECTION)

    async def by_ids(self, ids: Iterable[bytes], tx: Tx | None = None) -> dict[bytes, CapUse]:
        """By id; one that nothing counted in is absent."""
        rows = await find_by_ids(self._uses, list(ids), tx)
        return {found: _use_from(row) for found, row in rows.items()}

    async def save(self, changed: Sequence[CapUse], known: Container[bytes], tx: Tx) -> None:
        """Store; `known` are the ids that were there before."""
        await insert(self._uses, [_document(use) for use in changed if use.id not in known], tx)
        await write(
            self._uses,
            [ReplaceOne({"_id": use.id}, _document(use)) for use in changed if use.id in known],
            tx,
        )

    async def all_of(self, programme_id: str) -> dict[bytes, CapUse]:
        """Every one of a programme: for verification."""
        cursor = self._uses.find({"programme_id": programme_id}, batch_size=10_000)
        return {row["_id"]: _use_from(row) async for row in cursor}


_FIELDS = tuple(field.name for field in fields(CapUse) if field.name != "id")


def _document(use: CapUse) -> dict[str, object]:
    return {"_id": use.id, **{name: getattr(use, name) for name in _FIELDS}}


def _use_from(row: Mapping[str, object]) -> CapUse:
    return CapUse(row["_id"], *(row[name] for name in _FIELDS))  # type: ignore[arg-type]
