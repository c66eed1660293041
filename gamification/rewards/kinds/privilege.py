"""Privileges: a flag with an end, which other systems ask for."""

from gamification.kit.records import evolve
from gamification.programmes.definitions import CatalogueReward
from gamification.rewards.kinds.base import Moment, ends_at
from gamification.rewards.model import Redemption
from gamification.rewards.shelf import Shelf


class PrivilegeKind:
    """One that is redeemed while another of its flag lasts begins where that one ends, so that nothing is lost. Taken
    back, what is left of it is over."""

    waits = False

    def issue(
        self, shelf: Shelf, redemption: Redemption, reward: CatalogueReward, moment: Moment
    ) -> Redemption:
        terms = reward.privilege
        assert terms is not None  # noqa: S101 - its kind says so
        held_until = shelf.latest_end(redemption.member_id, terms.flag, moment.now)
        starts = max(held_until or moment.now, moment.now) if terms.lasts is not None else moment.now
        ends = ends_at(starts, terms.lasts, terms.until, moment.time_zone)
        return evolve(redemption, flag=terms.flag, starts_at=starts, expires_at=ends)

    def take_back(self, shelf: Shelf, redemption: Redemption, *, to_stock: bool) -> None:
        """Its redemption does not stand any more, and that is what is asked for."""

    def is_used(self, shelf: Shelf, redemption: Redemption) -> bool:
        return False
