"""Taking a transfer back on a workspace: what was earned is taken, what was taken comes back as it was."""

from gamification.kit.causes import Cause
from gamification.kit.numbers import LONG_MAX
from gamification.kit.records import evolve, record
from gamification.ledger.model import Clockwork, Lot, Posting, Transfer, TransferKind
from gamification.ledger.pending import PendingPoints, PendingState
from gamification.ledger.policies import expiry_of, restored
from gamification.ledger.posting import expire
from gamification.members.model import Member
from gamification.programmes.definitions import RefundEarned, RefundTerms
from gamification.settlement.pending import take_back_pending, unconfirm
from gamification.settlement.workspace import Given, Workspace, reversal_id


def take_back_points(
    space: Workspace, member: Member, transfer: Transfer, cause: Cause, given: Given
) -> Transfer | None:
    """Post the opposite of a transfer, as applied, down to the floor. Earned points go from the lot that they made as
    far as it is there; deducted ones come back to theirs."""
    if transfer.kind is TransferKind.PENDING:
        return take_back_pending(space, transfer, reversal_id(transfer.id), cause)
    if transfer.kind is TransferKind.EARNED and transfer.related is not None:
        return unconfirm(space, transfer, cause)
    if transfer.amount == 0:
        return None
    posted = space.post(
        member,
        transfer.unit,
        -transfer.amount,
        reversal_id(transfer.id),
        cause,
        space.now,
        given,
        kind=TransferKind.REVERSED,
        reverses=transfer.id,
        lots=lots_of(space, transfer),
        counts=transfer.caps,
    )
    lapse(space, transfer.member_id, transfer.unit)
    return posted


def lots_of(space: Workspace, transfer: Transfer) -> tuple[Lot, ...]:
    """The lots that taking a transfer back concerns: an earning's own; those that a deduction took, as they come back
    now."""
    if transfer.amount > 0:
        return transfer.lots or (Lot(transfer.expires_at, transfer.amount),)
    unit = space.catalogue.units[transfer.unit]
    account = space.account(transfer.member_id, transfer.unit)
    return restored(unit, account, transfer.lots, space.now, space.catalogue.settings.time_zone)


def lapse(space: Workspace, member_id: bytes, unit: str) -> None:
    """Take out what has lapsed of an account, as where points come back after their time."""
    account = space.account(member_id, unit)
    expired, transfers = expire(account, space.now, Clockwork(space.now, space.sequence, space.ordinal))
    if transfers:
        space.put_account(expired, transfers)


@record(frozen=True, slots=True)
class Part:
    """A part of a transfer to be taken back: `amount` after `before` of it have been; `id` is the posting's."""

    transfer: Transfer
    amount: int
    before: int
    id: bytes


def take_back_part(space: Workspace, part: Part, terms: RefundTerms, cause: Cause) -> None:
    """Take back a part of a transfer as the terms say: earned points, or what is still pending of them; points that
    were deducted come back to their lots, those taken last first."""
    transfer, unit = part.transfer, space.catalogue.units[part.transfer.unit]
    account = space.account(transfer.member_id, transfer.unit)
    stated = Posting(
        part.id, 0, TransferKind.REVERSED, space.now, cause, reverses=transfer.id, caps=transfer.caps
    )
    floors = {RefundEarned.TO_ZERO: unit.spending_floor, RefundEarned.BELOW_ZERO: -LONG_MAX}
    floor = floors.get(terms.earned, unit.floor)
    takes_active = terms.earned not in (RefundEarned.NONE, RefundEarned.PENDING)
    if transfer.kind is TransferKind.PENDING:
        pending = space.pendings[transfer.id]
        waits = pending.state is PendingState.WAITING
        if terms.earned is RefundEarned.NONE or not (waits or (takes_active and _is_active(pending))):
            return
        amount = min(part.amount, pending.amount)
        lots: tuple[Lot, ...] = () if waits else (Lot(pending.expires_at, amount),)
        posting = evolve(stated, amount=0 if waits else -amount, pending=-amount if waits else 0, lots=lots)
        left = pending.amount - amount
        space.put(account, posting, floor=floor)
        space.put_pending(
            evolve(pending, amount=left, state=pending.state if left else PendingState.REVERSED)
        )
    elif transfer.amount > 0 and takes_active:
        lots = transfer.lots or (Lot(transfer.expires_at, part.amount),)
        space.put(account, evolve(stated, amount=-part.amount, lots=lots), floor=floor)
    elif transfer.amount < 0 and terms.spent:
        zone = space.catalogue.settings.time_zone
        lots = restored(unit, account, _last(transfer.lots, part.before, part.amount), space.now, zone)
        expires_at = expiry_of(unit, space.now, zone)
        space.put(account, evolve(stated, amount=part.amount, lots=lots, expires_at=expires_at))
        lapse(space, transfer.member_id, transfer.unit)


def give_back(
    space: Workspace, spending: Transfer, amount: int, before: int, posting_id: bytes, cause: Cause
) -> Transfer | None:
    """Give back points that were spent, all or a part, as where a reward is cancelled: to their lots, those taken last
    first. `before` of them were given back already; `posting_id` must be derived from what cancels. The account must be
    loaded, as by `Unit.load_transfers`. They don't count as spent any more."""
    unit = space.catalogue.units[spending.unit]
    account, zone = space.account(spending.member_id, spending.unit), space.catalogue.settings.time_zone
    posted = space.put(
        account,
        Posting(
            posting_id,
            amount,
            TransferKind.RETURNED,
            space.now,
            cause,
            expiry_of(unit, space.now, zone),
            lots=restored(unit, account, _last(spending.lots, before, amount), space.now, zone),
            related=spending.id,
        ),
    )
    lapse(space, spending.member_id, spending.unit)
    return posted


def _is_active(pending: PendingPoints) -> bool:
    return pending.state is PendingState.ACTIVE


def _last(lots: tuple[Lot, ...], skip: int, amount: int) -> tuple[Lot, ...]:
    """So much of the lots from the end, after skipping so much."""
    found: list[Lot] = []
    for lot in reversed(lots):
        passed = min(lot.amount, skip)
        skip -= passed
        share = min(lot.amount - passed, amount)
        amount -= share
        if share:
            found.insert(0, Lot(lot.expires_at, share))
    return tuple(found)
