"""What became of notifications by email and push: for staff and services."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from community.notifications.deliveries import Delivery, DeliveryRepository, DeliveryState, Reason
from gamification.kit.actors import Actor, Permission
from gamification.kit.records import record
from gamification.programmes.definitions.notifications import Channel, NotificationKind
from storage.paging import Page, Window


@record(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries: all of the programme, or those of a member, a kind, a way, a state, a reason, since then."""

    member_id: bytes | None = None
    kind: NotificationKind | None = None
    channel: Channel | None = None
    state: DeliveryState | None = None
    reason: Reason | None = None
    since: datetime | None = None


class DeliveryLog:
    """Read alone."""

    def __init__(self, deliveries: DeliveryRepository) -> None:
        self._deliveries = deliveries

    async def page(self, actor: Actor, wanted: DeliveryFilter, window: Window) -> Page[Delivery]:
        """Deliveries, latest first. Raises: Forbidden."""
        actor.require(Permission.NOTIFICATIONS_READ_LOG)
        query: dict[str, Any] = {"programme_id": actor.programme_id}
        for name in ("member_id", "kind", "channel", "state", "reason"):
            if (value := getattr(wanted, name)) is not None:
                query[name] = value if isinstance(value, bytes) else value.value
        if wanted.since is not None:
            query["at"] = {"$gte": wanted.since}
        return await self._deliveries.page(query, window)

    async def by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Delivery]:
        """By id; nothing for who may not read them."""
        if not actor.can(Permission.NOTIFICATIONS_READ_LOG):
            return {}
        return await self._deliveries.by_ids(actor.programme_id, ids)
