"""Sends what is due. One process at a time sends to an endpoint, so that its first attempts begin in order of number; each
endpoint has a lane of its own, so that one which hangs holds up nobody else.

What a process was sending when it died is sent again once its lease is over, with the same `webhook-id`.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Histogram

from community.outbound.sealing import Unreadable
from community.webhooks.attempting import Attempting, Outcome
from community.webhooks.deliveries import DeliveryRepository
from community.webhooks.endpoints import EndpointRepository
from community.webhooks.events import EventLog, event_of
from community.webhooks.model import (
    Attempt,
    Delivery,
    DeliveryState,
    DisabledBecause,
    Endpoint,
    Event,
    Noted,
)
from community.webhooks.schedule import fails_for_good
from community.webhooks.shapes import IdOf
from community.webhooks.types import DISABLED, TEST
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from storage.mongo import MongoUnavailable, TookTooLong

LANES_MAX = 64
"""Endpoints that one process sends to at once."""
REQUESTS_MAX = 128
"""Requests that one process has open at once, over all endpoints."""
LEASE = timedelta(seconds=60)
TURN_S = 20.0
"""No request begins later in a turn, so that with its time-out it ends within the lease."""
EVENTS_AT_ONCE = 200
STUCK = timedelta(seconds=60)
log = structlog.get_logger()
ATTEMPTS = Counter("starguild_webhook_attempts", "Requests to webhook endpoints.", ["outcome"])
WAITED = Histogram(
    "starguild_webhook_first_attempt_seconds",
    "From logging an event to its first attempt.",
    buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 1800),
)
DISABLINGS = Counter("starguild_webhook_disablings", "Endpoints disabled without an operator.", ["because"])


class _Turn:
    """A sender's time with one endpoint, as it stands."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.ends_at = time.monotonic() + TURN_S
        self.is_over = False
        self.done = 0

    @property
    def goes_on(self) -> bool:
        """Whether another request may begin."""
        return not self.is_over and time.monotonic() < self.ends_at


