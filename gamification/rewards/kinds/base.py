"""What a kind of reward must know to do: a module each, which `kinds/__init__.py` lists."""

from datetime import datetime
from typing import Protocol

from gamification.kit.records import record
from gamification.kit.spans import later, span
from gamification.programmes.definitions import CatalogueReward
from gamification.rewards.model import Redemption
from gamification.rewards.packets import Below
from gamification.rewards.shelf import Shelf


@record(frozen=True, slots=True)
class Moment:
    """When something is issued, in the programme's zone, and chance."""

    now: datetime
    time_zone: str
    below: Below


class Kind(Protocol):
    """One kind of reward. All of it is pure: a shelf that was filled, and chance that is handed in."""

    waits: bool
    """Whether people or other systems fulfil it; what doesn't wait is done at once."""

    def issue(
        self, shelf: Shelf, redemption: Redemption, reward: CatalogueReward, moment: Moment
    ) -> Redemption:
        """Take what the redemption gives from the shelf. Raises: Conflict (OUT_OF_STOCK) where nothing is left."""
        ...

    def take_back(self, shelf: Shelf, redemption: Redemption, *, to_stock: bool) -> None:
        """Make what was issued worthless, and with `to_stock` give back what others can have."""
        ...

    def is_used(self, shelf: Shelf, redemption: Redemption) -> bool:
        """Whether the member has had it already, so that it can't be taken back."""
        ...


def ends_at(
    starts_at: datetime, lasts: str | None, until: datetime | None, time_zone: str
) -> datetime | None:
    """When something that begins then ends; None never."""
    if until is not None:
        return until
    return later(starts_at, span(lasts), time_zone) if lasts is not None else None
