"""Red packets (红包): a share of a fixed sum, paid out by the programme's own payment system."""

from gamification.kit.records import evolve
from gamification.programmes.definitions import CatalogueReward
from gamification.rewards.kinds.base import Moment
from gamification.rewards.model import Redemption, RedemptionStatus, packet_id
from gamification.rewards.packets import draw_share
from gamification.rewards.shelf import Shelf


class RedPacketKind:
    """Used once it is paid out. A share that goes back to the stock goes back to the sum, for somebody else."""

    waits = True

    def issue(
        self, shelf: Shelf, redemption: Redemption, reward: CatalogueReward, moment: Moment
    ) -> Redemption:
        terms = reward.red_packet
        assert terms is not None  # noqa: S101 - its kind says so
        packet = shelf.packet(redemption.programme_id, reward.key, terms.total, terms.shares)
        share = draw_share(packet.left, packet.shares_left, terms.minimum, moment.below)
        shelf.put_packet(evolve(packet, left=packet.left - share, shares_left=packet.shares_left - 1))
        return evolve(redemption, amount=share, currency=terms.currency)

    def take_back(self, shelf: Shelf, redemption: Redemption, *, to_stock: bool) -> None:
        if not to_stock or redemption.amount is None:
            return
        packet = shelf.packets[packet_id(redemption.programme_id, redemption.reward)]
        shelf.put_packet(
            evolve(packet, left=packet.left + redemption.amount, shares_left=packet.shares_left + 1)
        )

    def is_used(self, shelf: Shelf, redemption: Redemption) -> bool:
        return redemption.status is RedemptionStatus.DONE