class Sender:
    """Many processes may have one. `attempting` talks to the endpoints."""

    def __init__(
        self,
        endpoints: EndpointRepository,
        events: EventLog,
        deliveries: DeliveryRepository,
        members: MemberRepository,
        attempting: Attempting,
        id_of: IdOf,
        now: Callable[[], datetime],
    ) -> None:
        self._endpoints = endpoints
        self._events = events
        self._deliveries = deliveries
        self._members = members
        self._attempting = attempting
        self._id_of = id_of
        self._now = now
        self._name = secrets.token_hex(8)
        self._requests = asyncio.Semaphore(REQUESTS_MAX)

    async def run_due(self, programme_id: str | None = None) -> int:
        """Send all that is due by now, until nothing is, of one programme or of all; how many attempts were made."""
        lanes: set[asyncio.Task[int]] = set()
        done = 0
        try:
            while True:
                while len(lanes) < LANES_MAX and (endpoint := await self._claim(programme_id)) is not None:
                    lanes.add(asyncio.create_task(self._send(endpoint), name=f"webhooks-{endpoint.id.hex()}"))
                if not lanes:
                    return done
                over, lanes = await asyncio.wait(lanes, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
                done += sum([lane.result() for lane in over])
        finally:
            for lane in lanes:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)

    async def _claim(self, programme_id: str | None) -> Endpoint | None:
        now = self._now()
        return await self._endpoints.claim(self._name, now, now + LEASE, programme_id)

    async def _send(self, endpoint: Endpoint) -> int:
        """One turn; what it leaves is the next turn's, whosever."""
        turn = _Turn(endpoint)
        work_at: datetime | None = self._now()
        try:
            work_at = await self._take_turn(turn)
        except (MongoUnavailable, TookTooLong):
            raise  # the lease lapses by itself
        except Unreadable as error:
            log.error("webhooks.secret_unreadable", endpoint=endpoint.id.hex(), reason=str(error))
            work_at = self._now() + STUCK
        except Exception as error:
            log.warning("webhooks.failed", endpoint=endpoint.id.hex(), exc_info=error)
            work_at = self._now() + STUCK
        finally:
            await asyncio.shield(self._endpoints.release(endpoint.id, self._name, endpoint.marks, work_at))
        return turn.done

    async def _take_turn(self, turn: _Turn) -> datetime | None:
        """Send until nothing is due, or the turn is over; when there is work again."""
        while turn.goes_on:
            found = await self._endpoints.by_ids(turn.endpoint.programme_id, [turn.endpoint.id])
            endpoint = found.get(turn.endpoint.id)
            if endpoint is None:
                return None
            turn.endpoint = endpoint
            now = self._now()
            more = await self._plan(endpoint) if endpoint.enabled else False
            if endpoint.enabled and endpoint.paused_until is not None and now < endpoint.paused_until:
                return endpoint.paused_until
            # Few of one that fails, so that it is soon asked more at once where it has come back.
            limit = 4 if endpoint.failures else 16 * endpoint.parallel
            due = await self._deliveries.due(endpoint.id, now, limit, tests_only=not endpoint.enabled)
            if due:
                await self._send_all(turn, due)
            elif not more:
                return await self._deliveries.next_due(endpoint.id) if endpoint.enabled else None
        return self._now()

    async def _plan(self, endpoint: Endpoint) -> bool:
        """Have the next events of the log delivered, of the types that the endpoint takes; whether there may be more."""
        events = await self._events.after(endpoint.programme_id, endpoint.cursor, EVENTS_AT_ONCE)
        if not events:
            return False
        wanted = [event for event in events if endpoint.takes(event.type)]
        await self._deliveries.plan(endpoint, wanted, self._now())
        last = events[-1].number
        # Where an operator moved the cursor meanwhile, theirs counts.
        await self._endpoints.change(endpoint.id, {"cursor": last}, cursor=endpoint.cursor, enabled=True)
        return True

    async def _send_all(self, turn: _Turn, due: list[Delivery]) -> None:
        """Begin these in order, so many at once as the endpoint takes."""
        endpoint = turn.endpoint
        programme_id = endpoint.programme_id
        events = await self._events.by_ids(programme_id, [one.event_id for one in due])
        people = {one.member_id for one in due if one.member_id is not None}
        members = await self._members.by_ids(programme_id, sorted(people))
        signing = self._attempting.secrets(endpoint)
        # One that fails is asked one thing at a time until it succeeds.
        places = asyncio.Semaphore(1 if endpoint.failures else endpoint.parallel)
        try:
            async with asyncio.TaskGroup() as group:
                for delivery in due:
                    await places.acquire()
                    # Where it begins to fail, what is left is asked one thing at a time: in the next round.
                    if not turn.goes_on or turn.endpoint.failures > endpoint.failures:
                        break
                    event = events.get(delivery.event_id)
                    member = members.get(delivery.member_id) if delivery.member_id is not None else None
                    place = ExitStack()
                    place.callback(places.release)
                    group.create_task(self._deliver(turn, delivery, event, member, signing, place))
        except ExceptionGroup as error:
            raise error.exceptions[0] from error

    async def _deliver(
        self,
        turn: _Turn,
        delivery: Delivery,
        event: Event | None,
        member: Member | None,
        signing: list[str],
        place: ExitStack,
    ) -> None:
        """`place` is one among the requests that the endpoint takes at once; closing it lets the next begin."""
        with place:
            if event is None:
                lost = Attempt(self._now(), 0, None, "forgotten: The event is not kept any more.", None)
                await self._deliveries.note(Noted(delivery, lost, DeliveryState.FAILED))
                return
            async with self._requests:
                if not turn.goes_on:
                    return
                outcome = await self._attempting.attempt(turn.endpoint, delivery, event, member, signing)
            turn.done += 1
            ATTEMPTS.labels("succeeded" if outcome.attempt.is_success else "failed").inc()
            if not delivery.made:
                WAITED.observe(max(0.0, (outcome.attempt.at - event.kept_at).total_seconds()))
            if outcome.attempt.is_success:
                place.close()  # the next need not wait for what is written of this one
            await self._deliveries.note(Noted(delivery, outcome.attempt, outcome.state, outcome.due_at))
            await self._learn(turn, delivery, outcome)

    async def _learn(self, turn: _Turn, delivery: Delivery, outcome: Outcome) -> None:
        """What the attempt says of the endpoint. A test says nothing but that it is gone."""
        now = outcome.attempt.at
        if outcome.is_gone:
            await self._disable(turn, DisabledBecause.GONE, now)
        if delivery.type == TEST or outcome.is_gone:
            return
        endpoint = turn.endpoint
        if outcome.attempt.is_success:
            if endpoint.failures:
                turn.endpoint = evolve(endpoint, failing_since=None, failures=0)
                await self._endpoints.change(endpoint.id, {"failing_since": None, "failures": 0})
            return
        failing = evolve(
            endpoint, failing_since=endpoint.failing_since or now, failures=endpoint.failures + 1
        )
        turn.endpoint = failing
        stated = {"failing_since": failing.failing_since, "failures": failing.failures}
        if outcome.pause_until is not None:
            turn.is_over = True
            stated["paused_until"] = outcome.pause_until
        await self._endpoints.change(endpoint.id, stated)
        if fails_for_good(failing, now):
            await self._disable(turn, DisabledBecause.FAILING, now)

    async def _disable(self, turn: _Turn, because: DisabledBecause, at: datetime) -> None:
        """Send nothing more, and tell: in the log of this process, and to the other endpoints."""
        turn.is_over = True
        endpoint = turn.endpoint
        stated = {"enabled": False, "disabled_at": at, "disabled_because": because.value}
        if not await self._endpoints.change(endpoint.id, stated, enabled=True):
            return
        DISABLINGS.labels(because.value).inc()
        log.warning(
            "webhooks.endpoint_disabled",
            programme=endpoint.programme_id,
            endpoint=endpoint.id.hex(),
            because=because.value,
        )
        data = {"endpointId": self._id_of("WebhookEndpoint", endpoint.id), "because": because.value}
        found = derived_id("webhook event", "disabled", endpoint.id, at.isoformat())
        event = event_of(found, endpoint.programme_id, DISABLED, at, self._now(), None, data)
        await self._events.append(endpoint.programme_id, [event])
        await self._endpoints.wake(endpoint.programme_id, self._now())
