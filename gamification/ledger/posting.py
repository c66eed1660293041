"""Posting to an account: pure. The floor holds, lots are taken soonest expiry first, what was applied is kept.

No lot is ever negative: a balance below zero has no lots, and what is added pays the debt before it makes a lot.
"""

from datetime import datetime

from gamification.kit.causes import Cause
from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.kit.identifiers import derived_id
from gamification.kit.numbers import LONG_MAX
from gamification.kit.records import evolve
from gamification.ledger.chain import GENESIS, hash_of
from gamification.ledger.model import (
    GIVING_BACK,
    HOLDING,
    SPENDING,
    Account,
    Clockwork,
    Limit,
    LimitKind,
    Lot,
    Posting,
    Totals,
    Transfer,
    TransferKind,
)

_FAR = float("inf")


def post(account: Account, posting: Posting, floor: int, clock: Clockwork) -> tuple[Account, Transfer | None]:
    """The account afterwards and the transfer. A deduction stops at the floor and says how much it fell short;
    a transfer of zero is written only when a limit made it so. Raises: InvalidInput (NOT_EXACT)."""
    if not posting.amount and not posting.pending and not posting.limits:
        return account, None
    amount, owed, limits = _applied(account, posting, floor)
    active = account.active + amount
    if amount >= 0:
        moved = _coming(posting, amount, amount - max(min(amount, active), 0))
        lots = _add(account.lots, moved)
    else:
        lots, moved = _take(account.lots, -amount, posting.lots)
    if posting.renews_to is not None:
        lots = _renewed(lots, posting.renews_to)
    changed = evolve(
        account,
        active=active,
        lots=lots,
        entries=account.entries + 1,
        spent=account.spent - amount if posting.kind in SPENDING else account.spent,
        expired=account.expired - amount if posting.kind is TransferKind.EXPIRED else account.expired,
        lifetime=account.lifetime + amount if _counts_for_life(posting.kind) else account.lifetime,
        pending=account.pending + posting.pending,
        held=account.held - amount if posting.kind in HOLDING else account.held,
        owed=owed,
    )
    if max(active, changed.lifetime, changed.pending, changed.spent, -active, -changed.lifetime) > LONG_MAX:
        raise InvalidInput(
            f"A balance beyond {LONG_MAX} can't be held exactly.",
            code=ErrorCode.NOT_EXACT,
            path=["amount"],
            limit=LONG_MAX,
        )
    transfer = Transfer(
        id=posting.id,
        programme_id=account.programme_id,
        account_id=account.id,
        member_id=account.member_id,
        unit=account.unit,
        amount=amount,
        balance_after=active,
        kind=posting.kind,
        occurred_at=posting.occurred_at,
        recorded_at=clock.recorded_at,
        entry=changed.entries,
        sequence=clock.sequence,
        ordinal=clock.ordinal,
        cause=posting.cause,
        expires_at=posting.expires_at if amount > 0 and not posting.lots else None,
        limited_by=limits,
        lots=moved if amount < 0 or posting.lots else (),
        reverses=posting.reverses,
        totals=Totals(changed.spent, changed.expired, changed.lifetime, changed.pending, changed.held),
        previous=account.head or GENESIS,
        pending=posting.pending,
        caps=posting.caps,
        related=posting.related,
    )
    return evolve(changed, head=hash_of(transfer)), transfer


def _applied(account: Account, posting: Posting, floor: int) -> tuple[int, int, tuple[Limit, ...]]:
    """What of the amount is applied, what is owed afterwards, and what cut it."""
    amount, owed, limits = posting.amount, account.owed, posting.limits
    if amount < 0:
        applied = -min(-amount, max(account.active - floor, 0))
        if applied != amount:
            limits = (*limits, Limit(LimitKind.FLOOR, applied - amount))
            if posting.kind is TransferKind.REVERSED:
                owed += applied - amount
        return applied, owed, limits
    if owed and amount and posting.kind in GIVING_BACK:
        kept = min(owed, amount)
        return amount - kept, owed - kept, (*limits, Limit(LimitKind.OWED, kept))
    return amount, owed, limits


