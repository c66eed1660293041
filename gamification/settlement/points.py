"""Spending and adjusting points, and letting lapsed ones expire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import DomainError, InsufficientPoints, InvalidInput, NotFound
from gamification.kit.identifiers import derived_id
from gamification.kit.numbers import exact_long
from gamification.ledger.model import Account, TransferKind
from gamification.members.model import Member
from gamification.members.profile import check_text
from gamification.programmes.catalogue import published
from gamification.settlement.needs import Needs, NeedsFinder
from gamification.settlement.pending import settle_due
from gamification.settlement.service import SettlementService
from gamification.settlement.taking_back import lapse
from gamification.settlement.unit import Unit
from gamification.settlement.workspace import Given
from storage.mongo import Contention

_REASON_LENGTH_MAX = 500
_DUE_MAX = 500
_LAPSING_TOGETHER = 50
"""Accounts whose points lapse in one transaction: at a year's end it is nearly everybody's."""
_PATIENCE_S = 2.0


class PointsService:
    """Both mutations give the id of the transfer and whether this was a replay."""

    def __init__(self, settlement: SettlementService) -> None:
        self._settlement = settlement

    async def spend(
        self, actor: Actor, member_id: bytes | None, unit: str, amount: int, reason: str, key: str
    ) -> tuple[bytes, bool]:
        """Spend a member's points, soonest expiry first: one's own, or by a service anyone's.

        Raises: InsufficientPoints, InvalidInput, NotFound, IdempotencyConflict.
        """
        check_amount(amount, least=1)
        check_text(reason, "reason", _REASON_LENGTH_MAX)

        async def body(work: Unit) -> dict[str, Any]:
            member = await self._settlement.member(actor, member_id, work.tx)
            own = actor.is_member(member.external_id, member.former)
            actor.require(Permission.LEDGER_SPEND_OWN if own else Permission.LEDGER_SPEND_ANY)
            account = await current(work, member, unit)
            available = available_of(work, account)
            if available < amount:
                raise InsufficientPoints(
                    f"{amount} {unit} are wanted, {available} can be spent.",
                    available=available,
                    requested=amount,
                )
            return self._post(work, actor, member, unit, -amount, TransferKind.SPENT, reason, key)

        return await self._once(actor, key, "spendPoints", [member_id, unit, amount, reason], body)

    async def adjust(
        self, actor: Actor, member_id: bytes, unit: str, amount: int, reason: str, key: str
    ) -> tuple[bytes, bool]:
        """Correct a member's points by a signed amount. Raises: InsufficientPoints where a correction downward
        would cross the floor, InvalidInput, NotFound, IdempotencyConflict."""
        actor.require(Permission.LEDGER_ADJUST)
        check_amount(amount, least=None)
        check_text(reason, "reason", _REASON_LENGTH_MAX)

        async def body(work: Unit) -> dict[str, Any]:
            member = await self._settlement.member(actor, member_id, work.tx)
            account = await current(work, member, unit)
            available = max(account.active - work.space.catalogue.units[unit].floor, 0)
            if amount < 0 and available < -amount:
                raise InsufficientPoints(
                    f"{-amount} {unit} are to be taken, {available} can be.",
                    available=available,
                    requested=-amount,
                )
            return self._post(work, actor, member, unit, amount, TransferKind.ADJUSTED, reason, key)

        return await self._once(actor, key, "adjustPoints", [member_id, unit, amount, reason], body)

    async def expire_lapsed(self, now: datetime, limit: int = 200) -> int:
        """Expire lapsed lots of up to `limit` accounts; how many. The scheduler calls it until it gives 0."""
        lapsing = await self._settlement.stores.ledger.lapsing(now, limit)
        for programme_id in dict.fromkeys(account.programme_id for account in lapsing):
            own = [account for account in lapsing if account.programme_id == programme_id]
            for start in range(0, len(own), _LAPSING_TOGETHER):
                await self._expire(programme_id, own[start : start + _LAPSING_TOGETHER], now)
        return len(lapsing)

    async def _expire(self, programme_id: str, accounts: Sequence[Account], now: datetime) -> None:
        """In one transaction; where that keeps meeting others on some of them, each in its own."""
        try:
            await self._settlement.run(programme_id, _expiry_of(accounts), now, _PATIENCE_S)
        except Contention:
            for account in accounts:
                await self._settlement.run(programme_id, _expiry_of([account]), now)

    async def settle_pending(self, now: datetime, limit: int = 500) -> int:
        """Settle what is pending and due, up to so many earnings, an account in a transaction; how many. The scheduler
        calls it until it gives 0."""
        due = await self._settlement.stores.pendings.due(now, limit)
        for account_id, programme_id in {one.account_id: one.programme_id for one in due}.items():

            async def body(work: Unit, account_id: bytes = account_id) -> None:
                await work.load(Needs(accounts={account_id}))
                await settle_due_in(work, account_id)

            await self._settlement.run(programme_id, body, now)
        return len(due)

    def _post(
        self,
        work: Unit,
        actor: Actor,
        member: Member,
        unit: str,
        amount: int,
        kind: TransferKind,
        reason: str,
        key: str,
    ) -> dict[str, Any]:
        cause = Cause(
            actor=f"{actor.role}:{actor.subject}",
            reason=reason,
            programme_version=work.space.catalogue.version,
        )
        transfer_id = derived_id("transfer", actor.programme_id, actor.role, actor.subject, key)
        work.space.post(member, unit, amount, transfer_id, cause, work.space.now, Given(), kind=kind)
        return {"transfer": transfer_id}

    async def _once(
        self, actor: Actor, key: str, operation: str, stated: list[Any], body: Any
    ) -> tuple[bytes, bool]:
        result, replayed = await self._settlement.run_once(actor, key, operation, {"input": stated}, body)
        return result["transfer"], replayed


async def current(work: Unit, member: Member, unit: str) -> Account:
    """The account as it is now: what was pending and is due has been settled, then what has lapsed taken out. Begins
    an operation. Raises: NotFound for an unknown unit."""
    if not published(work.space.catalogue.units.get(unit)):
        raise NotFound(f"There is no unit {unit!r}.", path=["unit"])
    needs = NeedsFinder(work.space.catalogue)
    needs.add_points(member, work.space.now, unit)
    await work.load(needs.needs)
    account = work.space.account(member.id, unit)
    work.space.begin(await work.next_sequence())
    if account.pending:
        await _settle_due(work, account.id)
    lapse(work.space, member.id, unit)
    return work.space.account(member.id, unit)


def available_of(work: Unit, account: Account) -> int:
    """What of an account can be spent."""
    return max(account.active - work.space.catalogue.units[account.unit].spending_floor, 0)


async def settle_due_in(work: Unit, account_id: bytes) -> None:
    """Settle what is due in an account that is loaded, in an operation of its own."""
    work.space.begin(await work.next_sequence())
    await _settle_due(work, account_id)


async def _settle_due(work: Unit, account_id: bytes) -> None:
    due = await work.stores.pendings.due(work.space.now, _DUE_MAX, [account_id], work.tx)
    await work.load(Needs(pendings={one.id for one in due}))
    for one in due:
        settle_due(work.space, work.space.pendings[one.id])


def _expiry_of(accounts: Sequence[Account]) -> Any:
    async def body(work: Unit) -> None:
        first = await work.next_sequence(len(accounts))
        await work.load(Needs(accounts={account.id for account in accounts}))
        for place, account in enumerate(accounts):
            if account.id in work.space.accounts:
                work.space.begin(first + place)
                lapse(work.space, account.member_id, account.unit)

    return body


def check_amount(amount: int, least: int | None) -> None:
    """Raises: InvalidInput where it is not whole, none, or less than `least`."""
    try:
        exact_long(amount, "amount")
    except DomainError as error:
        raise InvalidInput(error.message, code=error.code, path=["amount"], limit=error.limit) from error
    if amount == 0 or (least is not None and amount < least):
        raise InvalidInput(
            "amount must be at least 1." if least else "amount must not be 0.", path=["amount"], limit=1
        )
