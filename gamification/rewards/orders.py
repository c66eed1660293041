"""Which coupons a session of the merchant's has locked, and which an order has used, as stored."""

from datetime import datetime

from gamification.kit.identifiers import derived_id
from gamification.kit.records import record
from storage.mongo import ASCENDING, Index, Mongo, Tx

SESSIONS = "coupon_sessions"
ORDERS = "coupon_orders"
_KEPT_S = 24 * 3600
INDEXES = {
    SESSIONS: [Index([("until", ASCENDING)], expire_after_s=_KEPT_S)],
    ORDERS: [Index([("programme_id", ASCENDING)])],
}


@record(frozen=True, slots=True)
class CouponOrder:
    """The coupons that were used in an order, which only once they are rolled back can use others."""

    id: bytes
    programme_id: str
    order: str
    coupons: tuple[bytes, ...]
    used_at: datetime
    rolled_back_at: datetime | None = None


def order_id(programme_id: str, order: str) -> bytes:
    """The id of the order of that name."""
    return derived_id("coupon order", programme_id, order)


class OrderRepository:
    """`coupon_sessions`, `coupon_orders`."""

    def __init__(self, mongo: Mongo) -> None:
        self._sessions = mongo.collection(SESSIONS)
        self._orders = mongo.collection(ORDERS)

    async def locked_in(self, programme_id: str, session: str, tx: Tx) -> list[bytes]:
        """The coupons that a session has locked, some of them maybe no more."""
        row = await self._sessions.find_one(
            {"_id": derived_id("coupon session", programme_id, session)}, session=tx.session
        )
        return list(row["coupons"]) if row else []

    async def lock(
        self, programme_id: str, session: str, coupons: list[bytes], until: datetime, tx: Tx
    ) -> None:
        """Note which coupons a session has locked now, instead of those before."""
        document = {"programme_id": programme_id, "coupons": coupons, "until": until}
        await self._sessions.replace_one(
            {"_id": derived_id("coupon session", programme_id, session)},
            document,
            upsert=True,
            session=tx.session,
        )

    async def find(self, programme_id: str, order: str, tx: Tx | None = None) -> CouponOrder | None:
        """What an order has used."""
        row = await self._orders.find_one(
            {"_id": order_id(programme_id, order)}, session=tx.session if tx else None
        )
        if row is None:
            return None
        return CouponOrder(
            row["_id"],
            row["programme_id"],
            row["order"],
            tuple(row["coupons"]),
            row["used_at"],
            row.get("rolled_back_at"),
        )

    async def save(self, order: CouponOrder, tx: Tx) -> None:
        """Store an order, new or changed."""
        document = {
            "programme_id": order.programme_id,
            "order": order.order,
            "coupons": list(order.coupons),
            "used_at": order.used_at,
        }
        if order.rolled_back_at is not None:
            document["rolled_back_at"] = order.rolled_back_at
        await self._orders.replace_one({"_id": order.id}, document, upsert=True, session=tx.session)
