"""What operators do with endpoints: make, change, enable, disable and delete them, and rotate their secrets."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from community.outbound.sealing import Sealer
from community.outbound.urls import OutboundRules, UrlRefused, checked_url
from community.webhooks.deliveries import DeliveryRepository
from community.webhooks.endpoints import EndpointRepository, secrets_document
from community.webhooks.events import EventLog, event_of
from community.webhooks.model import (
    DESCRIPTION_MAX,
    ENDPOINTS_MAX,
    OVERLAP_HOURS_MAX,
    PARALLEL_MAX,
    SECRETS_MAX,
    DisabledBecause,
    Endpoint,
    Event,
    Secret,
)
from community.webhooks.shapes import IdOf
from community.webhooks.signing import new_secret
from community.webhooks.types import TEST, TYPES
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, InvalidInput, NotFound
from gamification.kit.identifiers import new_id
from gamification.kit.records import evolve, record
from storage.mongo import Mongo, Tx


@record(frozen=True, slots=True)
class EndpointChanges:
    """What of an endpoint is stated; None leaves it as it is, and `all_types` lets it have every type."""

    url: str | None = None
    description: str | None = None
    types: tuple[str, ...] | None = None
    all_types: bool = False
    parallel: int | None = None


class EndpointService:
    """Endpoints of the caller's programme; every method raises Forbidden without the permission, and NotFound for an
    endpoint of another programme."""

    def __init__(
        self,
        mongo: Mongo,
        endpoints: EndpointRepository,
        events: EventLog,
        deliveries: DeliveryRepository,
        rules: OutboundRules,
        sealer: Sealer,
        id_of: IdOf,
        now: Callable[[], datetime],
    ) -> None:
        self._mongo = mongo
        self._endpoints = endpoints
        self._events = events
        self._deliveries = deliveries
        self._rules = rules
        self._sealer = sealer
        self._id_of = id_of
        self._now = now

    async def create(
        self, actor: Actor, url: str, stated: EndpointChanges, *, enabled: bool
    ) -> tuple[Endpoint, str]:
        """A new endpoint, which gets what happens from now on, and its secret, which is told once. Raises: InvalidInput,
        Conflict where there is one of this URL, or as many as may be."""
        actor.require(Permission.WEBHOOKS_MANAGE)
        now, secret, found = self._now(), new_secret(), new_id()
        checked = self._checked(evolve(stated, url=url))
        sealed = Secret(self._sealer.seal(secret, found), now)

        async def body(tx: Tx) -> Endpoint:
            last, count = await self._endpoints.head(actor.programme_id, tx)
            if count >= ENDPOINTS_MAX:
                raise Conflict(f"A programme has at most {ENDPOINTS_MAX} endpoints.", limit=ENDPOINTS_MAX)
            await self._require_free(actor, checked["url"], None, tx)
            endpoint = Endpoint(
                found,
                actor.programme_id,
                checked["url"],
                checked.get("description", ""),
                checked.get("types"),
                enabled,
                checked.get("parallel", 4),
                now,
                last,
                (sealed,),
                disabled_at=None if enabled else now,
                disabled_because=None if enabled else DisabledBecause.OPERATOR,
            )
            await self._endpoints.count(actor.programme_id, 1, tx)
            await self._endpoints.add(endpoint, tx)
            return endpoint

        return await self._mongo.transaction(body), secret

    async def update(self, actor: Actor, endpoint_id: bytes, stated: EndpointChanges) -> Endpoint:
        """Change what is stated. Raises: InvalidInput, Conflict where another has this URL."""
        actor.require(Permission.WEBHOOKS_MANAGE)
        checked = self._checked(stated)

        async def body(tx: Tx) -> Endpoint:
            endpoint = await self._find(actor, endpoint_id, tx)
            if "url" in checked:
                await self._require_free(actor, checked["url"], endpoint_id, tx)
            if checked:
                written = {
                    name: list(value) if isinstance(value, tuple) else value
                    for name, value in checked.items()
                }
                await self._endpoints.change(endpoint_id, written, tx)
            return evolve(endpoint, **checked)

        return await self._mongo.transaction(body)

    async def delete(self, actor: Actor, endpoint_id: bytes) -> bool:
        """Forget an endpoint with its deliveries; whether there was one."""
        actor.require(Permission.WEBHOOKS_MANAGE)

        async def body(tx: Tx) -> bool:
            if endpoint_id not in await self._endpoints.by_ids(actor.programme_id, [endpoint_id], tx):
                return False
            await self._endpoints.delete(endpoint_id, tx)
            await self._endpoints.count(actor.programme_id, -1, tx)
            return True

        was_there = await self._mongo.transaction(body)
        if was_there:  # what a crash leaves of these goes with their time
            await self._deliveries.forget(endpoint_id)
        return was_there

    async def disable(self, actor: Actor, endpoint_id: bytes) -> Endpoint:
        """Send it nothing more; what it has not got waits. Twice is the same as once."""
        actor.require(Permission.WEBHOOKS_MANAGE)
        await self._find(actor, endpoint_id)
        stated = {
            "enabled": False,
            "disabled_at": self._now(),
            "disabled_because": DisabledBecause.OPERATOR.value,
        }
        await self._endpoints.change(endpoint_id, stated, enabled=True)
        return await self._find(actor, endpoint_id)

    async def enable(self, actor: Actor, endpoint_id: bytes, after: int | None) -> Endpoint:
        """Go on after an event's number, or where it stopped: what did not succeed up to there is left out, and what did not
        after it is sent. Of one that is enabled nothing changes. Raises: InvalidInput."""
        actor.require(Permission.WEBHOOKS_MANAGE)
        endpoint = await self._find(actor, endpoint_id)
        if endpoint.enabled:
            return endpoint
        head, _ = await self._endpoints.head(actor.programme_id)
        if after is not None and not 0 <= after <= head:
            raise InvalidInput(f"The newest event is {head}.", path=["after"], limit=head)
        now = self._now()
        if after is not None:
            await self._deliveries.resume(endpoint_id, after, now)
        stated: dict[str, Any] = {
            "enabled": True,
            "cursor": after if after is not None else endpoint.cursor,
            "failures": 0,
            **dict.fromkeys(("disabled_at", "disabled_because", "failing_since", "paused_until")),
        }
        await self._endpoints.change(endpoint_id, stated, enabled=False)
        await self._endpoints.wake(actor.programme_id, now, endpoint_id)
        return await self._find(actor, endpoint_id)

    async def rotate(self, actor: Actor, endpoint_id: bytes, overlap_hours: int) -> tuple[Endpoint, str]:
        """A new secret, told once; the one before signs too until the overlap is over. Raises: InvalidInput."""
        actor.require(Permission.WEBHOOKS_MANAGE)
        if not 0 <= overlap_hours <= OVERLAP_HOURS_MAX:
            raise InvalidInput(
                f"overlapHours must be 0 to {OVERLAP_HOURS_MAX}.",
                path=["overlapHours"],
                limit=OVERLAP_HOURS_MAX,
            )
        now, secret = self._now(), new_secret()
        until = now + timedelta(hours=overlap_hours)
        sealed = Secret(self._sealer.seal(secret, endpoint_id), now)

        async def body(tx: Tx) -> Endpoint:
            endpoint = await self._find(actor, endpoint_id, tx)
            ends = [(one, min(one.expires_at or until, until)) for one in endpoint.secrets]
            kept = [evolve(one, expires_at=end) for one, end in ends if end > now]
            secrets = (sealed, *kept)[:SECRETS_MAX]
            await self._endpoints.change(endpoint_id, {"secrets": secrets_document(secrets)}, tx)
            return evolve(endpoint, secrets=secrets)

        return await self._mongo.transaction(body), secret

    async def test(self, actor: Actor, endpoint_id: bytes) -> tuple[Endpoint, Event]:
        """Have a test event sent, once, also to an endpoint that is disabled."""
        actor.require(Permission.WEBHOOKS_MANAGE)
        now, found = self._now(), new_id()
        endpoint = await self._find(actor, endpoint_id)
        data = {"endpointId": self._id_of("WebhookEndpoint", endpoint_id)}
        event = event_of(found, actor.programme_id, TEST, now, now, None, data)
        await self._mongo.transaction(lambda tx: self._events.add_test(event, tx))
        await self._deliveries.plan(endpoint, [event], now)
        await self._endpoints.wake(actor.programme_id, now, endpoint_id)
        return endpoint, event

    # -- within

    def _checked(self, stated: EndpointChanges) -> dict[str, Any]:
        """What is stated, as it is kept. Raises: InvalidInput."""
        found: dict[str, Any] = {}
        if stated.url is not None:
            try:
                found["url"] = checked_url(stated.url, self._rules)
            except UrlRefused as error:
                raise InvalidInput(str(error), path=["url"]) from error
        if stated.description is not None:
            if len(stated.description) > DESCRIPTION_MAX:
                raise InvalidInput(
                    f"description has at most {DESCRIPTION_MAX} characters.",
                    path=["description"],
                    limit=DESCRIPTION_MAX,
                )
            found["description"] = stated.description
        if stated.all_types:
            found["types"] = None
        elif stated.types is not None:
            found["types"] = checked_types(stated.types, "eventTypes")
        if stated.parallel is not None:
            if not 1 <= stated.parallel <= PARALLEL_MAX:
                raise InvalidInput(
                    f"parallel must be 1 to {PARALLEL_MAX}.", path=["parallel"], limit=PARALLEL_MAX
                )
            found["parallel"] = stated.parallel
        return found

    async def _require_free(self, actor: Actor, url: str, own: bytes | None, tx: Tx) -> None:
        others = await self._endpoints.of_programme(actor.programme_id, tx)
        if any(one.url == url and one.id != own for one in others):
            raise Conflict("Another endpoint has this URL.", path=["url"])

    async def _find(self, actor: Actor, endpoint_id: bytes, tx: Tx | None = None) -> Endpoint:
        found = await self._endpoints.by_ids(actor.programme_id, [endpoint_id], tx)
        if endpoint_id not in found:
            raise missing()
        return found[endpoint_id]


def checked_types(stated: Sequence[str], path: str) -> tuple[str, ...]:
    """Event types, in order, each once. Raises: InvalidInput naming the first that is none."""
    if not stated:
        raise InvalidInput("State at least one event type, or leave them out for all.", path=[path])
    for place, name in enumerate(stated):
        if name not in TYPES or name == TEST:
            raise InvalidInput("There is no such event type.", path=[path, str(place)])
    return tuple(sorted(set(stated)))


def missing() -> NotFound:
    """Of an endpoint that there is not, or is another programme's."""
    return NotFound("There is no such endpoint.", path=["endpointId"])
