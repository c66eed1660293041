"""Posting to an account: pure. The floor holds, lots are taken soonest expiry first, what was applied is kept."""

from datetime import datetime, timedelta

from gamification.kit.causes import Cause
from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.kit.identifiers import derived_id
from gamification.kit.numbers import LONG_MAX
from gamification.kit.periods import local_midnight, zone
from gamification.kit.records import evolve
from gamification.ledger.model import (
    Account,
    Clockwork,
    Limit,
    LimitKind,
    Lot,
    Posting,
    Transfer,
    TransferKind,
)
from gamification.programmes.definitions import Unit

_FAR = float("inf")


def post(account: Account, posting: Posting, floor: int, clock: Clockwork) -> tuple[Account, Transfer | None]:
    """The account afterwards and the transfer. A deduction stops at the floor and says how much it fell short;
    a transfer of zero is written only when a limit made it so. Raises: InvalidInput (NOT_EXACT)."""
    limited: tuple[Limit, ...] = ()
    amount = posting.amount
    if amount < 0:
        applied = -min(-amount, max(account.active - floor, 0))
        if applied != amount:
            limited = (Limit(LimitKind.FLOOR, applied - amount),)
        amount = applied
    elif amount == 0:
        return account, None
    if amount >= 0:
        moved: tuple[Lot, ...] = (Lot(posting.expires_at, amount),) if amount else ()
        lots = _add(account.lots, moved)
    else:
        lots, moved = _take(account.lots, -amount)
    active = account.active + amount
    counts = posting.kind not in (TransferKind.SPENT, TransferKind.EXPIRED)
    lifetime = account.lifetime + amount if counts else account.lifetime
    if max(active, lifetime) > LONG_MAX:
        raise InvalidInput(
            f"A balance beyond {LONG_MAX} can't be held exactly.",
            code=ErrorCode.NOT_EXACT,
            path=["amount"],
            limit=LONG_MAX,
        )
    changed = evolve(
        account,
        active=active,
        lots=lots,
        entries=account.entries + 1,
        spent=account.spent - amount if posting.kind is TransferKind.SPENT else account.spent,
        expired=account.expired - amount if posting.kind is TransferKind.EXPIRED else account.expired,
        lifetime=lifetime,
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
        expires_at=posting.expires_at if amount > 0 else None,
        limited_by=limited,
        lots=moved if amount < 0 else (),
        reverses=posting.reverses,
    )
    return changed, transfer


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


def expiry_of(unit: Unit, earned_at: datetime, time_zone: str) -> datetime | None:
    """When points earned then lapse: at the end of that day in the programme's zone; None never."""
    if unit.expires_after is None:
        return None
    last_day = (earned_at + unit.expires_after).astimezone(zone(time_zone)).date()
    return local_midnight(last_day + timedelta(days=1), time_zone)


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


def _take(lots: tuple[Lot, ...], amount: int) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """What is left after taking `amount` from the lots that lapse soonest, and what was taken from which."""
    left: list[Lot] = []
    taken: list[Lot] = []
    for lot in lots:
        share = min(lot.amount, amount)
        amount -= share
        if share:
            taken.append(Lot(lot.expires_at, share))
        if lot.amount > share:
            left.append(Lot(lot.expires_at, lot.amount - share))
    return tuple(left), tuple(taken)


def _order(lot: Lot) -> float:
    return lot.expires_at.timestamp() if lot.expires_at else _FAR
