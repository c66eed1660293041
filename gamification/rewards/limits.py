"""What bounds the redemptions of a reward: its stock and caps. Pure."""

from collections.abc import Iterable
from datetime import datetime

from gamification.kit.errors import Conflict, ErrorCode
from gamification.kit.periods import period_at
from gamification.kit.records import record
from gamification.programmes.definitions import CapScope, CatalogueReward, RewardCap
from gamification.rewards.model import Tally, tally_id

STOCK = "stock"


@record(frozen=True, slots=True)
class Bound:
    """At most `limit` redemptions count in the tally; it is as given here where it is not stored yet."""

    tally: Tally
    limit: int

    @property
    def is_stock(self) -> bool:
        """Whether it bounds the pieces there are, not how many are redeemed by whom and when."""
        return self.tally.scope == STOCK


def stock_of(programme_id: str, reward: CatalogueReward) -> Bound | None:
    """The bound of its stock; None where there is none. A red packet has as many pieces as shares at most."""
    limits = [reward.stock, reward.red_packet.shares if reward.red_packet else None]
    stated = [limit for limit in limits if limit is not None]
    if not stated:
        return None
    found = tally_id(programme_id, reward.key, STOCK, "all")
    return Bound(Tally(found, programme_id, reward.key, STOCK, "all"), min(stated))


def caps_of(
    programme_id: str, reward: CatalogueReward, member_id: bytes, at: datetime, time_zone: str
) -> list[Bound]:
    """The bounds of its caps for that member at that instant."""
    bounds = []
    for cap in reward.caps:
        scope = member_id.hex() if cap.per is CapScope.MEMBER else "programme"
        period = period_at(cap.cycle, at, time_zone).key
        found = tally_id(programme_id, reward.key, scope, period)
        bounds.append(Bound(Tally(found, programme_id, reward.key, scope, period), cap.count))
    return bounds


def caps_of_rule(
    programme_id: str,
    given: str,
    rule: tuple[str, int],
    caps: Iterable[RewardCap],
    member_id: bytes,
    at: datetime,
    time_zone: str,
) -> list[Bound]:
    """The bounds of what an effect of a rule, by its place, gives of that reward to that member at that instant."""
    bounds = []
    for cap in caps:
        whose = member_id.hex() if cap.per is CapScope.MEMBER else "programme"
        scope = f"rule:{rule[0]}:{rule[1]}:{whose}"
        period = period_at(cap.cycle, at, time_zone).key
        found = tally_id(programme_id, given, scope, period)
        bounds.append(Bound(Tally(found, programme_id, given, scope, period), cap.count))
    return bounds


def check(bounds: Iterable[tuple[Bound, Tally]]) -> None:
    """One more must fit into each, beside what its tally holds. Raises: Conflict (OUT_OF_STOCK, REWARD_LIMIT_REACHED)."""
    for bound, tally in bounds:
        if tally.taken < bound.limit:
            continue
        if bound.is_stock:
            raise Conflict(
                "There is none left.", code=ErrorCode.OUT_OF_STOCK, path=["reward"], limit=bound.limit
            )
        whose = "You have" if bound.tally.scope != "programme" else "All together have"
        raise Conflict(
            f"{whose} redeemed it {bound.limit} times, as often as it may be.",
            code=ErrorCode.REWARD_LIMIT_REACHED,
            path=["reward"],
            limit=bound.limit,
        )
