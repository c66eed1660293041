"""What rewards are taken from in one transaction: stocks, caps, codes, red packets. States by id, changed by `put`."""

from collections.abc import Callable, Iterable, MutableMapping
from datetime import datetime
from typing import Any

from gamification.kit.causes import Cause
from gamification.kit.errors import Conflict, ErrorCode
from gamification.kit.records import record
from gamification.rewards.limits import Bound
from gamification.rewards.model import (
    Coupon,
    CouponState,
    Packet,
    Redemption,
    RedemptionStatus,
    Tally,
    packet_id,
)

Put = Callable[[MutableMapping[bytes, Any], bytes, Any], None]


@record(frozen=True, slots=True)
class Lost:
    """A member's ground for what they were given is gone; but for the redemptions in `keep`, which stand on it anew."""

    member_id: bytes
    ground: str
    cause: Cause
    keep: frozenset[bytes]


class Shelf:
    """Filled before it is taken from. `put` keeps a changed state, in a way that can be undone."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self.tallies: dict[bytes, Tally] = {}
        self.packets: dict[bytes, Packet] = {}
        self.coupons: dict[bytes, Coupon] = {}
        self.redemptions: dict[bytes, Redemption] = {}
        self.loaded: set[bytes] = set()
        """What was asked for, whether or not it was there."""
        self.lost: list[Lost] = []
        """Grounds that are gone: what was given on them is taken back when the work is written."""

    @property
    def is_touched(self) -> bool:
        """Whether there is anything on it."""
        return bool(self.tallies or self.packets or self.coupons or self.redemptions)

    def put_tally(self, tally: Tally) -> None:
        self._put(self.tallies, tally.id, tally)

    def put_packet(self, packet: Packet) -> None:
        self._put(self.packets, packet.id, packet)

    def put_coupon(self, coupon: Coupon) -> None:
        self._put(self.coupons, coupon.id, coupon)

    def put_redemption(self, redemption: Redemption) -> None:
        self._put(self.redemptions, redemption.id, redemption)

    def tally(self, bound: Bound) -> Tally:
        """What counts in a bound; it must have been loaded."""
        assert bound.tally.id in self.loaded  # noqa: S101 - else what is taken already is not known
        return self.tallies.get(bound.tally.id, bound.tally)

    def packet(self, programme_id: str, reward: str, total: int, shares: int) -> Packet:
        """What is left of a red packet; it must have been loaded."""
        found = packet_id(programme_id, reward)
        assert found in self.loaded  # noqa: S101 - else it would be full again
        return self.packets.get(found) or Packet(found, programme_id, reward, total, total, shares)

    def next_code(self, reward: str) -> Coupon:
        """A code of the pool that nobody has. Raises: Conflict (OUT_OF_STOCK)."""
        for coupon in self.coupons.values():
            if coupon.reward == reward and coupon.state is CouponState.AVAILABLE:
                return coupon
        raise Conflict("There is no code left.", code=ErrorCode.OUT_OF_STOCK, path=["reward"])

    def latest_end(self, member_id: bytes, flag: str, now: datetime) -> datetime | None:
        """When the last of the member's privileges of that flag ends that are there; None where none is."""
        ends = [
            found.expires_at
            for found in self._of_flag(member_id, flag)
            if found.expires_at is not None and found.expires_at > now
        ]
        return max(ends, default=None)

    def standing_on(self, member_id: bytes, ground: str) -> list[Redemption]:
        """What was given to the member on that ground and stands."""
        return [
            found
            for found in self.redemptions.values()
            if (found.member_id, found.ground) == (member_id, ground) and found.stands
        ]

    def _of_flag(self, member_id: bytes, flag: str) -> Iterable[Redemption]:
        return (
            found
            for found in self.redemptions.values()
            if (found.member_id, found.flag, found.status) == (member_id, flag, RedemptionStatus.DONE)
        )
