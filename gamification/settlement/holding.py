"""Holds. `authorise`, `capture`, `release` are for whoever spends points in two steps (rewards, bounties): they work on
a unit of work, inside the caller's transaction. `HoldService` is the same for services and staff.

A hold takes its points out of the active balance at once, soonest expiry first, so that nothing else can spend them.
What is captured may have lapsed meanwhile: it had been set aside in time. What is released comes back with its old
expiry; where that has passed, with the unit's grace, or without one it lapses at once. At the instant at which a hold
expires time goes first: it can't be captured any more.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import Conflict, ErrorCode, InsufficientPoints, InvalidInput, NotFound
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.ledger.holds import Hold, HoldState
from gamification.ledger.model import Lot, Posting, TransferKind
from gamification.ledger.policies import renewal_of, restored
from gamification.members.model import Member
from gamification.members.profile import check_text
from gamification.members.service import may_see_private
from gamification.settlement.needs import Needs
from gamification.settlement.points import available_of, check_amount, current
from gamification.settlement.service import SettlementService
from gamification.settlement.taking_back import lapse
from gamification.settlement.unit import Unit
from storage.paging import Page, Window

REFERENCE_LENGTH_MAX = 200
TTL_MAX = timedelta(days=90)


async def authorise(
    work: Unit,
    member: Member,
    unit: str,
    amount: int,
    expires_at: datetime,
    reference: str,
    hold_id: bytes,
    cause: Cause,
) -> Hold:
    """Set points aside. `hold_id` must be derived from what it is for, so that it can't be done twice. Begins an
    operation. Raises: InsufficientPoints, NotFound for an unknown unit."""
    account = await current(work, member, unit)
    available = available_of(work, account)
    if available < amount:
        raise InsufficientPoints(
            f"{amount} {unit} are wanted, {available} can be spent.", available=available, requested=amount
        )
    held = Posting(
        derived_id("hold", hold_id), -amount, TransferKind.HELD, work.space.now, cause, related=hold_id
    )
    transfer = work.space.put(account, held)
    assert transfer is not None  # noqa: S101 - the amount is at least 1
    hold = Hold(
        id=hold_id,
        programme_id=account.programme_id,
        account_id=account.id,
        member_id=member.id,
        unit=unit,
        amount=amount,
        expires_at=expires_at,
        reference=reference,
        lots=transfer.lots,
        authorised_at=work.space.now,
        sequence=work.space.sequence,
    )
    await work.stores.holds.add(hold, work.tx)
    return hold


async def capture(work: Unit, hold: Hold, amount: int, cause: Cause) -> Hold:
    """Spend so much of an open hold, and release the rest. The spending's transfer is `hold.transfer`.

    Raises: Conflict (HOLD_NOT_OPEN), also where its time is over; InvalidInput where that is more than it holds.
    """
    _check_open(hold, work.space.now)
    if amount > hold.amount:
        raise InvalidInput(f"The hold is of {hold.amount}.", path=["amount"], limit=hold.amount)
    return await _settle(work, hold, HoldState.CAPTURED, amount, cause)


async def release(work: Unit, hold: Hold, cause: Cause) -> Hold:
    """Give back all of an open hold. Raises: Conflict (HOLD_NOT_OPEN), also where its time is over."""
    _check_open(hold, work.space.now)
    return await _settle(work, hold, HoldState.RELEASED, 0, cause)


async def give_up(work: Unit, hold: Hold, cause: Cause) -> Hold:
    """Give back all of an open hold, whether or not its time is over."""
    state = HoldState.EXPIRED if hold.expires_at <= work.space.now else HoldState.RELEASED
    return await _settle(work, hold, state, 0, cause)


def _check_open(hold: Hold, now: datetime) -> None:
    if hold.state is not HoldState.OPEN or hold.expires_at <= now:
        state = HoldState.EXPIRED if hold.state is HoldState.OPEN else hold.state
        raise Conflict(f"The hold is {state}.", code=ErrorCode.HOLD_NOT_OPEN, path=["holdId"])


async def _settle(work: Unit, hold: Hold, state: HoldState, captured: int, cause: Cause) -> Hold:
    """Give all back, then spend what is captured, of the hold's own lots."""
    space = work.space
    spent = await free(work, hold, captured, cause)
    unit, zone = space.catalogue.units[hold.unit], space.catalogue.settings.time_zone
    transfer = None
    if captured:
        account = space.account(hold.member_id, hold.unit)
        posting = Posting(
            derived_id("hold captured", hold.id),
            -captured,
            TransferKind.SPENT,
            space.now,
            cause,
            lots=spent,
            renews_to=renewal_of(unit, space.now, zone),
            related=hold.id,
        )
        # What was set aside is there to be spent, whatever has been taken from the rest meanwhile.
        transfer = space.put(account, posting, floor=account.active - captured)
    lapse(space, hold.member_id, hold.unit)
    settled = evolve(
        hold,
        state=state,
        captured=captured,
        settled_at=space.now,
        transfer=transfer.id if transfer else None,
    )
    await work.stores.holds.settle(settled, work.tx)
    return settled


async def free(work: Unit, hold: Hold, spent: int, cause: Cause) -> tuple[Lot, ...]:
    """Begin an operation that gives all of a hold back; the lots of those points of it that are to be spent next."""
    space = work.space
    await work.load(Needs(accounts={hold.account_id}))
    space.begin(await work.next_sequence())
    unit, zone = space.catalogue.units[hold.unit], space.catalogue.settings.time_zone
    lapse(space, hold.member_id, hold.unit)
    first, rest = split_lots(hold.lots, spent)
    account = space.account(hold.member_id, hold.unit)
    lots = first + restored(unit, account, rest, space.now, zone)
    space.put(
        account,
        Posting(
            derived_id("hold released", hold.id),
            hold.amount,
            TransferKind.RELEASED,
            space.now,
            cause,
            lots=lots,
            related=hold.id,
        ),
    )
    return first


