"""Tickets for draws: points of the unit that a draw takes. Posting them is for whoever holds the ledger."""

from gamification.kit.records import evolve
from gamification.programmes.definitions import CatalogueReward
from gamification.rewards.kinds.base import Moment
from gamification.rewards.model import Redemption
from gamification.rewards.shelf import Shelf


class TicketKind:
    """Taken back, as many go as are there, as with all points; what is short is noted with the transfer."""

    waits = False

    def issue(
        self, shelf: Shelf, redemption: Redemption, reward: CatalogueReward, moment: Moment
    ) -> Redemption:
        terms = reward.ticket
        assert terms is not None  # noqa: S101 - its kind says so
        return evolve(redemption, ticket_unit=terms.unit, tickets=terms.count)

    def take_back(self, shelf: Shelf, redemption: Redemption, *, to_stock: bool) -> None:
        """The ledger's."""

    def is_used(self, shelf: Shelf, redemption: Redemption) -> bool:
        return False
