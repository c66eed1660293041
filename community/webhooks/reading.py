"""Reading endpoints, their deliveries and the log; and replaying what was sent."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from community.webhooks.deliveries import DeliveryRepository
from community.webhooks.endpoints import EndpointRepository
from community.webhooks.events import EventLog
from community.webhooks.model import Delivery, DeliveryState, Endpoint, Event
from community.webhooks.service import checked_types, missing
from community.webhooks.shapes import IdOf
from community.webhooks.signing import body_of
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, InvalidInput, NotFound
from gamification.kit.records import record
from gamification.members.repository import MemberRepository
from storage.paging import Page, Window

SCANNED_MAX = 2000
"""Events that one call looks at to find those of the types asked for."""
REPLAYED_MAX = 10_000


@record(frozen=True, slots=True)
class LoggedEvents:
    """Events in order. `through` is the number from which to go on, `head` the newest event's; of those up to `forgotten` none
    is kept any more."""

    events: tuple[Event, ...]
    through: int
    head: int
    forgotten: int


class WebhookReading:
    """For operators and the programme's own servers."""

    def __init__(
        self,
        endpoints: EndpointRepository,
        events: EventLog,
        deliveries: DeliveryRepository,
        members: MemberRepository,
        id_of: IdOf,
        now: Callable[[], datetime],
    ) -> None:
        self._endpoints = endpoints
        self._events = events
        self._deliveries = deliveries
        self._members = members
        self._id_of = id_of
        self._now = now

    async def endpoints(self, actor: Actor) -> list[Endpoint]:
        """The programme's, the oldest first. Raises: Forbidden."""
        actor.require(Permission.WEBHOOKS_READ)
        return await self._endpoints.of_programme(actor.programme_id)

    async def endpoints_by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Endpoint]:
        """Endpoints by id; none for who may not read them."""
        if not actor.can(Permission.WEBHOOKS_READ):
            return {}
        return await self._endpoints.by_ids(actor.programme_id, ids)

    async def deliveries_by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Delivery]:
        """Deliveries by id; none for who may not read them."""
        if not actor.can(Permission.WEBHOOKS_READ):
            return {}
        return await self._deliveries.by_ids(actor.programme_id, ids)

    async def events_by_ids(self, actor: Actor, ids: Sequence[bytes]) -> dict[bytes, Event]:
        """Events by id; none for who may not read them."""
        if not actor.can(Permission.WEBHOOKS_READ):
            return {}
        return await self._events.by_ids(actor.programme_id, ids)

    async def deliveries(
        self, endpoint: Endpoint, state: DeliveryState | None, window: Window
    ) -> Page[Delivery]:
        """Those of an endpoint that the caller has been shown, the newest event first."""
        return await self._deliveries.page(endpoint, state, window)

    async def head(self, actor: Actor) -> int:
        """The number of the programme's newest event."""
        return (await self._endpoints.head(actor.programme_id))[0]

    async def log(self, actor: Actor, after: int, types: Sequence[str] | None, limit: int) -> LoggedEvents:
        """The next events after a number, of these types or all. Fewer than `limit` are no sign that there are no more: go on
        from `through` until it is `head`. Raises: Forbidden, InvalidInput."""
        actor.require(Permission.WEBHOOKS_READ)
        wanted = checked_types(types, "types") if types is not None else None
        if after < 0:
            raise InvalidInput("after must not be below 0.", path=["after"], limit=0)
        head, _ = await self._endpoints.head(actor.programme_id)
        read = await self._events.after(
            actor.programme_id, after, SCANNED_MAX if wanted is not None else limit
        )
        found = [event for event in read if wanted is None or event.type in wanted][:limit]
        last = found[-1] if len(found) == limit and found else (read[-1] if read else None)
        through = last.number if last is not None and last.number is not None else max(after, head)
        oldest = await self._events.oldest(actor.programme_id)
        return LoggedEvents(tuple(found), through, max(head, through), oldest - 1 if oldest else head)

    async def bodies(self, actor: Actor, events: Sequence[Event]) -> dict[bytes, str]:
        """What is sent of each event now, by its id."""
        ids = {event.member_id for event in events if event.member_id is not None}
        members = await self._members.by_ids(actor.programme_id, sorted(ids))
        return {
            event.id: body_of(event, members.get(event.member_id or b""), self._id_of).decode()
            for event in events
        }

    # -- again

    async def replay(self, actor: Actor, delivery_id: bytes) -> Delivery:
        """Send one again, with the same `webhook-id`; one that waits is sent now. Raises: Forbidden, NotFound, Conflict where
        its endpoint is disabled."""
        actor.require(Permission.WEBHOOKS_MANAGE)
        delivery = await self._delivery(actor, delivery_id)
        endpoint = await self._enabled(actor, delivery.endpoint_id)
        now = self._now()
        await self._deliveries.reopen(delivery, now)
        await self._endpoints.wake(actor.programme_id, now, endpoint.id)
        return await self._delivery(actor, delivery_id)

    async def replay_log(
        self, actor: Actor, endpoint_id: bytes, after: int, until: int | None, types: Sequence[str] | None
    ) -> tuple[Endpoint, int, int]:
        """Send events of the log again, or for the first time, after a number and up to another: the endpoint, how many, and
        the number from which to go on where there are more than one call takes. Raises: Forbidden, NotFound, InvalidInput,
        Conflict where the endpoint is disabled."""
        actor.require(Permission.WEBHOOKS_MANAGE)
        wanted = checked_types(types, "types") if types is not None else None
        endpoint = await self._enabled(actor, endpoint_id)
        head, _ = await self._endpoints.head(actor.programme_id)
        end = min(until, head) if until is not None else head
        if after < 0:
            raise InvalidInput("after must not be below 0.", path=["after"], limit=0)
        count, through = 0, after
        while through < end and count < REPLAYED_MAX:
            read = await self._events.after(actor.programme_id, through, min(1000, REPLAYED_MAX - count))
            part: list[Event] = [event for event in read if (event.number or 0) <= end]
            if not part:
                through = end
                break
            chosen = [
                event
                for event in part
                if (event.type in wanted if wanted is not None else endpoint.takes(event.type))
            ]
            await self._deliveries.plan(endpoint, chosen, self._now(), again=True)
            count += len(chosen)
            through = part[-1].number or end
        await self._endpoints.wake(actor.programme_id, self._now(), endpoint_id)
        return endpoint, count, through

    async def _delivery(self, actor: Actor, delivery_id: bytes) -> Delivery:
        found: dict[bytes, Any] = await self._deliveries.by_ids(actor.programme_id, [delivery_id])
        if delivery_id not in found:
            raise NotFound("There is no such delivery.", path=["deliveryId"])
        delivery: Delivery = found[delivery_id]
        return delivery

    async def _enabled(self, actor: Actor, endpoint_id: bytes) -> Endpoint:
        found = await self._endpoints.by_ids(actor.programme_id, [endpoint_id])
        if endpoint_id not in found:
            raise missing()
        if not found[endpoint_id].enabled:
            raise Conflict("The endpoint is disabled: enable it first.", path=["endpointId"])
        return found[endpoint_id]
