"""Reading balances and transfers. What changes them is in `settlement/`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gamification.kit.actors import Actor
from gamification.ledger.model import Account, Lot, Transfer, TransferKind, account_id, new_account
from gamification.ledger.repository import LedgerRepository
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


class LedgerService:
    """A member reads their own ledger; staff and services any."""

    def __init__(self, repository: LedgerRepository, programmes: ProgrammeService) -> None:
        self._repository = repository
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
        """The balance at a past instant, from the transfers recorded until then."""
        if not may_see_private(actor, member):
            return None
        account = account_id(actor.programme_id, member.id, unit)
        return replay(unit, await self._repository.recorded_until(account, as_of))

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
        account.unit, account.active, account.spent, account.expired, account.lifetime, account.next_expiry
    )


def replay(unit: str, transfers: Sequence[Transfer]) -> Balance:
    """The balance that transfers, in order, add up to; lots are not rebuilt."""
    spent = -sum(t.amount for t in transfers if t.kind is TransferKind.SPENT)
    expired = -sum(t.amount for t in transfers if t.kind is TransferKind.EXPIRED)
    active = sum(t.amount for t in transfers)
    return Balance(unit, active, spent, expired, active + spent + expired, None)