def split_lots(lots: tuple[Lot, ...], amount: int) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """The first `amount` of the lots, and the rest."""
    first: list[Lot] = []
    rest: list[Lot] = []
    for lot in lots:
        share = min(lot.amount, amount)
        amount -= share
        first.append(Lot(lot.expires_at, share))
        rest.append(Lot(lot.expires_at, lot.amount - share))
    return tuple(lot for lot in first if lot.amount), tuple(lot for lot in rest if lot.amount)


class HoldService:
    """`authorisePoints`, `capturePoints`, `releasePoints`: services and operators. Each gives the hold and whether this
    was a replay."""

    def __init__(self, settlement: SettlementService) -> None:
        self._settlement = settlement

    async def authorise(
        self,
        actor: Actor,
        member_id: bytes,
        unit: str,
        amount: int,
        ttl: timedelta,
        reference: str,
        key: str,
    ) -> tuple[Hold, bool]:
        """Set a member's points aside for so long.

        Raises: Forbidden, InsufficientPoints, InvalidInput, NotFound, IdempotencyConflict.
        """
        actor.require(Permission.LEDGER_HOLD)
        check_amount(amount, least=1)
        check_text(reference, "reference", REFERENCE_LENGTH_MAX)
        if not timedelta(seconds=1) <= ttl <= TTL_MAX:
            limit = int(TTL_MAX.total_seconds())
            raise InvalidInput(f"ttlSeconds must be 1 to {limit}.", path=["ttlSeconds"], limit=limit)

        async def body(work: Unit) -> dict[str, Any]:
            member = await self._settlement.member(actor, member_id, work.tx)
            hold_id = derived_id("hold of", actor.programme_id, actor.role, actor.subject, key)
            expires_at = work.space.now + ttl
            cause = _by(actor, work, reference)
            hold = await authorise(work, member, unit, amount, expires_at, reference, hold_id, cause)
            return {"hold": hold.id}

        stated = [member_id, unit, amount, int(ttl.total_seconds()), reference]
        return await self._once(actor, key, "authorisePoints", stated, body)

    async def capture(self, actor: Actor, hold_id: bytes, amount: int | None, key: str) -> tuple[Hold, bool]:
        """Spend of a hold so much, or all of it, and release the rest.

        Raises: Forbidden, Conflict (HOLD_NOT_OPEN), InvalidInput, NotFound, IdempotencyConflict.
        """
        actor.require(Permission.LEDGER_HOLD)
        if amount is not None:
            check_amount(amount, least=1)

        async def body(work: Unit) -> dict[str, Any]:
            hold = await self._find(work, actor, hold_id)
            wanted = hold.amount if amount is None else amount
            return {"hold": (await capture(work, hold, wanted, _by(actor, work, hold.reference))).id}

        return await self._once(actor, key, "capturePoints", [hold_id, amount], body)

    async def release(self, actor: Actor, hold_id: bytes, key: str) -> tuple[Hold, bool]:
        """Give back all of a hold. Raises: Forbidden, Conflict (HOLD_NOT_OPEN), NotFound, IdempotencyConflict."""
        actor.require(Permission.LEDGER_HOLD)

        async def body(work: Unit) -> dict[str, Any]:
            hold = await self._find(work, actor, hold_id)
            return {"hold": (await release(work, hold, _by(actor, work, hold.reference))).id}

        return await self._once(actor, key, "releasePoints", [hold_id], body)

    async def expire_due(self, now: datetime, limit: int = 200) -> int:
        """Give back holds whose time is over, each in a transaction; how many. The scheduler calls it until it gives
        0."""
        due = await self._settlement.stores.holds.due(now, limit)
        for hold in due:

            async def body(work: Unit, hold: Hold = hold) -> None:
                found = await work.stores.holds.by_ids(hold.programme_id, [hold.id], work.tx)
                if found[hold.id].state is HoldState.OPEN:
                    cause = Cause(reason=hold.reference)
                    await _settle(work, found[hold.id], HoldState.EXPIRED, 0, cause)

            await self._settlement.run(hold.programme_id, body, now)
        return len(due)

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Hold]:
        """Holds by id. The caller checks that the actor may read their member's ledger."""
        return await self._settlement.stores.holds.by_ids(actor.programme_id, ids)

    async def page(self, actor: Actor, member: Member, state: HoldState | None, window: Window) -> Page[Hold]:
        """A member's holds, newest first; empty for those who may not read them."""
        if not may_see_private(actor, member):
            return Page([], [], has_next=False, has_previous=False)
        return await self._settlement.stores.holds.page(actor.programme_id, member.id, state, window)

    async def _find(self, work: Unit, actor: Actor, hold_id: bytes) -> Hold:
        found = await work.stores.holds.by_ids(actor.programme_id, [hold_id], work.tx)
        if hold_id not in found:
            raise NotFound("There is no such hold.", path=["holdId"])
        return found[hold_id]

    async def _once(
        self, actor: Actor, key: str, operation: str, stated: list[Any], body: Any
    ) -> tuple[Hold, bool]:
        result, replayed = await self._settlement.run_once(actor, key, operation, {"input": stated}, body)
        found = await self._settlement.stores.holds.by_ids(actor.programme_id, [result["hold"]])
        return found[result["hold"]], replayed


def _by(actor: Actor, work: Unit, reference: str) -> Cause:
    return Cause(
        actor=f"{actor.role}:{actor.subject}",
        reason=reference,
        programme_version=work.space.catalogue.version,
    )
