"""Reservations of a flash sale's pieces. Each piece is a slot, numbered from 0: that is what can't be sold twice."""

from datetime import datetime
from enum import StrEnum

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from gamification.programmes.definitions import FlashSale


class ReservationState(StrEnum):
    """RESERVED until its time is over; BOUGHT; EXPIRED and RELEASED pieces are on sale again."""

    RESERVED = "reserved"
    BOUGHT = "bought"
    EXPIRED = "expired"
    RELEASED = "released"


class SaleState(StrEnum):
    """UPCOMING before its window, OPEN in it, ENDED after."""

    UPCOMING = "upcoming"
    OPEN = "open"
    ENDED = "ended"


@record(frozen=True, slots=True)
class Reservation:
    """One piece that is kept for a member until `until`, exclusive. `place` counts the member's pieces from 0."""

    id: bytes
    programme_id: str
    sale: str
    member_id: bytes
    slot: int
    place: int
    state: ReservationState
    made_at: datetime
    until: datetime
    redemption: bytes | None = None

    def holds(self, at: datetime) -> bool:
        """Whether its piece is not on sale at that instant."""
        if self.state is ReservationState.RESERVED:
            return at < self.until
        return self.state is ReservationState.BOUGHT


def reservation_id(programme_id: str, sale: str, claim: str) -> bytes:
    """The id of the reservation that a claim makes."""
    return derived_id("reservation", programme_id, sale, claim)


def sale_state(sale: FlashSale, at: datetime) -> SaleState:
    """Where in its window a sale is."""
    if at < sale.starts_at:
        return SaleState.UPCOMING
    return SaleState.OPEN if at < sale.ends_at else SaleState.ENDED
