"""Reservations whose time is over, and what a crash left between Redis and MongoDB: MongoDB is right."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from gamification.flashsale.admission import Admission, Claimant, Sale
from gamification.flashsale.claiming import ClaimService
from gamification.flashsale.repository import ReservationRepository
from gamification.programmes.catalogue import Catalogue, published
from gamification.programmes.service import ProgrammeService

SETTLES_WITHIN = timedelta(seconds=30)
"""A slot that was admitted so long ago is not being settled any more: longer than a transaction is tried."""
_AFTER = timedelta(minutes=5)


class SaleKeeper:
    """What the scheduler runs. Many processes may do it side by side: every step names who holds which slot."""

    def __init__(
        self,
        programmes: ProgrammeService,
        admission: Admission,
        repository: ReservationRepository,
        claims: ClaimService,
    ) -> None:
        self._programmes = programmes
        self._admission = admission
        self._repository = repository
        self._claims = claims

    async def expire_due(self, now: datetime, limit: int = 500) -> int:
        """Put reserved pieces on sale again whose time is over; how many. The scheduler calls it until it gives 0."""
        due = await self._repository.due(now, limit)
        for one, claim in due:
            if not await self._repository.expire(one, now):
                continue  # bought at the last moment, or noted by another process
            catalogue = await self._programmes.catalogue(one.programme_id)
            sale = Sale(one.programme_id, catalogue.flash_sales[one.sale])
            await self._admission.give_back(sale, one.slot, Claimant(one.member_id, claim))
            await self._admission.ring(sale)
        return len(due)

    async def reconcile(self, now: datetime) -> int:
        """Bring Redis in line with MongoDB for every sale that is on; how many slots differed."""
        differed = 0
        for programme_id in await self._programmes.keys("flash_sales"):
            for sale in sales_on(await self._programmes.catalogue(programme_id), now):
                differed += await self.reconcile_sale(sale, now)
        return differed

    async def reconcile_sale(self, sale: Sale, now: datetime) -> int:
        """The same for one sale."""
        seen = await self._admission.seen(sale)
        if seen is None:
            await self._claims.rebuild(sale)
            return 0
        # Read after Redis: what is held there and was settled must be here by now.
        known = await self._repository.of_sale(sale.programme_id, sale.definition.key)
        live = {one.slot: Claimant(one.member_id, claim) for one, claim in known if one.holds(now)}
        differed = 0
        for slot, who in seen.held.items():
            admitted_at = seen.young.get(slot)
            if live.get(slot) == who:
                if admitted_at is not None:
                    await self._admission.settled(sale, slot, who)
            elif admitted_at is None or admitted_at <= now - SETTLES_WITHIN:
                forgotten = admitted_at is not None
                await self._admission.give_back(
                    sale, slot, who, to_sale=slot not in live, forgotten=forgotten
                )
                differed += 1
        for slot in live.keys() - {slot for slot, who in seen.held.items() if live.get(slot) == who}:
            await self._admission.hold(sale, slot, live[slot])
            differed += slot not in seen.held
        if differed:
            await self._admission.ring(sale)
        return differed


def sales_on(catalogue: Catalogue, now: datetime) -> Iterable[Sale]:
    """The sales that are open, or of which something may still be reserved."""
    for definition in catalogue.document.flash_sales:
        over = definition.ends_at + definition.reserve + _AFTER
        if published(definition) and definition.starts_at <= now < over:
            yield Sale(catalogue.programme_id, definition)