def wanted_of(transfer: Transfer) -> int:
    """What of the balance a reversal was to take or give back, whatever of it the floor or what is owed kept."""
    kept = sum(
        limit.shortfall if limit.kind is LimitKind.OWED else -limit.shortfall
        for limit in transfer.limited_by
        if limit.kind in (LimitKind.OWED, LimitKind.FLOOR)
    )
    return transfer.amount + kept


def _counts_for_life(kind: TransferKind) -> bool:
    return kind is not TransferKind.EXPIRED and kind not in SPENDING and kind not in HOLDING


def _coming(posting: Posting, amount: int, paid: int) -> tuple[Lot, ...]:
    """The lots that an addition makes once it has paid the debt. Lots that come back keep their expiry; what is more
    than they are, as it was taken on credit, is newly dated, and pays first."""
    left = amount
    found: list[Lot] = []
    for lot in sorted(posting.lots, key=_order, reverse=True):
        share = min(lot.amount, left)
        left -= share
        found.insert(0, Lot(lot.expires_at, share))
    return _take(tuple(lot for lot in (Lot(posting.expires_at, left), *found) if lot.amount), paid)[0]


def expire(account: Account, now: datetime, clock: Clockwork) -> tuple[Account, list[Transfer]]:
    """Take out every lot that has lapsed by `now`, one transfer each; running it again finds nothing."""
    transfers: list[Transfer] = []
    for lot in account.lots:
        if lot.expires_at is None or lot.expires_at > now:
            continue
        posting = Posting(
            id=derived_id("expiry", account.id, account.entries),
            amount=-lot.amount,
            kind=TransferKind.EXPIRED,
            occurred_at=lot.expires_at,
            cause=Cause(reason="expired"),
        )
        # A floor keeps members from spending, not time from passing.
        account, transfer = post(account, posting, 0, evolve(clock, ordinal=clock.ordinal + len(transfers)))
        if transfer is not None:
            transfers.append(transfer)
    return account, transfers


def _add(lots: tuple[Lot, ...], more: tuple[Lot, ...]) -> tuple[Lot, ...]:
    """Lots of one instant are one lot, so their number is bounded by the days of a unit's expiry."""
    for lot in more:
        place = next((place for place, known in enumerate(lots) if known.expires_at == lot.expires_at), None)
        if place is None:
            lots = tuple(sorted((*lots, lot), key=_order))
        else:
            merged = Lot(lot.expires_at, lots[place].amount + lot.amount)
            lots = (*lots[:place], merged, *lots[place + 1 :])
    return lots


def _take(
    lots: tuple[Lot, ...], amount: int, first: tuple[Lot, ...] = ()
) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """What is left after taking `amount`: `first` as much of those as is there, then from the lots that lapse soonest;
    and what was taken from which."""
    wanted = {lot.expires_at: lot.amount for lot in first}
    shares = [0] * len(lots)
    for place, lot in enumerate(lots):
        shares[place] = min(lot.amount, wanted.get(lot.expires_at, 0), amount)
        amount -= shares[place]
    left: list[Lot] = []
    taken: list[Lot] = []
    for lot, share in zip(lots, shares, strict=True):
        more = min(lot.amount - share, amount)
        amount -= more
        if share + more:
            taken.append(Lot(lot.expires_at, share + more))
        if lot.amount > share + more:
            left.append(Lot(lot.expires_at, lot.amount - share - more))
    return tuple(left), tuple(taken)


def _renewed(lots: tuple[Lot, ...], until: datetime) -> tuple[Lot, ...]:
    """All lots moved to that instant, but for those that last longer."""
    return _add((), tuple(Lot(max(lot.expires_at or until, until), lot.amount) for lot in lots))


def _order(lot: Lot) -> float:
    return lot.expires_at.timestamp() if lot.expires_at else _FAR
