"""The kinds of rewards, a strategy each. Another one is a module here with its line below, and its terms in
`programmes/definitions/catalogue_rewards.py`."""

from gamification.rewards.kinds.base import Kind, Moment
from gamification.rewards.kinds.content import ContentKind
from gamification.rewards.kinds.coupon import CouponKind
from gamification.rewards.kinds.goods import GoodsKind
from gamification.rewards.kinds.privilege import PrivilegeKind
from gamification.rewards.kinds.red_packet import RedPacketKind
from gamification.rewards.kinds.ticket import TicketKind

REGISTRY: dict[str, Kind] = {
    "coupon": CouponKind(),
    "goods": GoodsKind(),
    "red_packet": RedPacketKind(),
    "privilege": PrivilegeKind(),
    "content": ContentKind(),
    "ticket": TicketKind(),
}
"""By the field of a reward that states its terms."""

__all__ = ["REGISTRY", "Kind", "Moment"]
