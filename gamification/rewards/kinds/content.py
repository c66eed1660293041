"""Exclusive content: shown to those who have it, for as long as they have it."""

from gamification.kit.records import evolve
from gamification.programmes.definitions import CatalogueReward
from gamification.rewards.kinds.base import Moment, ends_at
from gamification.rewards.model import Redemption
from gamification.rewards.shelf import Shelf


class ContentKind:
    """Taken back, it is shown no more."""

    waits = False

    def issue(
        self, shelf: Shelf, redemption: Redemption, reward: CatalogueReward, moment: Moment
    ) -> Redemption:
        terms = reward.content
        assert terms is not None  # noqa: S101 - its kind says so
        ends = ends_at(moment.now, terms.lasts, None, moment.time_zone)
        return evolve(redemption, starts_at=moment.now, expires_at=ends)

    def take_back(self, shelf: Shelf, redemption: Redemption, *, to_stock: bool) -> None:
        """Its redemption does not stand any more, and that is what is asked for."""

    def is_used(self, shelf: Shelf, redemption: Redemption) -> bool:
        return False
