"""Pending points on a workspace: earned, made active, cancelled, confirmed by an activity, and taken back."""

from datetime import datetime
from typing import TYPE_CHECKING

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve, record
from gamification.ledger.model import Account, Lot, Posting, Transfer, TransferKind
from gamification.ledger.pending import PendingPoints, PendingState
from gamification.ledger.policies import expiry_of, pending_until, renewal_of
from gamification.programmes.definitions import Unit

if TYPE_CHECKING:
    from gamification.settlement.workspace import Workspace


@record(frozen=True, slots=True)
class About:
    """What an activity that earns points is about: another about the same can confirm them."""

    subject: str | None


def due_at(unit: Unit, at: datetime, now: datetime, time_zone: str, about: About | None) -> datetime | None:
    """Until when points that are earned at `at` wait; None where they are active at once: their unit says so, the time
    has passed, or they would wait for an activity, but no activity earned them."""
    policy = unit.pending
    if policy is None or (policy.on and about is None):
        return None
    due = pending_until(unit, at, time_zone)
    return due if due is not None and (due > now or policy.on) else None


def wait(
    space: "Workspace",
    account: Account,
    posting: Posting,
    due: datetime,
    about: About | None,
    unit: Unit,
) -> Transfer:
    """Post an earning that waits until then."""
    waiting = PendingPoints(
        id=posting.id,
        programme_id=account.programme_id,
        account_id=account.id,
        member_id=account.member_id,
        unit=account.unit,
        amount=posting.amount,
        earned_at=posting.occurred_at,
        due_at=due,
        cause=posting.cause,
        subject=about.subject if about else None,
        confirmed_only=bool(unit.pending and unit.pending.on),
        caps=posting.caps,
    )
    transfer = space.put(
        account,
        evolve(
            posting,
            amount=0,
            pending=posting.amount,
            kind=TransferKind.PENDING,
            expires_at=None,
            renews_to=None,
        ),
    )
    assert transfer is not None  # noqa: S101 - something is pending
    space.put_pending(waiting)
    return transfer


def activate(
    space: "Workspace", pending: PendingPoints, at: datetime, cause: Cause | None = None
) -> Transfer:
    """Make the points active as of `at`: from then their expiry counts. What was cancelled comes back that way."""
    unit = space.catalogue.units[pending.unit]
    zone = space.catalogue.settings.time_zone
    expires_at = expiry_of(unit, at, zone)
    active = evolve(pending, state=PendingState.ACTIVE, round=pending.round + 1, expires_at=expires_at)
    posting = Posting(
        active.activation,
        pending.amount,
        TransferKind.EARNED,
        at,
        cause or pending.cause,
        expires_at,
        pending=-pending.amount if pending.state is PendingState.WAITING else 0,
        renews_to=renewal_of(unit, at, zone),
        caps=pending.caps,
        related=pending.id,
    )
    transfer = space.put(space.account(pending.member_id, pending.unit), posting)
    assert transfer is not None  # noqa: S101 - something became active
    space.put_pending(active)
    return transfer


def settle_due(space: "Workspace", pending: PendingPoints) -> None:
    """What is due becomes active, or where it waited for an activity in vain, is cancelled."""
    if pending.state is not PendingState.WAITING or pending.due_at > space.now:
        return
    if not pending.confirmed_only:
        activate(space, pending, pending.due_at)
        return
    cancel(space, pending, pending.due_at, "not confirmed in time")


def cancel(space: "Workspace", pending: PendingPoints, at: datetime, reason: str) -> None:
    """What waits is cancelled as of `at`."""
    posting = Posting(
        derived_id("cancellation", pending.id, pending.round),
        0,
        TransferKind.CANCELLED,
        at,
        Cause(reason=reason),
        pending=-pending.amount,
        caps=pending.caps,
        related=pending.id,
    )
    space.put(space.account(pending.member_id, pending.unit), posting)
    space.put_pending(evolve(pending, state=PendingState.CANCELLED))


def confirm(
    space: "Workspace", account_id: bytes, about: About, at: datetime, cause: Cause
) -> list[Transfer]:
    """Make active what waits in the account for an activity about that, where it happened in time."""
    found = [
        pending
        for pending in space.pendings.values()
        if (pending.account_id, pending.subject) == (account_id, about.subject)
        and pending.confirmed_only
        and pending.state in (PendingState.WAITING, PendingState.CANCELLED)
        and pending.earned_at <= at < pending.due_at
    ]
    because = evolve(cause, rule=None, rule_version=None)
    return [
        activate(space, pending, at, because)
        for pending in sorted(found, key=lambda one: (one.earned_at, one.id))
        if pending.amount
    ]


def take_back_pending(
    space: "Workspace", transfer: Transfer, reversal: bytes, cause: Cause
) -> Transfer | None:
    """Take back an earning that was pending at first: what waits waits no longer, what became active is taken."""
    pending = space.pendings[transfer.id]
    if pending.state not in (PendingState.WAITING, PendingState.ACTIVE) or not pending.amount:
        return None
    waits = pending.state is PendingState.WAITING
    posted = space.put(
        space.account(pending.member_id, pending.unit),
        Posting(
            reversal,
            0 if waits else -pending.amount,
            TransferKind.REVERSED,
            space.now,
            cause,
            reverses=transfer.id,
            pending=-pending.amount if waits else 0,
            lots=() if waits else (Lot(pending.expires_at, pending.amount),),
            caps=transfer.caps,
        ),
    )
    space.put_pending(evolve(pending, state=PendingState.REVERSED))
    return posted


def unconfirm(space: "Workspace", transfer: Transfer, cause: Cause) -> Transfer | None:
    """Take back what an activity confirmed: the points wait again, as long as they would have."""
    assert transfer.related is not None  # noqa: S101 - it made pending points active
    pending = space.pendings[transfer.related]
    if pending.state is not PendingState.ACTIVE or pending.activation != transfer.id:
        return None
    account = space.account(pending.member_id, pending.unit)
    floor = space.catalogue.units[pending.unit].floor
    taken = min(pending.amount, max(account.active - floor, 0))
    posted = space.put(
        account,
        Posting(
            derived_id("reversal", transfer.id),
            -pending.amount,
            TransferKind.REVERSED,
            space.now,
            cause,
            reverses=transfer.id,
            pending=taken,
            lots=(Lot(pending.expires_at, pending.amount),),
            caps=pending.caps,
            related=pending.id,
        ),
    )
    space.put_pending(
        evolve(
            pending,
            state=PendingState.WAITING if taken else PendingState.CANCELLED,
            amount=taken,
            expires_at=None,
        )
    )
    return posted
