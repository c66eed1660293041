"""One attempt at one delivery, and what follows from it."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from community.outbound.client import GuardedClient, OutboundError, Response
from community.outbound.sealing import Sealer
from community.webhooks.model import EXCERPT_BYTES, Attempt, Delivery, DeliveryState, Endpoint, Event
from community.webhooks.schedule import GONE, THROTTLED, pause_after, retry_after
from community.webhooks.shapes import IdOf
from community.webhooks.signing import body_of, headers_of
from community.webhooks.types import TEST
from gamification.kit.records import record
from gamification.members.model import Member

TIMEOUT_S = 15.0


@record(frozen=True, slots=True)
class Outcome:
    """What became of an attempt: the delivery's state from now on and its next attempt; `pause_until` where the endpoint asked
    to be left alone; `is_gone` where it wants nothing any more."""

    attempt: Attempt
    state: DeliveryState
    due_at: datetime | None
    pause_until: datetime | None = None
    is_gone: bool = False


class Attempting:
    """Signs and sends."""

    def __init__(
        self,
        client: GuardedClient,
        sealer: Sealer,
        id_of: IdOf,
        now: Callable[[], datetime],
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._client = client
        self._sealer = sealer
        self._id_of = id_of
        self._now = now
        self._timeout_s = timeout_s

    def secrets(self, endpoint: Endpoint) -> list[str]:
        """What signs now, the newest first. Raises: sealing.Unreadable."""
        now = self._now()
        return [
            self._sealer.open(one.sealed, endpoint.id)
            for one in endpoint.secrets
            if one.expires_at is None or now < one.expires_at
        ]

    async def attempt(
        self,
        endpoint: Endpoint,
        delivery: Delivery,
        event: Event,
        member: Member | None,
        secrets: Sequence[str],
    ) -> Outcome:
        """Send it once."""
        at, began = self._now(), time.monotonic()
        body = body_of(event, member, self._id_of)
        answer: Response | None = None
        error: str | None = None
        try:
            answer = await self._client.post(
                endpoint.url, headers_of(event, body, secrets, at), body, self._timeout_s, EXCERPT_BYTES
            )
        except OutboundError as refused:
            error = f"{refused.fault.value}: {refused.message}"
        attempt = Attempt(
            at,
            round((time.monotonic() - began) * 1000),
            answer.status if answer is not None else None,
            error,
            answer.body.decode(errors="replace").replace("\0", "�") if answer and answer.body else None,
        )
        return judge(delivery, attempt, answer, self._now())


def judge(delivery: Delivery, attempt: Attempt, answer: Response | None, now: datetime) -> Outcome:
    """What follows from an attempt. A test event is tried once."""
    if attempt.is_success:
        return Outcome(attempt, DeliveryState.SUCCEEDED, None)
    if attempt.status == GONE:
        return Outcome(attempt, DeliveryState.FAILED, None, is_gone=True)
    asked: timedelta | None = None
    if answer is not None and answer.status in THROTTLED:
        asked = retry_after(answer.headers.get("retry-after"), now)
    pause_until = now + asked if asked else None
    pause = pause_after(delivery.id, delivery.tries + 1) if delivery.type != TEST else None
    if pause is None:
        return Outcome(attempt, DeliveryState.FAILED, None, pause_until)
    due_at = now + max(pause, asked or pause)
    return Outcome(attempt, DeliveryState.PENDING, due_at, pause_until)
