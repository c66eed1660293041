"""What bounds the redemptions of a reward: its stock and caps. Pure."""

from collections.abc import Iterable
from datetime import datetime

from gamification.kit.errors import Conflict, ErrorCode
from gamification.kit.periods import period_at
from gamification.kit.records import record
from gamification.programmes.definitions import Campaign, CapScope, CatalogueReward, RewardCap
from gamification.rewards.model import Tally, tally_id

STOCK = "stock"
_MONEY = "money:"


@record(frozen=True, slots=True)
class Bound:
    """At most `limit` redemptions count in the tally, each `weight` times; it is as given here where it is not stored yet."""

    tally: Tally
    limit: int
    weight: int = 1

    @property
    def is_money(self) -> bool:
        """Whether what counts is what each costs."""
        return self.tally.scope.startswith(_MONEY)

    def has_room(self, tally: Tally) -> bool:
        """Whether one more fits in, beside what the tally holds."""
        return tally.taken + self.weight <= self.limit

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


def budget_of_campaign(programme_id: str, campaign: Campaign, reward: CatalogueReward) -> list[Bound]:
    """The bounds of a campaign's budget on one more of that reward: on how many, and on what they cost."""
    bounds = []
    for part in campaign.budget.rewards:
        if part.reward == reward.key:
            scope = f"campaign:{campaign.key}"
            found = tally_id(programme_id, reward.key, scope, "all")
            bounds.append(Bound(Tally(found, programme_id, reward.key, scope, "all"), part.count))
    if campaign.budget.money is not None and reward.cost:
        scope = f"{_MONEY}{campaign.key}"
        found = tally_id(programme_id, "", scope, "all")
        bounds.append(Bound(Tally(found, programme_id, "", scope, "all"), campaign.budget.money, reward.cost))
    return bounds


def check(bounds: Iterable[tuple[Bound, Tally]]) -> None:
    """One more must fit into each, beside what its tally holds. Raises: Conflict (OUT_OF_STOCK, REWARD_LIMIT_REACHED)."""
    for bound, tally in bounds:
        if bound.has_room(tally):
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
