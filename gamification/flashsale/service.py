"""Reading flash sales, what is left of them, and reservations."""

from collections.abc import Callable, Sequence
from datetime import datetime

from gamification.flashsale.admission import Admission, Sale
from gamification.flashsale.model import Reservation
from gamification.flashsale.repository import ReservationRepository
from gamification.kit.actors import Actor, Permission
from gamification.members.model import Member
from gamification.members.service import may_see_private
from gamification.programmes.definitions import FlashSale, Status
from gamification.programmes.service import ProgrammeService
from storage.batching import Batcher
from storage.paging import Page, Window
from storage.redis import RedisUnavailable


class FlashSaleService:
    """Sales are open to everyone signed in; reservations to the member, staff and services."""

    def __init__(
        self,
        admission: Admission,
        repository: ReservationRepository,
        programmes: ProgrammeService,
        now: Callable[[], datetime],
    ) -> None:
        self._admission = admission
        self._repository = repository
        self._programmes = programmes
        self._now = now
        self._reads: Batcher[str, str, dict[str, int]] = Batcher(self._read_left)

    async def sale(self, actor: Actor, key: str) -> FlashSale | None:
        """A sale by key."""
        found = (await self._programmes.catalogue(actor.programme_id)).flash_sales.get(key)
        return found if found is not None and _visible(actor, found) else None

    async def sales(self, actor: Actor) -> list[FlashSale]:
        """Every visible sale, in file order."""
        catalogue = await self._programmes.catalogue(actor.programme_id)
        return [sale for sale in catalogue.document.flash_sales if _visible(actor, sale)]

    async def left(self, actor: Actor, keys: Sequence[str]) -> dict[str, int]:
        """How many pieces of each of these sales are neither reserved nor bought; whoever asks at the same moment shares
        one reading."""
        return await self._reads.ask(actor.programme_id, keys)

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Reservation]:
        """Reservations by id, of this programme; whoever shows them looks at whose they are."""
        found = await self._repository.by_ids(ids)
        return {key: one for key, one in found.items() if one.programme_id == actor.programme_id}

    async def of_member(self, actor: Actor, member: Member, window: Window) -> Page[Reservation]:
        """A member's reservations, newest first."""
        if not may_see_private(actor, member):
            return Page([], [], has_next=False, has_previous=False)
        return await self._repository.page(actor.programme_id, {"member_id": member.id}, window)

    async def _read_left(self, programme_id: str, keys: list[str]) -> dict[str, int]:
        catalogue = await self._programmes.catalogue(programme_id)
        found: dict[str, int] = {}
        for key in keys:
            sale = Sale(programme_id, catalogue.flash_sales[key])
            try:
                left = await self._admission.left(sale)
            except RedisUnavailable:
                left = None
            found[key] = await self._count_left(sale) if left is None else left
        return found

    async def _count_left(self, sale: Sale) -> int:
        """The same from MongoDB, while Redis does not know."""
        live = await self._repository.count_live(sale.programme_id, sale.definition.key, self._now())
        return max(sale.definition.stock - live, 0)


def _visible(actor: Actor, sale: FlashSale) -> bool:
    return sale.status is not Status.DRAFT or actor.can(Permission.PROGRAMME_READ_DRAFTS)
