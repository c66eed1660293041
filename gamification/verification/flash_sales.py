"""Flash sales: no piece twice, no member beyond their limit, what was bought was redeemed; Redis against MongoDB."""

from collections import Counter, defaultdict

from gamification.flashsale.model import Reservation, ReservationState
from gamification.programmes.catalogue import Catalogue
from gamification.rewards.model import Redemption, RedemptionSource
from gamification.services import Services
from gamification.verification.report import Report


async def check_flash_sales(services: Services, catalogue: Catalogue, report: Report) -> None:
    """Reads only."""
    if not catalogue.document.flash_sales:
        return
    live: dict[str, list[Reservation]] = defaultdict(list)
    bought: dict[bytes, Reservation] = {}
    async for one, is_live in services.reservations.stream(catalogue.programme_id):
        report.count("reservations")
        kept = one.state in (ReservationState.RESERVED, ReservationState.BOUGHT)
        report.compare(f"reservation {one.id.hex()} live", is_live, kept)
        if is_live:
            live[one.sale].append(one)
        if one.redemption is not None:
            bought[one.redemption] = one
    for sale in catalogue.document.flash_sales:
        slots = Counter(one.slot for one in live[sale.key])
        name = f"flash sale {sale.key}"
        for slot, times in slots.items():
            if times > 1 or not 0 <= slot < sale.stock:
                report.differs(f"{name}: piece {slot} of {sale.stock} is held {times} times")
        # Places are numbered from 0 and unique, so the highest says how many a member may have had.
        for member_id, place in {(one.member_id, one.place) for one in live[sale.key]}:
            if place >= sale.per_member:
                report.differs(f"{name}: {member_id.hex()} holds {place + 1}, {sale.per_member} may be")
    redemptions = {one.id: one async for one in services.stores.rewards.stream(catalogue.programme_id)}
    _check_bought(redemptions, bought, report)


def _check_bought(
    redemptions: dict[bytes, Redemption], bought: dict[bytes, Reservation], report: Report
) -> None:
    for redemption_id, one in bought.items():
        report.compare(f"reservation {one.id.hex()} bought", one.state, ReservationState.BOUGHT)
        if redemption_id not in redemptions:
            report.differs(f"reservation {one.id.hex()} was bought, but its redemption is missing")
    for redemption in redemptions.values():
        if redemption.source is RedemptionSource.FLASH_SALE and redemption.id not in bought:
            report.differs(f"redemption {redemption.id.hex()} is of a flash sale, but has no reservation")
