"""Reserving a piece, buying it, giving it back.

Reserving: Redis admits a claim to a slot by one script, then a transaction stores the reservation. Whatever dies between
the two, the slot is not sold twice, as MongoDB takes one live reservation of a slot, and it is not lost, as
`reconciling` gives back slots that nobody holds there. Who is refused has written nothing and asked MongoDB nothing.
"""

import asyncio
import contextlib
from collections import defaultdict
from typing import Any

import structlog

from gamification.flashsale.admission import Admission, Claimant, Sale
from gamification.flashsale.model import Reservation, ReservationState, reservation_id
from gamification.flashsale.repository import ReservationRepository
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, DomainError, ErrorCode, NotFound
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.members.facts import member_facts
from gamification.members.model import Member
from gamification.members.service import MemberService, may_see
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.definitions import FlashSale
from gamification.rewards.gates import check_gate
from gamification.rewards.model import Redemption
from gamification.settlement.redeeming import Order, check_gates, find_reward, redeem
from gamification.settlement.redemptions import cause_of, check_address
from gamification.settlement.service import SettlementService
from gamification.settlement.unit import Unit
from storage.redis import RedisUnavailable

log = structlog.get_logger()
_TRIES = 5


class SlotTaken(Exception):
    """MongoDB knows of somebody else who has the slot that Redis admitted a claim to."""


