"""`exchangePoints`: taken from a member's account here and given to their own at the partner's, in one transaction over both books."""

from collections.abc import Sequence
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.causes import Cause
from gamification.kit.errors import (
    Conflict,
    ErrorCode,
    Forbidden,
    InsufficientPoints,
    InvalidInput,
    NotFound,
)
from gamification.kit.identifiers import derived_id
from gamification.kit.periods import Cycle, period_at
from gamification.kit.records import evolve
from gamification.ledger.model import TransferKind
from gamification.members.model import Member, Standing
from gamification.partners.model import Agreement, AgreementState, Exchanged, Use, Way, use_id
from gamification.partners.repository import PartnerRepository
from gamification.partners.terms import quote
from gamification.programmes.catalogue import published
from gamification.settlement.points import available_of, check_amount, current
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from gamification.settlement.workspace import Given


class ExchangeService:
    """An exchange is final: neither side takes it back, whatever becomes of what earned the points. Staff correct by hand."""

    def __init__(self, settlement: SettlementService, repository: PartnerRepository) -> None:
        self._settlement = settlement
        self._repository = repository

    async def exchange(
        self,
        actor: Actor,
        member_id: bytes | None,
        agreement_id: bytes,
        unit: str,
        amount: int,
        key: str,
    ) -> tuple[bytes, bool]:
        """Exchange up to `amount` points: the id of the transfer here, and whether this was a replay.

        Raises: InsufficientPoints, InvalidInput, NotFound, Forbidden, IdempotencyConflict, Conflict (AGREEMENT_STATE;
        LINK_STATE where the accounts are not linked; EXCHANGE_LIMIT; EXCHANGE_REFUSED where the other account takes no points).
        """
        check_amount(amount, least=1)
        # Its sides never change; what else it says is read in the transaction.
        known = await self._repository.agreement(actor.programme_id, agreement_id)
        side = known.side(actor.programme_id) if known is not None else None
        if known is None or side is None or known.partner_id is None:
            raise NotFound("There is no such agreement.", path=["agreementId"])
        partner = known.programme(side.other)

        async def body(units: Sequence[Unit]) -> dict[str, Any]:
            here, there = units
            found = await self._repository.agreement(actor.programme_id, agreement_id, here.tx)
            member = await self._member(actor, member_id, here)
            if found is None or found.state is not AgreementState.ACTIVE or found.terms is None:
                raise Conflict("The agreement is not active.", code=ErrorCode.AGREEMENT_STATE)
            way = next(
                (one for one in found.terms.ways if one.source is side and one.unit_from == unit), None
            )
            if way is None:
                raise InvalidInput(f"{unit[:100]!r} is not exchanged.", path=["unit"])
            other = await self._linked(found, member, here, there)
            return await self._exchange(here, there, actor, found, way, (member, other), amount, key)

        payload = {"input": [member_id, agreement_id, unit, amount]}
        result, replayed = await self._settlement.run_once_together(
            actor, [partner], key, "exchangePoints", payload, body
        )
        return result["transfer"], replayed

    async def given(self, actor: Actor, transfer_id: bytes) -> int:
        """How many points were given at the partner's for a transfer of this programme."""
        half = await self._repository.exchange(actor.programme_id, transfer_id)
        other = await self._repository.other_half(half) if half is not None else None
        assert other is not None  # noqa: S101 - both are stored together
        return other.amount

    async def _member(self, actor: Actor, member_id: bytes | None, here: Unit) -> Member:
        member = await self._settlement.member(actor, member_id, here.tx)
        own = actor.is_member(member.external_id, member.former)
        actor.require(Permission.LEDGER_SPEND_OWN if own else Permission.LEDGER_SPEND_ANY)
        if member.standing is Standing.BANNED:
            raise Forbidden("This member is banned.")
        return member

    async def _linked(self, agreement: Agreement, member: Member, here: Unit, there: Unit) -> Member:
        """The member's account at the partner's. Both halves are held, so that who unlinks meanwhile meets this."""
        half = await self._repository.link(agreement.id, member.programme_id, member.id, here.tx)
        partner = there.space.catalogue.programme_id
        twin = await self._repository.twin(half, partner, here.tx) if half is not None else None
        if half is None or twin is None or not await self._repository.hold_links([half, twin], here.tx):
            raise Conflict("The accounts are not linked.", code=ErrorCode.LINK_STATE)
        found = (await there.stores.members.by_ids(partner, [twin.member_id], there.tx)).get(twin.member_id)
        if found is None or found.is_gone or found.standing is Standing.BANNED:
            raise _refused()
        return found

    async def _exchange(
        self,
        here: Unit,
        there: Unit,
        actor: Actor,
        agreement: Agreement,
        way: Way,
        members: tuple[Member, Member],
        amount: int,
        key: str,
    ) -> dict[str, Any]:
        member, other = members
        taken, given = quote(way, amount)
        if amount < way.minimum or not given:
            least = max(way.minimum, -(-way.take // way.give))
            raise InvalidInput(f"At least {least} are exchanged.", path=["amount"], limit=least)
        await self._count(here, agreement, way, member, taken)
        account = await current(here, member, way.unit_from)
        available = available_of(here, account)
        if available < taken:
            raise InsufficientPoints(
                f"{taken} {way.unit_from} are wanted, {available} can be exchanged.",
                available=available,
                requested=taken,
            )
        if not published(there.space.catalogue.units.get(way.unit_to)):
            raise _refused()
        await current(there, other, way.unit_to)
        exchange = derived_id("exchange", agreement.id, actor.programme_id, actor.role, actor.subject, key)
        ids = (derived_id("exchange taken", exchange), derived_id("exchange given", exchange))
        # What the partner's books hold names nobody of this programme.
        by = Cause(
            actor=f"{actor.role}:{actor.subject}",
            agreement=agreement.id,
            programme_version=here.space.catalogue.version,
        )
        from_partner = Cause(agreement=agreement.id, programme_version=there.space.catalogue.version)
        now = here.space.now
        here.space.post(member, way.unit_from, -taken, ids[0], by, now, Given(), kind=TransferKind.SPENT)
        posted = there.space.post(
            other, way.unit_to, given, ids[1], from_partner, now, Given(), kind=TransferKind.EARNED
        )
        if posted is None or posted.amount + posted.pending != given:
            raise _refused()  # a cap of the partner's unit would keep some of it
        await self._keep(agreement, way, (member, other), (taken, given), exchange, ids, here)
        return {"transfer": ids[0]}

    async def _count(self, here: Unit, agreement: Agreement, way: Way, member: Member, taken: int) -> None:
        """Count what is taken in the caps; of two at once one runs again and sees what the other took."""
        period = period_at(way.cycle, here.space.now, agreement.time_zone).key
        bounds = {
            use_id(agreement.id, way, period, whose): most
            for whose, most in ((member.id, way.per_member), (None, way.in_all))
            if most is not None
        }
        known = await self._repository.uses(list(bounds), here.tx)
        changed = []
        for found, most in bounds.items():
            use = known.get(found) or Use(found, member.programme_id, agreement.id)
            left = most - use.used
            if taken > left:
                raise Conflict(
                    f"{max(left, 0)} {way.unit_from} can be exchanged.",
                    code=ErrorCode.EXCHANGE_LIMIT,
                    path=["amount"],
                )
            changed.append(evolve(use, used=use.used + taken))
        await self._repository.save_uses(changed, here.tx)

    async def _keep(
        self,
        agreement: Agreement,
        way: Way,
        members: tuple[Member, Member],
        amounts: tuple[int, int],
        exchange: bytes,
        ids: tuple[bytes, bytes],
        here: Unit,
    ) -> None:
        assert agreement.terms is not None  # noqa: S101 - it is active
        at = here.space.now
        month = period_at(Cycle.MONTHLY, at, agreement.time_zone).key
        place = agreement.terms.ways.index(way)
        halves = [
            Exchanged(
                ids[number],
                members[number].programme_id,
                agreement.id,
                members[number].id,
                exchange,
                agreement.version,
                place,
                number == 0,
                unit,
                amounts[number],
                at,
                month,
            )
            for number, unit in enumerate((way.unit_from, way.unit_to))
        ]
        await self._repository.add_exchanges(halves, here.tx)


def _refused() -> Conflict:
    return Conflict("The account at the partner's takes no points now.", code=ErrorCode.EXCHANGE_REFUSED)
