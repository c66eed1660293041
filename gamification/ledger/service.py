"""Reading balances and transfers. What changes them is in `settlement/`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gamification.kit.actors import Actor, Permission
from gamification.kit.periods import Period, period_at
from gamification.ledger.liability import Flow, Liability
from gamification.ledger.model import (
    HOLDING,
    SPENDING,
    Account,
    Lot,
    Transfer,
    TransferKind,
    account_id,
    new_account,
)
from gamification.ledger.reports import LedgerReports
from gamification.ledger.repository import LedgerRepository
from gamification.ledger.statement import (
    StatementBasis,
    StatementCycle,
    StatementLine,
    lines,
    periods_between,
    periods_until,
)
from gamification.members.model import Member
from gamification.members.service import may_see_private
from gamification.programmes.catalogue import published
from gamification.programmes.service import ProgrammeService
from storage.paging import Page, Window


@dataclass(frozen=True, slots=True)
class Balance:
    """What a member holds of one unit."""

    unit: str
    active: int
    spent: int
    expired: int
    lifetime: int
    next_expiry: Lot | None
    pending: int = 0
    held: int = 0


class LedgerService:
    """A member reads their own ledger; staff and services any."""

    def __init__(
        self, repository: LedgerRepository, reports: LedgerReports, programmes: ProgrammeService
    ) -> None:
        self._repository = repository
        self._reports = reports
        self._programmes = programmes

    async def balances(self, actor: Actor, members: Sequence[Member]) -> dict[bytes, list[Balance]]:
        """Every published unit's balance of these members, in file order, by member id."""
        readable = [member.id for member in members if may_see_private(actor, member)]
        catalogue = await self._programmes.catalogue(actor.programme_id)
        accounts = {
            (account.member_id, account.unit): account
            for account in await self._repository.accounts_of(actor.programme_id, readable)
        }
        return {
            member_id: [
                balance_of(
                    accounts.get((member_id, unit.key))
                    or new_account(actor.programme_id, member_id, unit.key)
                )
                for unit in catalogue.document.units
                if published(unit) or (member_id, unit.key) in accounts
            ]
            for member_id in readable
        }

    async def balance_as_of(self, actor: Actor, member: Member, unit: str, as_of: datetime) -> Balance | None:
        """The balance at a past instant: what the newest transfer recorded until then left."""
        if not may_see_private(actor, member):
            return None
        account = account_id(actor.programme_id, member.id, unit)
        newest = await self._reports.last_until(account, as_of)
        if newest is None:
            return balance_of(new_account(actor.programme_id, member.id, unit))
        totals = newest.totals
        if totals is not None:
            return Balance(
                unit,
                newest.balance_after,
                totals.spent,
                totals.expired,
                totals.lifetime,
                next_expiry=None,
                pending=totals.pending,
                held=totals.held,
            )
        # An entry from before entries held totals.
        sums = await self._reports.sums(account, newest.entry)
        spent, expired = -sums.get(TransferKind.SPENT, 0), -sums.get(TransferKind.EXPIRED, 0)
        return Balance(
            unit,
            newest.balance_after,
            spent,
            expired,
            newest.balance_after + spent + expired,
            next_expiry=None,
        )

    async def statement(
        self,
        actor: Actor,
        member: Member,
        unit: str,
        cycle: StatementCycle,
        first: str | None,
        last: str | None,
        basis: StatementBasis,
        now: datetime,
    ) -> list[StatementLine]:
        """A member's account by period, in order: from `first` (else twelve periods in all) to `last` (else the
        present one). Empty for those who may not read it. Raises: InvalidInput for periods that make no sense."""
        if not may_see_private(actor, member):
            return []
        time_zone = (await self._programmes.catalogue(actor.programme_id)).settings.time_zone
        until = last or period_at(cycle.cycle, now, time_zone).key
        if first is not None:
            periods = periods_between(cycle.cycle, first, until, time_zone)
        else:
            (ending,) = periods_between(cycle.cycle, until, until, time_zone)
            periods = periods_until(cycle.cycle, ending, 12, time_zone)
        account = account_id(actor.programme_id, member.id, unit)
        return lines(periods, await self._reports.movements(account, periods, basis))

    async def lines(self, actor: Actor, member: Member, period: Period) -> dict[str, StatementLine]:
        """One period of a member's account in every unit that is or was in use, in file order, by when things happened.
        Empty for those who may not read it."""
        if not may_see_private(actor, member):
            return {}
        catalogue = await self._programmes.catalogue(actor.programme_id)
        accounts = await self._repository.accounts_of(actor.programme_id, [member.id])
        used = {account.unit: account.id for account in accounts}
        units = [unit.key for unit in catalogue.document.units if published(unit) or unit.key in used]
        moved = await asyncio.gather(
            *(
                self._reports.movements(used[unit], [period], StatementBasis.OCCURRED)
                for unit in units
                if unit in used
            )
        )
        movements = dict(zip([unit for unit in units if unit in used], moved, strict=True))
        return {unit: lines([period], movements.get(unit, []))[0] for unit in units}

    async def liabilities(self, actor: Actor) -> list[Liability]:
        """What is outstanding of every unit that is or was in use, in file order. Raises: Forbidden."""
        actor.require(Permission.LEDGER_READ_LIABILITY)
        catalogue = await self._programmes.catalogue(actor.programme_id)
        found = await self._reports.liabilities(actor.programme_id, catalogue.settings.time_zone)
        return [
            found.get(unit.key) or Liability(unit.key, 0, 0, ())
            for unit in catalogue.document.units
            if published(unit) or unit.key in found
        ]

    async def flows(self, actor: Actor, since: datetime, until: datetime) -> dict[str, Flow]:
        """What moved of each unit in a time, by unit; those without movement are absent. Raises: Forbidden."""
        actor.require(Permission.LEDGER_READ_LIABILITY)
        return await self._reports.flows(actor.programme_id, since, until)

    async def page(self, actor: Actor, member: Member, unit: str | None, window: Window) -> Page[Transfer]:
        """A member's transfers, newest first; empty for those who may not read them."""
        if not may_see_private(actor, member):
            return Page([], [], has_next=False, has_previous=False)
        account = account_id(actor.programme_id, member.id, unit) if unit else None
        return await self._repository.page(member.id, account, window)

    async def transfers(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Transfer]:
        """Transfers by id. The caller checks that the actor may read their member's ledger."""
        return await self._repository.transfers(actor.programme_id, ids)


def balance_of(account: Account) -> Balance:
    """An account as a balance."""
    return Balance(
        account.unit,
        account.active,
        account.spent,
        account.expired,
        account.lifetime,
        account.next_expiry,
        account.pending,
        account.held,
    )


def replay(unit: str, transfers: Sequence[Transfer]) -> Balance:
    """The balance that transfers, in order, add up to; lots are not rebuilt."""
    spent = -sum(t.amount for t in transfers if t.kind in SPENDING)
    expired = -sum(t.amount for t in transfers if t.kind is TransferKind.EXPIRED)
    held = -sum(t.amount for t in transfers if t.kind in HOLDING)
    pending = sum(t.pending for t in transfers)
    active = sum(t.amount for t in transfers)
    return Balance(unit, active, spent, expired, active + held + spent + expired, None, pending, held)