class ClaimService:
    """`reserveFlashSale`, `buyReserved`, `releaseReservation`."""

    def __init__(
        self,
        settlement: SettlementService,
        members: MemberService,
        admission: Admission,
        repository: ReservationRepository,
    ) -> None:
        self._settlement = settlement
        self._members = members
        self._admission = admission
        self._repository = repository
        self._rebuilding: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def reserve(
        self, actor: Actor, member_id: bytes | None, sale_key: str, key: str
    ) -> tuple[Reservation, bool]:
        """Reserve a piece for oneself, or by a service for anyone; and whether this was a replay. Only what reserved
        something is remembered with its key.

        Raises: NotFound, Forbidden, IdempotencyConflict, Conflict (SALE_NOT_OPEN, SOLD_OUT, SALE_LIMIT_REACHED,
        NOT_ELIGIBLE), DomainError (UNAVAILABLE) while Redis is away.
        """
        catalogue = await self._settlement.programmes.catalogue(actor.programme_id)
        sale = _find(catalogue, sale_key)
        member = await self._member(actor, member_id)
        now = self._settlement.now()
        if not sale.definition.is_open(now):
            raise Conflict("The sale is not open.", code=ErrorCode.SALE_NOT_OPEN, path=["sale"])
        check_gate(catalogue.rewards[sale.definition.reward], member_facts(member))
        claim = derived_id("claim", actor.programme_id, actor.role, actor.subject, key).hex()
        who = Claimant(member.id, claim)
        try:
            for _ in range(_TRIES):
                slot = await self._admit(sale, who)
                try:
                    return await self._settle(actor, sale, who, slot, key, member_id)
                except SlotTaken:
                    # Redis had lost, or not yet learnt, who has it: it learns that later, and has other slots.
                    await self._admission.give_back(sale, slot, who, to_sale=False, forgotten=True)
        except RedisUnavailable as error:
            log.warning("flash_sale.unavailable", sale=sale_key, error=str(error)[:200])
            raise _unavailable() from error
        raise _unavailable()

    async def buy(
        self, actor: Actor, reservation: bytes, deliver_to: str | None, key: str
    ) -> tuple[Redemption, bool]:
        """Redeem what was reserved, for the sale's price; and whether this was a replay. At the instant at which a
        reservation is over, it is.

        Raises: NotFound, InsufficientPoints, InvalidInput, IdempotencyConflict, Conflict (RESERVATION_OVER,
        NOT_ELIGIBLE, OUT_OF_STOCK).
        """
        check_address(deliver_to)

        async def body(work: Unit) -> dict[str, Any]:
            one, member = await self._own(work, actor, reservation)
            definition = work.space.catalogue.flash_sales[one.sale]
            reward = find_reward(work, definition.reward)
            redemption_id = derived_id("bought", one.id)
            price = definition.price or reward.price
            cause = cause_of(work, actor, reward.key)
            order = Order(member, reward, redemption_id, cause, price, deliver_to, one.sale)
            redemption = await redeem(work, order)
            bought = evolve(one, state=ReservationState.BOUGHT, redemption=redemption.id)
            await self._repository.save(bought, work.tx)
            return {"redemption": redemption.id}

        payload = {"buy": [reservation, deliver_to]}
        result, replayed = await self._settlement.run_once(actor, key, "buyReserved", payload, body)
        found = await self._settlement.stores.rewards.by_ids([result["redemption"]])
        return found[result["redemption"]], replayed

    async def release(self, actor: Actor, reservation: bytes) -> Reservation:
        """Give back what was reserved; twice is like once. Raises: NotFound, Conflict (RESERVATION_OVER) where it was
        bought or its time is over."""

        async def body(work: Unit) -> Reservation:
            found = (await self._repository.by_ids([reservation], work.tx)).get(reservation)
            if found is not None and found.state is ReservationState.RELEASED:
                await self._member_of(work, actor, found)
                return found
            one, _ = await self._own(work, actor, reservation)
            released = evolve(one, state=ReservationState.RELEASED)
            await self._repository.save(released, work.tx)
            return released

        released = await self._settlement.run(actor.programme_id, body)
        catalogue = await self._settlement.programmes.catalogue(actor.programme_id)
        sale = Sale(actor.programme_id, catalogue.flash_sales[released.sale])
        claim = await self._repository.claim_of(released.id)
        with contextlib.suppress(*RedisUnavailable):  # else it is found later that nobody has it
            await self._admission.give_back(sale, released.slot, Claimant(released.member_id, claim))
            await self._admission.ring(sale)
        return released

    async def rebuild(self, sale: Sale) -> None:
        """Count anew from MongoDB what Redis has lost, once at a time in this process."""
        async with self._rebuilding[sale.bell]:
            if await self._admission.left(sale) is None:
                known = await self._repository.of_sale(sale.programme_id, sale.definition.key)
                await self._admission.rebuild(sale, known, self._settlement.now())
                log.info("flash_sale.rebuilt", sale=sale.definition.key, reservations=len(known))

    async def _admit(self, sale: Sale, who: Claimant) -> int:
        """A slot by Redis. Raises: Conflict (SOLD_OUT, SALE_LIMIT_REACHED)."""
        for _ in range(_TRIES):
            answer = await self._admission.claim(sale, who, self._settlement.now())
            if answer.kind == "sold out":
                raise Conflict("It is sold out.", code=ErrorCode.SOLD_OUT, path=["sale"])
            if answer.kind == "limit":
                raise _limit(sale.definition)
            if answer.kind != "cold":
                return answer.slot
            await self.rebuild(sale)
        raise _unavailable()

    async def _settle(
        self, actor: Actor, sale: Sale, who: Claimant, slot: int, key: str, stated: bytes | None
    ) -> tuple[Reservation, bool]:
        """Store the reservation of an admitted slot. What is refused for sure goes back on sale; what may have been
        stored is found by whoever reconciles."""

        async def body(work: Unit) -> dict[str, Any]:
            return {"reservation": (await self._store(work, sale, who, slot)).id}

        payload = {"reserve": [stated, sale.definition.key]}
        try:
            result, replayed = await self._settlement.run_once(actor, key, "reserveFlashSale", payload, body)
        except DomainError:
            await self._admission.give_back(sale, slot, who, forgotten=True)
            raise
        found = (await self._repository.by_ids([result["reservation"]]))[result["reservation"]]
        with contextlib.suppress(*RedisUnavailable):  # it is stored: that is what counts
            if found.holds(self._settlement.now()) and found.slot == slot:
                await self._admission.settled(sale, slot, who)
            else:
                await self._admission.give_back(sale, slot, who)
            await self._admission.ring(sale)
        return found, replayed

    async def _store(self, work: Unit, sale: Sale, who: Claimant, slot: int) -> Reservation:
        """Raises: SlotTaken, Conflict."""
        now, definition = work.space.now, sale.definition
        member = (await work.stores.members.by_ids(sale.programme_id, [who.member_id], work.tx))[
            who.member_id
        ]
        await check_gates(work, member, work.space.catalogue.rewards[definition.reward])
        competing = await self._repository.competing(
            sale.programme_id, definition.key, slot, who.member_id, work.tx
        )
        for one in competing:
            if not one.holds(now):
                await self._repository.save(evolve(one, state=ReservationState.EXPIRED), work.tx)
        live = [one for one in competing if one.holds(now)]
        if any(one.slot == slot for one in live):
            raise SlotTaken
        taken = {one.place for one in live}
        if len(taken) >= definition.per_member:
            raise _limit(definition)
        reservation = Reservation(
            reservation_id(sale.programme_id, definition.key, who.claim),
            sale.programme_id,
            definition.key,
            who.member_id,
            slot,
            next(place for place in range(definition.per_member) if place not in taken),
            ReservationState.RESERVED,
            now,
            now + definition.reserve,
        )
        await self._repository.add(reservation, who.claim, work.tx)
        return reservation

    async def _member(self, actor: Actor, member_id: bytes | None) -> Member:
        """Who is to have it. Raises: NotFound, Forbidden."""
        if member_id is None:
            member = await self._members.me(actor)
        else:
            member = (await self._members.by_ids(actor, [member_id])).get(member_id)
        if member is None or not may_see(actor, member):
            raise NotFound("There is no such member.", path=["memberId"])
        own = actor.is_member(member.external_id, member.former)
        actor.require(Permission.REWARDS_REDEEM_OWN if own else Permission.REWARDS_REDEEM_ANY)
        self._members.refuse_banned(member)
        return member

    async def _own(self, work: Unit, actor: Actor, reservation: bytes) -> tuple[Reservation, Member]:
        """A reservation that can still be bought, and whose it is. Raises: NotFound, Conflict (RESERVATION_OVER)."""
        found = (await self._repository.by_ids([reservation], work.tx)).get(reservation)
        if found is None or found.programme_id != actor.programme_id:
            raise _no_reservation()
        member = await self._member_of(work, actor, found)
        if found.state is not ReservationState.RESERVED or not found.holds(work.space.now):
            raise Conflict("The reservation is over.", code=ErrorCode.RESERVATION_OVER, path=["reservation"])
        return found, member

    async def _member_of(self, work: Unit, actor: Actor, found: Reservation) -> Member:
        member = await self._settlement.member(actor, found.member_id, work.tx)
        if not actor.is_member(member.external_id, member.former) and not actor.can(
            Permission.REWARDS_REDEEM_ANY
        ):
            raise _no_reservation()
        return member


def _find(catalogue: Catalogue, key: str) -> Sale:
    definition = catalogue.flash_sales.get(key)
    if definition is None or not published(definition):
        raise NotFound(f"There is no flash sale {key[:100]!r}.", path=["sale"])
    return Sale(catalogue.programme_id, definition)


def _limit(definition: FlashSale) -> Conflict:
    return Conflict(
        f"You have {definition.per_member} already, as many as there are for each.",
        code=ErrorCode.SALE_LIMIT_REACHED,
        path=["sale"],
        limit=definition.per_member,
    )


def _unavailable() -> DomainError:
    return DomainError("The sale is being counted anew; try again.", code=ErrorCode.UNAVAILABLE)


def _no_reservation() -> NotFound:
    return NotFound("There is no such reservation.", path=["reservation"])
