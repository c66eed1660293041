"""Goods: people pack and send them."""

from gamification.programmes.definitions import CatalogueReward
from gamification.rewards.kinds.base import Moment
from gamification.rewards.model import Redemption, RedemptionStatus
from gamification.rewards.shelf import Shelf


class GoodsKind:
    """Used once they have left."""

    waits = True

    def issue(
        self, shelf: Shelf, redemption: Redemption, reward: CatalogueReward, moment: Moment
    ) -> Redemption:
        return redemption

    def take_back(self, shelf: Shelf, redemption: Redemption, *, to_stock: bool) -> None:
        """There is nothing to make worthless."""

    def is_used(self, shelf: Shelf, redemption: Redemption) -> bool:
        return redemption.status in (RedemptionStatus.SHIPPED, RedemptionStatus.DONE)
